"""Where and when incidents are dense, whether that is more than chance, and where nobody looked."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, json, render_template, request, url_for

from data.models import Community, IncidentSource
from patrols import categories, forecast, grid_change, hotspots
from patrols.days import local_day
from patrols.errors import NoEditionInForce
from patrols.exposures import Per
from patrols.incident_view import IncidentView
from webmap import access, headers, inputs, storage, words
from webmap.access import May
from webmap.language import gettext
from webmap.maps import heat_figures, heat_gather
from webmap.maps.address import MapAddress
from webmap.maps.export import standalone
from webmap.maps.heat_file import heat_map
from webmap.maps.quiet import quiet_map
from webmap.maps.style import data_block
from webmap.pages.heat_words import DAYS, SHOWS, SPANS, STAGES, script_words

pages = Blueprint("heat", __name__)

SCRIPTS = (
    *("map/shapes", "map/base", "map/labels"),
    *(f"heat/{name}" for name in ("asking", "ground", "time", "week", "facets", "view", "numbers", "picture", "grids")),
    *("heat/legend", "heat/card", "heat/table", "heat/play", "heat/said", "heat/narrowed", "heat/against"),
)
"""The scripts of the page before its own, in their order."""

LONGEST_KEY = 32


@pages.get("/heat")
@access.needs(May.SEE_PLACES)
def show() -> str:
    """The page; its address says what is looked at, its script asks for the pictures and numbers."""
    community, opened = access.community(), storage.session()
    today = local_day(community, storage.now())
    asked = MapAddress.of_query(_fields(), today=today)
    shown = inputs.text(request.args, "show", most=LONGEST_KEY)
    shows = [(key, gettext(name), gettext(about)) for key, name, about in SHOWS]
    shown = shown if shown in {key for key, _, _ in shows} else shows[0][0]
    given = {
        "words": script_words(),
        "view": asked.view.to_query(),
        "timed": asked.timed,
        "at": inputs.text(request.args, "at", most=64) if asked.window else "",
        "show": shown,
        "per": (inputs.word(request.args, "per", Per) or Per.HOUSEHOLDS).value,
        "against": _against(inputs.text(request.args, "against", most=LONGEST_KEY)),
        "community": community.code,
        "asked": request.args.get("community", ""),
        "last": (today - date(1970, 1, 1)).days,
        "categories": [{"key": str(one.id), "name": words.named(one)} for one in categories.in_use(opened)],
        "families": [{"key": one.family, "name": words.named(one)} for one in categories.families(opened)],
        "sources": [{"key": one.value, "name": words.word(one)} for one in IncidentSource],
        "days": [gettext(name) for name in DAYS],
        "stages": {key.value: gettext(name) for key, name in STAGES.items()},
        "addresses": _addresses(community),
        "links": {"grid": url_for("grids.card", code="0")[:-1]},
    }
    return render_template(
        "heat.html",
        community=community,
        communities=access.communities(),
        shows=shows,
        show=shown,
        pers=[(key.value, gettext(name)) for key, name in heat_figures.PER.items()],
        spans=[(days, gettext(name)) for days, name in SPANS],
        stages=[(key.value, gettext(name)) for key, name in STAGES.items()],
        stage=asked.view.stages.value,
        scripts=SCRIPTS,
        data=data_block("heat-data", given),
    )


@pages.get("/heat/ground.json")
@access.needs(May.SEE_PLACES)
def ground() -> Response:
    """The base map with the grids that were in force at the end of a day, or now."""
    return quiet_map(storage.session(), access.community(), _last_moment(inputs.day(request.args, "day")))


@pages.get("/heat/grids.json")
@access.needs(May.SEE_PLACES)
def grids() -> Response:
    """The grids of a view: counts, rates, what stands out, where nobody looked, and against an earlier time."""
    return headers.ask_again(Response(json.dumps(_grids()), mimetype="application/json"))


def _grids() -> dict[str, Any]:
    community, opened, at = access.community(), storage.session(), storage.now()
    view = IncidentView.of_query(_fields(), today=local_day(community, at))
    before, scope, floored = _earlier(view), access.scope(), not access.may(May.SEE_INCIDENTS)
    per = inputs.word(request.args, "per", Per) or Per.HOUSEHOLDS
    try:
        table = hotspots.hot_grids(opened, scope, community, view, at, per=per, floored=floored)
        then = None
        if before is not None:
            then = grid_change.counts_then(opened, scope, community, view, before, at, floored=floored)
    except NoEditionInForce as fault:
        return {**heat_figures.NOTHING, "why": gettext(fault.template) % fault.facts}
    share = view.days / before.days if before else 1.0
    walks = access.may(May.SEE_PATROLS)
    told = heat_figures.told_grids(table, earlier=then, share=share, walks=walks, since=view.since)
    return {**told, "why": ""}


@pages.get("/heat/forecast.json")
@access.needs(May.SEE_PLACES)
def next_week() -> dict[str, Any]:
    """What the next week may bring to each grid, only where that was told better than by counting."""
    community, at = access.community(), storage.now()
    if not access.may(May.SEE_INCIDENTS):
        return {"shown": False, "why": gettext(hotspots.FLOORED)}
    view = IncidentView.of_query(_fields(), today=local_day(community, at))
    try:
        return heat_figures.told_forecast(forecast.forecast(storage.session(), access.scope(), community, view, at))
    except NoEditionInForce as fault:
        return {"shown": False, "why": gettext(fault.template) % fault.facts}


@pages.get("/heat/file.html")
@access.needs(May.SEE_PLACES)
def file() -> Response:
    """The heat of a view as one HTML file that opens without internet."""
    community, at = access.community(), storage.now()
    view = IncidentView.of_query(_fields(), today=local_day(community, at))
    opened, scope = storage.session(), access.scope()
    meant = _of_what(view)
    given = heat_gather.heat_file(opened, scope, community, view, at, words=script_words(), of_what=meant)
    answer = Response(standalone(heat_map(given), title=given.title), mimetype="text/html")
    answer.headers["Content-Disposition"] = f"attachment; filename=heat-{community.code}-{view.until}.html"
    return answer


def _of_what(view: IncidentView) -> str:
    """The kinds that a view is narrowed to, in words; "" for all."""
    opened = storage.session()
    kinds = {one.id: words.named(one) for one in categories.every(opened)}
    families = {one.family: words.named(one) for one in categories.families(opened)}
    named = [families.get(name, name) for name in view.families] + [kinds.get(key, str(key)) for key in view.categories]
    return gettext(", ").join(named)


def _earlier(view: IncidentView) -> IncidentView | None:
    """The time that is compared with, if one is asked for."""
    since, until = inputs.day(request.args, "against_since"), inputs.day(request.args, "against_until")
    return view.over(since, until) if since and until else None


def _last_moment(day: date | None) -> datetime:
    """The last moment of a day, or now where that is earlier."""
    end = inputs.end_of(day)
    return storage.now() if end is None else min(storage.now(), end - timedelta(microseconds=1))


def _fields() -> dict[str, list[str]]:
    """The fields of the address, each with all that was sent under its name."""
    return {name: request.args.getlist(name) for name in request.args}


def _addresses(community: Community) -> dict[str, str]:
    return {
        "ground": url_for(".ground", community=community.code),
        "picture": url_for("api_heat.picture"),
        "numbers": url_for("api_heat.numbers"),
        "grids": url_for(".grids"),
        "forecast": url_for(".next_week"),
        "file": url_for(".file"),
    }


def _against(said: str) -> dict[str, str]:
    """What is compared with: the time before, a year earlier, or days of one's own as ``2026-01-01_2026-03-31``."""
    if said in ("before", "year"):
        return {"kind": said}
    since, found, until = said.partition("_")
    fields = {"since": since, "until": until}
    if found and inputs.day(fields, "since") and inputs.day(fields, "until"):
        return {"kind": "own", **fields}
    return {"kind": ""}
