"""What residents tell at a notice board without a sign-in, and how they follow it by its code."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.database.turns import take_turn
from data.errors import Conflict, NotFound
from data.models import Category, Community, Incident, IncidentSource, ResidentReport
from data.pictures import Picture
from geo.errors import N_
from patrols import answer_codes, categories, incidents, photos
from patrols.boards import Shown

TRIES = 5
MOST_PHOTOS = 3
LATELY = timedelta(days=365)
AT_FIRST = 8
"""Categories that a phone shows on one screen, before the others are asked for."""


class Taken(NamedTuple):
    """A picture that has been drawn anew, and where the store has put it."""

    picture: Picture
    file: str


class Told(NamedTuple):
    """What became of a report: its incident, the code that whoever told it follows it by, whether it was new."""

    incident: Incident
    code: str
    new: bool


def known(session: Session, key: str) -> Told | None:
    """What a form with this key told before; None where nothing did."""
    code = answer_codes.code_of(key)
    row = session.scalar(select(ResidentReport).where(ResidentReport.seal == answer_codes.seal_of(code)))
    return None if row is None else Told(session.get_one(Incident, row.incident_id), code, False)


def tell(
    session: Session,
    shown: Shown,
    key: str,
    *,
    at: datetime,
    description: str = "",
    category: Category | None = None,
    point: tuple[float, float] | None = None,
    accuracy_m: float | None = None,
    address: str = "",
    name: str = "",
    phone: str = "",
    taken: Sequence[Taken] = (),
) -> Told:
    """Take in what a resident tells at a board; the same form again is the same report, also at the same moment.

    Where it lies, nobody has to say: at the board's building, or in the board's grid. For a grid, its inner point
    stands for it, so that the grid itself answers.

    Parameters
    ----------
    shown : Shown
        What the board shows now.
    key : str
        The form's own, given out by us.
    point : (float, float), optional
        Longitude, latitude, WGS 84, where the person says that it lies elsewhere.
    address : str
        In the person's own words; the board's place stands before it.
    name, phone : str
        Only where the person wants to be asked; handlers never see them.
    """
    # One after the other: the same form may come twice at once, and two reports want the day's next number.
    take_turn(session, ResidentReport)
    if (before := known(session, key)) is not None:
        return before
    incident = _reported(
        session,
        shown.community,
        at=at,
        source=IncidentSource.RESIDENT,
        description=description,
        category=category,
        point=point or spot_of(shown),
        accuracy_m=accuracy_m if point else None,
        address=" · ".join(part for part in (place_of(shown), address) if part)[:255],
        reporter_name=name,
        reporter_phone=phone,
    )
    code = answer_codes.code_of(key)
    session.add(
        ResidentReport(incident_id=incident.id, seal=answer_codes.seal_of(code), board_id=shown.board.id, at=at)
    )
    for one in taken:
        photos.keep_drawn(session, one.picture, one.file, at=at, by=None, incident=incident)
    session.flush()
    return Told(incident, code, True)


def spot_of(shown: Shown) -> tuple[float, float] | None:
    """A point inside a board's building or grid (longitude, latitude, WGS 84); None where its grid is no more."""
    place = shown.building or shown.grid
    if place is None:
        return None
    inner = shapely.point_on_surface(frames.decode([place.geom])[0])
    return float(inner.x), float(inner.y)


def place_of(shown: Shown) -> str:
    """A board's place in words: the building's name or address, else the grid's name or code."""
    if shown.building is not None:
        return shown.building.name or shown.building.address
    code = shown.board.grid_code if shown.grid is None else shown.grid.code
    return (shown.grid.name if shown.grid is not None else "") or str(code or "")


def find(session: Session, code: str | None) -> ResidentReport:
    """What somebody told, by its code as `patrols.answer_codes.read_code` reads it.

    Raises
    ------
    NotFound
        There is none.
    """
    row = None
    if code is not None:
        row = session.scalar(select(ResidentReport).where(ResidentReport.seal == answer_codes.seal_of(code)))
    if row is None:
        raise NotFound(N_("Nothing was told under this code. Look at it once more, letter by letter."))
    return row


def offered(session: Session, community: Community, *, at: datetime) -> tuple[list[Category], list[Category]]:
    """The categories that residents of a community told of most in the last year, and all others.

    What two families both know, residents are asked once: in the family of which the community's residents told more.
    """
    told = (
        select(Incident.category_id, func.count())
        .where(
            Incident.community_id == community.id,
            Incident.source == IncidentSource.RESIDENT,
            Incident.found_at > at - LATELY,
            Incident.category_id.is_not(None),
        )
        .group_by(Incident.category_id)
    )
    counts: Counter[int] = Counter({row[0] or 0: row[1] for row in session.execute(told)})
    once = _once(session, categories.in_use(session), counts)
    first = sorted((one for one in once if counts[one.id]), key=lambda one: -counts[one.id])
    first = [*first, *(one for one in once if not counts[one.id])][:AT_FIRST]
    return first, [one for one in once if one not in first]


def _once(session: Session, found: Sequence[Category], counts: Counter[int]) -> list[Category]:
    """The categories without those that are mapped to or from one of a family with more reports."""
    weights: Counter[str] = Counter()
    for one in found:
        weights[one.family] += counts[one.id]
    kept: list[Category] = []
    left_out: set[int] = set()
    for family in sorted({one.family for one in found}, key=lambda name: (-weights[name], name)):
        mapped = categories.mappings(session, family)
        kept_before = {one.id for one in kept}
        for one in found:
            others = {other.id for other in mapped.get(one.id, {}).values()}
            if one.family == family and one.id not in left_out and not others & kept_before:
                kept.append(one)
                left_out |= others
    return kept


def forget_reporter(session: Session, row: ResidentReport, *, at: datetime) -> None:
    """Delete the name and the number that somebody gave with a report; the report itself stays."""
    incident = session.get_one(Incident, row.incident_id)
    incident.reporter_name = incident.reporter_phone = ""
    incident.extra = {**incident.extra, "reporter_deleted_at": at.isoformat(timespec="seconds")}
    session.flush()


def _reported(session: Session, community: Community, **facts: Any) -> Incident:
    for _ in range(TRIES - 1):
        try:
            return incidents.report(session, community, **facts)
        except Conflict:
            # An office or a volunteer took the day's next number at this moment.
            continue
    return incidents.report(session, community, **facts)
