"""What stands on the ground of a draft, ready to be counted grid by grid while its borders move."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, Incident
from geo.locator import GridLocator
from patrols import ground_stamp
from patrols.moves import OPEN_STAGES

Shapes = NDArray[np.object_]
Numbers = NDArray[np.int64]

BESIDE_M = 1.0
"""A street this near to a grid's border is walked for the grids on both sides, as `Rules.border_street_m` has it."""

NOWHERE = -1


@dataclass(frozen=True)
class Spots:
    """Points that lie in one grid each: houses, compounds, open incidents, blocks."""

    points: Shapes
    tree: shapely.STRtree

    @classmethod
    def at(cls, points: Shapes) -> "Spots":
        """Spots at points in metres."""
        return cls(points, shapely.STRtree(points))


@dataclass(frozen=True)
class Ground:
    """A community's ground in its own metres, and the stamp that tells a later look whether it is still the same."""

    crs: pyproj.CRS
    outline: shapely.Geometry | None
    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    streets: Shapes
    street_tree: shapely.STRtree
    houses: Spots
    yards: Spots
    stamp: str


@dataclass(frozen=True)
class OpenIncidents:
    """Incidents that are not done with: where they are, or (without a place) which grid's they are."""

    spots: Spots
    placeless: tuple[str, ...]
    mark: tuple[Any, ...]


def ground_of(session: Session, community: Community) -> Ground:
    """Read a community's ground."""
    # First: what is brought in while the rest is read must make a later look read it anew.
    stamp = ground_stamp.stamp_of(session, community)
    outline = frames.outline(session, community.id)
    buildings, compounds = frames.buildings(session, community.id), frames.compounds(session, community.id)
    streets = frames.streets(session, community.id).geometry.to_numpy()
    return Ground(
        crs=frames.crs_of(session, community.id),
        outline=None if outline.empty else outline.geometry.iloc[0],
        buildings=buildings,
        compounds=compounds,
        streets=streets,
        street_tree=shapely.STRtree(streets),
        houses=Spots.at(shapely.point_on_surface(buildings.geometry.to_numpy())),
        yards=Spots.at(shapely.point_on_surface(compounds.geometry.to_numpy())),
        stamp=stamp,
    )


def incidents_of(session: Session, community: Community, crs: pyproj.CRS) -> OpenIncidents:
    """Read the open incidents of a community."""
    mark = incidents_mark(session, community)
    wanted = select(Incident.grid_code, frames.as_wkb(Incident.geom)).where(
        Incident.community_id == community.id, Incident.stage.in_(OPEN_STAGES)
    )
    rows = session.execute(wanted).all()
    places = shapely.from_wkb([row[1] for row in rows if row[1] is not None])
    lon_lat = shapely.get_coordinates(places)
    x, y = frames.points_in_metres(lon_lat[:, 0], lon_lat[:, 1], crs)
    return OpenIncidents(
        Spots.at(np.asarray(shapely.points(x, y), dtype=object)),
        tuple(sorted(row[0] for row in rows if row[1] is None and row[0] is not None)),
        mark,
    )


def incidents_mark(session: Session, community: Community) -> tuple[Any, ...]:
    """What tells in one small query whether incidents were opened or done with."""
    wanted = select(func.count(), func.sum(Incident.id)).where(
        Incident.community_id == community.id, Incident.stage.in_(OPEN_STAGES)
    )
    return tuple(session.execute(wanted).one())


def whose(points: Shapes, codes: Sequence[str], shapes: Shapes, slots: dict[str, int]) -> Numbers:
    """The slot of the grid (codes ascending) that each point lies in; on a shared border the smaller code's."""
    owner = np.full(len(points), NOWHERE, np.int64)
    if len(points) and len(codes):
        # Without codes the first of several counts, and they come in ascending order.
        locator = GridLocator(gpd.GeoSeries(shapes))
        found = locator.locate(shapely.get_x(points), shapely.get_y(points))
        owner = np.append(np.array([slots[code] for code in codes], np.int64), NOWHERE)[found]
    return owner


def inside(spots: Spots, shape: shapely.Geometry) -> Numbers:
    """Which spots lie in a shape, its border included."""
    return np.asarray(spots.tree.query(shape, predicate="intersects"), dtype=np.int64)


def street_metres(ground: Ground, shapes: Shapes) -> NDArray[np.float64]:
    """Metres of street in each grid; a street along its border counts in full, one that crosses it counts inside only.

    Each grid's metres depend on that grid alone, so that they stay what they are while others are redrawn.
    """
    if not len(ground.streets) or not len(shapes):
        return np.zeros(len(shapes))
    wide = shapely.buffer(shapes, BESIDE_M, join_style="mitre")
    grid, street = ground.street_tree.query(wide, predicate="intersects")
    whole = _pairs_among(grid, street, *ground.street_tree.query(wide, predicate="covers"))
    # Most streets lie in a grid from end to end: only the others have to be cut.
    cut = shapely.intersection(ground.streets[street[~whole]], wide[grid[~whole]])
    parts, pair = shapely.get_parts(cut, return_index=True)
    parts = np.concatenate([ground.streets[street[whole]], parts])
    of = np.concatenate([grid[whole], grid[~whole][pair]])
    metres = shapely.length(parts)
    lines = metres > 0
    parts, of, metres = parts[lines], of[lines], metres[lines]
    # Where a street leaves the grid, its last metre lies beside it and is not walked for it.
    for end in (0, -1):
        ends = shapely.get_point(parts, end)
        metres = metres - np.minimum(shapely.distance(ends, shapes[of]), BESIDE_M)
    return np.bincount(of, np.maximum(metres, 0.0), minlength=len(shapes)).astype(np.float64)


def _pairs_among(one: Numbers, two: Numbers, some: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Which pairs of positions are among some others."""
    width = int(max(two.max(initial=0), others.max(initial=0))) + 1
    return np.isin(one * width + two, some * width + others)
