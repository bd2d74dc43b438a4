"""Square grids whose answers can be seen, and places on them."""

import geopandas as gpd
import make
import numpy as np
import shapely
from shapely import Point, box


def two_squares() -> gpd.GeoDataFrame:
    """B in the west, A in the east, sharing the line x = 10."""
    return make.frame([box(0, 0, 10, 10), box(10, 0, 20, 10)], grid_code=["B", "A"])


def points(*places: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(place) for place in places], crs=make.METRES)


def lattice(columns: int, rows: int, side: float = 100.0, turn: float = 0.0) -> gpd.GeoDataFrame:
    """Square grids coded 000, 001, ..., turned around a corner far from the origin, as real borders lie."""
    squares = [box(c * side, r * side, c * side + side, r * side + side) for r in range(rows) for c in range(columns)]
    turned = shapely.transform(squares, lambda corners: turned_and_far(corners, turn))
    return make.frame(list(turned), grid_code=[f"{number:03d}" for number in range(len(squares))])


def turned_and_far(places: np.ndarray, turn: float) -> np.ndarray:
    """Places turned around the origin by so many degrees, then carried to a city's coordinates."""
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return places @ np.array([[cosine, sine], [-sine, cosine]]) + (440_000.0, 4_430_000.0)
