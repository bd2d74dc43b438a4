"""The log of a draft: what was done and can be undone, and what happened at each revision."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data.models import DraftChange, DraftEdit, EditionStage, GridEdition, Person, User
from geo.errors import N_
from patrols.draft_rows import Rows
from patrols.errors import DraftClosed

OPEN, EDIT, UNDO, REDO = "open", "edit", "undo", "redo"
"""What may happen to a draft at a revision."""


def lock(session: Session, edition: GridEdition) -> None:
    """Wait until nobody else changes this draft, and see it as it then is.

    PostgreSQL locks the edition's row until the transaction ends; SQLite lets one writing transaction in at a time.
    """
    session.refresh(edition, with_for_update=True)


def lock_to_change(session: Session, edition: GridEdition) -> None:
    """Wait as `lock`, and refuse what can no longer be changed.

    Raises
    ------
    DraftClosed
        The edition is no draft (any more).
    """
    lock(session, edition)
    if edition.stage is not EditionStage.DRAFT:
        raise DraftClosed(
            N_("Edition %(number)s is no draft any more: have it sent back, or begin a new draft."),
            number=edition.number,
        )


def stamp_of(session: Session, edition: GridEdition) -> str | None:
    """The word that marks the draft's present state; None before it was opened for editing."""
    wanted = select(DraftChange.stamp).where(
        DraftChange.edition_id == edition.id, DraftChange.revision == edition.revision
    )
    return session.scalar(wanted)


def note_change(
    session: Session,
    edition: GridEdition,
    action: str,
    kind: str,
    codes: Iterable[str],
    *,
    corners: Iterable[str] = (),
    at: datetime,
    by: User | None,
) -> str:
    """Write down what happened at the draft's present revision; returns the new stamp.

    Of the `codes`, `corners` are those of grids that only got or lost a corner.
    """
    stamp = secrets.token_hex(16)
    session.add(
        DraftChange(
            edition_id=edition.id,
            revision=edition.revision,
            action=action,
            kind=kind,
            codes=sorted(set(codes) - set(corners)),
            corners=sorted(set(corners)),
            stamp=stamp,
            at=at,
            by_user_id=None if by is None else by.id,
        )
    )
    session.flush()
    return stamp


def changes_since(session: Session, edition: GridEdition, revision: int) -> list[DraftChange]:
    """What happened to a draft after a revision, the earliest first."""
    wanted = (
        select(DraftChange)
        .where(DraftChange.edition_id == edition.id, DraftChange.revision > revision)
        .order_by(DraftChange.revision)
    )
    return list(session.scalars(wanted))


def add_edit(
    session: Session,
    edition: GridEdition,
    kind: str,
    arguments: dict[str, Any],
    before: Rows,
    after: Rows,
    *,
    at: datetime,
    by: User | None,
) -> None:
    """Put an edit on top of those that are done; what was undone before can't be done again."""
    undone = delete(DraftEdit).where(DraftEdit.edition_id == edition.id, DraftEdit.number > edition.edits)
    session.execute(undone, execution_options={"synchronize_session": False})
    edition.edits += 1
    session.add(
        DraftEdit(
            edition_id=edition.id,
            number=edition.edits,
            kind=kind,
            arguments=arguments,
            before=before,
            after=after,
            at=at,
            by_user_id=None if by is None else by.id,
        )
    )


def last_done(session: Session, edition: GridEdition) -> DraftEdit:
    """The edit that undoing takes back.

    Raises
    ------
    DraftClosed
        There is none.
    """
    found = _edit(session, edition, edition.edits)
    if found is None:
        raise DraftClosed(N_("There is nothing to undo."))
    return found


def first_undone(session: Session, edition: GridEdition) -> DraftEdit:
    """The edit that is done again.

    Raises
    ------
    DraftClosed
        There is none.
    """
    found = _edit(session, edition, edition.edits + 1)
    if found is None:
        raise DraftClosed(N_("There is nothing to do again."))
    return found


def can_redo(session: Session, edition: GridEdition) -> bool:
    """Whether an edit was undone and none made since."""
    last = select(func.max(DraftEdit.number)).where(DraftEdit.edition_id == edition.id)
    return (session.scalar(last) or 0) > edition.edits


def codes_in(changes: Iterable[DraftChange]) -> set[str]:
    """Every grid whose row is another one because of these changes."""
    return {code for change in changes for code in (*change.codes, *change.corners)}


def told(session: Session, changes: Iterable[DraftChange]) -> list[dict[str, Any]]:
    """What happened, as the other person is told: who, when, what, and which grids."""
    changes = list(changes)
    names = names_of(session, {change.by_user_id for change in changes if change.by_user_id is not None})
    return [
        {
            "revision": change.revision,
            "action": change.action,
            "kind": change.kind,
            "codes": change.codes,
            "at": change.at,
            "by": names.get(change.by_user_id or 0, ""),
        }
        for change in changes
    ]


def names_of(session: Session, users: Iterable[int]) -> dict[int, str]:
    """What people are called, by the ids of their sign-ins: by their names, else by what they sign in with."""
    wanted = select(User.id, User.login, Person.name).outerjoin(Person, Person.id == User.person_id)
    rows = session.execute(wanted.where(User.id.in_(list(users))))
    return {number: name or login for number, login, name in rows}


def _edit(session: Session, edition: GridEdition, number: int) -> DraftEdit | None:
    wanted = select(DraftEdit).where(DraftEdit.edition_id == edition.id, DraftEdit.number == number)
    return session.scalar(wanted)
