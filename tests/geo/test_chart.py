"""Projections unrolled over a piece of ground."""

import numpy as np
import pyproj
import pytest

from geo.chart import CLOSE_M, Chart
from geo.crs import local_crs

GROUNDS = {
    "a square metre": (116.3, 39.9, 116.30001, 39.90001),
    "a town across a zone's edge": (117.45, 36.0, 117.55, 36.1),
    "a narrow strip": (104.0, 30.0, 104.001, 31.5),
    "a province": (110.0, 30.0, 116.0, 36.0),
    "beside the equator": (-46.7, -0.1, -46.5, 0.1),
}


def projection(west: float, south: float, east: float, north: float) -> pyproj.Transformer:
    crs = local_crs((west + east) / 2, (south + north) / 2)
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS.keys())
def test_a_chart_is_the_projection_to_a_hundred_millionth_of_a_metre(ground: tuple[float, float, float, float]) -> None:
    exact = projection(*ground).transform
    chart = Chart(exact, *ground)
    west, south, east, north = ground
    lon, lat = np.random.default_rng(1).uniform([[west], [south]], [[east], [north]], (2, 20_000))
    # Corners and edges too, where a cell could be missed.
    lon, lat = np.append(lon, [west, east, west, east]), np.append(lat, [south, south, north, north])

    x, y = chart.metres(lon, lat)

    assert np.hypot(x - exact(lon, lat)[0], y - exact(lon, lat)[1]).max() < 2e-8
    assert chart.usable


def test_places_beside_the_ground_are_projected_one_by_one_or_left_out_as_asked() -> None:
    ground = GROUNDS["a town across a zone's edge"]
    exact = projection(*ground).transform
    chart = Chart(exact, *ground)
    lon, lat = np.array([117.5, 118.5, np.nan, 117.5, np.inf]), np.array([36.05, 36.05, 36.0, 35.9, 36.05])

    x, y = chart.metres(lon, lat)
    inside_x, inside_y = chart.metres_inside(lon, lat)

    assert x[[1, 3]].tolist() == exact(lon[[1, 3]], lat[[1, 3]])[0].tolist()
    assert np.isfinite(y).tolist() == [True, True, False, True, False]
    assert np.isfinite(inside_x).tolist() == np.isfinite(inside_y).tolist() == [True, False, False, False, False]


def test_ground_too_large_for_a_chart_gets_the_projection_itself() -> None:
    ground = (70.0, -60.0, 140.0, 60.0)
    exact = projection(105.0, 0.0, 105.0, 0.0).transform
    chart = Chart(exact, *ground)
    lon, lat = np.array([75.0, 105.0, 10.0]), np.array([50.0, 10.0, 10.0])

    assert chart.error_m > CLOSE_M
    assert not chart.usable
    assert chart.metres(lon, lat)[0].tolist() == list(exact(lon, lat)[0])
    assert np.isnan(chart.metres_inside(lon, lat)[0]).tolist() == [False, False, True]
