"""The four ways in which China writes a position."""

import make
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, MultiPolygon, Point

from geo.datum import DEGREES, convert, convert_frame
from geo.errors import UnknownDatum, WrongCrs

# Published test values of the formula (eviltransform's own suite): WGS 84 and GCJ-02, longitude and latitude.
PUBLISHED = [
    (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
    (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
    (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
]
INSIDE_CHINA = {"lon": st.floats(73.6, 135.0), "lat": st.floats(3.5, 53.5)}


def metres_between(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.asarray(Geod(ellps="WGS84").inv(*np.broadcast_arrays(one[0], one[1], other[0], other[1]))[2])


@pytest.mark.parametrize(("lon", "lat", "gcj_lon", "gcj_lat"), PUBLISHED)
def test_gcj02_is_as_published(lon: float, lat: float, gcj_lon: float, gcj_lat: float) -> None:
    found = convert(lon, lat, source="wgs84", target="gcj02")

    np.testing.assert_allclose(found, (gcj_lon, gcj_lat), rtol=0, atol=1e-12)


def test_bd09_is_as_published() -> None:
    # From the same suite: GCJ-02 (39.915, 116.404) is BD-09 (39.92133699351021, 116.41036949371029) at Baidu.
    found = convert(116.404, 39.915, source="gcj02", target="bd09")

    np.testing.assert_allclose(found, (116.41036949371029, 39.92133699351021), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("place", "lon", "lat", "metres"),
    [("Jinta", 98.90, 39.98, 92), ("Tanchang", 104.39, 34.05, 304), ("Kundulun", 109.84, 40.64, 499)],
)
def test_the_shift_is_as_large_as_was_measured(place: str, lon: float, lat: float, metres: int) -> None:
    shifted = convert(lon, lat, source="wgs84", target="gcj02")

    assert metres_between((lon, lat), shifted) == pytest.approx(metres, abs=25), place


@pytest.mark.parametrize("source", DEGREES)
@pytest.mark.parametrize("target", DEGREES)
def test_there_and_back_moves_nothing_by_a_tenth_of_a_micrometre(source: str, target: str) -> None:
    rng = np.random.default_rng(20261122)
    lon, lat = rng.uniform(73.6, 135.0, 20_000), rng.uniform(3.5, 53.5, 20_000)

    back = convert(*convert(lon, lat, source=source, target=target), source=target, target=source)

    assert metres_between((lon, lat), back).max() < 1e-7


@given(**INSIDE_CHINA)
def test_the_long_way_is_the_direct_way(lon: float, lat: float) -> None:
    direct = convert(lon, lat, source="wgs84", target="bd09")

    by_gcj = convert(*convert(lon, lat, source="cgcs2000", target="gcj02"), source="gcj02", target="bd09")

    np.testing.assert_array_equal(direct, by_gcj)


@given(lon=st.floats(-180, 70), lat=st.floats(-80, 80))
def test_outside_china_nothing_is_shifted_unless_asked_for(lon: float, lat: float) -> None:
    np.testing.assert_array_equal(convert(lon, lat, source="wgs84", target="bd09"), (lon, lat))
    np.testing.assert_array_equal(convert(lon, lat, source="bd09", target="wgs84"), (lon, lat))


def test_outside_china_the_formula_applies_when_asked_for() -> None:
    lon, lat = convert(11.5, 49.9, source="wgs84", target="gcj02", everywhere=True)
    back = convert(lon, lat, source="gcj02", target="wgs84", everywhere=True)

    assert metres_between((11.5, 49.9), (lon, lat)) > 20
    assert metres_between((11.5, 49.9), back) < 1e-7


def test_missing_positions_stay_missing_and_shapes_are_kept() -> None:
    lon, lat = convert(np.array([[116.0], [np.nan]]), 40.0, source="gcj02", target="wgs84")

    assert lon.shape == lat.shape == (2, 1)
    assert np.isnan(lon[1, 0])
    assert np.isfinite(lon[0, 0])


def test_the_inputs_are_left_alone() -> None:
    lon, lat = np.array([116.0]), np.array([40.0])

    same_lon, _ = convert(lon, lat, source="wgs84", target="cgcs2000")
    same_lon += 1

    assert lon[0] == 116.0


@pytest.mark.parametrize("wrong", ["GCJ-02", "wgs", "", "gk3-116e"])
def test_an_unknown_datum_is_refused_with_the_known_ones(wrong: str) -> None:
    with pytest.raises(UnknownDatum, match="wgs84, cgcs2000, gcj02, bd09"):
        convert(116, 40, source=wrong, target="wgs84")


def test_whole_frames_are_moved_vertex_by_vertex() -> None:
    line = LineString([(116.0, 40.0), (116.1, 40.1)])
    yard = MultiPolygon([make.degrees_square(0)])
    frame = make.frame([line, yard, None, Point()], crs="EPSG:4326", name=["a", "b", "c", "d"])

    moved = convert_frame(frame, source="gcj02", target="wgs84")

    expected = np.transpose(convert([116.0, 116.1], [40.0, 40.1], source="gcj02", target="wgs84"))
    np.testing.assert_array_equal(moved.geometry.iloc[0].coords, expected)
    assert moved.geometry.iloc[1].geom_type == "MultiPolygon"
    assert moved.geometry.iloc[2] is None
    assert moved.geometry.iloc[3].is_empty
    assert moved["name"].tolist() == ["a", "b", "c", "d"]
    assert frame.geometry.iloc[0].equals(line)


def test_heights_and_rows_keep_their_place() -> None:
    series = make.frame([Point(116, 40, 55), Point(116, 40)], crs="EPSG:4326").geometry.set_axis(["high", "flat"])

    moved = convert_frame(series, source="wgs84", target="bd09")

    assert moved.index.tolist() == ["high", "flat"]
    assert moved["high"].z == 55
    assert not moved["flat"].has_z
    assert moved["high"].x == moved["flat"].x


def test_a_frame_in_metres_has_no_datum_to_change() -> None:
    with pytest.raises(WrongCrs, match="convert it to EPSG:4326 first"):
        convert_frame(make.frame([Point(5e5, 4e6)], crs="EPSG:4548"), source="gcj02", target="wgs84")
