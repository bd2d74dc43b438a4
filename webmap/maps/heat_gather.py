"""Collects what a file of heat shows of a view: told above the floor, since nobody knows who will read the file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from patrols.exposures import Looked, compared_of, exposures, span_of
from patrols.incident_density import Heat, Window
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import IncidentView, Which
from patrols.scope import Scope
from patrols.told_counts import FIRST_WEEK, FLOOR, Groups, told
from patrols.told_ground import heat_over_grids
from webmap.maps import heat_figures, shades
from webmap.maps.content import OPENSTREETMAP
from webmap.maps.heat_file import HeatFile, Slice
from webmap.maps.legend import Figure
from webmap.maps.quiet import quiet_facts
from webmap.maps.shades import Shades

SLICE_WEEKS = 4
"""As many weeks as most groups of told incidents cover; slices begin where such groups begin, so that none is cut."""

MOST_SLICES = 26
MARGIN = 0.06
"""Of the ground's sides, around it: bells reach over its edge."""

FOUR_WEEKS = 28.0


def heat_file(
    session: Session,
    scope: Scope,
    community: Community,
    view: IncidentView,
    at: datetime,
    *,
    words: dict[str, str],
    of_what: str = "",
) -> HeatFile:
    """Return what a file of heat shows: density for the whole time and four weeks each, and counts by grid.

    Densities are incidents a hectare in four weeks, so that all pictures share one legend.

    Parameters
    ----------
    view : IncidentView
        Which incidents. Its hours, days of the week, sources and stages do not narrow, and the file says so: they are
        not told above the floor (`patrols.told_counts`).
    at : datetime
        Now, aware.
    words : dict
        What the file's script says.
    of_what : str
        Which incidents, in words; "" says all categories.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If there were no grids at the end of the view's time.
    """
    whole = replace(view, hours=(), weekdays=(), sources=(), stages=Which.ALL)
    narrowed, view = whole != view, whole
    span = span_of(community, view, at)
    compared = compared_of(session, scope, community, span)
    grids = compared.grids
    groups = groups_of(session, community, columns_of(session, community), at=at)
    ground = frames.to_degrees(grids.reset_index())
    window = _window(ground.total_bounds)
    meant = told(groups, community.id, scope, view)
    parts = [(view, meant), *_parts(groups, community, scope, view)]
    slices, scale, elsewhere = _slices(parts, window, ground)
    looked = exposures(session, community, compared, span)["looked"] == Looked.NOBODY.value
    counts = pd.Series(meant.by_grid(), dtype=float).reindex(grids.index).fillna(0.0)
    return HeatFile(
        title=f"{community.name} · {gettext('Heat map')}",
        ground=json.loads(quiet_facts(session, community, span.last)),
        corners=((window.south, window.west), (window.north, window.east)),
        slices=slices,
        legend=_legend(scale),
        codes=list(grids.index),
        figures=[heat_figures.packed(one) for one in _figures(counts, grids["households"].astype(float))],
        hatched=looked.tolist(),
        lines=[of_what or gettext("all categories"), *_floor_lines(groups, elsewhere, narrowed=narrowed)],
        sources=[community.attribution or OPENSTREETMAP],
        words=words,
        simulated=community.simulated,
    )


def _window(bounds: Sequence[float]) -> Window:
    west, south, east, north = map(float, bounds)
    wide, high = (east - west) * MARGIN, (north - south) * MARGIN
    return Window(west - wide, south - high, east + wide, north + high).checked()


def _parts(
    groups: Groups, community: Community, scope: Scope, view: IncidentView
) -> Iterator[tuple[IncidentView, Groups]]:
    """The view's time in blocks of four weeks that begin where groups do; the last ones, where there are many."""
    block = timedelta(weeks=SLICE_WEEKS)
    behind = (view.since - FIRST_WEEK) % block
    first: date = view.since + (block - behind if behind else timedelta())
    starts = [first + block * number for number in range(max(0, (view.until + timedelta(days=1) - first) // block))]
    for start in starts[-MOST_SLICES:]:
        part = view.over(start, start + block - timedelta(days=1))
        yield part, told(groups, community.id, scope, part)


def _slices(
    parts: Sequence[tuple[IncidentView, Groups]], window: Window, grids: gpd.GeoDataFrame
) -> tuple[list[Slice], Shades, int]:
    """Each part as a picture, all in the same classes; those, and how many of the first have no place on it."""
    heats = [heat_over_grids(groups, window, grids) for _, groups in parts]
    values = [_in_four_weeks(heat, view) for heat, (view, _) in zip(heats, parts, strict=True)]
    scale = shades.shades(max(float(one.max(initial=0.0)) for one in values))
    pictures = [shades.png(one, scale) if one.max(initial=0.0) >= scale.bounds[0] else None for one in values]
    made = zip(parts, pictures, strict=True)
    return (
        [Slice(_said(view, groups.total), groups.total, picture) for (view, groups), picture in made],
        scale,
        heats[0].elsewhere,
    )


def _in_four_weeks(heat: Heat, view: IncidentView) -> Any:
    return np.asarray(heat.per_hectare * np.float32(FOUR_WEEKS / view.days))


def _said(view: IncidentView, count: int) -> str:
    days = gettext("%(since)s to %(until)s", since=view.since.isoformat(), until=view.until.isoformat())
    return f"{days} · {ngettext('%(num)s incident', '%(num)s incidents', count)}"


def _legend(scale: Shades) -> dict[str, Any]:
    return {
        "title": gettext("Incidents a hectare in four weeks"),
        "ramp": True,
        "classes": [
            {
                "label": f"{begin:g}",
                "colour": "#{:02x}{:02x}{:02x}".format(*colour[:3]),
                "opacity": round(colour[3] / 255, 2),
            }
            for begin, colour in zip(scale.bounds, scale.colours, strict=True)
        ],
    }


def _figures(counts: pd.Series, households: pd.Series) -> list[Figure]:
    rates = heat_figures.rate(
        "per_households",
        gettext("Per 100 households"),
        gettext("Incidents ÷ households of the grid × 100."),
        100.0 * counts / households.where(households > 0),
        unknown=gettext("nothing to divide by"),
    )
    return [heat_figures.counted(counts, unknown=gettext("not told")), rates]


def _floor_lines(groups: Groups, elsewhere: int, *, narrowed: bool) -> list[str]:
    """What is not in the file, and until when it tells anything."""
    floor = gettext(
        "Told are weeks that are over, until %(until)s, and nothing of which there are fewer than %(floor)s; few are "
        "spread over their grid. Sensitive categories are left out.",
        until=groups.over_until.isoformat(),
        floor=FLOOR,
    )
    more = gettext("%(n)s have no place on the map.", n=elsewhere) if elsewhere else ""
    all_hours = gettext("A file is of all hours, days of the week, sources and states.") if narrowed else ""
    return [line for line in (floor, more, all_hours) if line]
