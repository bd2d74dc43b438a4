"""What may follow what: the one table of an incident's steps, who may take them, what they need and change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.models import (
    Role,
    Stage,
    StepKind,
)
from geo.errors import N_
from patrols.errors import StepNotAllowed

OFFICE = frozenset({Role.GRID_MANAGER, Role.ADMINISTRATOR})
FIELD = OFFICE | {Role.GRID_WORKER}
HANDS = FIELD | {Role.HANDLER}
EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Move:
    """What one step does from one stage: the stage after it, and who may do it."""

    after: Stage
    roles: frozenset[Role]
    needs_note: bool = False
    needs_person: bool = False
    needs_organisation: bool = False


_ACCEPT = Move(Stage.ACCEPTED, OFFICE)
_VOID = Move(Stage.VOIDED, OFFICE, needs_note=True)
_TRIAGE = Move(Stage.TRIAGED, OFFICE, needs_organisation=True)
_DISPATCH = Move(Stage.DISPATCHED, OFFICE, needs_person=True)
_DISPATCH_OWN = Move(Stage.DISPATCHED, OFFICE | {Role.HANDLER}, needs_person=True)
_SEND_BACK = Move(Stage.ACCEPTED, HANDS, needs_note=True)
_PARK = Move(Stage.PARKED, OFFICE, needs_note=True)
_RESOLVE = Move(Stage.RESOLVED, HANDS)
_SETTLE = Move(Stage.RESOLVED, FIELD)
_CLOSE = Move(Stage.CLOSED, OFFICE)
_REDO = Move(Stage.ACCEPTED, OFFICE, needs_note=True)
_REOPEN = Move(Stage.ACCEPTED, OFFICE, needs_note=True)
_RATE = Move(Stage.CLOSED, EVERYBODY - {Role.HANDLER})

MOVES: dict[Stage, dict[StepKind, Move]] = {
    Stage.REPORTED: {StepKind.ACCEPT: _ACCEPT, StepKind.VOID: _VOID, StepKind.SETTLE_ON_THE_SPOT: _SETTLE},
    Stage.ACCEPTED: {
        StepKind.TRIAGE: _TRIAGE,
        StepKind.DISPATCH: _DISPATCH,
        StepKind.SETTLE_ON_THE_SPOT: _SETTLE,
        StepKind.PARK: _PARK,
        StepKind.VOID: _VOID,
    },
    Stage.TRIAGED: {
        StepKind.DISPATCH: _DISPATCH_OWN,
        StepKind.RESOLVE: _RESOLVE,
        StepKind.SEND_BACK: _SEND_BACK,
        StepKind.PARK: _PARK,
    },
    Stage.DISPATCHED: {StepKind.RESOLVE: _RESOLVE, StepKind.SEND_BACK: _SEND_BACK, StepKind.PARK: _PARK},
    Stage.PARKED: {
        StepKind.TRIAGE: _TRIAGE,
        StepKind.DISPATCH: _DISPATCH,
        StepKind.RESOLVE: _RESOLVE,
        StepKind.VOID: _VOID,
    },
    Stage.RESOLVED: {StepKind.CLOSE: _CLOSE, StepKind.REDO: _REDO},
    Stage.CLOSED: {StepKind.RATE: _RATE, StepKind.REOPEN: _REOPEN},
    Stage.VOIDED: {StepKind.REOPEN: Move(Stage.REPORTED, OFFICE, needs_note=True)},
}
"""The one table of what may follow what.

Resolved is the handler's word, closed the manager's, the rating the reporter's. An office that an incident
was triaged to may dispatch it to its own people. Sent back, to be done again or reopened, it returns to the manager's
desk (accepted); who had it is in its steps.
"""

CLOCKED_STAGES = (Stage.REPORTED, Stage.ACCEPTED, Stage.TRIAGED, Stage.DISPATCHED, Stage.RESOLVED)
"""While it stands here its time runs, and it may be overdue."""

OPEN_STAGES = (*CLOCKED_STAGES, Stage.PARKED)
"""Stages that still wait for somebody: all but closed and voided."""

RATINGS = range(1, 6)


def check_step(
    stage: Stage,
    kind: StepKind,
    *,
    note: str = "",
    person_id: int | None = None,
    organisation_id: int | None = None,
    rating: int | None = None,
) -> Move:
    """What a step does from a stage, once it may follow and has what it needs.

    Raises
    ------
    StepNotAllowed
        If it may not follow, or lacks its reason, person, office or rating.
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
    rating: int | None = None,
) -> dict[str, Any]:
    """The columns of an incident that a step sets; the step itself is the history, these are where it stands."""
    changed: dict[str, Any] = {"stage": after}
    if to_organisation_id is not None:
        changed["organisation_id"] = to_organisation_id
    if to_person_id is not None:
        changed["handler_id"] = to_person_id
    if kind in (StepKind.SEND_BACK, StepKind.REDO, StepKind.REOPEN):
        changed.update(resolved_at=None, closed_at=None, handler_id=None, rating=None, on_the_spot=False)
    if kind is StepKind.SEND_BACK:
        # Whoever sent it back has nothing more to do with it; an office that has to do it again still has.
        changed["organisation_id"] = None
    if after is Stage.RESOLVED:
        changed["resolved_at"] = at
    if kind is StepKind.SETTLE_ON_THE_SPOT:
        changed["on_the_spot"] = True
    if kind is StepKind.CLOSE:
        changed["closed_at"] = at
    if kind is StepKind.RATE:
        changed["rating"] = rating
    return changed
