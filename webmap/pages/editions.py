"""Editions of a community's grids: the list, what one changes, and its steps from draft to adopted."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import names
from data.models import Community, EditionStage, GridEdition, LineageKind
from patrols import editions, lineage, redraw
from patrols.acceptance import unaccepted
from patrols.days import local_day
from patrols.edition_moves import Asked
from patrols.editions import EditionMove
from patrols.left_postings import left_postings
from patrols.preview import Preview
from patrols.tally import NOWHERE
from webmap import access, background, edition_steps, inputs, previews, storage, waiting
from webmap.access import May
from webmap.background import Standing
from webmap.language import gettext
from webmap.previews import Seen

pages = Blueprint("editions", __name__)

AT_ONCE = 200
"""Grids that one page's table shows; the others are one click away."""

REASON = "reason-"
"""What the name of the field for a voided grid's reason begins with; its code follows."""


@pages.get("/editions")
@access.needs(May.SEE_FIGURES)
def listing() -> str:
    """All editions of one community, the newest first."""
    opened, community = storage.session(), access.community()
    access.scope().require(community.id)
    known = redraw.editions(opened, community)
    return render_template(
        "editions.html",
        community=community,
        communities=access.communities(),
        editions=[one for one in known if one.stage is not EditionStage.DISCARDED],
        discarded=[one for one in known if one.stage is EditionStage.DISCARDED],
        counts=redraw.sizes(opened, known),
        current=redraw.edition_in_force(opened, community.id, storage.now()),
    )


@pages.get("/editions/<community>/<int:edition>")
@access.needs(May.SEE_FIGURES)
def show(community: str, edition: int) -> ResponseReturnValue:
    """What one edition changes against another: ``?with=`` names it, else the one in force or the one before.

    ``?from=`` is the place of the first grid that the table shows.
    """
    place, found = edition_steps.find(community, edition)
    other = inputs.whole(request.args, "with", least=1)
    against = None if other is None else redraw.edition(storage.session(), place, other)
    seen = previews.look(found, against)
    if isinstance(seen, Standing):
        return waiting.under_way(seen, back=url_for(".listing", community=place.code))
    return _page(place, found, against, seen, inputs.whole(request.args, "from", least=0) or 0)


@pages.post("/editions/<community>/<int:edition>/steps")
@access.needs(May.DRAW_GRIDS)
def step(community: str, edition: int) -> ResponseReturnValue:
    """Take the next step: submit, review, send back, adopt, recall, discard or bring back."""
    place, found = edition_steps.find(community, edition)
    form = request.form
    move = inputs.word(form, "move", EditionMove)
    asked = Asked(
        note=inputs.text(form, "note", most=2000),
        seen=inputs.whole(form, "seen"),
        filing_number=inputs.text(form, "filing_number", most=64),
        valid_from=inputs.day(form, "valid_from"),
        allow_flaws=bool(inputs.text(form, "allow_flaws")),
        reasons={
            name.removeprefix(REASON): inputs.text(form, name, most=255) for name in form if name.startswith(REASON)
        },
    )
    if move is EditionMove.ADOPT and form.get(waiting.BESIDE):
        standing = edition_steps.adopt_beside(found, asked)
        return waiting.begun(url_for(".adopting", community=place.code, edition=found.number, word=standing.word))
    edition_steps.take(found, move or EditionMove.RETIRE, asked)
    flash(_done(found), "good")
    if form.get("next") == "draw":
        return redirect(url_for("draw.start", community=place.code))
    return redirect(url_for("editions.show", community=place.code, edition=found.number))


@pages.get("/editions/<community>/<int:edition>/adopting/<word>")
@access.needs(May.ADOPT_GRIDS)
def adopting(community: str, edition: int, word: str) -> ResponseReturnValue:
    """Lead back to the edition once it was adopted beside the requests, or say what stood against it."""
    place, found = edition_steps.find(community, edition)
    there = url_for(".show", community=place.code, edition=found.number)
    standing = background.standing(word)
    if standing.under_way:
        return waiting.under_way(standing, back=there)
    background.take(word)
    flash(_done(found), "good")
    return redirect(there)


def _done(edition: GridEdition) -> str:
    if edition.stage is EditionStage.ADOPTED and edition.valid_from is not None:
        if edition.valid_from <= local_day(edition.community, storage.now()):
            return gettext("The grids are in force. Open incidents were handed over with their ground.")
        return gettext(
            "The grids answer from %(day)s on. Until then the adoption can be recalled.",
            day=edition.valid_from.isoformat(),
        )
    return {
        EditionStage.SUBMITTED: gettext("The draft is handed in. It cannot be changed while it is reviewed."),
        EditionStage.REVIEWED: gettext("The edition may be adopted."),
        EditionStage.DRAFT: gettext("The edition is a draft again."),
        EditionStage.DISCARDED: gettext("The draft is discarded. Nothing of it is deleted: it can be brought back."),
    }.get(edition.stage, gettext("Done."))


def _page(place: Community, edition: GridEdition, against: GridEdition | None, seen: Seen, first: int) -> str:
    opened, told = storage.session(), seen.told
    rows = _rows(told)
    history = editions.history(opened, edition)
    heirs = lineage.heirs(told.lineage)
    tomorrow = local_day(place, storage.now()) + timedelta(days=1)
    return render_template(
        "edition.html",
        community=place,
        edition=edition,
        told=told,
        others=_others(place, edition),
        rows=rows,
        first=first,
        shown=[row for row in rows if not row["nowhere"]][first : first + AT_ONCE],
        at_once=AT_ONCE,
        moves=told.moves.to_dict("records"),
        drawing=seen.drawing,
        heirs=heirs,
        left=left_postings(opened, edition, told.after["grid_code"], heirs, at=storage.now()),
        reasons=editions.void_reasons(opened, edition),
        blocking=_blocking(edition, seen),
        steps=edition_steps.possible(edition) if against is None else [],
        history=history,
        did=names.users(opened, (row.by_user_id for _, row in history)),
        tomorrow=max(tomorrow, edition.valid_from or tomorrow),
        nowhere=NOWHERE,
        Move=EditionMove,
        Stage=EditionStage,
        stages=(*redraw.OPEN, EditionStage.ADOPTED),
        kinds=LineageKind,
    )


def _others(place: Community, edition: GridEdition) -> list[GridEdition]:
    """What an edition may be compared with."""
    known = redraw.editions(storage.session(), place)
    return [one for one in known if one.id != edition.id and one.stage is not EditionStage.DISCARDED]


def _blocking(edition: GridEdition, seen: Seen) -> list[dict[Any, Any]]:
    """The flaws that stand against adopting, as long as it has not been adopted."""
    if edition.stage not in redraw.OPEN:
        return []
    flaws = unaccepted(storage.session(), edition, seen.blocking)
    rows: list[dict[Any, Any]] = flaws[["kind", "grid_code", "other_code", "area_m2"]].to_dict("records")
    return rows


def _rows(told: Preview) -> list[dict[Any, Any]]:
    """The grids as rows for the table: those that change first, each group by code, what lies in no grid last."""
    grids = told.grids.reset_index()
    grids["moved"] = grids["change"] != LineageKind.KEPT
    grids["nowhere"] = grids["grid_code"] == NOWHERE
    rows: list[dict[Any, Any]] = grids.sort_values(
        ["nowhere", "moved", "grid_code"], ascending=[True, False, True]
    ).to_dict("records")
    return rows
