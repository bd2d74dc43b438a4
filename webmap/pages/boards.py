"""Notice boards: printing them, and taking them down. What whoever scans one sees is in `webmap.door`."""

from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community, NoticeBoard
from geo.errors import N_
from patrols import boards, redraw
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.sending import sent

pages = Blueprint("boards", __name__)

KINDS = ("grids", "buildings")


@pages.get("/boards")
@access.needs(May.PUT_UP_BOARDS)
def listing() -> str:
    """The boards that hang, and the forms to print them."""
    opened, community, at = storage.session(), access.community(), storage.now()
    edition = redraw.edition_in_force(opened, community.id, at)
    grids = [] if edition is None else edition.grids
    hung = [shown for shown in boards.show(opened, boards.listing(opened, community), at=at) if _mine(shown.board)]
    return render_template(
        "boards.html",
        community=community,
        communities=access.communities(),
        grids=[grid for grid in grids if access.scope().allows(community.id, grid.code)],
        hung=hung,
        root=request.url_root.rstrip("/"),
    )


@pages.post("/boards/print")
@access.needs(May.PUT_UP_BOARDS)
def print_out() -> Response:
    """The boards of one grid or of all, or of the buildings in them, as a PDF."""
    # Brought in here: printing is seldom, and every start of the website would pay for it.
    from webmap.printing import contents, notice_board

    opened, at, form = storage.session(), storage.now(), request.form
    community = access.community(form.get("community"))
    edition = redraw.require_edition(opened, community, at)
    paper = form.get("paper") or notice_board.PAPERS[0]
    if paper not in notice_board.PAPERS:
        allowed = ", ".join(notice_board.PAPERS)
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="paper", allowed=allowed)
    hung = _put_up(community, [grid.code for grid in edition.grids])
    shown = boards.show(opened, hung, at=at)
    ground = contents.ground_of(opened, edition)
    how = notice_board.Print(request.url_root.rstrip("/"), paper)
    answer = sent(
        f"boards-{community.code}.pdf", lambda path: notice_board.write_boards(shown, ground, path, how), shown=True
    )
    trail.record("boards.printed", object_kind="community", object_key=community.code, boards=len(hung))
    opened.commit()
    return answer


def _put_up(community: Community, codes: Sequence[str]) -> list[NoticeBoard]:
    """Put up what the form asks for; somebody without the whole community asks for one grid of theirs."""
    opened, at, form = storage.session(), storage.now(), request.form
    wanted, kind = inputs.text(form, "grid", most=20), form.get("kind") or KINDS[0]
    if kind not in KINDS:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="kind", allowed=", ".join(KINDS))
    access.scope().require(community.id, wanted or None)
    # A form that does not ask leaves every board as it is.
    staff_phones = None if (phones := form.get("phones")) is None else phones == "staff"
    if kind == "grids":
        places: Sequence[str] = [wanted] if wanted else codes
        return boards.put_up(opened, community, at=at, grid_codes=places, staff_phones=staff_phones)
    keys = boards.buildings_of_grid(opened, community, wanted, at=at) if wanted else boards.buildings(opened, community)
    if not keys:
        raise BadInput(N_("There is no building with households here."))
    return boards.put_up(opened, community, at=at, building_ids=keys, staff_phones=staff_phones)


@pages.post("/boards/office-phone")
@access.needs(May.PUT_UP_BOARDS)
def office_phone() -> ResponseReturnValue:
    """Keep the number that every board shows."""
    opened, community = storage.session(), access.community(request.form.get("community"))
    access.scope().require(community.id)
    boards.set_office_phone(opened, community, inputs.text(request.form, "number", most=64))
    trail.record("community.office_phone", object_kind="community", object_key=community.code)
    opened.commit()
    flash(gettext("Every notice board shows this number from now on; print those again that hang already."), "good")
    return redirect(url_for(".listing", community=community.code))


@pages.post("/boards/<token>/take-down")
@access.needs(May.PUT_UP_BOARDS)
def take_down(token: str) -> ResponseReturnValue:
    """Take a board down."""
    opened = storage.session()
    board = boards.find(opened, token)
    access.scope().require(board.community_id, board.grid_code)
    boards.take_down(opened, board, at=storage.now())
    trail.record("board.taken_down", object_kind="notice_board", object_key=str(board.id))
    opened.commit()
    flash(gettext("The notice board is taken down."), "good")
    return redirect(url_for(".listing"))


def _mine(board: NoticeBoard) -> bool:
    return access.scope().allows(board.community_id, board.grid_code)
