"""What may follow what: the one table of an incident's steps, who may take them, what they need and change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.models import Outcome, Role, Stage, StepKind
from geo.errors import N_
from patrols.errors import StepNotAllowed

OFFICE = frozenset({Role.GRID_MANAGER, Role.ADMINISTRATOR})
FIELD = OFFICE | {Role.GRID_WORKER}
HANDS = FIELD | {Role.HANDLER}
ABOVE = OFFICE | {Role.OFFICIAL}
EVERYBODY = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Move:
    """What one step does from one stage: the stage after it, who may do it, and what it needs or may be told.

    A step of nobody is the program's own.
    """

    after: Stage
    roles: frozenset[Role]
    needs_note: bool = False
    needs_person: bool = False
    needs_organisation: bool = False
    needs_other: bool = False
    needs_limit: bool = False
    takes_limit: bool = False
    takes_outcome: bool = False


_ACCEPT = Move(Stage.ACCEPTED, OFFICE)
_DECLINE = Move(Stage.DECLINED, OFFICE, needs_note=True)
_VOID = Move(Stage.VOIDED, OFFICE, needs_note=True)
_MERGE = Move(Stage.VOIDED, OFFICE, needs_other=True)
_TRIAGE = Move(Stage.TRIAGED, OFFICE, needs_organisation=True, takes_limit=True)
_DISPATCH = Move(Stage.DISPATCHED, OFFICE, needs_person=True, takes_limit=True)
_DISPATCH_OWN = Move(Stage.DISPATCHED, OFFICE | {Role.HANDLER}, needs_person=True, takes_limit=True)
_SEND_BACK = Move(Stage.ACCEPTED, HANDS, needs_note=True)
_PARK = Move(Stage.PARKED, OFFICE, needs_note=True)
_RESOLVE = Move(Stage.RESOLVED, HANDS, takes_outcome=True)
_SETTLE = Move(Stage.RESOLVED, FIELD, takes_outcome=True)
_CHECK = Move(Stage.RESOLVED, FIELD)
_CLOSE = Move(Stage.CLOSED, OFFICE)
_REDO = Move(Stage.ACCEPTED, OFFICE, needs_note=True)
_REOPEN = Move(Stage.ACCEPTED, OFFICE, needs_note=True)
_REOPEN_REPORT = Move(Stage.REPORTED, OFFICE, needs_note=True)
_RATE = Move(Stage.CLOSED, EVERYBODY - {Role.HANDLER})


def _at_hand(stage: Stage) -> dict[StepKind, Move]:
    """What may be done while somebody works on it; it stands where it stood."""
    return {
        StepKind.HANDLE: Move(stage, HANDS),
        StepKind.EXTEND: Move(stage, OFFICE, needs_note=True, needs_limit=True, takes_limit=True),
        StepKind.ASK_LONGER: Move(stage, HANDS, needs_note=True, needs_limit=True, takes_limit=True),
        StepKind.REFUSE_LONGER: Move(stage, OFFICE, needs_note=True),
    }


def _beside(stage: Stage) -> dict[StepKind, Move]:
    """What may be done at any stage that waits for somebody; it stands where it stood."""
    return {
        StepKind.REPLY: Move(stage, HANDS, needs_note=True),
        StepKind.SUPERVISE: Move(stage, ABOVE, needs_note=True),
        StepKind.ESCALATE: Move(stage, NOBODY),
    }


MOVES: dict[Stage, dict[StepKind, Move]] = {
    Stage.REPORTED: {
        StepKind.ACCEPT: _ACCEPT,
        StepKind.SETTLE_ON_THE_SPOT: _SETTLE,
        StepKind.DECLINE: _DECLINE,
        StepKind.MERGE: _MERGE,
        StepKind.VOID: _VOID,
        **_beside(Stage.REPORTED),
    },
    Stage.ACCEPTED: {
        StepKind.TRIAGE: _TRIAGE,
        StepKind.DISPATCH: _DISPATCH,
        StepKind.SETTLE_ON_THE_SPOT: _SETTLE,
        StepKind.PARK: _PARK,
        StepKind.MERGE: _MERGE,
        StepKind.VOID: _VOID,
        **_beside(Stage.ACCEPTED),
    },
    Stage.TRIAGED: {
        StepKind.RESOLVE: _RESOLVE,
        StepKind.DISPATCH: _DISPATCH_OWN,
        StepKind.SEND_BACK: _SEND_BACK,
        **_at_hand(Stage.TRIAGED),
        StepKind.PARK: _PARK,
        **_beside(Stage.TRIAGED),
    },
    Stage.DISPATCHED: {
        StepKind.RESOLVE: _RESOLVE,
        StepKind.SEND_BACK: _SEND_BACK,
        **_at_hand(Stage.DISPATCHED),
        StepKind.PARK: _PARK,
        **_beside(Stage.DISPATCHED),
    },
    Stage.PARKED: {
        StepKind.TRIAGE: _TRIAGE,
        StepKind.DISPATCH: _DISPATCH,
        StepKind.RESOLVE: _RESOLVE,
        StepKind.VOID: _VOID,
        **_beside(Stage.PARKED),
    },
    Stage.RESOLVED: {
        StepKind.CLOSE: _CLOSE,
        StepKind.CHECK: _CHECK,
        StepKind.REDO: _REDO,
        **_beside(Stage.RESOLVED),
    },
    Stage.CLOSED: {StepKind.RATE: _RATE, StepKind.REOPEN: _REOPEN},
    Stage.VOIDED: {StepKind.REOPEN: _REOPEN_REPORT},
    Stage.DECLINED: {StepKind.REOPEN: _REOPEN_REPORT},
}
"""The one table of what may follow what.

Resolved is the handler's word, closed the manager's, the rating the reporter's. An office that an incident
was triaged to may dispatch it to its own people. Sent back, to be done again or reopened, it returns to the manager's
desk (accepted); who had it is in its steps. Declined is what is not the community's to settle, voided what was never
so, or was told before.
"""

CLOCKED_STAGES = (Stage.REPORTED, Stage.ACCEPTED, Stage.TRIAGED, Stage.DISPATCHED, Stage.RESOLVED)
"""While it stands here its time runs, and it may be overdue."""

OPEN_STAGES = (*CLOCKED_STAGES, Stage.PARKED)
"""Stages that still wait for somebody: all but closed, declined and voided."""

MERGE_INTO = (*OPEN_STAGES, Stage.CLOSED)
"""Where an incident may stand that another one is merged into: somebody works on it, or did."""

RATINGS = range(1, 6)


def check_step(
    stage: Stage,
    kind: StepKind,
    *,
    note: str = "",
    person_id: int | None = None,
    organisation_id: int | None = None,
    other_id: int | None = None,
    limited: bool = False,
    outcome: Outcome | None = None,
    rating: int | None = None,
) -> Move:
    """What a step does from a stage, once it may follow and has what it needs.

    Raises
    ------
    StepNotAllowed
        If it may not follow, lacks its reason, person, office, other incident, time or rating, or is told what it has
        no place for.
    """
    move = MOVES[stage].get(kind)
    if move is None:
        raise StepNotAllowed(
            N_("The step %(kind)s may not follow while the incident is %(stage)s."), kind=kind.value, stage=stage.value
        )
    if move.needs_note and not note.strip():
        raise StepNotAllowed(N_("The step %(kind)s needs a reason."), kind=kind.value)
    if move.needs_person and person_id is None:
        raise StepNotAllowed(N_("The step %(kind)s needs the person it goes to."), kind=kind.value)
    if move.needs_organisation and organisation_id is None:
        raise StepNotAllowed(N_("The step %(kind)s needs the office it goes to."), kind=kind.value)
    if move.needs_other and other_id is None:
        raise StepNotAllowed(N_("The step %(kind)s needs the number of the incident it belongs to."), kind=kind.value)
    if move.needs_limit and not limited:
        raise StepNotAllowed(N_("The step %(kind)s needs the time it gives."), kind=kind.value)
    if (limited and not move.takes_limit) or (outcome is not None and not move.takes_outcome):
        raise StepNotAllowed(N_("The step %(kind)s takes neither a time nor an outcome."), kind=kind.value)
    if kind is StepKind.RATE and rating not in RATINGS:
        raise StepNotAllowed(N_("A rating is a number from 1 to 5."))
    return move


def note_of(kind: StepKind, note: str, rating: int | None) -> str:
    """What a step's note says: for a rating also the figure, which a reopened incident itself no longer shows."""
    return f"{rating}/{RATINGS[-1]} {note}".strip() if kind is StepKind.RATE else note


def consequences(
    kind: StepKind,
    after: Stage,
    at: datetime,
    to_person_id: int | None = None,
    to_organisation_id: int | None = None,
    outcome: Outcome | None = None,
    rating: int | None = None,
) -> dict[str, Any]:
    """The columns of an incident that a step sets; the step itself is the history, these are where it stands.

    When it is due is not among them: see `patrols.clocks`.
    """
    changed: dict[str, Any] = {"stage": after} | _SETS.get(kind, {})
    if to_organisation_id is not None:
        changed["organisation_id"] = to_organisation_id
    if to_person_id is not None and kind is not StepKind.ESCALATE:
        changed["handler_id"] = to_person_id
    if kind in _STAMPS:
        changed[_STAMPS[kind]] = at
    if kind in (StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT):
        changed.update(resolved_at=at, outcome=outcome)
    if kind is StepKind.RATE:
        changed["rating"] = rating
    return changed


_AFRESH: dict[str, Any] = {
    "resolved_at": None,
    "checked_at": None,
    "closed_at": None,
    "begun_at": None,
    "handler_id": None,
    "outcome": None,
    "rating": None,
    "on_the_spot": False,
}

_SETS: dict[StepKind, dict[str, Any]] = {
    # Whoever sent it back has nothing more to do with it; an office that has to do it again still has.
    StepKind.SEND_BACK: _AFRESH | {"organisation_id": None},
    StepKind.REDO: _AFRESH,
    StepKind.REOPEN: _AFRESH | {"escalations": 0, "supervised": False},
    StepKind.SETTLE_ON_THE_SPOT: {"on_the_spot": True},
    StepKind.SUPERVISE: {"supervised": True},
}

_STAMPS = {StepKind.HANDLE: "begun_at", StepKind.CHECK: "checked_at", StepKind.CLOSE: "closed_at"}
