"""An edition on its way: drafted, submitted, reviewed, adopted, retired, or discarded; each step with who and why."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.models import DraftEdit, EditionStage, EditionStep, Grid, GridEdition, User
from geo.errors import N_
from patrols import given_codes, redraw
from patrols.errors import EditionStepRefused


class EditionMove(StrEnum):
    """What somebody does to an edition. `BEGIN` and `RETIRE` are done by the calendar."""

    SUBMIT = "submit"
    REVIEW = "review"
    SEND_BACK = "send_back"
    ADOPT = "adopt"
    RECALL = "recall"
    RETIRE = "retire"
    DISCARD = "discard"
    BRING_BACK = "bring_back"


MOVES: Mapping[EditionStage, Mapping[EditionMove, EditionStage]] = {
    EditionStage.DRAFT: {
        EditionMove.SUBMIT: EditionStage.SUBMITTED,
        EditionMove.DISCARD: EditionStage.DISCARDED,
    },
    EditionStage.SUBMITTED: {
        EditionMove.REVIEW: EditionStage.REVIEWED,
        EditionMove.SEND_BACK: EditionStage.DRAFT,
    },
    EditionStage.REVIEWED: {EditionMove.ADOPT: EditionStage.ADOPTED, EditionMove.SEND_BACK: EditionStage.DRAFT},
    EditionStage.ADOPTED: {EditionMove.RECALL: EditionStage.REVIEWED, EditionMove.RETIRE: EditionStage.RETIRED},
    EditionStage.RETIRED: {},
    EditionStage.DISCARDED: {EditionMove.BRING_BACK: EditionStage.DRAFT},
}
"""The one table of what may follow what. Only a draft can be changed: whoever reviews sees what will be adopted."""


def submit(
    session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str = "", seen: int | None = None
) -> EditionStep:
    """Hand a draft in. From now on it can no longer be changed, until it is sent back.

    Parameters
    ----------
    seen : int, optional
        As `take` has it.

    Raises
    ------
    EditionStepRefused
        If it is no draft, or has no grids.
    Conflict
        If somebody else changed the draft, or took a step, first.
    """
    lock(session, edition)
    require_seen(edition, seen)
    check(edition, EditionMove.SUBMIT)
    if session.scalar(select(Grid.id).where(Grid.edition_id == edition.id).limit(1)) is None:
        raise EditionStepRefused(N_("Edition %(number)s has no grids yet."), number=edition.number)
    return take(session, edition, EditionMove.SUBMIT, at=at, by=by, note=note)


def review(
    session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str = "", seen: int | None = None
) -> EditionStep:
    """Say that a submitted edition was looked through and may be adopted.

    Parameters
    ----------
    seen : int, optional
        As `take` has it: what was sent back, changed and submitted again meanwhile was not looked through.

    Raises
    ------
    EditionStepRefused
        If it was not submitted.
    Conflict
        If it is not what the person saw any more.
    """
    return take(session, edition, EditionMove.REVIEW, at=at, by=by, note=note, seen=seen)


def send_back(
    session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str, seen: int | None = None
) -> EditionStep:
    """Make a submitted or reviewed edition a draft again, with the reason.

    Raises
    ------
    EditionStepRefused
        If it stands elsewhere, or no reason is given.
    Conflict
        If it is not what the person saw any more.
    """
    if not note.strip():
        raise EditionStepRefused(N_("Say what should be changed."))
    return take(session, edition, EditionMove.SEND_BACK, at=at, by=by, note=note, seen=seen)


def discard(
    session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str = "", seen: int | None = None
) -> EditionStep:
    """Throw a draft away: nobody goes on with it and it is listed no more, but it can be brought back.

    Nothing of it is deleted. Its new numbers are free again where it was never submitted, so that nobody but those who
    drew it can have seen them; otherwise they stay given. What was submitted or adopted is not thrown away: it is sent
    back or recalled first.

    Raises
    ------
    EditionStepRefused
        If it is no draft.
    Conflict
        If somebody has changed it since the person saw it.
    """
    step = take(session, edition, EditionMove.DISCARD, at=at, by=by, note=note, seen=seen)
    if not any(row.stage is EditionStage.SUBMITTED for row in steps(session, edition)):
        given_codes.release(session, edition)
    return step


def bring_back(session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str = "") -> EditionStep:
    """Make a discarded edition a draft again, with all its edits.

    Raises
    ------
    EditionStepRefused
        If it was not discarded.
    Conflict
        If its new numbers were given to others meanwhile.
    """
    lock(session, edition)
    check(edition, EditionMove.BRING_BACK)
    given_codes.claim_again(session, edition, adopted=redraw.codes_of(session, edition.community, redraw.IN_FORCE))
    return take(session, edition, EditionMove.BRING_BACK, at=at, by=by, note=note)


def check(edition: GridEdition, move: EditionMove) -> EditionStage:
    """The stage after a step, once it may follow.

    Raises
    ------
    EditionStepRefused
        If it may not follow the edition's present stage.
    """
    after = MOVES[edition.stage].get(move)
    if after is None:
        raise EditionStepRefused(
            N_("Edition %(number)s is %(edition_stage)s: the step %(edition_move)s may not follow."),
            number=edition.number,
            edition_stage=edition.stage.value,
            edition_move=move.value,
        )
    return after


def require_seen(edition: GridEdition, seen: int | None) -> None:
    """Refuse a step of somebody who saw another revision of the draft than the present one.

    Raises
    ------
    Conflict
        Somebody has changed it since. Nothing is refused where it is not said what was seen.
    """
    if seen is not None and seen != edition.revision:
        raise Conflict(N_("Somebody else changed the draft first: look at it again."))


def take(
    session: Session,
    edition: GridEdition,
    move: EditionMove,
    *,
    at: datetime,
    by: User | None,
    note: str = "",
    seen: int | None = None,
) -> EditionStep:
    """Take a step that may follow, and write it down. Adopting and recalling do more: see `patrols.adoption`.

    Parameters
    ----------
    seen : int, optional
        The draft's revision that the person saw; if somebody has changed it since, nothing is done.

    Raises
    ------
    EditionStepRefused
        If it may not follow.
    Conflict
        If somebody else changed the draft, or took a step, first.
    """
    lock(session, edition)
    require_seen(edition, seen)
    return write_down(session, edition, check(edition, move), at=at, by=by, note=note)


def lock(session: Session, edition: GridEdition) -> None:
    """Let nobody else change an edition until this transaction ends, and see it as it is now."""
    # Looking again would throw away what was not written yet.
    session.flush()
    session.refresh(edition, with_for_update=True)


def write_down(
    session: Session, edition: GridEdition, after: EditionStage, *, at: datetime, by: User | None, note: str = ""
) -> EditionStep:
    """Add a row to an edition's history and move it to the stage after it. Rows are only ever added.

    Raises
    ------
    Conflict
        If somebody else took a step first.
    """
    number = len(steps(session, edition)) + 1
    row = EditionStep(
        edition_id=edition.id,
        number=number,
        stage=after,
        at=at,
        by_user_id=None if by is None else by.id,
        note=note.strip(),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(
            N_("Somebody else took a step with edition %(number)s first: look at it again."), number=edition.number
        ) from error
    edition.stage = after
    session.flush()
    return row


def steps(session: Session, edition: GridEdition) -> list[EditionStep]:
    """The history of an edition, the first step first."""
    wanted = select(EditionStep).where(EditionStep.edition_id == edition.id).order_by(EditionStep.number)
    return list(session.scalars(wanted))


def history(session: Session, edition: GridEdition) -> list[tuple[EditionMove, EditionStep]]:
    """The history of an edition with what each step was."""
    told, before = [], EditionStage.DRAFT
    for row in steps(session, edition):
        told.append((_move(before, row.stage), row))
        before = row.stage
    return told


def _move(before: EditionStage, after: EditionStage) -> EditionMove:
    """What led from one stage to another. The program itself may adopt a draft at once."""
    if before is EditionStage.ADOPTED and after is not EditionStage.RETIRED:
        return EditionMove.RECALL
    if before is EditionStage.DISCARDED:
        return EditionMove.BRING_BACK
    return {
        EditionStage.DRAFT: EditionMove.SEND_BACK,
        EditionStage.SUBMITTED: EditionMove.SUBMIT,
        EditionStage.REVIEWED: EditionMove.REVIEW,
        EditionStage.ADOPTED: EditionMove.ADOPT,
        EditionStage.RETIRED: EditionMove.RETIRE,
        EditionStage.DISCARDED: EditionMove.DISCARD,
    }[after]


def void_reason(session: Session, edition: GridEdition, code: str, reason: str) -> None:
    """Keep why a grid that is in force has no successor of its code in this edition; adopting writes it to the lineage.

    Raises
    ------
    EditionStepRefused
        If the edition was adopted already.
    """
    if edition.stage not in redraw.OPEN:
        raise EditionStepRefused(N_("Edition %(number)s has been adopted already."), number=edition.number)
    kept: dict[str, Any] = dict(edition.made_how)
    kept["void_reasons"] = {**kept.get("void_reasons", {}), code: reason.strip()}
    # A new dictionary, because a change inside the old one would not be stored.
    edition.made_how = kept
    session.flush()


def void_reasons(session: Session, edition: GridEdition) -> dict[str, str]:
    """Why grids were voided, by code: as said with `void_reason`, or with the edit that did it."""
    done = (
        select(DraftEdit)
        .where(DraftEdit.edition_id == edition.id, DraftEdit.kind == "void", DraftEdit.number <= edition.edits)
        .order_by(DraftEdit.number)
    )
    told = [row.arguments for row in session.scalars(done)]
    drawn = {str(one["code"]): str(one.get("reason", "")) for one in told if one.get("code")}
    said: dict[str, str] = edition.made_how.get("void_reasons", {})
    return {**drawn, **{code: reason for code, reason in said.items() if reason}}
