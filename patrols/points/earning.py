"""What earns by itself: patrols that were walked and reports that were found valid, each once; and what falls again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from data.models import (
    Community,
    EntryKind,
    Incident,
    Patrol,
    Person,
    PointsAccount,
    PointsEntry,
    PointsFact,
    PointsRule,
    Stage,
)
from patrols.days import local_day, start_of_day
from patrols.points import accounts, ledger
from patrols.points.ledger import Booking
from patrols.points.refusals import Overdrawn
from patrols.valid_reports import valid_reports

SETTLED_AFTER = timedelta(days=1)
"""A patrol earns once it ended so long ago: until then late positions may still change it."""

LOOK_BACK_DAYS = 90
"""Facts so many days back are looked at again each time; what somebody finds valid later is entered by hand."""


class Fact(NamedTuple):
    """Something that happened: to whom, on which local day, how much of it, and what names it for ever."""

    person_id: int
    on: date
    amount: float
    key: str
    note: str


@dataclass(frozen=True)
class Earned:
    """What a run came to: entries and points that are new, entries of nought at a cap, and entries taken back.

    `kept` are entries whose report was voided although their points are spent already; somebody decides about those.
    """

    entries: int = 0
    points: int = 0
    capped: int = 0
    reversed: int = 0
    kept: int = 0


def earn(session: Session, community: Community, *, at: datetime, since: date | None = None) -> Earned:
    """Let every patrol and report of the last time earn what the rules of its day say; again, nothing happens.

    A patrol earns for its walker when it took the minutes that the rule asks for. A report earns for whoever sent it
    once it was found valid (`patrols.valid_reports`); when it is voided afterwards, what it earned is taken back, as
    long as it is there. Facts are entered in the order in which they happened, which is how caps fill.

    Parameters
    ----------
    at : datetime
        Now, aware.
    since : date, optional
        First local day to look at; by default `LOOK_BACK_DAYS` ago.
    """
    begins = since or local_day(community, at) - timedelta(days=LOOK_BACK_DAYS)
    rules = _rules(session, community)
    facts = {
        PointsFact.PATROL_KEPT: list(_patrols(session, community, begins, at)),
        PointsFact.VALID_REPORT: list(_reports(session, community, begins, at)),
    }
    pairs = [
        (fact, rule, f"{rule.code}/{fact.key}")
        for rule in rules
        for fact in facts[rule.fact]
        if fact.amount >= rule.least and rule.valid_from <= fact.on and fact.on < (rule.valid_until or date.max)
    ]
    known = ledger.keys_there(session, community, [key for _, _, key in pairs])
    pairs = sorted((one for one in pairs if one[2] not in known), key=lambda one: (one[0].on, one[2]))
    held = _accounts(session, {fact.person_id for fact, _, _ in pairs}, at, community)
    bookings = [
        Booking(held[fact.person_id], rule, key, fact.on, fact.note)
        for fact, rule, key in pairs
        if fact.person_id in held and held[fact.person_id].closed_on is None
    ]
    entries = ledger.book(session, community, bookings, at=at).entries if bookings else []
    taken, kept = _take_back_void(session, community, at)
    return Earned(
        len(entries), sum(entry.points for entry in entries), sum(entry.points == 0 for entry in entries), taken, kept
    )


def _rules(session: Session, community: Community) -> list[PointsRule]:
    wanted = select(PointsRule).where(
        PointsRule.community_id == community.id, PointsRule.fact != PointsFact.BY_HAND, PointsRule.for_persons
    )
    return list(session.scalars(wanted.order_by(PointsRule.id)))


def _accounts(session: Session, people: set[int], at: datetime, community: Community) -> dict[int, PointsAccount]:
    found = session.scalars(select(Person).where(Person.id.in_(people))).all() if people else []
    return accounts.of_persons(session, found, on=local_day(community, at))


def _patrols(session: Session, community: Community, begins: date, at: datetime) -> Iterable[Fact]:
    wanted = (
        select(Patrol.person_id, Patrol.started_at, Patrol.minutes, Patrol.source_key)
        .where(
            Patrol.community_id == community.id,
            Patrol.person_id.is_not(None),
            Patrol.started_at >= start_of_day(community, begins),
            Patrol.ended_at <= at - SETTLED_AFTER,
        )
        .order_by(Patrol.started_at, Patrol.id)
    )
    for person, started, minutes, key in session.execute(wanted):
        if person is not None:
            yield Fact(person, local_day(community, started), minutes, key, "")


def _reports(session: Session, community: Community, begins: date, at: datetime) -> Iterable[Fact]:
    for found in valid_reports(session, community, begins=begins, at=at):
        yield Fact(found.person_id, found.on, 1.0, found.number, found.number)


def _take_back_void(session: Session, community: Community, at: datetime) -> tuple[int, int]:
    """Take back what reports earned that were voided since."""
    undone = aliased(PointsEntry)
    wanted = (
        select(PointsEntry)
        .join(PointsRule, PointsRule.id == PointsEntry.rule_id)
        .join(
            Incident,
            (Incident.community_id == PointsEntry.community_id)
            & (PointsEntry.fact_key == PointsRule.code + "/" + Incident.number),
        )
        .where(
            PointsEntry.community_id == community.id,
            PointsEntry.kind == EntryKind.EARNED,
            PointsEntry.points > 0,
            PointsRule.fact == PointsFact.VALID_REPORT,
            Incident.stage == Stage.VOIDED,
            ~exists().where(undone.reverses_id == PointsEntry.id),
        )
        .order_by(PointsEntry.id)
    )
    taken = kept = 0
    for entry in session.scalars(wanted).all():
        try:
            ledger.reverse(session, entry, reason=entry.note, at=at)
            taken += 1
        except Overdrawn:
            kept += 1
    return taken, kept
