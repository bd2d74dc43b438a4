"""Notice boards (公示牌): which hang where, and what one shows to everybody who passes."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pandas as pd
import shapely
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import DataError, NotFound
from data.models import Building, Community, Duty, Grid, GridEdition, NoticeBoard, PlaceKind, Posting
from geo.errors import N_
from patrols import chains, redraw
from patrols.chains import Link, Place
from patrols.days import local_day
from patrols.locating import locate_many
from patrols.roster import in_force

TOKEN_BYTES = 16
"""128 bits: nobody finds a board by guessing."""

STAFF = frozenset({Duty.FIRST_SECRETARY, Duty.COMMITTEE_MEMBER, Duty.GRID_MANAGER, Duty.GRID_WORKER})
"""Duties that are people's work. Only their numbers are ever shown, and only on boards that say so; a volunteer's
number never is."""


PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{2,30}")
"""Digits as people write them: 0930-1234567, 010 6278 0000, +86 (930) 123."""


class BadPhone(DataError):
    """A text that nobody can ring."""


@dataclass(frozen=True)
class Shown:
    """What a board shows: the place, the people by duty and name, and the office's number.

    Never shown: households by name, who answers for which flats, volunteers' numbers, anything about incidents.
    ``grid`` is None where no grid in force answers for the place any more: then the community office does.
    """

    board: NoticeBoard
    community: Community
    edition: GridEdition | None
    grid: Grid | None
    building: Building | None
    people: list[Link] = field(default_factory=list)
    day: date = date.min


def put_up(
    session: Session,
    community: Community,
    *,
    at: datetime,
    grid_codes: Iterable[str] = (),
    building_ids: Iterable[int] = (),
    staff_phones: bool | None = None,
) -> list[NoticeBoard]:
    """The boards of grids and buildings; where one hangs already it stays, with its address.

    Printing a board again never makes an older print worthless: a place has one address until its board is taken down.

    Parameters
    ----------
    grid_codes, building_ids : iterable
        Codes of grids, keys of buildings of the community.
    staff_phones : bool, optional
        Show the numbers of those whose work it is, also on boards that hang already. Unless said, new boards do not
        show them and others stay as they are.

    Returns
    -------
    list of NoticeBoard
        In the order given, grids first.

    Raises
    ------
    NotFound
        If the edition in force has no such grid, or the community no such building.
    """
    codes, keys = list(grid_codes), list(building_ids)
    _check_places(session, community, codes, keys, at)
    hanging = _hanging(session, community)
    missing: list[tuple[str | None, int | None]] = [(code, None) for code in codes if (code, None) not in hanging]
    missing += [(None, key) for key in keys if (None, key) not in hanging]
    rows = [
        {
            "community_id": community.id,
            "grid_code": code,
            "building_id": key,
            "token": secrets.token_urlsafe(TOKEN_BYTES),
            "created_at": at,
            "staff_phones": bool(staff_phones),
        }
        for code, key in dict.fromkeys(missing)
    ]
    if rows:
        session.execute(insert(NoticeBoard), rows)
        hanging = _hanging(session, community)
    boards = [*(hanging[code, None] for code in codes), *(hanging[None, key] for key in keys)]
    if staff_phones is not None:
        for board in boards:
            board.staff_phones = staff_phones
        session.flush()
    return boards


def buildings(session: Session, community: Community, named: Sequence[str] = ()) -> list[int]:
    """Keys of the buildings of a community that boards are for: those named, else all in which people live.

    Parameters
    ----------
    named : sequence of str
        Names, or keys of the file they came from; a name that several buildings share means all of them.

    Raises
    ------
    NotFound
        If no building is called so.
    """
    theirs = select(Building.id, Building.name, Building.source_key).where(Building.community_id == community.id)
    if not named:
        return [key for key, *_ in session.execute(theirs.where(Building.households > 0).order_by(Building.id))]
    rows = session.execute(theirs.order_by(Building.id)).all()
    found = {one: [key for key, *names in rows if one in names] for one in named}
    if strangers := [one for one, keys in found.items() if not keys]:
        raise NotFound(N_("No building is called %(name)s."), name=strangers[0])
    return list(dict.fromkeys(key for keys in found.values() for key in keys))


def buildings_of_grid(session: Session, community: Community, code: str, *, at: datetime) -> list[int]:
    """Keys of the buildings in which people live and for which a grid answers."""
    rows = session.scalars(
        select(Building).where(Building.community_id == community.id, Building.households > 0).order_by(Building.id)
    )
    served = _served(session, community, {row.id: row for row in rows}, at)
    return [key for key, grid_code in served.items() if grid_code == code]


def take_down(session: Session, board: NoticeBoard, *, at: datetime) -> None:
    """Take a board down: whoever scans it from now on is told that it is no longer valid."""
    board.revoked_at = board.revoked_at or at
    session.flush()


def listing(session: Session, community: Community) -> list[NoticeBoard]:
    """Every board of a community that hangs, grids by their codes before buildings by their keys."""
    boards = _hanging(session, community).values()
    return sorted(boards, key=lambda board: (board.building_id or 0, board.grid_code or ""))


def set_office_phone(session: Session, community: Community, number: str) -> None:
    """Keep the number of the community office, which every board shows; "" shows none.

    Raises
    ------
    BadPhone
        If it is no number that can be rung.
    """
    said = " ".join(number.split())
    if said and not PHONE.fullmatch(said):
        raise BadPhone(N_("%(number)s is no telephone number."), number=number[:40])
    community.office_phone = said
    session.flush()


def find(session: Session, token: str) -> NoticeBoard:
    """The board behind a scanned address.

    Raises
    ------
    NotFound
        If there is none, or it was taken down; both sound the same.
    """
    board = session.scalar(select(NoticeBoard).where(NoticeBoard.token == token, NoticeBoard.revoked_at.is_(None)))
    if board is None:
        raise NotFound(N_("This notice board is no longer valid. Please ask your community office."))
    return board


def show(session: Session, boards: Sequence[NoticeBoard], *, at: datetime) -> list[Shown]:
    """What each of some boards of one community shows at a time, in a handful of queries for any number.

    A building is shown with the grid that answers for it (the one that serves it, where an override says so).
    """
    if not boards:
        return []
    community = session.get_one(Community, boards[0].community_id)
    edition = redraw.edition_in_force(session, community.id, at)
    houses = _buildings(session, [board.building_id for board in boards if board.building_id is not None])
    codes = _codes_of(session, community, boards, houses, at)
    grids = _grids(session, edition, set(codes))
    people = _people(session, community, boards, houses, [code if code in grids else None for code in codes], at)
    return [
        Shown(
            board=board,
            community=community,
            edition=edition,
            grid=grids.get(code or ""),
            building=houses.get(board.building_id or 0),
            people=links,
            day=local_day(community, at),
        )
        for board, code, links in zip(boards, codes, people, strict=True)
    ]


def _hanging(session: Session, community: Community) -> dict[tuple[str | None, int | None], NoticeBoard]:
    statement = select(NoticeBoard).where(NoticeBoard.community_id == community.id, NoticeBoard.revoked_at.is_(None))
    return {(board.grid_code, board.building_id): board for board in session.scalars(statement)}


def _check_places(
    session: Session, community: Community, codes: Sequence[str], keys: Sequence[int], at: datetime
) -> None:
    if codes:
        edition = redraw.require_edition(session, community, at)
        known = set(session.scalars(select(Grid.code).where(Grid.edition_id == edition.id)))
        if unknown := [code for code in codes if code not in known]:
            raise NotFound(N_("No grid in force has the code %(code)s."), code=unknown[0])
    if keys:
        theirs = set(session.scalars(select(Building.id).where(Building.community_id == community.id)))
        if strangers := [key for key in keys if key not in theirs]:
            raise NotFound(N_("There is no building with the key %(key)s."), key=strangers[0])


def _buildings(session: Session, keys: Sequence[int]) -> dict[int, Building]:
    if not keys:
        return {}
    return {row.id: row for row in session.scalars(select(Building).where(Building.id.in_(keys)))}


def _codes_of(
    session: Session,
    community: Community,
    boards: Sequence[NoticeBoard],
    buildings: dict[int, Building],
    at: datetime,
) -> list[str | None]:
    """The code of each board's grid; a building's by where its inner point lies and who serves it."""
    served = _served(session, community, buildings, at)
    return [board.grid_code if board.building_id is None else served[board.building_id] for board in boards]


def _served(
    session: Session, community: Community, buildings: dict[int, Building], at: datetime
) -> dict[int, str | None]:
    if not buildings:
        return {}
    spots = shapely.point_on_surface(frames.decode(building.geom for building in buildings.values()))
    asked = pd.DataFrame(
        {"lon": shapely.get_x(spots), "lat": shapely.get_y(spots), "at": pd.to_datetime([at] * len(spots), utc=True)},
        index=list(buildings),
    )
    found = locate_many(session, asked, communities=[community])["grid_code"]
    return dict(zip(buildings, found.tolist(), strict=True))


def _grids(session: Session, edition: GridEdition | None, codes: set[str | None]) -> dict[str, Grid]:
    if edition is None:
        return {}
    rows = session.scalars(select(Grid).where(Grid.edition_id == edition.id, Grid.code.in_(codes - {None})))
    return {row.code: row for row in rows}


def _people(
    session: Session,
    community: Community,
    boards: Sequence[NoticeBoard],
    buildings: dict[int, Building],
    codes: Sequence[str | None],
    at: datetime,
) -> list[list[Link]]:
    """The chain of each board's place, a building's entrances before it; who answers for which flats is left out."""
    day = local_day(community, at)
    entrances = _entrances(session, list(buildings), day)
    places: list[Place] = []
    owner: list[int] = []
    for i, (board, code) in enumerate(zip(boards, codes, strict=True)):
        building = buildings.get(board.building_id or 0)
        key, compound = (None, None) if building is None else (building.id, building.compound_id)
        main = Place(community.id, code, compound, key)
        places += [main, *(Place(community.id, building_id=key, entrance=one) for one in entrances.get(key or 0, ()))]
        owner += [i] * (len(places) - len(owner))
    found: list[list[Link]] = [[] for _ in boards]
    for i, place, chain in zip(owner, places, chains.chains_on(session, places, days={community.id: day}), strict=True):
        found[i] += [link for link in chain if _is_shown(link, place)]
    return [sorted((_covered(link, boards[i]) for link in links), key=_order) for i, links in enumerate(found)]


def _entrances(session: Session, keys: Sequence[int], day: date) -> dict[int, list[str]]:
    if not keys:
        return {}
    wanted = (
        select(Posting.building_id, Posting.entrance)
        .where(Posting.building_id.in_(keys), Posting.entrance.is_not(None), in_force(day))
        .distinct()
        .order_by(Posting.building_id, Posting.entrance)
    )
    found: dict[int, list[str]] = {}
    for key, entrance in session.execute(wanted):
        if key is not None:
            found.setdefault(key, []).append(str(entrance))
    return found


def _is_shown(link: Link, place: Place) -> bool:
    if link.place_kind is PlaceKind.HOUSEHOLDS:
        return False
    return (link.place_kind is PlaceKind.ENTRANCE) == (place.entrance is not None)


def _covered(link: Link, board: NoticeBoard) -> Link:
    """The link without what a board does not show."""
    shown = board.staff_phones and link.duty in STAFF
    place = link.place if link.place_kind in (PlaceKind.COMPOUND, PlaceKind.ENTRANCE) else ""
    phone = link.phone if shown else ""
    return replace(link, phone=phone, place=place, person_id=None, posting_id=None)


def _order(link: Link) -> tuple[int, str, str]:
    return link.position, link.place, link.name
