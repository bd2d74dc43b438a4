"""Who is out now: the page for whoever answers for walks, fed by one stream of events."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from data.models import Community
from geo.errors import N_
from patrols import live
from patrols.live import Walker
from patrols.looks import Looker
from patrols.scope import Scope
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.language import gettext
from webmap.live_board import Sight, board
from webmap.maps.style import data_block

pages = Blueprint("live", __name__)

LOOK = timedelta(minutes=30)
"""For how long a reason is good: after that, whoever still needs to see says so again."""

SILENT_MIN, LONG_SILENT_MIN = 5, 15
"""From when on a phone's silence is said, and said in red: phones on a walk send at least once a minute."""

LOW_PERCENT = 20

WORDS = {
    "now": N_("just now"),
    "minutes": N_("%(n)s min ago"),
    "silent": N_("silent for %(n)s min"),
    "near": N_("near its beginning or end"),
    "outside": N_("outside the grids"),
    "phone": N_("phone %(n)s"),
    "grid": N_("grid %(n)s"),
    "since": N_("out for %(time)s"),
    "lost": N_("No connection; trying again"),
    "signed_out": N_("Your sign-in has ended. Sign in again to go on."),
    "live": N_("live"),
    "battery": N_("battery"),
    "min": N_("%(n)s min"),
    "hours": N_("%(h)s h %(n)s min"),
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
    "newcomers": N_("%(n)s more have come out since"),
}
"""What the page's script says."""


class Viewer(NamedTuple):
    """Who looks: at which community, with what scope, leading which teams, and the phones looked at for a reason."""

    community: Community
    scope: Scope
    teams: frozenset[int]
    phones: frozenset[int]

    def sees(self, sight: Sight) -> list[Walker]:
        """Who of a sight is shown to this viewer."""
        here = [one for one in sight.walkers if one.community_id == self.community.id]
        return live.seen_by(here, self.scope, teams=self.teams, looked_at=self.phones)

    def told(self, sight: Sight) -> dict[str, Any]:
        """The same, as the page's script gets it."""
        return {"walkers": [_told(one) for one in self.sees(sight)]}


def _told(one: Walker) -> dict[str, Any]:
    return {
        "phone": one.device_id,
        "name": one.person or one.label,
        "team": one.team,
        "grid": one.grid_code,
        "began": _ms(one.began_at),
        "heard": _ms(one.heard_at),
        "battery": None if one.battery_percent is None else round(one.battery_percent),
        "near": one.near_door,
        "place": one.place and [round(part, 6) for part in one.place],
        "placed": _ms(one.placed_at),
        "accuracy": one.accuracy_m,
    }


def _ms(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)


@pages.get("/patrols/live")
@access.needs(May.SEE_PATROLS)
def show() -> str:
    """The page as it is at this moment; its script keeps it up to date."""
    viewer, sight = _viewer(), board().sight()
    code = viewer.community.code
    given = {
        "words": {name: gettext(template) for name, template in WORDS.items()},
        "stream": url_for(".stream", community=code),
        "ground": url_for("replay.ground", community=code),
        "now": _ms(sight.at),
        "silent_min": [SILENT_MIN, LONG_SILENT_MIN],
        "low_percent": LOW_PERCENT,
        **viewer.told(sight),
    }
    look = _look()
    return render_template(
        "live.html",
        community=viewer.community,
        communities=access.communities(),
        walkers=viewer.sees(sight),
        at=sight.at,
        until=datetime.fromtimestamp(look["until"], UTC) if look else None,
        reason=look["reason"] if look else "",
        minutes=int(LOOK.total_seconds() / 60),
        data=data_block("live-data", given),
    )


@pages.get("/patrols/live/stream")
@access.needs(May.SEE_PATROLS)
@access.keeps_nobody_signed_in
def stream() -> Response:
    """Server-Sent Events: who is out, each time something is new."""
    viewer, last = _viewer(), request.headers.get("Last-Event-ID", "")
    answer = Response(board().stream(viewer.told, last), mimetype="text/event-stream")
    # A proxy that collected the events before handing them on would make them late.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


@pages.post("/patrols/live/look")
@access.needs(May.SEE_PATROLS)
def look() -> ResponseReturnValue:
    """See where those who are out are, for a reason that each of them can read."""
    viewer, opened = _viewer(), storage.session()
    reason = inputs.text(request.form, "reason", most=200)
    unseen = [one for one in viewer.sees(board().sight()) if one.device_id not in viewer.phones]
    by = Looker(trail.asker(), request.remote_addr or "")
    phones = live.look(opened, unseen, reason=reason, at=storage.now(), by=by)
    until = int((storage.now() + LOOK).timestamp())
    opened.commit()
    session["live"] = {"until": until, "reason": reason, "phones": sorted({*viewer.phones, *phones})}
    return redirect(url_for(".show", community=viewer.community.code))


@pages.post("/patrols/live/away")
@access.needs(May.SEE_PATROLS)
def look_away() -> ResponseReturnValue:
    """Stop seeing where they are, before the time is over."""
    session.pop("live", None)
    return redirect(url_for(".show", community=_viewer().community.code))


def _viewer() -> Viewer:
    """Who looks.

    Whoever sees named tracks sees who is out on their own ground; who leads a team sees their team, and nobody else.
    """
    me, community = access.me(), access.community(request.values.get("community"))
    teams = live.led_teams(storage.session(), me.person_id, at=storage.now())
    answers = access.may(May.SEE_WALKERS)
    if not answers and not teams:
        abort(403)
    scope = access.scope() if answers else Scope(frozenset(), frozenset(), person_id=me.person_id)
    look = _look()
    return Viewer(community, scope, teams, frozenset(look["phones"] if look else ()))


def _look() -> dict[str, Any] | None:
    """The look that is going on, if there is one; it is signed into this browser's session."""
    look: dict[str, Any] | None = session.get("live")
    return look if look and look["until"] > storage.now().timestamp() else None
