"""A step of an edition, asked for by a page or a program: who may take it, what it needs, and its row in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import abort

from data.models import Community, GridEdition
from geo.errors import N_
from patrols import adoption, editions, redraw
from patrols.editions import EditionMove
from webmap import access, storage, trail
from webmap.access import May
from webmap.errors import BadInput

RIGHTS: Mapping[EditionMove, May] = {
    EditionMove.SUBMIT: May.DRAW_GRIDS,
    EditionMove.REVIEW: May.ADOPT_GRIDS,
    EditionMove.SEND_BACK: May.ADOPT_GRIDS,
    EditionMove.ADOPT: May.ADOPT_GRIDS,
    EditionMove.RECALL: May.ADOPT_GRIDS,
}
"""Which right each step needs. Retiring is done by the calendar alone."""

_TOLD = {
    EditionMove.SUBMIT: "grids.submitted",
    EditionMove.REVIEW: "grids.reviewed",
    EditionMove.SEND_BACK: "grids.sent_back",
    EditionMove.ADOPT: "grids.adopted",
    EditionMove.RECALL: "grids.recalled",
}


@dataclass(frozen=True)
class Asked:
    """What somebody filled in for a step. `seen` is the draft's revision that they saw; `reasons` are those of grids
    that are voided, by code.
    """

    note: str = ""
    seen: int | None = None
    filing_number: str = ""
    valid_from: date | None = None
    allow_flaws: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


def find(community_code: str, number: int) -> tuple[Community, GridEdition]:
    """An edition of a community that may be seen as a whole.

    Raises
    ------
    data.errors.NotFound
        There is no such community or edition.
    patrols.errors.OutOfScope
        Not for this person.
    """
    community = access.community(community_code)
    access.scope().require(community.id)
    return community, redraw.edition(storage.session(), community, number)


def possible(edition: GridEdition) -> list[EditionMove]:
    """The steps that may follow now and that the person behind this request may take."""
    return [move for move in editions.MOVES[edition.stage] if move in RIGHTS and access.may(RIGHTS[move])]


def take(community: Community, edition: GridEdition, move: EditionMove, asked: Asked) -> None:
    """Take a step and store it, with its row in the audit.

    Raises
    ------
    patrols.errors.EditionStepRefused, patrols.errors.AdoptionRefused, data.errors.Conflict
        It is not possible now.
    webmap.errors.BadInput
        Something it needs is missing.
    """
    if move not in RIGHTS or not access.may(RIGHTS[move]):
        abort(403)
    opened, at, me = storage.session(), storage.now(), access.me()
    if move is EditionMove.SUBMIT:
        for code, reason in asked.reasons.items():
            editions.void_reason(opened, edition, code, reason)
        editions.submit(opened, edition, at=at, by=me, note=asked.note, seen=asked.seen)
    elif move is EditionMove.REVIEW:
        editions.review(opened, edition, at=at, by=me, note=asked.note)
    elif move is EditionMove.SEND_BACK:
        editions.send_back(opened, edition, at=at, by=me, note=asked.note)
    elif move is EditionMove.RECALL:
        adoption.recall(opened, edition, at=at, by=me, note=asked.note)
    else:
        _adopt(edition, asked)
    # That flaws were let pass must be found out later without asking who remembers.
    facts: dict[str, Any] = {"allow_flaws": True} if move is EditionMove.ADOPT and asked.allow_flaws else {}
    trail.record(_TOLD[move], object_kind="community", object_key=community.code, edition=edition.number, **facts)
    opened.commit()


def _adopt(edition: GridEdition, asked: Asked) -> None:
    if asked.valid_from is None or not asked.filing_number:
        raise BadInput(N_("An adoption needs its filing number and the first day on which the grids answer."))
    adoption.adopt(
        storage.session(),
        edition,
        valid_from=asked.valid_from,
        filing_number=asked.filing_number,
        at=storage.now(),
        by=access.me(),
        note=asked.note,
        allow_flaws=asked.allow_flaws,
    )
