"""What each grid of any edition, drafted ones too, would hold: households, streets, incidents, patrols, postings.

Counted anew from the stored ground, never taken from what an edition's rows say, so that two editions can be compared.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridKind, PlaceKind, Posting
from geo.lines import credit_lines
from geo.locator import GridLocator
from geo.streets import cut_streets
from patrols import draft_ground, draft_memory, figures, ground_stamp, roster
from patrols.days import local_day
from patrols.rules import Rules

LOAD_WEEKS = 8
"""Weeks of patrols that a grid's load is told by: long enough for rain and holidays to even out."""

COUNTED = ("households", "residents", "buildings")
"""Figures that are sums over the buildings of a grid."""

FIGURES = (*COUNTED, "street_metres", "open_incidents", "patrol_metres", "patrol_minutes", "postings")

DIGITS = 6
"""Of metres and minutes: what was added and taken away again must be the same as before."""

NEAR_M = 1.0
"""Lines this much further away than any border reaches have nothing to do with changed ground."""

NOWHERE = ""
"""Stands for the grid of what lies in none."""

Codes = NDArray[np.object_]


@dataclass(frozen=True)
class Ground:
    """A community's buildings, streets, patrols and postings, read once and counted for several editions.

    What stands on the ground is not even read where a draft that is kept in memory stands on the same.
    """

    session: Session
    community: Community
    at: datetime
    rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", Rules.for_community(self.community.rules))

    @cached_property
    def buildings(self) -> gpd.GeoDataFrame:
        """The buildings, each with the point that says in which grid it stands."""
        if self._known is not None:
            return self._known.buildings.set_geometry(self._known.houses.points, crs=self._known.crs)
        found = frames.buildings(self.session, self.community.id)
        return found.set_geometry(shapely.point_on_surface(found.geometry.array.to_numpy()), crs=found.crs)

    @cached_property
    def compounds(self) -> gpd.GeoDataFrame:
        """The compounds as points."""
        if self._known is not None:
            return self._known.compounds.set_geometry(self._known.yards.points, crs=self._known.crs)
        found = frames.compounds(self.session, self.community.id)
        return found.set_geometry(shapely.point_on_surface(found.geometry.array.to_numpy()), crs=found.crs)

    @cached_property
    def streets(self) -> gpd.GeoDataFrame:
        """The streets, of which nothing but their lines is asked here."""
        if self._known is not None:
            return gpd.GeoDataFrame(geometry=self._known.streets, crs=self._known.crs)
        return frames.streets(self.session, self.community.id)

    @cached_property
    def _known(self) -> draft_ground.Ground | None:
        return draft_memory.ground(ground_stamp.stamp_of(self.session, self.community))

    @cached_property
    def walks(self) -> gpd.GeoDataFrame:
        """The patrols of the last weeks."""
        since = self.at - timedelta(weeks=LOAD_WEEKS)
        return figures.tracks(self.session, self.community, since=since, until=self.at)

    @cached_property
    def postings(self) -> pd.DataFrame:
        """The postings in force on a grid, compound or building."""
        columns = (Posting.place_kind, Posting.grid_code, Posting.compound_id, Posting.building_id)
        held = roster.in_force(local_day(self.community, self.at))
        rows = self.session.execute(select(*columns).where(Posting.community_id == self.community.id, held)).all()
        names = ["place_kind", "grid_code", "compound_id", "building_id"]
        return pd.DataFrame(rows, columns=names).astype(object)


class Tally(NamedTuple):
    """What each grid holds, by code, and the code of the 综合 grid of each building (`NOWHERE` for none).

    `grids` are those that were counted, `general` the figures of the 综合 grids alone.
    """

    figures: pd.DataFrame
    houses: Codes
    grids: gpd.GeoDataFrame
    general: pd.DataFrame


class Change(NamedTuple):
    """How some grids differ from those of an earlier tally: its figures and grids, and the ground that is not the same.

    What lies along streets and walks is a sum over them, so only those near that ground have to be counted anew.
    """

    figures: pd.DataFrame
    locator: GridLocator
    ground: NDArray[np.object_]


def tally(ground: Ground, grids: gpd.GeoDataFrame, *, like: Tally | None = None, same: Set[str] = frozenset()) -> Tally:
    """What each grid holds.

    A building counts where its middle stands; a street along a border counts for both grids, as on their cards; the
    metres and minutes of a patrol count once, with its minutes spread evenly over its metres. What lies in no 综合 grid
    has the row `NOWHERE`. 专属 grids tell what lies in them as well: their rows are no part of the sum.

    Parameters
    ----------
    grids : GeoDataFrame
        `grid_code`, `kind`, `geometry`, in the community's metres.
    like : Tally, optional
        Of other grids on the same ground: where most grids are the same, little has to be counted anew.
    same : set of str
        Codes of the grids that are the same in both.

    Returns
    -------
    Tally
        `figures`: index `grid_code`, `NOWHERE` last; columns `FIGURES` without `open_incidents`, which their history
        decides. `houses` goes with `Ground.buildings`.
    """
    special = (grids["kind"] == GridKind.SPECIAL).to_numpy()
    every = set(grids["grid_code"])
    houses, general = _tally(
        ground, grids[~special], every, None if like is None else _change(like, grids[~special], same)
    )
    parts = [general]
    if special.any():
        nothing = grids.iloc[:0]
        empty = Change(general.iloc[:0], GridLocator(nothing), grids[special].geometry.to_numpy())
        parts.append(_tally(ground, grids[special], every, empty)[1].drop(index=NOWHERE))
    found = pd.concat(parts).sort_index()
    return Tally(pd.concat([found.drop(index=NOWHERE), found.loc[[NOWHERE]]]), houses, grids, general)


def _change(like: Tally, grids: gpd.GeoDataFrame, same: Set[str]) -> Change:
    old = like.grids[like.grids["kind"] != GridKind.SPECIAL]
    moved = [frame.geometry.to_numpy()[~frame["grid_code"].isin(same)] for frame in (old, grids)]
    return Change(like.general, GridLocator(old), np.concatenate(moved))


def _tally(
    ground: Ground, grids: gpd.GeoDataFrame, every: set[str], change: Change | None
) -> tuple[Codes, pd.DataFrame]:
    locator = GridLocator(grids)
    index = pd.Index([*sorted(grids["grid_code"]), NOWHERE], name="grid_code", dtype=object)
    houses = _codes(locator, ground.buildings)
    counted: pd.DataFrame = ground.buildings.assign(buildings=1)[list(COUNTED)].groupby(houses).sum()
    found: pd.DataFrame = counted.reindex(index, fill_value=0).astype(int)
    for lines, measure in ((ground.streets, _street_metres), (ground.walks, _load)):
        sums = _along(ground, lines, measure, locator, change).reindex(index).fillna(0.0)
        found[sums.columns.tolist()] = sums
    found["postings"] = _postings(ground, locator, houses, every).reindex(index, fill_value=0).astype(int)
    return houses, found


def _along(
    ground: Ground,
    lines: gpd.GeoDataFrame,
    measure: Callable[[Ground, gpd.GeoDataFrame, GridLocator], pd.DataFrame],
    locator: GridLocator,
    change: Change | None,
) -> pd.DataFrame:
    """Sums by grid of what lies along lines."""
    if change is None or lines.empty:
        return measure(ground, lines, locator).round(DIGITS)
    reach_m = max(ground.rules.border_street_m, ground.rules.border_band_m) + NEAR_M
    met = lines.sindex.query(change.ground, predicate="dwithin", distance=reach_m)[1] if len(change.ground) else []
    near = lines.iloc[np.unique(np.asarray(met, dtype=np.int64))]
    before, after = measure(ground, near, change.locator), measure(ground, near, locator)
    sums = change.figures[list(after.columns)].sub(before, fill_value=0.0).add(after, fill_value=0.0)
    found: pd.DataFrame = sums.round(DIGITS)
    return found


def _codes(locator: GridLocator, spots: gpd.GeoDataFrame) -> Codes:
    if spots.empty:
        return np.empty(0, dtype=object)
    xy = shapely.get_coordinates(spots.geometry.array.to_numpy())
    grid = locator.locate(xy[:, 0], xy[:, 1])
    codes: Codes = np.where(grid < 0, NOWHERE, locator.codes_at(np.maximum(grid, 0)))
    return codes


def _street_metres(ground: Ground, streets: gpd.GeoDataFrame, locator: GridLocator) -> pd.DataFrame:
    if streets.empty:
        return pd.DataFrame({"street_metres": []}, dtype=float)
    pieces = cut_streets(streets, locator, border_m=ground.rules.border_street_m)
    each = pd.DataFrame({"code": pieces["grid_codes"], "street_metres": pieces["metres"]}).explode("code")
    sums: pd.DataFrame = each[["street_metres"]].groupby(each["code"].fillna(NOWHERE)).sum()
    return sums


def _load(ground: Ground, walks: gpd.GeoDataFrame, locator: GridLocator) -> pd.DataFrame:
    """Metres and minutes walked in each grid."""
    if walks.empty:
        return pd.DataFrame({"patrol_metres": [], "patrol_minutes": []}, dtype=float)
    earned = credit_lines(walks.geometry, locator, band_m=ground.rules.border_band_m)
    pace = (walks["minutes"] / walks.length.where(walks.length > 0)).fillna(0.0)
    minutes = earned["metres"] * earned["line"].map(pace)
    each = pd.DataFrame({"patrol_metres": earned["metres"], "patrol_minutes": minutes})
    sums: pd.DataFrame = each.groupby(earned["grid_code"].fillna(NOWHERE)).sum()
    return sums


def _postings(ground: Ground, locator: GridLocator, houses: Codes, known: set[str]) -> "pd.Series[int]":
    """How many postings there are on each grid and on the compounds and buildings in it.

    Who is posted on a grid that these grids do not have, is posted nowhere.
    """
    rows = ground.postings[ground.postings["place_kind"] != PlaceKind.COMMUNITY]
    by_house = pd.Series(houses, index=ground.buildings.index, dtype=object)
    by_compound = pd.Series(_codes(locator, ground.compounds), index=ground.compounds.index, dtype=object)
    own = rows["grid_code"]
    codes = own.fillna(rows["building_id"].map(by_house)).fillna(rows["compound_id"].map(by_compound))
    return codes.where(codes.isin(known), NOWHERE).value_counts()
