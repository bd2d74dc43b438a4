"""Grids: the table of them, and the card of one."""

from flask import Blueprint, render_template, request

from data.errors import NotFound
from patrols import figures, incident_lists, redraw
from patrols.incident_lists import Filters
from patrols.past_grids import find_past_grid
from patrols.rules import Rules
from webmap import access, inputs, storage
from webmap.access import May
from webmap.pages import sketch

pages = Blueprint("grids", __name__)

ORDERS = {
    "code": ("grid_code", True),
    "open": ("open_incidents", False),
    "overdue": ("overdue_incidents", False),
    "households": ("households", False),
    "patrol": ("days_since_patrol", False),
}
"""By which column the table may be ordered, and whether upwards."""


@pages.get("/grids")
@access.needs(May.SEE_PLACES)
def listing() -> str:
    """The grids in force of one community."""
    opened, community, at = storage.session(), access.community(), storage.now()
    cards = figures.grid_cards(opened, access.scope(), community, at, with_coverage=False).reset_index()
    order = request.args.get("order", "code")
    column, upwards = ORDERS.get(order, ORDERS["code"])
    cards = cards.sort_values([column, "grid_code"], ascending=[upwards, True], na_position="first")
    return render_template(
        "grids.html",
        community=community,
        communities=access.communities(),
        edition=redraw.edition_in_force(opened, community.id, at),
        cards=cards.to_dict("records"),
        order=order,
        told_all=access.scope().reporters,
        wanted=inputs.text(request.args, "q", most=64),
    )


@pages.get("/grids/<code>")
@access.needs(May.SEE_PLACES)
def card(code: str) -> str:
    """The card of one grid; of one that a redraw gave up, what became of it."""
    opened = storage.session()
    try:
        found = figures.grid_card(opened, access.scope(), code, storage.now())
    except NotFound:
        past = find_past_grid(opened, access.scope(), code, storage.now())
        return render_template("grid_past.html", past=past)
    filters = Filters(community_id=found.community.id, grid_code=code, open_only=True)
    return render_template(
        "grid.html",
        card=found,
        figures=found.figures,
        rules=Rules.for_community(found.community.rules),
        newest=incident_lists.listing(opened, access.scope(), filters, rows=5)
        if access.may(May.SEE_INCIDENTS)
        else None,
        told_all=access.scope().reporters,
        sketch=sketch.of_grid(opened, found.grid, found.community.id),
    )
