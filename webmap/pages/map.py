"""The map of a community, for whoever answers for ground in it."""

from flask import Blueprint, render_template, request, url_for

from webmap import access, headers, inputs, storage
from webmap.access import May
from webmap.maps.base import render
from webmap.maps.drawn import town_map
from webmap.maps.gather import gather
from webmap.maps.town import Links

pages = Blueprint("map", __name__)

LONGEST_KEY = 32


@pages.get("/map")
@access.needs(May.SEE_PLACES)
def map_page() -> str:
    """The map; ``?colour=`` names the figure that the grids are coloured by, ``?community=`` the community."""
    community = access.community()
    town = gather(storage.session(), access.scope(), community, storage.now(), links=card_links())
    drawn = town_map(town, colour=inputs.text(request.args, "colour", most=LONGEST_KEY))
    pieces = render(drawn, nonce=headers.nonce(), asset=lambda name: url_for("static", filename=name))
    return render_template("map.html", community=community, pieces=pieces)


def card_links() -> Links:
    """Where a card of the map leads: the page of a grid or an incident, its key to be added."""
    grid, incident = url_for("grids.card", code="0"), url_for("incidents.show", number="0")
    return Links(grid=grid[:-1], incident=incident[:-1])
