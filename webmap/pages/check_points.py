"""Check-points on pages: where they hang, how often they are visited, hanging up, moving, taking down, printing."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import frames
from data.models import CheckPoint, Community
from geo.errors import N_
from patrols import check_points, redraw
from patrols.check_points import Hanging
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.pages import point_sketch
from webmap.sending import sent

pages = Blueprint("check_points", __name__)

COLD_DAYS = 7
"""A check-point that nobody has visited for so long stands out."""


@pages.get("/patrols/check-points")
@access.needs(May.SEE_PATROLS)
def listing() -> str:
    """The check-points that hang, on a drawing and as a list; and those taken down."""
    opened, community, at = storage.session(), access.community(), storage.now()
    found = check_points.hanging(opened, community, at=at, scope=access.scope())
    lately = check_points.visits(opened, community, since=at - timedelta(days=COLD_DAYS))
    return render_template(
        "check_points.html",
        community=community,
        communities=access.communities(),
        found=found,
        lately=lately,
        ever=check_points.visits(opened, community),
        closed=check_points.closed(opened, community) if access.may(May.PLAN_PATROLS) else [],
        sketch=_sketch(community, found, set(lately)),
        cold_days=COLD_DAYS,
    )


@pages.get("/patrols/check-points/<int:number>")
@access.needs(May.PLAN_PATROLS)
def point(number: int) -> str:
    """One check-point with its history, to be moved or taken down."""
    opened, community = storage.session(), access.community()
    found = check_points.get(opened, access.scope(), community, number)
    hung = [one for one in _hanging(community) if one.point.id == found.id]
    return render_template(
        "check_point.html",
        community=community,
        point=found,
        visits=check_points.visits(opened, community).get(found.id),
        sketch=_sketch(community, hung, {found.id}),
    )


@pages.post("/patrols/check-points")
@access.needs(May.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """Hang up a check-point."""
    opened, community = storage.session(), access.community(request.form.get("community"))
    row = check_points.add(
        opened, community, inputs.text(request.form, "name", most=128), _place(community), at=storage.now()
    )
    trail.record("check_point.added", object_kind="check_point", object_key=str(row.id), number=row.number)
    opened.commit()
    flash(gettext("Check-point %(number)s hangs. Print its sheet next.", number=row.number), "good")
    return redirect(url_for(".listing", community=community.code))


@pages.post("/patrols/check-points/<int:number>")
@access.needs(May.PLAN_PATROLS)
def change(number: int) -> ResponseReturnValue:
    """Hang a check-point elsewhere, or take it down."""
    opened, form = storage.session(), request.form
    community = access.community(form.get("community"))
    found = check_points.get(opened, access.scope(), community, number)
    _require(community, found)
    if form.get("take_down"):
        check_points.close(opened, found, at=storage.now(), why=inputs.text(form, "why", most=200))
        action, said = "check_point.closed", gettext("The check-point is taken down; its code is good for nothing now.")
    else:
        check_points.move(opened, found, _place(community), at=storage.now())
        action, said = "check_point.moved", gettext("The check-point hangs at its new place; its code stays.")
    trail.record(action, object_kind="check_point", object_key=str(found.id), number=number)
    opened.commit()
    flash(said, "good")
    return redirect(url_for(".listing", community=community.code))


@pages.post("/patrols/check-points/print")
@access.needs(May.PLAN_PATROLS)
def print_out() -> Response:
    """The sheets of one check-point, or of all that may be seen, as a PDF."""
    # Brought in here: printing is seldom, and every start of the website would pay for it.
    from webmap.printing import point_sheet

    form = request.form
    community, only = access.community(form.get("community")), inputs.whole(form, "number", least=1)
    paper = form.get("paper") or point_sheet.PAPERS[0]
    if paper not in point_sheet.PAPERS:
        allowed = ", ".join(point_sheet.PAPERS)
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="paper", allowed=allowed)
    wanted = [one for one in _hanging(community) if only is None or one.point.number == only]
    if not wanted:
        raise BadInput(N_("There is no check-point to print."))
    how = point_sheet.Print(request.url_root.rstrip("/"), paper)
    answer = sent(
        f"check-points-{community.code}.pdf",
        lambda path: point_sheet.write_sheets(community, wanted, path, how),
        shown=True,
    )
    facts = {"points": [one.point.number for one in wanted]}
    trail.record("check_points.printed", object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    return answer


def _hanging(community: Community) -> list[Hanging]:
    return check_points.hanging(storage.session(), community, at=storage.now(), scope=access.scope())


def _require(community: Community, point: CheckPoint) -> None:
    """A check-point that hangs outside of the person's grids is not theirs to change."""
    if access.scope().allows(community.id):
        return
    mine = [one.grid_code for one in _hanging(community) if one.point.id == point.id]
    access.scope().require(community.id, mine[0] if mine else None)


def _place(community: Community) -> tuple[float, float]:
    form = request.form
    lon, lat = inputs.number(form, "lon", least=-180, most=180), inputs.number(form, "lat", least=-90, most=90)
    if lon is None or lat is None:
        raise BadInput(N_("Say where: tap the drawing, take your position, or write longitude and latitude."))
    (grid_code,) = check_points.grids_of(storage.session(), community, [(lon, lat, storage.now())])
    access.scope().require(community.id, grid_code)
    if grid_code is None and access.scope().grids is not None:
        raise BadInput(N_("This place lies in none of your grids."))
    return lon, lat


def _sketch(community: Community, found: Sequence[Hanging], warm: set[int]) -> point_sketch.PointSketch | None:
    opened = storage.session()
    edition = redraw.edition_in_force(opened, community.id, storage.now())
    if edition is None:
        return None
    grids = frames.grids(opened, edition.id, degrees=True)
    mine = grids[[access.scope().allows(community.id, code) for code in grids["grid_code"]]]
    streets = frames.streets(opened, community.id, degrees=True)
    dots = [(one.point.number, one.point.name, one.lon, one.lat, one.point.id not in warm) for one in found]
    return point_sketch.draw(streets, mine, dots)
