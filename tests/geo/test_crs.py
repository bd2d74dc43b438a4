"""The metres that a place is computed in, and the check at the door."""

import make
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely import Point

from geo.crs import local_crs, require_metres, require_same
from geo.errors import BadGeometry, WrongCrs


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (73.5, 39.0, 4534),
        (76.49, 39.0, 4534),
        (76.5, 39.0, 4535),
        (104.4, 34.0, 4544),
        (116.3, 40.0, 4548),
        (135.0, 48.0, 4554),
        (73.4, 39.0, 32643),
        (136.0, 35.0, 32653),
        (116.3, 60.0, 32650),
        (11.57, 49.94, 32632),
        (-46.6, -23.5, 32723),
        (180.0, 0.0, 32601),
        (-180.0, 0.0, 32601),
        (476.3, 40.0, 4548),
    ],
)
def test_the_zone_is_the_one_whose_meridian_is_nearest(lon: float, lat: float, epsg: int) -> None:
    assert local_crs(lon, lat).to_epsg() == epsg


@given(lon=st.floats(73.5, 135.5), lat=st.floats(3, 54))
def test_inside_china_the_central_meridian_is_at_most_a_degree_and_a_half_away(lon: float, lat: float) -> None:
    crs = local_crs(lon, lat)

    east, _ = Transformer.from_crs(4490, crs, always_xy=True).transform(lon, lat)

    assert crs.name.startswith("CGCS2000 / 3-degree Gauss-Kruger CM")
    assert 500_000 - 167_500 < east < 500_000 + 167_500


@pytest.mark.parametrize(("lon", "lat"), [(float("nan"), 40), (116, float("inf")), (0, 88), (0, -85)])
def test_a_place_without_metres_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(BadGeometry, match="No metres fit"):
        local_crs(lon, lat)


def test_metres_pass_the_door() -> None:
    require_metres(make.frame([Point(0, 0)], crs="EPSG:4548"), "grids")


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "grids have no coordinate reference system"),
        ("EPSG:4326", "grids are in WGS 84"),
        ("EPSG:2263", "not in metres"),
    ],
)
def test_anything_but_metres_is_refused_by_name(crs: str | None, words: str) -> None:
    frame = make.frame([Point(0, 0)], crs=crs)

    with pytest.raises(WrongCrs, match=words):
        require_metres(frame, "grids")


def test_frames_on_different_maps_are_refused() -> None:
    here, there = make.frame([Point(0, 0)], crs="EPSG:4548"), make.frame([Point(0, 0)], crs="EPSG:4549")

    with pytest.raises(WrongCrs, match=r"points are in .*117E.*, but the grids in .*120E"):
        require_same(here, there, "points", "grids")


def test_a_frame_from_nowhere_does_not_match_another_from_nowhere() -> None:
    nowhere = make.frame([Point(0, 0)], crs=None)

    with pytest.raises(WrongCrs, match="points have no coordinate"):
        require_same(nowhere, nowhere, "points", "grids")


def test_two_ways_of_writing_one_system_match() -> None:
    one = make.frame([Point(0, 0)], crs="EPSG:4548")
    other = make.frame([Point(0, 0)], crs=CRS.from_epsg(4548).to_wkt())

    require_same(one, other, "points", "grids")
