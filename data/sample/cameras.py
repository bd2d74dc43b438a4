"""Simulated cameras: a few at crossings all over the town, as a list of places that an office would be handed."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data import frames
from data.sample.incidents import describe
from data.sample.walks import make_network

CAMERAS = 27
"""As many as a community of the town's size was found to have."""

OWNERS = {"公安（模拟）": 0.4, "物业（模拟）": 0.35, "社区（模拟）": 0.25}
"""Who keeps a camera, and how likely that is."""

SMALL = ("path", "back_street")
"""Ways without cameras at their crossings."""


def make_cameras(
    streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, *, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Cameras at crossings, each as far from the others as the town allows; each looks along one of its streets.

    Parameters
    ----------
    streets, buildings, grids : GeoDataFrame
        In metres, one CRS; `name, street_class`; `name`; the ground.

    Returns
    -------
    GeoDataFrame
        `code, name, owner, heading_deg` (clockwise from north) and points, longitude and latitude.
    """
    roads = streets[~streets["street_class"].isin(SMALL)]
    network = make_network(roads, grids.union_all())
    crossings = np.flatnonzero(np.diff(network.first) >= 3)
    chosen = crossings[_far_apart(network.nodes[crossings], min(CAMERAS, len(crossings)), rng)]
    spots = shapely.points(network.nodes[chosen])
    where, _ = describe(spots, pd.Series(["street"] * len(spots)), streets, buildings)
    edges = network.leaving[network.first[chosen] + rng.integers(3, size=len(chosen))]
    table = pd.DataFrame(
        {
            "code": [f"SIM-{number:03d}" for number in range(1, len(chosen) + 1)],
            "name": [f"{text}路口" for text in where],
            "owner": rng.choice(list(OWNERS), len(chosen), p=list(OWNERS.values())),
            "heading_deg": _headings(spots, network.lines[edges]),
        }
    )
    return frames.to_degrees(gpd.GeoDataFrame(table, geometry=spots, crs=streets.crs))


def _far_apart(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Some of the places: one by chance, then each time the one farthest from all that were taken."""
    taken = [int(rng.integers(len(places)))]
    away = np.full(len(places), np.inf)
    while len(taken) < count:
        away = np.minimum(away, np.hypot(*(places - places[taken[-1]]).T))
        taken.append(int(away.argmax()))
    return np.array(taken)


def _headings(spots: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Where each looks, to five degrees: along its street, twenty metres ahead."""
    at = shapely.line_locate_point(lines, spots)
    length = shapely.length(lines)
    ahead = shapely.line_interpolate_point(lines, np.where(at < length / 2, at + 20, at - 20).clip(0, length))
    east, north = shapely.get_x(ahead) - shapely.get_x(spots), shapely.get_y(ahead) - shapely.get_y(spots)
    return np.round(np.degrees(np.arctan2(east, north)) / 5) * 5 % 360
