"""A site: a community's ground made ready for drawing, with its streets cleaned and its houses gathered."""

from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.blocks import Crossing, build_blocks, neighbours
from geo.buildings import Wholes, count_households, gather_wholes
from geo.clean import SNAP_M, as_ground, clean_streets, take_streets
from geo.crs import require_metres, require_same
from geo.faces import Numbers
from geo.load import HOUSEHOLDS, STREET_METRES, Load, as_mix, sum_loads
from geo.wishes import Wished, Wishes, settle_wishes


@dataclass(frozen=True)
class Site:
    """Ground, cleaned streets and what stays whole, moved by whole metres so that the south-west corner is the origin.

    Small coordinates keep their tenths of a millimetre: moving a town moves its blocks and changes nothing else.
    ``lines`` are what blocks are cut along: the cleaned streets, and borders that are wished to stay. ``weighed`` is
    what load is counted from besides households, or None where households alone are.
    """

    ground: shapely.Geometry
    streets: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    wholes: Wholes
    origin: Numbers
    wishes: Wishes = field(default_factory=Wishes)
    load: Load = HOUSEHOLDS
    weighed: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None] | None = None

    def blocks(self, *, largest: int, piece: int) -> tuple[gpd.GeoDataFrame, list[Crossing]]:
        """Blocks near the origin, as `geo.blocks.build_blocks` has them, with their whole load."""
        blocks, crossings = build_blocks(self.ground, self.lines, self.wholes, largest=largest, piece=piece)
        if self.weighed is not None:
            blocks["load"] = sum_loads(blocks.geometry.to_numpy(), self.load, *self.weighed)
        return blocks, crossings

    def settle(self, blocks: gpd.GeoDataFrame) -> Wished:
        """Blocks and their borders with the wishes settled on them."""
        return settle_wishes(blocks, neighbours(blocks, self.lines), self.wishes)

    def put_back(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """A frame near the origin, moved to where the site lies."""
        return _move(frame, self.origin)


def make_site(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    *,
    load: Load = HOUSEHOLDS,
    places: gpd.GeoDataFrame | None = None,
    wishes: Wishes | None = None,
) -> Site:
    """Clean and gather what grids are drawn from.

    Parameters
    ----------
    outline : GeoDataFrame, GeoSeries or geometry
        The community's ground, one or more polygons in metres; broken rings are mended.
    streets, buildings, compounds : GeoDataFrame
        In the same metres; see `geo.clean.clean_streets` and `geo.buildings.gather_wholes`.
    load : str or mapping
        What grids will be balanced by, see `geo.load.sum_loads`; ``places`` are points with further columns.
    wishes : Wishes, optional
        In the same metres.

    Raises
    ------
    BadGeometry
        When the outline has no area.
    CannotDraw
        When nothing has a column that counts for the load.
    WrongCrs
        When a frame has no CRS, is not in metres, or differs from the others.
    """
    _check_frames(outline, streets, buildings, compounds)
    ground = as_ground(outline)
    origin = np.floor(np.asarray(shapely.bounds(ground))[:2])
    ground = shift(np.array([ground], dtype=object), -origin)[0]
    wishes = (wishes or Wishes()).moved(-origin)
    yards = None if compounds is None else _move(compounds, -origin)
    houses, ways = _move(buildings, -origin), _move(streets, -origin)
    wholes = gather_wholes(houses, yards, ground, wished=wishes.whole, done=wishes.done)
    cleaned = clean_streets(ways, ground, wholes=wholes.shape[~wholes.done])
    weighed = None
    if as_mix(load) != {HOUSEHOLDS: 1.0}:
        counted = houses.assign(households=count_households(houses))
        weighed = (counted[~counted.geometry.isna()], ways, None if places is None else _move(places, -origin))
        wholes = replace(wholes, load=_whole_loads(wholes, load, *weighed))
    lines = _with_borders(cleaned, wishes, ground)
    return Site(ground, cleaned, lines, wholes, origin, wishes, load, weighed)


def _whole_loads(
    wholes: Wholes,
    load: Load,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None,
) -> Numbers:
    """The load of what stays whole; streets run between wholes and count for blocks alone."""
    mix = {name: weight for name, weight in as_mix(load).items() if name != STREET_METRES}
    return sum_loads(wholes.shape, mix, buildings, None, places)


def _with_borders(streets: gpd.GeoDataFrame, wishes: Wishes, ground: shapely.Geometry) -> gpd.GeoDataFrame:
    """The streets and the borders that stay, whose ends are led to what they just miss."""
    if not len(wishes.borders):
        return streets
    kept = {"name": "", "street_class": "expressway"}
    borders = gpd.GeoDataFrame(kept, index=range(len(wishes.borders)), geometry=list(wishes.borders), crs=streets.crs)
    return take_streets(pd.concat([streets, borders], ignore_index=True), ground, SNAP_M)


def _check_frames(outline: object, *frames: gpd.GeoDataFrame | None) -> None:
    """Every frame in the same metres."""
    named = [pair for pair in zip(("streets", "buildings", "compounds"), frames, strict=True) if pair[1] is not None]
    if hasattr(outline, "crs"):
        named.insert(0, ("outline", outline))
    for name, frame in named:
        require_metres(frame, name)
        require_same(frame, named[0][1], name, named[0][0])


def shift(shapes: np.ndarray, by: Numbers) -> np.ndarray:
    """Shapes moved by whole metres, missing ones kept."""
    return np.asarray(shapely.transform(shapes, lambda xy: xy + by))


def _move(frame: gpd.GeoDataFrame, by: Numbers) -> gpd.GeoDataFrame:
    """A frame moved by whole metres, in two dimensions."""
    return frame.set_geometry(gpd.GeoSeries(shift(frame.geometry.to_numpy(), by), frame.index, crs=frame.crs))
