"""Drafts: a community's next edition while people draw it, edit by edit, undone and done again, two at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, DraftEdit, EditionStage, GridEdition, GridKind, User
from geo.errors import N_, Fault
from patrols import (
    draft_flaws,
    draft_log,
    draft_memory,
    draft_rows,
    given_codes,
    ground_stamp,
)
from patrols.draft_colours import NO_COLOUR, colour_changed
from patrols.draft_edits import Edit, Outcome, carry_out
from patrols.draft_ground import incidents_mark, incidents_of
from patrols.draft_opening import DRAWN, IN_FORCE, open, prepare
from patrols.draft_rows import Row, Rows
from patrols.draft_state import DraftState, load, with_incidents, with_rows
from patrols.errors import DraftChanged, DraftClosed

__all__ = [
    "DRAWN",
    "IN_FORCE",
    "Applied",
    "apply",
    "drafts",
    "is_known",
    "open",
    "prepare",
    "read",
    "redo",
    "state_of",
    "undo",
]

ROUNDING_M2 = 0.5
"""A border that got a corner may move by a millimetre; less ground than this has not changed hands."""

COUNTED = ("households", "residents", "buildings", "compounds")
"""What is stored with a grid besides its shape."""


@dataclass(frozen=True)
class Applied:
    """What an edit, undoing or doing again has led to.

    Parameters
    ----------
    revision : int
        The draft's revision now.
    rebased : bool
        Whether others had changed the draft meanwhile, though none of the same grids.
    changed, gone : tuple of str
        Codes of grids with another row now, and of those that are no more.
    counted : tuple of str
        Codes whose line in the table is another one now.
    state : DraftState
        The draft now.
    """

    revision: int
    rebased: bool
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    counted: tuple[str, ...]
    state: DraftState


def drafts(session: Session, community: Community) -> list[GridEdition]:
    """The drafts of a community, the newest first."""
    wanted = (
        select(GridEdition)
        .where(GridEdition.community_id == community.id, GridEdition.stage == EditionStage.DRAFT)
        .order_by(GridEdition.number.desc())
    )
    return list(session.scalars(wanted))


def state_of(session: Session, edition: GridEdition) -> DraftState:
    """The draft as it is now.

    A process remembers the last drafts that it dealt with. What it remembers counts only while the draft carries the
    same stamp and its ground has not changed, so that several processes never disagree.

    Raises
    ------
    DraftClosed
        The draft has not been made ready for editing.
    """
    stamp = draft_log.stamp_of(session, edition)
    if stamp is None:
        raise DraftClosed(N_("Edition %(number)s is not ready for editing yet."), number=edition.number)
    known = _known(session, edition, stamp)
    if known is None:
        with draft_memory.one_reader(edition.id):
            known = _known(session, edition, stamp) or read(session, edition)
            draft_memory.remember(edition.id, stamp, known)
    if known.incidents.mark != incidents_mark(session, edition.community):
        known = with_incidents(known, incidents_of(session, edition.community, known.ground.crs))
        draft_memory.remember(edition.id, stamp, known)
    return known


def is_known(session: Session, edition: GridEdition) -> bool:
    """Whether this process has the draft at hand; reading that of a large town takes some seconds."""
    stamp = draft_log.stamp_of(session, edition)
    return stamp is not None and _known(session, edition, stamp) is not None


def _known(session: Session, edition: GridEdition, stamp: str) -> DraftState | None:
    known = draft_memory.recall(edition.id, stamp)
    if known is None or known.ground.stamp != ground_stamp.stamp_of(session, edition.community):
        return None
    return known


def read(session: Session, edition: GridEdition) -> DraftState:
    """The draft read from the database, with nothing remembered but the ground, if it is still the same."""
    state = load(session, edition, draft_memory.ground(ground_stamp.stamp_of(session, edition.community)))
    return replace(state, flaws=draft_flaws.find(state))


def apply(
    session: Session, edition: GridEdition, edit: Edit, *, revision: int, at: datetime, by: User | None = None
) -> Applied:
    """Do an edit.

    Where others changed the draft since `revision`, it is done all the same if it touches none of the grids that they
    changed; otherwise nothing is done.

    Parameters
    ----------
    revision : int
        Which state of the draft the person saw.

    Raises
    ------
    DraftChanged
        Others changed the same grids meanwhile; carries what they did.
    DraftClosed
        The edition is no draft (any more).
    geo.errors.GeoError
        The edit cannot be done; nothing has changed.
    """
    state = _to_change(session, edition)
    missed = _missed(session, edition, revision)
    try:
        outcome = carry_out(state, edit, lambda: given_codes.give(session, edition))
    except Fault:
        if missed:
            raise _too_late(session, edition, missed) from None
        raise
    if outcome.touched & {code for change in missed for code in change.codes}:
        raise _too_late(session, edition, missed)
    after, moved = _outcome_rows(state, outcome)
    before: Rows = {code: state.rows.get(code) for code in after}
    if after == before:
        return Applied(edition.revision, bool(missed), (), (), (), state)
    named = [code for code in outcome.shapes if code not in state.rows and code == edit.arguments.get("code")]
    if named:
        given_codes.claim(session, edition, named)
    draft_log.add_edit(session, edition, edit.kind, edit.arguments, before, after, at=at, by=by)
    return _store(session, edition, state, moved, after, draft_log.EDIT, edit.kind, bool(missed), at=at, by=by)


def undo(session: Session, edition: GridEdition, *, revision: int, at: datetime, by: User | None = None) -> Applied:
    """Take back the last edit, whoever made it: the grids' rows become what they were, byte for byte.

    Raises
    ------
    DraftChanged
        The last edit is not the one that the person saw.
    DraftClosed
        There is nothing to undo, or the edition is no draft.
    """
    state = _to_change(session, edition)
    if missed := _missed(session, edition, revision):
        raise _too_late(session, edition, missed)
    edit = draft_log.last_done(session, edition)
    edition.edits -= 1
    return _put_back(session, edition, state, edit, edit.before, draft_log.UNDO, at=at, by=by)


def redo(session: Session, edition: GridEdition, *, revision: int, at: datetime, by: User | None = None) -> Applied:
    """Do the edit again that was undone last. Raises as `undo`."""
    state = _to_change(session, edition)
    if missed := _missed(session, edition, revision):
        raise _too_late(session, edition, missed)
    edit = draft_log.first_undone(session, edition)
    edition.edits += 1
    return _put_back(session, edition, state, edit, edit.after, draft_log.REDO, at=at, by=by)


def _to_change(session: Session, edition: GridEdition) -> DraftState:
    """The draft's state, with nobody else changing it until this transaction ends."""
    draft_log.lock_to_change(session, edition)
    return state_of(session, edition)


def _missed(session: Session, edition: GridEdition, revision: int) -> list[Any]:
    if revision == edition.revision:
        return []
    missed = draft_log.changes_since(session, edition, revision)
    if revision > edition.revision or not missed:
        raise _too_late(session, edition, [])
    return missed


def _too_late(session: Session, edition: GridEdition, since: list[Any]) -> DraftChanged:
    template = N_("Somebody else changed these grids first: look at what changed, then do it again.")
    return DraftChanged(template, told=draft_log.told(session, since), revision=edition.revision)


def _outcome_rows(state: DraftState, outcome: Outcome) -> tuple[Rows, DraftState]:
    """The rows that an edit writes, and the state after it."""
    rows: Rows = dict.fromkeys(outcome.gone)
    stored = draft_rows.stored_shapes(outcome.shapes.values(), state.ground.crs) if outcome.shapes else []
    for code, shape in zip(outcome.shapes, stored, strict=True):
        there = state.rows.get(code) or _new_row(code, outcome)
        # Why a grid was drawn as it was is told no longer once it is drawn otherwise.
        why = "" if code in outcome.touched else there["explanation"]
        rows[code] = {**there, "geom": shape, "explanation": why}
    for code, name in outcome.names.items():
        there = rows.get(code) or state.rows[code]
        rows[code] = {**there, "name": name}
    moved = with_rows(state, rows, _new_shapes(state, rows))
    changed = [code for code in outcome.shapes if code in outcome.touched]
    colours = colour_changed(moved, changed)
    for code in changed:
        slot = moved.slots[code]
        counts = {name: int(moved.figures[name][slot]) for name in COUNTED}
        rows[code] = {**moved.rows[code], **counts, "colour": colours[code]}
    known = {code: row for code, row in rows.items() if row is not None}
    return rows, _looked_over(state, replace(moved, rows={**moved.rows, **known}), rows)


def _looked_over(state: DraftState, moved: DraftState, rows: Rows) -> DraftState:
    """The state with the flaws that it has now."""
    others = {code for code in rows if state.rows.get(code, {}).get("geom") != (rows[code] or {}).get("geom")}
    return replace(moved, flaws=draft_flaws.after(state, moved, others))


def _new_row(code: str, outcome: Outcome) -> Row:
    kind = outcome.kinds.get(code, GridKind.GENERAL.value)
    counts = dict.fromkeys(COUNTED, 0)
    return {"name": f"第{int(code[-3:])}网格", "kind": kind, **counts, "explanation": "", "colour": NO_COLOUR}


def _new_shapes(state: DraftState, rows: Rows) -> dict[str, shapely.Geometry]:
    """Shapes in metres of the rows whose ground is another one than in the state, as they will be read."""
    new = {
        code: row
        for code, row in rows.items()
        if row is not None and (code not in state.rows or state.rows[code]["geom"] != row["geom"])
    }
    return dict(zip(new, draft_rows.shapes_in_metres(new.values(), state.ground.crs), strict=True)) if new else {}


def _put_back(
    session: Session,
    edition: GridEdition,
    state: DraftState,
    edit: DraftEdit,
    rows: Mapping[str, Row | None],
    action: str,
    *,
    at: datetime,
    by: User | None,
) -> Applied:
    kept: Rows = dict(rows)
    moved = _looked_over(state, with_rows(state, kept, _new_shapes(state, kept)), kept)
    return _store(session, edition, state, moved, kept, action, edit.kind, False, at=at, by=by)


def _store(
    session: Session,
    edition: GridEdition,
    state: DraftState,
    moved: DraftState,
    rows: Rows,
    action: str,
    kind: str,
    rebased: bool,
    *,
    at: datetime,
    by: User | None,
) -> Applied:
    """Write the rows and what happened; the state after it is remembered under its own stamp."""
    draft_rows.write(session, edition.id, rows)
    edition.revision += 1
    corners = _only_corners(state, moved, rows)
    stamp = draft_log.note_change(session, edition, action, kind, rows, corners=corners, at=at, by=by)
    draft_memory.remember(edition.id, stamp, moved)
    gone = tuple(sorted(code for code, row in rows.items() if row is None))
    changed = tuple(sorted(code for code, row in rows.items() if row is not None))
    return Applied(edition.revision, rebased, changed, gone, _counted(state, moved, changed), moved)


def _only_corners(before: DraftState, after: DraftState, rows: Rows) -> list[str]:
    """Grids that kept their ground and everything else: a neighbour's new border begins or ends on theirs."""
    both = [code for code, row in rows.items() if row is not None and code in before.rows]
    same = [code for code in both if {**before.rows[code], "geom": ""} == {**(rows[code] or {}), "geom": ""}]
    old = before.shapes[[before.places[code] for code in same]]
    new = after.shapes[[after.places[code] for code in same]]
    apart = shapely.area(shapely.symmetric_difference(old, new))
    return [code for code, area_m2 in zip(same, apart, strict=True) if area_m2 < ROUNDING_M2]


def _counted(before: DraftState, after: DraftState, changed: tuple[str, ...]) -> tuple[str, ...]:
    """Codes whose line in the table may be another one now."""
    other = set(changed)
    for name, values in after.figures.items():
        old = before.figures[name]
        for slot in (values[: len(old)] != old).nonzero()[0].tolist():
            other |= {code for code in after.codes if after.slots[code] == slot}
    return tuple(sorted(other))
