"""A patrol over again, on a map with a time line; for its walker, and with a reason for whoever sees named tracks."""

from typing import Any

import numpy as np
import pandas as pd
from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community
from geo.errors import N_
from patrols import looks, outings, replay
from patrols.looks import Looker, NamedTrack
from patrols.replay import Replay
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.language import gettext
from webmap.maps.quiet import quiet_map
from webmap.maps.style import data_block

pages = Blueprint("replay", __name__)

RULES = {
    "zero": N_("the phone did not know where it was"),
    "no_position": N_("no position"),
    "no_time": N_("no time"),
    "out_of_time": N_("outside the patrol's time"),
    "duplicate": N_("sent twice"),
    "accuracy": N_("too inaccurate"),
    "far_off": N_("far off"),
    "jump": N_("a jump that nobody can walk"),
    "speed": N_("too fast for a walk"),
    "drift": N_("drifting while standing"),
    "future": N_("later than it was received"),
}
"""What the rules that leave fixes out are called; a rule without a name here is shown by its own."""

WORDS = {
    "play": N_("Play"),
    "pause": N_("Pause"),
    "left_out": N_("left out: %(rule)s"),
    "gap": N_("no signal: nobody knows the way"),
    "stop": N_("stood here for %(n)s min"),
    "at": N_("at %(time)s"),
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
}


@pages.get("/patrols/<int:number>/replay")
@access.needs(May.SEE_PATROLS)
def show(number: int) -> str:
    """The own patrol at once; of another's first the question why."""
    patrol, me = outings.get(storage.session(), access.scope(), number), access.me().person_id
    if patrol.person_id is not None and patrol.person_id == me:
        return _page(_look(number, ""))
    if not access.may(May.SEE_WALKERS):
        abort(403)
    return render_template("replay.html", number=number, track=None)


@pages.post("/patrols/<int:number>/replay")
@access.needs(May.SEE_WALKERS)
def look(number: int) -> ResponseReturnValue:
    """One patrol over again with its walker's name; the reason is kept, and the walker can read it."""
    page = _page(_look(number, inputs.text(request.form, "reason", most=200)))
    storage.session().commit()
    return page


@pages.get("/patrols/ground.json")
@access.needs(May.SEE_PATROLS)
def ground() -> Response:
    """The base map."""
    return quiet_map(storage.session(), access.community(), storage.now())


def _look(number: int, reason: str) -> NamedTrack:
    by = Looker(trail.asker(), request.remote_addr or "")
    return looks.look(storage.session(), access.scope(), number, reason=reason, at=storage.now(), by=by)


def _page(track: NamedTrack) -> str:
    opened = storage.session()
    again = replay.replay(opened, track.patrol)
    community = opened.get_one(Community, track.patrol.community_id)
    dropped = again.fixes["dropped_by"].dropna().value_counts()
    given = {
        "words": {name: gettext(template) for name, template in WORDS.items()},
        "rules": {name: _rule(str(name)) for name in dropped.index},
        "ground": url_for(".ground", community=community.code),
        "timezone": community.timezone,
        **_told(again),
    }
    return render_template(
        "replay.html",
        number=track.patrol.id,
        track=track,
        community=community,
        again=again,
        dropped=[(_rule(str(name)), int(count)) for name, count in dropped.items()],
        gaps=int(again.fixes["after_gap"].sum()),
        data=data_block("replay-data", given),
    )


def _rule(name: str) -> str:
    return gettext(RULES[name]) if name in RULES else name


def _told(again: Replay) -> dict[str, Any]:
    """What the script draws: places in millionths of a degree, seconds since the first fix."""
    fixes = again.fixes
    kept, left_out = fixes[fixes["dropped_by"].isna()], fixes[fixes["dropped_by"].notna()]
    begin = None if fixes.empty else int(fixes["at"].min().timestamp() * 1000)
    return {
        "begin_ms": begin,
        "kept": {**_places(kept), "gap": kept["after_gap"].astype(int).tolist()},
        "left_out": {**_places(left_out), "rule": left_out["dropped_by"].tolist()},
        "stops": again.stops.round(6).to_numpy(float).tolist(),
    }


def _places(fixes: pd.DataFrame) -> dict[str, list[float]]:
    # A phone that did not know where it was may have said anything at all.
    known = fixes[["lon", "lat"]].to_numpy(float)
    places = np.where(np.isfinite(known), known, 0.0).round(6)
    return {"second": fixes["second"].round(1).tolist(), "lon": places[:, 0].tolist(), "lat": places[:, 1].tolist()}
