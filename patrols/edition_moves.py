"""A step of an edition as somebody asked for it: carried out, and how the audit calls it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from data.models import GridEdition, User
from geo.errors import N_
from patrols import adoption, editions
from patrols.before_adoption import Outlook
from patrols.editions import EditionMove
from patrols.errors import EditionStepRefused
from patrols.telling import Tell, silent

IN_THE_AUDIT: Mapping[EditionMove, str] = {
    EditionMove.SUBMIT: "grids.submitted",
    EditionMove.REVIEW: "grids.reviewed",
    EditionMove.SEND_BACK: "grids.sent_back",
    EditionMove.ADOPT: "grids.adopted",
    EditionMove.RECALL: "grids.recalled",
    EditionMove.DISCARD: "grids.discarded",
    EditionMove.BRING_BACK: "grids.brought_back",
}
"""What each step is called in the audit. Retiring is done by the calendar alone."""


@dataclass(frozen=True)
class Asked:
    """What somebody said for a step. `seen` is the draft's revision that they saw; `reasons` are those of grids that
    are voided, by code.
    """

    note: str = ""
    seen: int | None = None
    filing_number: str = ""
    valid_from: date | None = None
    allow_flaws: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


def take(
    session: Session,
    edition: GridEdition,
    move: EditionMove,
    asked: Asked,
    *,
    at: datetime,
    by: User | None,
    outlook: Outlook | None = None,
    tell: Tell = silent,
) -> None:
    """Take a step with everything that was said for it.

    Parameters
    ----------
    outlook : Outlook, optional
        What was found out before about an adoption.
    tell : callable
        Hears how far an adoption has come; the other steps take no time.

    Raises
    ------
    EditionStepRefused
        It may not follow now, or something that it needs is missing.
    AdoptionRefused, data.errors.Conflict
        As the step itself says.
    """
    if move is EditionMove.RETIRE:
        raise EditionStepRefused(N_("The calendar alone retires an edition."))
    if move is EditionMove.ADOPT:
        _adopt(session, edition, asked, at=at, by=by, outlook=outlook, tell=tell)
    else:
        _DOES[move](session, edition, asked, at=at, by=by)


def facts(edition: GridEdition, move: EditionMove, asked: Asked) -> dict[str, Any]:
    """What the audit remembers of a step: that flaws were let pass must be found out later without asking anybody."""
    passed = move is EditionMove.ADOPT and asked.allow_flaws
    return {"edition": edition.number, **({"allow_flaws": True} if passed else {})}


def _submit(session: Session, edition: GridEdition, asked: Asked, **who: Any) -> None:
    for code, reason in asked.reasons.items():
        editions.void_reason(session, edition, code, reason)
    editions.submit(session, edition, note=asked.note, seen=asked.seen, **who)


def _adopt(session: Session, edition: GridEdition, asked: Asked, **who: Any) -> None:
    if asked.valid_from is None or not asked.filing_number.strip():
        raise EditionStepRefused(N_("An adoption needs its filing number and the first day on which the grids answer."))
    adoption.adopt(
        session,
        edition,
        valid_from=asked.valid_from,
        filing_number=asked.filing_number.strip(),
        note=asked.note,
        allow_flaws=asked.allow_flaws,
        seen=asked.seen,
        **who,
    )


def _seen(step: Callable[..., Any]) -> Callable[..., None]:
    """A step that needs a note and what was seen, and nothing else."""

    def does(session: Session, edition: GridEdition, asked: Asked, **who: Any) -> None:
        step(session, edition, note=asked.note, seen=asked.seen, **who)

    return does


def _unseen(step: Callable[..., Any]) -> Callable[..., None]:
    """A step that stays right whatever was changed since: only what is as it was can be taken back."""

    def does(session: Session, edition: GridEdition, asked: Asked, **who: Any) -> None:
        step(session, edition, note=asked.note, **who)

    return does


_DOES: Mapping[EditionMove, Callable[..., None]] = {
    EditionMove.SUBMIT: _submit,
    EditionMove.REVIEW: _seen(editions.review),
    EditionMove.SEND_BACK: _seen(editions.send_back),
    EditionMove.RECALL: _unseen(adoption.recall),
    EditionMove.DISCARD: _seen(editions.discard),
    EditionMove.BRING_BACK: _unseen(editions.bring_back),
}
