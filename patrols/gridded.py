"""In which grid of one edition each incident of a view counts, those of grids given up since included."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridKind
from geo.locator import GridLocator
from patrols.incident_choice import chosen
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from patrols.told_counts import told


class Gridded(NamedTuple):
    """Incidents in the order of time: the place of each one's grid (-1: in none), and when it was found.

    `found` is in minutes since 1970, UTC.
    """

    grid: NDArray[np.int64]
    found: NDArray[np.int64]

    def counts(self, grids: int) -> NDArray[np.int64]:
        """How many there are in each of so many grids."""
        return np.bincount(self.grid[self.grid >= 0], minlength=grids).astype(np.int64)

    def since(self, minute: int) -> "Gridded":
        """Those found from a minute on."""
        first = np.searchsorted(self.found, minute)
        return Gridded(self.grid[first:], self.found[first:])


def gridded(
    session: Session, scope: Scope, community: Community, view: IncidentView, grids: gpd.GeoDataFrame
) -> Gridded:
    """The incidents that a view means and a person may see, by grid; the view's own grids do not narrow.

    The grid that answered for an incident counts. Where a redraw gave its code up, it is the grid in which it lies now;
    without a place it is in none.

    Parameters
    ----------
    grids : GeoDataFrame
        Index `grid_code`; in the community's metres.
    """
    columns = columns_of(session, community)
    rows = chosen(columns, scope, replace(view, grids=()))
    known = pd.Index(grids.index).get_indexer(list(columns.grids))
    code = columns.grid[rows]
    place = known[code].astype(np.int64)
    if (known[1:] < 0).any() and len(grids):
        given_up = (place < 0) & (code > 0) & np.isfinite(columns.x[rows])
        lon, lat = columns.plane.degrees(columns.x[rows][given_up], columns.y[rows][given_up])
        x, y = frames.points_in_metres(lon, lat, grids.crs)
        general = np.flatnonzero(tiling(grids))
        there = GridLocator(grids.iloc[general].reset_index()).locate(x, y)
        place[given_up] = np.where(there < 0, -1, general[there])
    return Gridded(place, columns.found[rows].astype(np.int64))


def told_by_grid(
    session: Session, scope: Scope, community: Community, view: IncidentView, grids: gpd.GeoDataFrame, *, at: datetime
) -> NDArray[np.int64]:
    """How many are told of each grid to somebody who may not see incidents singly: at least three, or none.

    What was told of a code that a redraw gave up since is told of none.
    """
    columns = columns_of(session, community)
    groups = groups_of(session, community, columns, at=at)
    # Not by the view's grids: those are the columns' words, which the table has for all of its own.
    found = told(groups, community.id, scope, replace(view, grids=())).by_grid()
    return np.array([found.get(code, 0) for code in grids.index], np.int64)


def tiling(grids: gpd.GeoDataFrame) -> Any:
    """Which of the grids tile the ground; 专属 grids lie over others, and would count twice."""
    return (grids["kind"] != GridKind.SPECIAL.value).to_numpy(bool)
