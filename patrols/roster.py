"""The roster: who is posted on what, from when until when."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, contains_eager

from data.errors import NotFound
from data.models import Community, Person, PlaceKind, Posting
from geo.errors import N_
from patrols import validity
from patrols.days import local_day
from patrols.errors import PatrolError

NEEDED = {
    PlaceKind.COMMUNITY: (),
    PlaceKind.GRID: ("grid_code",),
    PlaceKind.COMPOUND: ("compound_id",),
    PlaceKind.BUILDING: ("building_id",),
    PlaceKind.ENTRANCE: ("building_id", "entrance"),
    PlaceKind.HOUSEHOLDS: ("building_id", "household_from", "household_until"),
}
"""What names a place of each kind; anything else a posting carries beside it is refused."""


class BadPosting(PatrolError):
    """A posting that names no place, too many, or ends before it begins."""


def post(
    session: Session,
    person: Person,
    duty: str,
    place_kind: PlaceKind,
    *,
    valid_from: date,
    valid_until: date | None = None,
    grid_code: str | None = None,
    compound_id: int | None = None,
    building_id: int | None = None,
    entrance: str | None = None,
    household_from: str | None = None,
    household_until: str | None = None,
) -> Posting:
    """Post a person to a duty on a place, in the person's own community.

    Several people may share one duty on one place. The same posting again (same person, duty, place and overlapping
    days) is handed back instead of doubled.

    Raises
    ------
    BadPosting
        If what names the place does not fit its kind, or the posting ends before it begins.
    """
    place = {
        "grid_code": grid_code,
        "compound_id": compound_id,
        "building_id": building_id,
        "entrance": entrance,
        "household_from": household_from,
        "household_until": household_until,
    }
    check_place(place_kind, place)
    validity.check_days(valid_from, valid_until, BadPosting)
    same = and_(*(getattr(Posting, name).is_not_distinct_from(value) for name, value in place.items()))
    overlap = or_(Posting.valid_until.is_(None), Posting.valid_until > valid_from)
    if valid_until is not None:
        overlap = and_(overlap, Posting.valid_from < valid_until)
    mine = (Posting.person_id == person.id, Posting.duty == duty, Posting.place_kind == place_kind)
    found = session.scalar(select(Posting).where(*mine, same, overlap).limit(1))
    if found is not None:
        return found
    posting = Posting(
        person_id=person.id,
        community_id=person.community_id,
        duty=str(duty),
        place_kind=place_kind,
        valid_from=valid_from,
        valid_until=valid_until,
        **place,
    )
    session.add(posting)
    session.flush()
    return posting


def check_place(place_kind: PlaceKind, place: Mapping[str, object]) -> None:
    """Refuse a posting whose place does not fit its kind.

    Raises
    ------
    BadPosting
        If something that names the place is missing, or something else is given beside it.
    """
    wanted = set(NEEDED[place_kind])
    given = {name for name, value in place.items() if value not in (None, "")}
    if missing := sorted(wanted - given):
        raise BadPosting(
            N_("A posting on a place of the kind %(kind)s needs %(missing)s."),
            kind=place_kind.value,
            missing=", ".join(missing),
        )
    if extra := sorted(given - wanted):
        raise BadPosting(
            N_("A posting on a place of the kind %(kind)s does not take %(extra)s."),
            kind=place_kind.value,
            extra=", ".join(extra),
        )


def relieve(session: Session, posting: Posting, until: date) -> Posting:
    """End a posting: `until` is the first day on which the person no longer answers.

    Raises
    ------
    BadPosting
        If it ended before that already, or would end before it began.
    """
    validity.end(posting, until, BadPosting)
    session.flush()
    return posting


def people(session: Session, community: Community, *, at: datetime | date) -> list[Person]:
    """Everybody on the roster by number, with only the postings that hold at that time loaded, in one query."""
    day = local_day(community, at)
    statement = (
        select(Person)
        .outerjoin(Posting, and_(Posting.person_id == Person.id, in_force(day)))
        .where(Person.community_id == community.id)
        .options(contains_eager(Person.postings))
        .order_by(Person.number, Posting.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement).unique())


def person(session: Session, community: Community, number: str) -> Person:
    """Somebody by the roster's number.

    Raises
    ------
    NotFound
        If the community's roster has no such number.
    """
    found = session.scalar(select(Person).where(Person.community_id == community.id, Person.number == number))
    if found is None:
        raise NotFound(N_("The roster has nobody under the number %(number)s."), number=number)
    return found


def in_force(day: date) -> ColumnElement[bool]:
    """The condition that a posting holds on a day: from its first day on, until its end (exclusive)."""
    return and_(Posting.valid_from <= day, or_(Posting.valid_until.is_(None), Posting.valid_until > day))
