"""Which community is meant, and how a new one enters the books."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import Community, Subdistrict
from geo.errors import N_
from patrols.errors import PatrolError


class BadCode(PatrolError):
    """A code that is not twelve digits."""


def communities_in_force(session: Session, *, on: date) -> list[Community]:
    """All communities that exist on a day, by code."""
    wanted = (
        select(Community)
        .where(Community.valid_from <= on, or_(Community.valid_until.is_(None), Community.valid_until > on))
        .order_by(Community.code)
    )
    return list(session.scalars(wanted))


def find_community(session: Session, code: str | None, *, on: date) -> Community:
    """Return the community of a 12-digit code; without a code, the only one there is.

    Raises
    ------
    NotFound
        No community has the code, or there is none at all.
    Conflict
        No code was given and there are several.
    """
    found = communities_in_force(session, on=on)
    if code is not None:
        found = [community for community in found if community.code == code]
        if not found:
            raise NotFound(N_("No community has the code %(code)s."), code=code)
    if not found:
        raise NotFound(N_("There is no community yet. Begin with its outline: gridpatrol import outline --help"))
    if len(found) > 1:
        raise Conflict(
            N_("There are several communities: say which one by its code (%(codes)s)."), codes=_first_codes(found)
        )
    return found[0]


def community_of_grid(session: Session, grid_code: str, *, on: date) -> Community:
    """Return the community whose code a grid's code begins with.

    Raises
    ------
    NotFound
        There is none.
    """
    for community in communities_in_force(session, on=on):
        if grid_code.startswith(community.code):
            return community
    raise NotFound(N_("No community's code is the beginning of the grid code %(code)s."), code=grid_code)


def enter_community(
    session: Session, code: str, name: str, *, on: date, subdistrict: str = "", county: str = ""
) -> Community:
    """Enter a new community, and its subdistrict when that is new too.

    Parameters
    ----------
    code : str
        Twelve digits: six of the county, three of the subdistrict, three of the community.
    name : str
        What people call it.
    on : date
        The day from which it is valid.
    subdistrict, county : str
        Their names, for a subdistrict that is not in the books yet.

    Raises
    ------
    BadCode
        The code is not twelve digits.
    Conflict
        The code is taken.
    """
    if len(code) != 12 or not (code.isascii() and code.isdigit()):
        raise BadCode(N_("A community's code has twelve digits, but this is %(code)s."), code=code)
    if any(community.code == code for community in communities_in_force(session, on=on)):
        raise Conflict(N_("The community %(code)s exists already."), code=code)
    over = session.scalars(select(Subdistrict).where(Subdistrict.code == code[:9])).first() or Subdistrict(
        code=code[:9],
        name=subdistrict or code[:9],
        county_code=code[:6],
        county_name=county or code[:6],
        valid_from=on,
    )
    community = Community(subdistrict=over, code=code, name=name, valid_from=on)
    session.add(community)
    session.flush()
    return community


def set_sources(session: Session, community: Community, sources: str) -> None:
    """Keep whose data a community's maps rest on, and their review number (审图号): every map and print says so."""
    community.attribution = " ".join(sources.split())
    session.flush()


def _first_codes(communities: Iterable[Community], most: int = 5) -> str:
    codes = [community.code for community in communities]
    return ", ".join(codes[:most]) + (" ..." if len(codes) > most else "")
