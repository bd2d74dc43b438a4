"""The ground of a window of the plan: its streets, its grids, and the check-points on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, PatrolWindow
from geo.lines import lines_only
from geo.network import Cells, street_cells
from patrols import seen, wished_frequency
from patrols.check_points import Hanging
from patrols.rules import Rules

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Ground:
    """The pieces of street and the grids in force at a moment; which pieces are wished to be walked.

    ``pieces`` are those of `geo.streets.cut_streets`, in the community's metres.
    """

    pieces: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    wished: Flags
    rules: Rules
    _known: dict[tuple[str, tuple[str, ...]], Flags] = field(default_factory=dict)
    _laid: dict[str, Cells] = field(default_factory=dict)

    def of(self, window: PatrolWindow) -> Flags:
        """Which pieces of street a window is about: a piece along a border is that of the grids on both sides."""
        key = (window.grid_code, tuple(window.streets))
        if key not in self._known:
            codes = self.pieces["grid_codes"]
            inside = np.array([not window.grid_code or window.grid_code in one for one in codes], dtype=bool)
            if window.streets:
                inside &= self.pieces["name"].isin(window.streets).to_numpy()
            self._known[key] = inside
        return self._known[key]

    def metres_seen(self, cells: Flags) -> NDArray[np.float64]:
        """Of each piece of street, the metres that are seen where these cells of `geo.network.street_cells` are."""
        if "cells" not in self._laid:
            self._laid["cells"] = street_cells(lines_only(self.pieces))
        laid = self._laid["cells"]
        return np.bincount(laid.owner, laid.metres * cells, minlength=len(self.pieces)).astype(np.float64)

    def codes(self, window: PatrolWindow) -> frozenset[str]:
        """The grids in which somebody who walks the window is."""
        if window.grid_code:
            return frozenset({window.grid_code})
        return frozenset(code for codes in self.pieces["grid_codes"][self.of(window)] for code in codes)


def ground_on(session: Session, community: Community, at: datetime) -> Ground | None:
    """The ground in force at a moment; None without grids or streets."""
    found = seen.ground_of(session, community, at=at)
    if found is None:
        return None
    every = wished_frequency.every_days(found.pieces, wished_frequency.wishes(session, community))
    return Ground(found.pieces, found.grids, every > 0, Rules.for_community(community.rules))


def on_ground(hung: Sequence[Hanging], window: PatrolWindow, ground: Ground | None) -> list[Hanging]:
    """Those of some check-points that a window passes: in its grid, and within sight of its streets if it names any."""
    inside = [one for one in hung if not window.grid_code or one.grid_code == window.grid_code]
    if not window.streets or ground is None or not inside:
        return inside
    near = ground.pieces.geometry[ground.of(window)].union_all()
    x, y = frames.points_in_metres([one.lon for one in inside], [one.lat for one in inside], ground.pieces.crs)
    beside = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=ground.pieces.crs).dwithin(near, ground.rules.sight_m)
    return [one for one, is_beside in zip(inside, beside, strict=True) if is_beside]
