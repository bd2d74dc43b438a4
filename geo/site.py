"""A site: a community's ground made ready for drawing, with its streets cleaned and its houses gathered."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.blocks import Crossing, build_blocks
from geo.buildings import Wholes, gather_wholes
from geo.clean import as_ground, clean_streets
from geo.crs import require_metres, require_same
from geo.faces import Numbers


@dataclass(frozen=True)
class Site:
    """Ground, cleaned streets and what stays whole, moved by whole metres so that the south-west corner is the origin.

    Small coordinates keep their tenths of a millimetre: moving a town moves its blocks and changes nothing else.
    """

    ground: shapely.Geometry
    streets: gpd.GeoDataFrame
    wholes: Wholes
    origin: Numbers

    def blocks(self, *, largest: int, piece: int) -> tuple[gpd.GeoDataFrame, list[Crossing]]:
        """Blocks near the origin, as `geo.blocks.build_blocks` has them."""
        return build_blocks(self.ground, self.streets, self.wholes, largest=largest, piece=piece)

    def put_back(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """A frame near the origin, moved to where the site lies."""
        return _move(frame, self.origin)


def make_site(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
) -> Site:
    """Clean and gather what grids are drawn from.

    Parameters
    ----------
    outline : GeoDataFrame, GeoSeries or geometry
        The community's ground, one or more polygons in metres; broken rings are mended.
    streets, buildings, compounds : GeoDataFrame
        In the same metres; see `geo.clean.clean_streets` and `geo.buildings.gather_wholes`.

    Raises
    ------
    BadGeometry
        When the outline has no area.
    WrongCrs
        When a frame has no CRS, is not in metres, or differs from the others.
    """
    _check_frames(outline, streets, buildings, compounds)
    ground = as_ground(outline)
    origin = np.floor(np.asarray(shapely.bounds(ground))[:2])
    ground = shift(np.array([ground], dtype=object), -origin)[0]
    yards = None if compounds is None else _move(compounds, -origin)
    wholes = gather_wholes(_move(buildings, -origin), yards, ground)
    return Site(ground, clean_streets(_move(streets, -origin), ground, wholes=wholes.shape), wholes, origin)


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
