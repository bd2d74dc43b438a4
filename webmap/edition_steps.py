"""A step of an edition, asked for by a page or a program: who may take it, and its row in the audit."""

from collections.abc import Mapping
from typing import Any

from flask import abort
from sqlalchemy.orm import Session

from data.models import Community, GridEdition
from geo.errors import N_
from patrols import before_adoption, edition_moves, editions, redraw
from patrols.edition_moves import Asked
from patrols.editions import EditionMove
from patrols.telling import Tell
from webmap import access, background, storage, trail
from webmap.access import May
from webmap.background import Standing
from webmap.errors import BadInput
from webmap.trail import Origin

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


def take(edition: GridEdition, move: EditionMove, asked: Asked) -> None:
    """Take a step and store it, with its row in the audit.

    Raises
    ------
    patrols.errors.EditionStepRefused, patrols.errors.AdoptionRefused, data.errors.Conflict
        It is not possible now.
    webmap.errors.BadInput
        Something it needs is missing.
    """
    _check_asked(move, asked)
    opened = storage.session()
    _carry_out(opened, edition, move, asked, trail.origin())
    opened.commit()


def adopt_beside(edition: GridEdition, asked: Asked) -> Standing:
    """Begin an adoption beside the requests; a second click finds the same work.

    Everything that can be said at once is refused at once: see `take` for what is raised.
    """
    _check_asked(EditionMove.ADOPT, asked)
    said = asked.seen, asked.valid_from, asked.filing_number, asked.note, asked.allow_flaws
    key = (EditionMove.ADOPT, edition.id, said)
    found = background.find(key)
    if found is not None and (found.under_way or edition.stage in redraw.IN_FORCE):
        return found
    if found is not None:
        # It was recalled since, or failed when nobody looked any more: what is asked for now is another work.
        background.forget(found.word)
    editions.require_seen(edition, asked.seen)
    editions.check(edition, EditionMove.ADOPT)
    number, origin = edition.id, trail.origin()

    def adopt(tell: Tell) -> None:
        with storage.reading() as reader:
            outlook = before_adoption.look_ahead(reader, reader.get_one(GridEdition, number), tell=tell)
        with storage.apart() as opened:
            drawn = opened.get_one(GridEdition, number)
            _carry_out(opened, drawn, EditionMove.ADOPT, asked, origin, outlook=outlook, tell=tell)

    return background.begin(key, adopt)


def _check_asked(move: EditionMove, asked: Asked) -> None:
    if move not in RIGHTS or not access.may(RIGHTS[move]):
        abort(403)
    if move is EditionMove.ADOPT and (asked.valid_from is None or not asked.filing_number):
        raise BadInput(N_("An adoption needs its filing number and the first day on which the grids answer."))


def _carry_out(
    session: Session, edition: GridEdition, move: EditionMove, asked: Asked, origin: Origin, **how: Any
) -> None:
    """Take a step in a session that is committed afterwards, with its row in the audit."""
    by, code = trail.person(session, origin), edition.community.code
    edition_moves.take(session, edition, move, asked, at=origin.at, by=by, **how)
    facts = edition_moves.facts(edition, move, asked)
    trail.record_from(
        session, origin, edition_moves.IN_THE_AUDIT[move], object_kind="community", object_key=code, **facts
    )
