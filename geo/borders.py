"""Where grid borders run: around the whole ground, along a street, or elsewhere."""

from typing import Any

import geopandas as gpd
import shapely

from geo.crs import require_metres

KINDS = ("outer", "street", "inner")


def split_borders(
    grids: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, reach_m: float = 6.0, shortest_m: float = 25.0
) -> gpd.GeoDataFrame:
    """Tell which parts of the grids' borders follow a street.

    A border follows a street where it lies within ``reach_m`` of the street's middle line for at least ``shortest_m``;
    a street that merely crosses it does not count. A border that two grids share is returned once.

    Parameters
    ----------
    grids : GeoDataFrame
        In metres; neighbours share their vertices.
    streets : GeoDataFrame
        Lines in the same CRS; may be empty.
    reach_m : float
        6 m: the half width of a secondary street, within which drawn borders keep to its middle.
    shortest_m : float
        Longer than any crossing of a street and its pavements.

    Returns
    -------
    GeoDataFrame
        Columns ``kind`` (``outer``, ``street``, ``inner``) and ``geometry`` (MultiLineString), one row a kind that
        occurs, in the CRS of `grids`.

    Raises
    ------
    WrongCrs
        If either frame is not in metres.

    Examples
    --------
    >>> left, right = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    >>> grids = gpd.GeoDataFrame(geometry=[left, right], crs="EPSG:32650")
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(101, 0), (101, 60)])], crs="EPSG:32650")
    >>> borders = split_borders(grids, street)
    >>> [(kind, round(length)) for kind, length in zip(borders["kind"], borders.length)]
    [('outer', 600), ('street', 66), ('inner', 34)]
    """
    require_metres(grids, "grids")
    require_metres(streets, "streets")
    edges = shapely.union_all(shapely.boundary(grids.geometry.to_numpy()))
    outer = shapely.boundary(shapely.union_all(grids.geometry.to_numpy()))
    # A hair's breadth, because the union of neighbours may move a vertex by a rounding.
    inner = _lines(shapely.difference(edges, shapely.buffer(outer, 0.05)))
    lanes = shapely.union_all(shapely.buffer(streets.geometry.to_numpy(), reach_m))
    pieces = shapely.get_parts(_lines(shapely.intersection(inner, lanes)))
    along = shapely.multilinestrings(pieces[shapely.length(pieces) >= shortest_m])
    rest = _lines(shapely.difference(inner, shapely.intersection(lanes, shapely.buffer(along, 0.05, cap_style="flat"))))
    shapes = dict(zip(KINDS, (_lines(outer), along, rest), strict=True))
    kept = {kind: shape for kind, shape in shapes.items() if not shape.is_empty}
    return gpd.GeoDataFrame({"kind": list(kept)}, geometry=list(kept.values()), crs=grids.crs)


def _lines(shape: Any) -> Any:
    """Only the lines of a shape, joined where they meet end to end."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    joined = shapely.line_merge(shapely.multilinestrings(parts[shapely.get_type_id(parts) == 1]))
    return shapely.multilinestrings(shapely.get_parts(joined))
