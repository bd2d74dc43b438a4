"""What a map fetches when a layer is switched on, or the time is changed: each part for itself, as JSON can carry it.

Nothing here is read for a layer that is off. Every part knows the corner of the map by the same outline as the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from data import frames
from data.models import Camera, Community
from patrols import board_places, crowds, figures, on_duty, on_map, redraw
from patrols import cameras as known_cameras
from patrols.days import local_day, zone
from patrols.incident_choice import chosen, minutes_of
from patrols.incident_columns import IncidentColumns
from patrols.incident_memory import columns_of
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from patrols.viewed import found_in, of_kind
from webmap import times, words
from webmap.maps import content, gather, layers, legend
from webmap.maps.address import MapAddress

MOST_POINTS = 3000
"""More incidents than these are counted by grid instead of drawn: a screen has no room, and a phone no patience."""

TIME_DAYS = 364
"""How many days the line of time spans: whole weeks."""

ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """Who asks for a part of which map, at which moment."""

    session: Session
    scope: Scope
    communities: Sequence[Community]
    at: datetime
    address: MapAddress

    @property
    def community(self) -> Community:
        """The one community that most parts are about."""
        return self.communities[0]

    @property
    def local(self) -> datetime:
        """The moment on the community's clock."""
        return self.at.astimezone(zone(self.community.timezone))

    def grids(self) -> gpd.GeoDataFrame:
        """The grids in force, in metres."""
        edition = redraw.require_edition(self.session, self.community, self.at)
        return frames.grids(self.session, edition.id)

    def origin(self, grids: gpd.GeoDataFrame) -> layers.Origin:
        """The corner from which the page counts."""
        return content.origin_of(gather.outline(self.session, self.community, grids))


def incidents(asked: Asked) -> dict[str, Any]:
    """The incidents as columns, open ones of any age unless days were chosen; counts by grid where they are many."""
    view, here = asked.address.view, asked.community
    timed = asked.address.timed
    meant = found_in(view, [here]) if timed else of_kind(view)
    done_since = ALWAYS if timed else asked.at - timedelta(days=gather.DONE_DAYS)
    how: dict[str, Any] = {"at": asked.at, "done_since": done_since, "meant": meant}
    counted = crowds.crowds(asked.session, asked.scope, here, **how)
    notes = _incident_notes(counted, timed)
    if sum(sum(one[1:]) for one in counted) > MOST_POINTS:
        crowd = [{"grid": one.grid_code, "open": one.open, "late": one.late, "done": one.done} for one in counted]
        said = gettext(
            "More than %(most)s incidents: counted by grid. Choose less time or one category.", most=MOST_POINTS
        )
        return {"crowds": crowd, "notes": notes, "said": said}
    found = on_map.incidents_on_map(asked.session, asked.scope, here, **how)
    grids = asked.grids()
    drawn = gather.named(found)
    packed = content.incident_columns(drawn, asked.local, asked.origin(grids), content.positions(grids))
    return {**packed, "notes": notes}


def _incident_notes(counted: Sequence[crowds.Crowd], timed: bool) -> dict[str, str]:
    sums = [sum(getattr(one, name) for one in counted) for name in ("late", "open", "done")]
    late, still, done = (words.number(count) for count in sums)
    if not timed:
        lately = ngettext("in the last %(num)s day", "in the last %(num)s days", gather.DONE_DAYS)
        return {"late": late, "open": still, "done": f"{done} · {lately}"}
    return {
        name: gettext("%(count)s, found in the time below", count=said)
        for name, said in zip(("late", "open", "done"), (late, still, done), strict=True)
    }


def tracks(asked: Asked) -> dict[str, Any]:
    """The lines of patrols of the week that ends with the time chosen, without names and ends."""
    until = _end(asked)
    since = figures.week_begins(asked.community, until)
    found = on_map.tracks_on_map(asked.session, asked.scope, asked.community, since=since, until=until)
    note = gettext("%(since)s to %(until)s, no names", since=_day(asked, since), until=_day(asked, until))
    return {"tracks": content.tracks(found, asked.origin(asked.grids())), "notes": {"tracks": note}}


def walked(asked: Asked) -> dict[str, Any]:
    """Which streets were walked in the week that ends with the time chosen: lines, the figure, and a share a grid."""
    until, here = _end(asked), asked.community
    grids, streets = asked.grids(), frames.streets(asked.session, asked.community.id)
    seen = gather.walked(asked.session, asked.scope, here, until, grids, streets)
    table = grids[["grid_code"]].merge(seen.per_grid, on="grid_code", how="left")
    mine = [asked.scope.allows(here.id, code) for code in table["grid_code"]]
    table.loc[~np.array(mine, bool), list(gather.SEEN)] = float("nan")
    days = figures.WEEK_DAYS
    note = gettext(
        "%(since)s to %(until)s", since=_day(asked, figures.week_begins(here, until)), until=_day(asked, until)
    )
    return {
        "walked": content.street_looks(frames.to_degrees(seen.pieces), asked.origin(grids)),
        "figure": legend.walked(table, days).packed(),
        "stats": content.walked_stats(table, days),
        "notes": {"walked": note},
    }


def duty(asked: Asked) -> dict[str, Any]:
    """Who is to walk now by the plan, by grid; and those whose streets are named instead."""
    found = on_duty.on_duty(asked.session, asked.scope, asked.community, at=asked.at)
    rows = [
        {
            "grid": one.grid_code,
            "who": one.who,
            "until": one.ends.strftime("%H:%M"),
            "where": "、".join(one.streets),
        }
        for one in found
    ]
    note = ngettext("%(num)s on the roster now", "%(num)s on the roster now", len(rows))
    return {"duty": rows, "notes": {"duty": note}}


def boards(asked: Asked) -> dict[str, Any]:
    """Where notice boards hang."""
    found, grids = board_places.boards_on_map(asked.session, asked.community), asked.grids()
    spots = layers.pack_points(found.of_buildings.geometry, asked.origin(grids))
    names = found.of_buildings["name"].fillna("")
    marks = [{"point": spot, "text": name} for spot, name in zip(spots, names, strict=True)]
    count = len(marks) + len(found.of_grids)
    return {
        "boards": marks,
        "board_grids": found.of_grids,
        "notes": {"boards": ngettext("%(num)s hangs", "%(num)s hang", count)},
    }


def time(asked: Asked, days: int = TIME_DAYS) -> dict[str, Any]:
    """How many incidents were found on each day, for the line of time below the map."""
    view, today = asked.address.view, asked.local.date()
    first, last = min(today - timedelta(days=days - 1), view.since), max(today, view.until)
    days_there = [first + timedelta(days=i) for i in range((last - first).days + 2)]
    counts = np.zeros(len(days_there) - 1, np.int64)
    for community in asked.communities:
        columns, rows = _chosen(asked, community, view.over(first, last))
        counts += np.diff(np.searchsorted(columns.found[rows], minutes_of(days_there, columns.timezone)))
    return {"first": first.isoformat(), "counts": counts.tolist()}


def found(asked: Asked) -> dict[str, Any]:
    """How many incidents each grid had in the time, as a figure to colour by."""
    columns, rows = _chosen(asked, asked.community, asked.address.counted)
    counted = dict(zip(columns.grids, np.bincount(columns.grid[rows], minlength=len(columns.grids)), strict=True))
    grids = asked.grids()
    mine = np.array([asked.scope.allows(asked.community.id, code) for code in grids["grid_code"]], bool)
    counts = grids["grid_code"].map(counted).fillna(0).astype(float).where(mine)
    return {"figure": legend.found(counts, grids["households"].astype(float), days=said_days(asked)).packed()}


def _chosen(asked: Asked, community: Community, view: IncidentView) -> tuple[IncidentColumns, Any]:
    """The columns, and the places in them of what a view means; sensitive ones only for who is shown reporters."""
    columns = columns_of(asked.session, community)
    return columns, chosen(columns, asked.scope, view, sensitive=True)


def _end(asked: Asked) -> datetime:
    """The moment up to which patrols are shown: the end of the days chosen, never after now."""
    if not asked.address.timed:
        return asked.at
    last = asked.address.view.until
    return min(asked.at, datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=zone(asked.community.timezone)))


def _day(asked: Asked, at: datetime) -> str:
    return times.say_day(local_day(asked.community, at), asked.local.date())


def cameras(asked: Asked) -> dict[str, Any]:
    """Where cameras stand, and what their cards say."""
    found = known_cameras.standing(asked.session, asked.scope, asked.community, on=local_day(asked.community, asked.at))
    x, y = ([getattr(one, name) for one in found] for name in ("lon", "lat"))
    spots = layers.pack_points(gpd.GeoSeries.from_xy(x, y), asked.origin(asked.grids()))
    marks = [
        {"point": spot, "text": one.name or one.code, "over": one.code if one.name else "", "facts": _told(one)}
        for spot, one in zip(spots, found, strict=True)
    ]
    return {"cameras": marks, "notes": {"cameras": ngettext("%(num)s stands", "%(num)s stand", len(marks))}}


def _told(camera: Camera) -> list[tuple[str, str]]:
    """What is known of a camera besides its place, each with what it is called."""
    told = [(gettext("Kept by"), camera.owner)] if camera.owner else []
    if camera.heading_deg is not None:
        told.append((gettext("Looks"), words.heading(camera.heading_deg)))
    return told


def said_days(asked: Asked) -> str:
    """The days in which things are counted, in words."""
    return span(asked.address.counted, asked.local.date())


def span(view: IncidentView, today: date) -> str:
    """The days of a view in words."""
    since, until = times.say_day(view.since, today), times.say_day(view.until, today)
    return str(gettext("%(since)s to %(until)s", since=since, until=until))
