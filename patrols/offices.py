"""The offices and firms that a community passes incidents to: what they are called, and whose they are."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.models import Community, Organisation
from geo.errors import N_
from patrols.errors import BadRule

CODE = re.compile(r"[0-9A-Za-z]{0,18}")
"""Departments have 18 digits; firms 18 digits and capital letters, or nothing that anybody here has to know."""


def keep(
    session: Session,
    community: Community,
    name: str,
    *,
    code: str = "",
    in_community: bool = True,
    office: Organisation | None = None,
) -> Organisation:
    """Enter an office, or correct one that is there.

    What figures tell of the past goes by what is known of an office today: whoever corrects it corrects them too.

    Parameters
    ----------
    in_community : bool
        Whether it is the community's own, or a firm at work in it: what it settles was settled inside the community.
    office : Organisation, optional
        The one to correct.

    Raises
    ------
    BadRule
        Without a name, if the code is not of letters and digits, or if the office is another community's.
    Conflict
        If another office has that name, or that code.
    """
    called, code = " ".join(name.split()), code.strip()
    if not called:
        raise BadRule(N_("Say what the office is called."))
    if not CODE.fullmatch(code):
        raise BadRule(N_("The code of an office has at most 18 digits and letters, not %(code)s."), code=code)
    if office is not None and office.community_id != community.id:
        raise BadRule(N_("%(office)s is no office of %(community)s."), office=office.name, community=community.name)
    others = select(Organisation).where(Organisation.community_id == community.id)
    for other in session.scalars(others):
        if other is not office and (other.name == called or (code and other.code == code)):
            raise Conflict(N_("There is an office with that name or code: %(office)s."), office=other.name)
    if office is None:
        office = Organisation(community_id=community.id)
        session.add(office)
    office.name, office.code, office.in_community = called, code, in_community
    session.flush()
    return office
