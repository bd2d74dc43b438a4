"""The figures of a period counted once more, by hand: one incident after the other, one step after the other.

Nothing here is shared with the program but its rows, its words, and the reckoning of a deadline.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data.models import (
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    Outcome,
    Posting,
    Stage,
    StepKind,
    TeamMember,
    User,
)
from patrols import clocks, work_calendar
from patrols.deadlines import due

SHANGHAI = ZoneInfo("Asia/Shanghai")
WAITING = {Stage.REPORTED, Stage.ACCEPTED, Stage.TRIAGED, Stage.DISPATCHED, Stage.RESOLVED, Stage.PARKED}
REFUSED = {Stage.VOIDED, Stage.DECLINED}
GRID = {"first_secretary", "committee_member", "grid_manager", "grid_worker", "part_time_worker"}
BUILDING = {"group_head", "building_head", "entrance_head", "household_contact"}


@dataclass
class Told:
    """One incident as it stood when a period ended."""

    incident: Incident
    steps: list[IncidentStep]
    since: datetime
    until: datetime
    due_at: datetime | None

    @property
    def stage(self) -> Stage:
        return self.steps[-1].stage

    @property
    def before(self) -> Stage | None:
        earlier = [step.stage for step in self.steps if step.at < self.since]
        return earlier[-1] if earlier else None

    @property
    def inside(self) -> list[IncidentStep]:
        return [step for step in self.steps if step.at >= self.since]

    @property
    def reported(self) -> datetime:
        return self.steps[0].at

    @property
    def closed_at(self) -> datetime | None:
        closings = [step.at for step in self.steps if step.kind is StepKind.CLOSE]
        return closings[-1] if self.stage is Stage.CLOSED else None

    @property
    def filed(self) -> bool:
        return self.reported >= self.since

    @property
    def valid(self) -> bool:
        return self.filed and self.stage not in REFUSED

    @property
    def public(self) -> bool:
        return self.incident.source in (IncidentSource.RESIDENT, IncidentSource.HOTLINE)

    @property
    def done(self) -> bool:
        return self.filed and self.stage is Stage.CLOSED

    @property
    def closed(self) -> bool:
        return self.closed_at is not None and self.closed_at >= self.since

    @property
    def open(self) -> bool:
        return self.stage in WAITING

    @property
    def overdue(self) -> bool:
        return self.open and self.stage is not Stage.PARKED and self.due_at is not None and self.due_at < self.until

    @property
    def due(self) -> bool:
        counts = self.stage not in REFUSED and self.stage is not Stage.PARKED
        return counts and self.due_at is not None and self.since <= self.due_at < self.until

    @property
    def on_time(self) -> bool:
        return self.due and self.closed_at is not None and self.due_at is not None and self.closed_at <= self.due_at

    @property
    def resolved(self) -> bool:
        return any(step.kind in (StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT) for step in self.inside)

    @property
    def redone(self) -> bool:
        return self.resolved and any(step.kind is StepKind.REDO for step in self.inside)

    @property
    def outcome(self) -> Outcome | None:
        said = [step.said["outcome"] for step in self.inside if step.said.get("outcome")]
        return Outcome(said[-1]) if said else None

    @property
    def reopened(self) -> bool:
        done = self.before is not None and self.before not in WAITING
        return done and any(step.kind is StepKind.REOPEN for step in self.inside)

    @property
    def office(self) -> int | None:
        held: int | None = None
        for step in self.steps:
            if step.kind is StepKind.SEND_BACK:
                held = None
            held = step.to_organisation_id or held
        return held

    @property
    def on_the_spot(self) -> bool:
        settled = False
        for step in self.steps:
            if step.kind in (StepKind.REDO, StepKind.REOPEN, StepKind.SEND_BACK, StepKind.RESOLVE):
                settled = False
            if step.kind is StepKind.SETTLE_ON_THE_SPOT:
                settled = True
        return settled

    @property
    def grid(self) -> str | None:
        last_day = local(self.until, exclusive=True).isoformat()
        for move in self.incident.grid_facts.get("hand_overs", []):
            if last_day < move["day"]:
                return str(move["from"])
        return self.incident.grid_code


def local(moment: datetime, *, exclusive: bool = False) -> date:
    """The day of a moment in Shanghai; of one that is not counted any more, the day that ends there."""
    there = moment.astimezone(SHANGHAI)
    at_midnight = (there.hour, there.minute, there.second, there.microsecond) == (0, 0, 0, 0)
    return date.fromordinal(there.toordinal() - 1) if exclusive and at_midnight else there.date()


def told(session: Session, community: Community, since: datetime, until: datetime) -> list[Told]:
    """Every incident of a community that had been reported when the period ended."""
    calendar = work_calendar.of(session, community)
    found = []
    for incident in session.query(Incident).filter_by(community_id=community.id).order_by(Incident.id):
        steps = [step for step in incident.steps if step.at < until]
        if steps:
            clock = clocks.clock_of(steps)
            ends = incident.due_at if clock is None else due(clock, calendar)
            found.append(Told(incident, steps, since, until, ends))
    return found


def count(told: list[Told], what: Callable[[Told], object]) -> int:
    """Of how many something is true."""
    return sum(bool(what(one)) for one in told)


RATES: dict[str, tuple[Callable[[Told], object], Callable[[Told], object]]] = {
    "closed": (lambda one: one.due and one.stage is Stage.CLOSED, lambda one: one.due),
    "on_time": (lambda one: one.on_time, lambda one: one.due),
    "done": (lambda one: one.done, lambda one: one.filed),
    "valid": (lambda one: one.valid, lambda one: one.filed),
    "missed": (lambda one: one.valid and one.public, lambda one: one.valid),
    "redone": (lambda one: one.redone, lambda one: one.resolved),
    "settled": (lambda one: one.outcome is Outcome.SETTLED, lambda one: one.outcome is not None),
}


def rate(told: list[Told], key: str) -> tuple[int, int]:
    """The two counts of a rate."""
    part, whole = RATES[key]
    return count(told, part), count(told, whole)


def group_of(session: Session, one: Told) -> str:
    """Which of the five groups sent an incident up."""
    if one.public:
        return "residents"
    user, day, duties = _sender(session, one), local(one.reported), duties_then(session, one)
    if duties & GRID:
        return "grid"
    if duties & BUILDING:
        return "building"
    if user is not None and _in_team(session, user, day):
        return "volunteers"
    return "unknown" if one.incident.source is IncidentSource.PATROL else "offices"


def duties_then(session: Session, one: Told) -> set[str]:
    """The duties that whoever sent an incident up held on that day."""
    user = _sender(session, one)
    return set(_held(session, user, local(one.reported))) if user is not None else set()


def _sender(session: Session, one: Told) -> User | None:
    key = one.steps[0].by_user_id
    return session.get(User, key) if key else None


def _held(session: Session, user: User, day: date) -> Iterator[str]:
    for posting in session.query(Posting).filter_by(person_id=user.person_id):
        if posting.valid_from <= day and (posting.valid_until is None or day < posting.valid_until):
            yield posting.duty


def _in_team(session: Session, user: User, day: date) -> bool:
    rows = session.query(TeamMember).filter_by(person_id=user.person_id)
    return any(row.valid_from <= day and (row.valid_until is None or day < row.valid_until) for row in rows)
