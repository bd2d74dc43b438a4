"""Where has nobody been: streets gone cold, how often they are wished to be walked, and the next walk."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.exchange.gpx_out import Spot, write_walk
from data.models import Community, StreetClass
from geo.errors import N_
from geo.walk_turns import Step
from patrols import cold, next_walk, seen, wished_frequency
from patrols.errors import NoEditionInForce
from patrols.next_walk import NextWalk
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.language import gettext
from webmap.pages import street_sketch
from webmap.sending import sent
from webmap.words import POINTS

pages = Blueprint("cold", __name__)

STREETS_SHOWN = 100
"""A longer list nobody walks off; the worst come first."""

USUAL_KM = 3.0
"""About an hour with looking around."""

TURNS = {
    "go": (N_("Set out towards the %(point)s along %(street)s"), N_("Set out towards the %(point)s")),
    "left": (N_("Turn left into %(street)s"), N_("Turn left")),
    "right": (N_("Turn right into %(street)s"), N_("Turn right")),
    "on": (N_("Go straight on into %(street)s"), N_("Go straight on")),
    "back": (N_("Turn back along %(street)s"), N_("Turn back")),
    "arrive": ("", N_("You are back at the start")),
}
"""What to do at a turn, into a street with a name and into one without."""


@pages.get("/patrols/cold")
@access.needs(May.SEE_PATROLS)
def show() -> str:
    """The streets that nobody has walked along for longer than wished, as a map and as lists."""
    community = access.community()
    try:
        found = _streets(community)
    except NoEditionInForce:
        found = None
    if found is None or found.empty:
        return render_template("cold.html", community=community, communities=access.communities(), sketch=None)
    streets, whole = cold.by_street(found), _whole(community, found)
    return render_template(
        "cold.html",
        community=community,
        communities=access.communities(),
        sketch=street_sketch.draw(found),
        metres={one.value: float(whole.loc[whole["warmth"] == one.value, "metres"].sum()) for one in cold.Warmth},
        streets=streets.head(STREETS_SHOWN).to_dict("records"),
        more=max(0, len(streets) - STREETS_SHOWN),
        grids=cold.by_grid(whole).to_dict("records"),
        wishes=wished_frequency.wishes(storage.session(), community),
        classes=list(StreetClass),
        usual=_usual_days,
        look_back=seen.LOOK_BACK_DAYS,
        most_days=wished_frequency.MOST_DAYS,
        km=USUAL_KM,
    )


@pages.post("/patrols/cold/wishes")
@access.needs(May.IMPORT)
def wish() -> ResponseReturnValue:
    """Wish that streets are walked every so many days, or take a wish back (no number)."""
    opened, community = storage.session(), access.community(request.form.get("community"))
    access.scope().require(community.id)
    days = inputs.whole(request.form, "days")
    meant = {
        "street_class": inputs.text(request.form, "street_class", most=32),
        "grid_code": inputs.text(request.form, "grid", most=20),
    }
    wished_frequency.wish(opened, community, days, **meant)
    trail.record("frequency.wished", object_kind="community", object_key=community.code, days=days, **meant)
    opened.commit()
    flash(gettext("The wish is taken back.") if days is None else gettext("The wish is kept."), "good")
    return redirect(url_for(".show", community=community.code))


@pages.get("/patrols/next-walk")
@access.needs(May.SEE_PATROLS)
def walk() -> str:
    """A closed walk over the coldest streets, with its turns."""
    community = access.community()
    found, plan = _plan(community)
    asked: dict[str, Any] = {**request.args.to_dict(), "community": community.code}
    seed = inputs.whole(request.args, "seed", most=9999) or 0
    return render_template(
        "next_walk.html",
        community=community,
        plan=plan,
        turns=[(number, say_turn(step), step) for number, step in enumerate(plan.steps, start=1)],
        sketch=street_sketch.draw(found, plan.line, plan.steps) if plan.steps else None,
        gpx=url_for(".walk_file", **asked),
        another=url_for(".walk", **{**asked, "seed": str((seed + 1) % 10_000)}),
    )


@pages.get("/patrols/next-walk.gpx")
@access.needs(May.SEE_PATROLS)
def walk_file() -> ResponseReturnValue:
    """The same walk as a file for a phone's map."""
    community, at = access.community(), storage.now()
    _, plan = _plan(community)
    name = gettext("Walk in %(community)s, %(km)s km", community=community.name, km=round(plan.metres / 1000, 1))
    spots = [Spot(step.x, step.y, say_turn(step)) for step in plan.steps]
    return sent(f"walk-{community.code}.gpx", lambda path: write_walk(path, name, plan.line, spots, at=at))


def say_turn(step: Step) -> str:
    """One line of the list of turns."""
    named, plain = TURNS[step.turn]
    point = gettext(POINTS[step.point]) if step.point else ""
    if not step.name:
        return gettext(plain) % {"point": point}
    return gettext(named) % {"point": point, "street": step.name}


def _streets(community: Community) -> gpd.GeoDataFrame:
    """Streets and when they were seen; what had to be found out anew is kept for the next who asks."""
    return cold.cold_streets(storage.session(), access.scope(), community, at=storage.now(), keep=keep)


def _whole(community: Community, found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """What totals are made of: they are the same for everybody, whatever of single streets may be told."""
    scope = access.scope()
    if scope.streets:
        return found
    known = replace(scope, streets=True)
    return cold.cold_streets(storage.session(), known, community, at=storage.now(), keep=keep)


def keep(made: seen.Made) -> None:
    """This request only reads; others may have written since it began."""
    with storage.apart() as opened:
        seen.put(opened, made)


def _plan(community: Community) -> tuple[gpd.GeoDataFrame, NextWalk]:
    found, asked = _streets(community), request.args
    if found.empty:
        return found, next_walk.NOWHERE
    lon, lat = inputs.number(asked, "lon", least=-180, most=180), inputs.number(asked, "lat", least=-90, most=90)
    here = (lon, lat) if lon is not None and lat is not None else None
    plan = next_walk.next_walk(
        storage.session(),
        access.scope(),
        community,
        found,
        at=storage.now(),
        start=here or next_walk.start_in(found, inputs.text(asked, "grid", most=20) or None),
        longest_m=1000 * (inputs.number(asked, "km", least=0, most=100) or USUAL_KM),
        seed=inputs.whole(asked, "seed", most=9999) or 0,
    )
    return found, plan


def _usual_days(kind: StreetClass) -> int:
    """What is wished where the community wishes nothing of its own."""
    return wished_frequency.EVERY_DAYS.get(kind, wished_frequency.OTHERS_DAYS)
