import numpy as np
import pytest

from geo.map_plane import EARTH_M
from webmap.maps import heat


def spread(count: int, lon: float = 116.32, lat: float = 40.0, metres: float = 20.0):
    rng = np.random.default_rng(5)
    return lon + rng.normal(0, metres / 85_000, count), lat + rng.normal(0, metres / 111_000, count)


def test_every_incident_that_is_shown_is_counted_once_in_the_density():
    lon, lat = spread(500)

    found = heat.density(lon, lat)

    (south, west), (north, east) = found.bounds
    rows, columns = found.per_hectare.shape
    metres_east = np.radians(east - west) * EARTH_M * np.cos(np.radians(40.0))
    metres_north = np.radians(north - south) * EARTH_M
    hectares = metres_east * metres_north / (rows * columns) / 10_000
    assert found.per_hectare.sum() * hectares == pytest.approx(500, rel=0.01)


def test_the_density_is_highest_where_the_incidents_are():
    lon, lat = (np.concatenate(pair) for pair in zip(spread(40), spread(400, lon=116.325, lat=40.004), strict=True))

    found = heat.density(lon, lat)

    (south, west), (north, east) = found.bounds
    row, column = np.unravel_index(found.per_hectare.argmax(), found.per_hectare.shape)
    rows, columns = found.per_hectare.shape
    assert west + (column + 0.5) / columns * (east - west) == pytest.approx(116.325, abs=0.0003)
    assert north - (row + 0.5) / rows * (north - south) == pytest.approx(40.004, abs=0.0003)


def test_fewer_than_three_incidents_near_each_other_are_not_shown():
    lon, lat = spread(50)

    found = heat.density([*lon, 116.34, 116.34], [*lat, 40.01, 40.01])

    assert (found.counted, found.hidden) == (50, 2)
    alone = heat.density([116.34, 116.34], [40.01, 40.01])
    assert alone.peak == 0
    assert heat.overlay(alone) is None


def test_a_town_without_incidents_has_no_heat_layer():
    assert heat.overlay(heat.density([], [])) is None
    assert heat.density([np.nan], [40.0]).counted == 0


def test_a_wide_county_keeps_to_a_small_picture():
    rng = np.random.default_rng(1)

    found = heat.density(rng.uniform(102, 103, 20_000), rng.uniform(36, 37, 20_000))

    assert max(found.per_hectare.shape) <= 425


def test_the_picture_lies_inside_the_map_and_is_small():
    layer = heat.overlay(heat.density(*spread(300)))

    assert layer is not None
    assert layer.url.startswith("data:image/png;base64,")
    assert len(layer.url) < 30_000
