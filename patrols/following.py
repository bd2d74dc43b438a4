"""How a report stands for whoever told it: the five steps with their days, answers, and the rating. No names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data.models import Category, Community, Incident, IncidentStep, ResidentReport, Stage, StepKind
from geo.errors import N_
from patrols import duplicates, incidents
from patrols.errors import StepNotAllowed
from patrols.moves import OPEN_STAGES, RATINGS
from patrols.rules import Rules

PASSED_ON = frozenset({StepKind.TRIAGE, StepKind.DISPATCH, StepKind.SETTLE_ON_THE_SPOT, StepKind.PARK})
BACK = frozenset({StepKind.SEND_BACK, StepKind.REDO, StepKind.REOPEN})
"""Steps after which it has to be passed on anew."""

BEYOND_DESK = frozenset({Stage.TRIAGED, Stage.DISPATCHED, Stage.PARKED, Stage.RESOLVED, Stage.CLOSED})
LONGEST_WAY = 20
"""So many times merged on at the most; nobody merges that often, and nothing may go round in circles."""


@dataclass(frozen=True)
class Reached:
    """One of the five steps people see: whether it has come that far, and when (None: not known)."""

    done: bool
    at: datetime | None


@dataclass(frozen=True)
class Standing:
    """How a report stands.

    ``number``, ``category``, ``place`` and ``told_at`` are the report's own; the rest is that of the matter it was
    merged into (``merged``), where it was. ``steps`` are found, sent up, passed on, settled and rated.
    """

    number: str
    category: Category | None
    place: str
    told_at: datetime
    named: bool
    merged: bool
    stage: Stage
    steps: tuple[Reached, ...]
    answers: tuple[tuple[datetime, str], ...]
    rating: int | None
    may_rate: bool

    @property
    def open(self) -> bool:
        """Whether somebody still works on it."""
        return self.stage in OPEN_STAGES


def stand(session: Session, row: ResidentReport) -> Standing:
    """How a report stands now. Of its history only dates and the answers meant for reporters are told."""
    own = session.get_one(Incident, row.incident_id)
    main = main_of(session, own)
    steps = [*own.steps, *(main.steps if main is not own else ())]
    answers = sorted((step.at, step.note) for step in steps if step.kind is StepKind.REPLY)
    return Standing(
        number=own.number,
        category=own.category,
        place=own.address,
        told_at=row.at,
        named=bool(own.reporter_name or own.reporter_phone),
        merged=main is not own,
        stage=main.stage,
        steps=_reached(own, row.at, main),
        answers=tuple(answers),
        rating=main.rating,
        may_rate=_may_rate(main),
    )


def rate(session: Session, row: ResidentReport, rating: int, words: str, *, at: datetime) -> bool:
    """Take the rating of whoever told it, once each time it was closed.

    A rating as bad as `Rules.reopening_rating` opens it again, so that it is back on the manager's desk; but only the
    first one: what stays bad after that, people have to talk about.

    Returns
    -------
    bool
        Whether it was opened again.

    Raises
    ------
    StepNotAllowed
        It is not closed, or was rated since.
    Conflict
        Somebody rated it at the same moment.
    """
    main = main_of(session, session.get_one(Incident, row.incident_id))
    if not _may_rate(main):
        raise StepNotAllowed(N_("It was rated already, or is not settled yet."))
    community = session.get_one(Community, main.community_id)
    before = any(step.kind is StepKind.REOPEN and step.by_user_id is None for step in main.steps)
    incidents.step(session, main, StepKind.RATE, by=None, at=at, note=words, rating=rating)
    row.rated_at = at
    again = rating <= Rules.for_community(community.rules).reopening_rating and not before
    if again:
        said = f"{rating}/{RATINGS[-1]} {words}".strip()
        incidents.step(session, main, StepKind.REOPEN, by=None, at=at, note=said)
    session.flush()
    return again


def main_of(session: Session, incident: Incident) -> Incident:
    """The incident that is worked on: the one that this one was merged into, however often, or itself."""
    for _ in range(LONGEST_WAY):
        into = duplicates.merged_into(session, incident)
        if into is None:
            break
        incident = into
    return incident


def _may_rate(main: Incident) -> bool:
    return main.stage is Stage.CLOSED and main.rating is None


def _reached(own: Incident, told_at: datetime, main: Incident) -> tuple[Reached, ...]:
    steps = _since(main.steps, BACK)
    passed = next((step.at for step in steps if step.kind in PASSED_ON), None)
    rated = [step.at for step in main.steps if step.kind is StepKind.RATE]
    closed = main.stage is Stage.CLOSED
    return (
        Reached(True, own.found_at),
        Reached(True, told_at),
        Reached(main.stage in BEYOND_DESK, passed if main.stage in BEYOND_DESK else None),
        Reached(closed, main.closed_at if closed else None),
        Reached(main.rating is not None, rated[-1] if rated and main.rating is not None else None),
    )


def _since(steps: Sequence[IncidentStep], kinds: frozenset[StepKind]) -> Sequence[IncidentStep]:
    """The steps after the last one of some kinds."""
    last = max((place for place, step in enumerate(steps) if step.kind in kinds), default=-1)
    return steps[last + 1 :]
