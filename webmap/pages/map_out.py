"""How many are out on patrol now, for the map: by grid for whoever answers for the walks, else their number alone."""

from collections import Counter

from flask import Blueprint, Response, jsonify, request, url_for

from patrols import areas, live
from patrols.scope import Scope
from webmap import access, storage
from webmap.access import May
from webmap.language import ngettext
from webmap.live_board import board

pages = Blueprint("map_out", __name__)


@pages.get("/map/parts/out")
@access.needs(May.SEE_PATROLS)
@access.keeps_nobody_signed_in
def out() -> Response:
    """Walks that are going on: nobody's name or place, which are told on the page of those who are out."""
    me, scope = access.me(), access.scope()
    community = access.community(request.args.get("place", "")[: areas.COMMUNITY] or None)
    here = [one for one in board().sight().walkers if one.community_id == community.id]
    teams = live.led_teams(storage.session(), me.person_id, at=storage.now())
    answers = access.may(May.SEE_WALKERS)
    narrow = scope if answers else Scope(frozenset(), frozenset(), person_id=me.person_id)
    seen = live.seen_by(here, narrow, teams=teams)
    count = len(here) if scope.allows(community.id) else len(seen)
    grids = Counter(one.grid_code for one in seen if one.grid_code is not None)
    more = url_for("live.show", community=community.code) if answers or teams else ""
    note = ngettext("%(num)s out now", "%(num)s out now", count)
    return jsonify({"out": dict(grids), "count": count, "more": more, "notes": {"out": note}})
