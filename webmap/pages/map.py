"""The one map (一张图): from a county down to a building, for whoever answers for ground in it."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, json, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from data.models import Community
from patrols import areas, key_figures
from webmap import access, headers, storage, times
from webmap.access import May
from webmap.language import gettext
from webmap.maps import content, fetched, houses, keys, region
from webmap.maps.address import MapAddress
from webmap.maps.base import render
from webmap.maps.drawn import drawn
from webmap.maps.fetched import Asked
from webmap.maps.gather import DONE_DAYS, gather
from webmap.maps.panel import Crumb, Panel, done_note, spanned, summary, switches, tracks_note, walked_note
from webmap.maps.region import Region
from webmap.maps.shades import RAMP
from webmap.maps.town import Links, Town
from webmap.pages.map_filters import filters

pages = Blueprint("map", __name__)

Maker = Callable[[Asked], dict[str, Any]]

PARTS: dict[str, tuple[Maker, May]] = {
    "incidents": (fetched.incidents, May.SEE_INCIDENTS),
    "time": (fetched.time, May.SEE_INCIDENTS),
    "found": (fetched.found, May.SEE_INCIDENTS),
    "tracks": (fetched.tracks, May.SEE_PLACES),
    "walked": (fetched.walked, May.SEE_PLACES),
    "duty": (fetched.duty, May.SEE_PATROLS),
    "boards": (fetched.boards, May.SEE_PLACES),
    "cameras": (fetched.cameras, May.SEE_FIGURES),
    "needs": (houses.needs, May.SEE_FIGURES),
    "buildings": (houses.of_grid, May.SEE_PEOPLE),
    "building": (houses.card, May.SEE_PEOPLE),
}
"""What a part of a map is made by, and who may ask for it."""

LAYER_NEEDS = {
    **dict.fromkeys(("late", "open", "done", "heat"), May.SEE_INCIDENTS),
    **dict.fromkeys(("walked", "tracks", "boards", "words", "base"), May.SEE_PLACES),
    **dict.fromkeys(("duty", "out"), May.SEE_PATROLS),
    **dict.fromkeys(("needs", "cameras"), May.SEE_FIGURES),
}
"""Who is offered a layer."""

REGION_PARTS = frozenset({"time"})
REGION_LAYERS = ("heat", "words")
"""The parts and layers of a map of several communities."""


@pages.get("/map")
@access.needs(May.SEE_PLACES)
def map_page() -> ResponseReturnValue:
    """The map; what its address says is in `webmap.maps.address`."""
    address = read_address()
    code = address.place or _own_place()
    if len(code) < areas.COMMUNITY:
        return _region_page(address, code)
    return _community_page(address, access.community(code[: areas.COMMUNITY]))


@pages.get("/map/parts/<word>")
@access.needs(May.SEE_PLACES)
def part(word: str) -> Response:
    """One part of a map, for its scripts: fetched when a layer is switched on or the time is changed."""
    address = read_address()
    if word == "keys":
        return _kept(_keys(address))
    if word not in PARTS:
        abort(404)
    maker, right = PARTS[word]
    if not access.may(right):
        abort(403)
    found = _communities(address.place, whole=word in REGION_PARTS)
    if len(found) > 1 and word not in REGION_PARTS:
        abort(404)
    return _kept(maker(Asked(storage.session(), access.scope(), found, storage.now(), address)))


def _communities(place: str, *, whole: bool) -> list[Community]:
    """The community of a place, or all that may be seen of a larger one.

    Without a place, the own ground: all of it where a part can be about several communities (`whole`), else one.
    """
    code = (place or (_own_place() if whole else ""))[: areas.COMMUNITY]
    if len(code) == areas.COMMUNITY or not (code or whole):
        return [access.community(code or None)]
    return areas.within(storage.session(), access.scope(), code, on=storage.today())


def read_address() -> MapAddress:
    """The view that this request's address asks for."""
    return MapAddress.of_query(request.args.to_dict(flat=False), today=storage.today())


def card_links() -> Links:
    """Where a card of the map leads: the page of a grid or an incident, its key to be added."""
    grid, incident = url_for("grids.card", code="0"), url_for("incidents.show", number="0")
    return Links(grid=grid[:-1], incident=incident[:-1])


def _own_place() -> str:
    """The code of the ground to begin with: a community where there is one or one was chosen, else all of them."""
    mine = access.communities()
    if len(mine) < 2 or any(one.code == session.get("community") for one in mine):
        return access.community().code
    return areas.smallest_around(mine)


def _community_page(address: MapAddress, community: Community) -> str:
    town = gather(storage.session(), access.scope(), community, storage.now(), links=card_links(), layers=False)
    shell = content.shell(town, streets_seen=False)
    figures = [*shell["figures"]]
    if access.may(May.SEE_INCIDENTS):
        note = gettext("Incidents found in the time below, for a thousand households.")
        figures.insert(1, {"key": "found", "title": gettext("Newly found"), "note": note, "fetch": "found"})
    view = address.view
    panel = Panel(
        name=community.name,
        summary=summary(town),
        figures=figures,
        first=address.colour,
        sources=content.sources(town),
        layers=switches({name: _notes(town).get(name, "") for name in _offered()}),
        shown=address.layers,
        crumbs=_crumbs(address, community.code, [community]),
        key_figures=access.may(May.SEE_FIGURES),
        period=spanned(storage.today(), view.since, view.until, chosen=address.timed, days=fetched.TIME_DAYS),
        filters=filters(view),
        simulated=community.simulated,
        screen=address.screen,
        left_out=not access.scope().reporters,
    )
    data = {**shell, "figures": figures, **_ways(address, community.code)}
    return _page(data, panel, community.name, share=_sharing(address, community=community.code))


def _notes(town: Town) -> dict[str, str]:
    return {
        "done": done_note(DONE_DAYS),
        "walked": walked_note(town.days),
        "tracks": tracks_note(town.days),
    }


def _offered() -> list[str]:
    return [name for name, right in LAYER_NEEDS.items() if access.may(right)]


def _ways(address: MapAddress, code: str) -> dict[str, Any]:
    """Where the scripts fetch parts from, and what they keep of the address."""
    return {
        "fetch": url_for(".part", word="-")[:-1],
        "place": code,
        "card": address.place if len(address.place) > areas.COMMUNITY else "",
        "house": address.building if access.may(May.SEE_PEOPLE) else None,
        "houses": access.may(May.SEE_PEOPLE) and len(code) == areas.COMMUNITY,
        "query": {name: value for name, value in address.to_query().items() if name not in ("place", "at")},
        "heat": {
            "address": url_for("api_heat.picture"),
            "colours": ["#{:02x}{:02x}{:02x}".format(*one[:3]) for one in RAMP],
        },
    }


def _sharing(address: MapAddress, *, community: str | None = None, place: str | None = None) -> str:
    """Where a view of this map is handed on, for who may do that; a screen on a wall has no buttons."""
    if not access.may(May.SHARE_VIEWS) or address.screen:
        return ""
    return url_for("shares.listing", kind="map", community=community, place=place)


def _page(data: dict[str, Any], panel: Panel, name: str, *, share: str = "") -> str:
    pieces = render(drawn(data, panel), nonce=headers.nonce(), asset=lambda file: url_for("static", filename=file))
    return render_template("map.html", name=name, pieces=pieces, screen=panel.screen, share=share)


def _region_page(address: MapAddress, code: str) -> str:
    found = areas.within(storage.session(), access.scope(), code, on=storage.today())
    shown = _region(address, code, found)
    packed = region.packed(shown, inside=url_for(".map_page") + "?place=")
    panel = Panel(
        name=shown.name,
        summary=region.summary(shown),
        figures=packed["figures"],
        first=address.colour,
        sources=sorted({one.attribution or content.OPENSTREETMAP for one in found}),
        layers=switches({name: "" for name in REGION_LAYERS if name in _offered()}),
        shown=address.layers,
        crumbs=_crumbs(address, code, found),
        key_figures=access.may(May.SEE_FIGURES),
        period=spanned(
            storage.today(), address.view.since, address.view.until, chosen=address.timed, days=fetched.TIME_DAYS
        ),
        filters=filters(address.view),
        simulated=any(one.simulated for one in found),
        screen=address.screen,
        left_out=not access.scope().reporters,
    )
    share = _sharing(address, place=code) if code else ""
    return _page({**packed, **_ways(address, code)}, panel, shown.name, share=share)


def _region(address: MapAddress, code: str, found: Sequence[Community]) -> Region:
    opened, view = storage.session(), address.counted
    counted = areas.community_figures(opened, access.scope(), found, view, at=storage.now())
    shapes = areas.outlines(opened, found).reindex([one.id for one in found])
    local = storage.now().astimezone(storage.LOCAL)
    days, when = fetched.span(view, storage.today()), times.say_moment(local, local)
    if len(code) == areas.SUBDISTRICT:
        table = region.of_communities(
            [one.code for one in found], [one.name for one in found], shapes.to_numpy(), counted
        )
        return Region(found[0].subdistrict.name, table, "community", days, when)
    names = {one.code[: areas.SUBDISTRICT]: one.subdistrict.name for one in found}
    codes = [one.code[: areas.SUBDISTRICT] for one in found]
    table = region.of_subdistricts(codes, names, shapes, areas.by_subdistrict(found, counted))
    name = found[0].subdistrict.county_name if code else gettext("All communities")
    return Region(name, table, "subdistrict", days, when)


def _crumbs(address: MapAddress, code: str, found: Sequence[Community]) -> list[Crumb]:
    """The levels above a place, as far down as it; none for whoever sees one community alone."""
    if len(access.communities()) < 2:
        return []
    over = found[0].subdistrict
    levels = [(code[: areas.COUNTY], over.county_name), (code[: areas.SUBDISTRICT], over.name), (code, found[0].name)]
    kept = {name: value for name, value in address.to_query().items() if name not in ("place", "at", "building")}
    crumbs, last = [], ""
    for key, name in levels:
        if key and key != last:
            crumbs.append(
                Crumb(name, "" if key == code else f"{url_for('.map_page')}?{urlencode({'place': key, **kept})}")
            )
        last = key
    return crumbs


def _keys(address: MapAddress) -> dict[str, Any]:
    """The key figures of the place, whatever its level."""
    if not access.may(May.SEE_FIGURES):
        abort(403)
    found = _communities(address.place, whole=True)
    view = address.counted
    told = key_figures.key_figures(storage.session(), access.scope(), found, view, at=storage.now())
    return {"keys": keys.rows(told, view.days), "when": fetched.span(view, storage.today())}


def _kept(facts: dict[str, Any]) -> Response:
    """A part as JSON; a browser that has it already keeps it."""
    answer = Response(json.dumps(facts), mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
