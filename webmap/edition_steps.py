"""A step of an edition, asked for by a page or a program: who may take it, and its row in the audit."""

from collections.abc import Mapping

from flask import abort

from data.models import Community, GridEdition
from geo.errors import N_
from patrols import edition_moves, editions, redraw
from patrols.edition_moves import Asked
from patrols.editions import EditionMove
from webmap import access, progress, storage, trail
from webmap.access import May
from webmap.errors import BadInput

RIGHTS: Mapping[EditionMove, May] = {
    EditionMove.SUBMIT: May.DRAW_GRIDS,
    EditionMove.REVIEW: May.ADOPT_GRIDS,
    EditionMove.SEND_BACK: May.ADOPT_GRIDS,
    EditionMove.ADOPT: May.ADOPT_GRIDS,
    EditionMove.RECALL: May.ADOPT_GRIDS,
    EditionMove.DISCARD: May.DRAW_GRIDS,
    EditionMove.BRING_BACK: May.DRAW_GRIDS,
}
"""Which right each step needs. Retiring is done by the calendar alone."""


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
    if move is EditionMove.ADOPT and (asked.valid_from is None or not asked.filing_number):
        raise BadInput(N_("An adoption needs its filing number and the first day on which the grids answer."))
    opened = storage.session()
    edition_moves.take(opened, edition, move, asked, at=storage.now(), by=access.me(), tell=progress.teller())
    facts = edition_moves.facts(edition, move, asked)
    trail.record(edition_moves.IN_THE_AUDIT[move], object_kind="community", object_key=community.code, **facts)
    opened.commit()
