"""Drawing grids: the drafts of a community to go on with, a new one, and the editor of one draft."""

from pathlib import Path
from typing import Any

import numpy as np
from flask import Blueprint, Response, json, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from geopandas import GeoDataFrame

from data import frames
from data.models import Community, GridEdition
from geo.errors import N_
from patrols import drafts, redraw
from webmap import access, background, draft_begun, inputs, storage, waiting
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.maps.content import ground
from webmap.maps.layers import Origin, pack_polygons
from webmap.maps.memory import remembered
from webmap.maps.style import data_block
from webmap.pages.draw_words import KEYS, TOOLS, WORDS

pages = Blueprint("draw", __name__)

Corners = tuple[tuple[float, float], tuple[float, float]]

SCRIPTS = Path(__file__).parents[1] / "static" / "js" / "draw"
MOST_HOUSEHOLDS = 100_000


@pages.get("/draw")
@access.needs(May.DRAW_GRIDS)
def start() -> str:
    """The drafts to go on with, and how to begin another."""
    opened, community = storage.session(), _whole()
    return render_template(
        "draw_start.html",
        community=community,
        communities=access.communities(),
        drafts=drafts.drafts(opened, community),
        in_force=redraw.edition_in_force(opened, community.id, storage.now()),
    )


@pages.post("/draw")
@access.needs(May.DRAW_GRIDS)
def begin() -> ResponseReturnValue:
    """Open a draft: a copy of the grids in force, or a proposal drawn anew."""
    community = _whole(request.form.get("community"))
    drawn = request.form.get("source") == drafts.DRAWN
    source, band = (drafts.DRAWN, _band()) if drawn else (drafts.IN_FORCE, None)
    if request.form.get(waiting.BESIDE):
        standing = draft_begun.begin_beside(community, source, band)
        return waiting.begun(url_for(".begun", word=standing.word))
    edition = draft_begun.begin(community, source, band)
    return redirect(url_for(".editor", community=edition.community.code, edition=edition.number))


@pages.get("/draw/begun/<word>")
@access.needs(May.DRAW_GRIDS)
def begun(word: str) -> ResponseReturnValue:
    """Lead to the draft that was begun beside the requests, once it is there."""
    standing = background.standing(word)
    if standing.under_way:
        return waiting.under_way(standing, back=url_for(".start"))
    code, number = background.take(word)
    return redirect(url_for(".editor", community=code, edition=number))


def _whole(code: str | None = None) -> Community:
    """The community, for somebody who answers for the whole of it: single grids are not enough to redraw."""
    community = access.community(code)
    access.scope().require(community.id)
    return community


def _band() -> tuple[int, int]:
    """The households wished for each grid."""
    least, most = (inputs.whole(request.form, name, least=1, most=MOST_HOUSEHOLDS) for name in ("least", "most"))
    if least is None or most is None or least >= most:
        raise BadInput(N_("Households for each grid: give a smaller and a larger number, such as 300 and 500."))
    return least, most


@pages.get("/draw/<community>/<int:edition>")
@access.needs(May.DRAW_GRIDS)
def editor(community: str, edition: int) -> str:
    """The editor of one edition. What it shows comes over the API, so that the page itself is there at once."""
    place = _whole(community)
    drawn = redraw.edition(storage.session(), place, edition)
    given = {
        "words": {name: gettext(template) for name, template in WORDS.items()},
        "api": f"/api/drafts/{place.code}/{edition}",
        "ground": url_for(".base", community=place.code),
        "bounds": _bounds(place, drawn),
    }
    return render_template(
        "draw.html",
        community=place,
        edition=drawn,
        data=data_block("draw-data", given),
        modules=_modules(),
        tools=[(name, key, gettext(word), gettext(does)) for name, key, word, does in TOOLS],
        keys=[(gettext(key), gettext(does)) for key, does in KEYS],
        preview=url_for("editions.show", community=place.code, edition=edition),
        today=storage.today(),
    )


@pages.get("/draw/<community>/base.json")
@access.needs(May.DRAW_GRIDS)
def base(community: str) -> Response:
    """Streets, buildings, compounds and their names, packed small; a browser that has them already keeps them."""
    opened, place = storage.session(), _whole(community)
    read = (frames.streets, frames.buildings, frames.compounds, frames.outline)
    layers = [layer(opened, place.id, degrees=True) for layer in read]
    streets, buildings, compounds, outline = layers
    text = _packed(streets, buildings, compounds, outline, _corners(*layers)[0])
    response = Response(text, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@remembered(most=4)
def _packed(
    streets: GeoDataFrame, buildings: GeoDataFrame, compounds: GeoDataFrame, outline: GeoDataFrame, origin: Origin
) -> str:
    """The base map as JSON."""
    drawn = ground(streets, buildings, compounds, origin)
    return str(json.dumps({"origin": origin, "outline": pack_polygons(outline.geometry, origin), **drawn}))


def _bounds(community: Community, edition: GridEdition) -> Corners:
    """The corners of what is drawn on, degrees: the community's ground; without an outline, the grids'."""
    opened = storage.session()
    frame = frames.outline(opened, community.id, degrees=True)
    if frame.empty:
        frame = frames.grids(opened, edition.id, degrees=True)
    return _corners(frame)


def _corners(*frames_in_degrees: Any) -> Corners:
    """South-west and north-east of everything in the frames."""
    there = [frame.total_bounds for frame in frames_in_degrees if len(frame)] or [(0.0, 0.0, 0.0, 0.0)]
    low, high = np.min(there, axis=0), np.max(there, axis=0)
    return (float(low[0]), float(low[1])), (float(high[2]), float(high[3]))


def _modules() -> str:
    """The page's own modules by name, each with its version: a browser never mixes files of two releases."""
    names = sorted(path.name for path in SCRIPTS.glob("*.js"))
    addresses = {f"draw/{name}": url_for("static", filename=f"js/draw/{name}") for name in names}
    return json.dumps({"imports": {**addresses, "waiting.js": url_for("static", filename="js/waiting.js")}})
