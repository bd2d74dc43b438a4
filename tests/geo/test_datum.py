"""The four ways in which China writes a position."""

import make
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely import LineString, MultiPolygon, Point

from geo.datum import DATUMS, DEGREES, NAMES, ZONES, convert, convert_frame, crs_of, in_metres
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


# Real answers of Baidu's own service for cities (collected by gcoord, MIT): BD-09 and the metres of the same place.
BAIDU_METRES = [
    ((114.0287781, 33.0176697), (12693763.634, 3874151.929)),
    ((111.4742271, 27.2451662), (12409389.219, 3134396.481)),
    ((114.5113116, 37.0766797), (12747479.603, 4423799.762)),
]
# Of the published table itself: one place in each direction of its bands.
BAIDU_TABLE = [
    ((-123.0, -45.0), (-13692446.35077864, -5591020.962240655)),
    ((123.0, 0.0), (13692446.35430805, 0.00369383431289)),
]


@pytest.mark.parametrize(("place", "metres"), BAIDU_METRES)
def test_baidus_metres_are_as_baidu_gives_them(place: tuple[float, float], metres: tuple[float, float]) -> None:
    np.testing.assert_allclose(convert(*place, source="bd09", target="bd09mc"), metres, rtol=0, atol=0.01)


@pytest.mark.parametrize(("place", "metres"), BAIDU_TABLE)
def test_baidus_metres_are_as_published(place: tuple[float, float], metres: tuple[float, float]) -> None:
    np.testing.assert_allclose(convert(*place, source="bd09", target="bd09mc"), metres, rtol=0, atol=2e-8)


@pytest.mark.parametrize(("name", "epsg"), [("gk3-117e", 4548), ("gk3-zone39", 4527), ("gk3-75e", 4534)])
def test_a_zone_is_the_one_of_the_register(name: str, epsg: int) -> None:
    there = convert(116.3, 40.0, source="cgcs2000", target=name)

    np.testing.assert_allclose(
        there, Transformer.from_crs(4490, epsg, always_xy=True).transform(116.3, 40.0), rtol=0, atol=1e-9
    )
    assert crs_of(name) == CRS.from_epsg(epsg)


def test_a_zone_with_its_number_in_front_is_that_many_million_metres_farther_east() -> None:
    plain = convert(116.3, 40.0, source="wgs84", target="gk3-117e")
    numbered = convert(116.3, 40.0, source="wgs84", target="gk3-zone39")

    np.testing.assert_allclose(np.subtract(numbered, plain), (39e6, 0), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ["gcj02", "bd09", "bd09mc", "gk3-105e", "gk3-zone35"])
def test_the_way_back_is_solved_to_a_hundredth_of_a_micrometre_all_over_china(name: str) -> None:
    rng = np.random.default_rng(20261122)
    lon, lat = rng.uniform(73.6, 125.0, 200_000), rng.uniform(3.5, 53.5, 200_000)
    written = convert(lon, lat, source="wgs84", target=name)

    back = convert(*written, source=name, target="wgs84")
    again = convert(*back, source="wgs84", target=name)

    unit = 1.0 if in_metres(name) else 111_320.0
    assert metres_between((lon, lat), back).max() < 1e-7
    assert np.hypot(again[0] - written[0], again[1] - written[1]).max() * unit < 1.5e-8


def test_a_row_never_depends_on_its_neighbours() -> None:
    lon, lat = np.linspace(74, 134, 40_001), np.linspace(4, 53, 40_001)

    together = np.array(convert(lon, lat, source="bd09", target="wgs84"))
    alone = np.array([convert(*place, source="bd09", target="wgs84") for place in np.column_stack([lon, lat])[::997]]).T

    np.testing.assert_array_equal(together[:, ::997], alone)


@pytest.mark.parametrize("edge", [15.0, 30.0, 45.0])
def test_baidus_metres_find_back_on_both_sides_of_where_its_bands_meet(edge: float) -> None:
    lat = edge + np.array([-1e-6, -1e-9, 0.0, 1e-9, 1e-6])

    back = convert(*convert(116.0, lat, source="bd09", target="bd09mc"), source="bd09mc", target="bd09")

    np.testing.assert_allclose(back[1], lat, rtol=0, atol=1e-13)


def test_what_the_target_cannot_hold_is_missing() -> None:
    x, y = convert([116.0, 116.0, np.nan], [80.0, 40.0, 40.0], source="bd09", target="bd09mc")
    lon, lat = convert([450_000.0], [4_400_000.0], source="gk3-zone39", target="wgs84")

    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [True, False, True]
    assert np.isnan([lon, lat]).all()


def test_there_is_a_zone_every_three_degrees_under_both_names() -> None:
    assert len(ZONES) == 42
    assert {"gk3-75e", "gk3-135e", "gk3-zone25", "gk3-zone45"} < set(ZONES)
    assert set(NAMES) == {*DATUMS, *ZONES}
    assert [in_metres(name) for name in DATUMS] == [False, False, False, False, True]


def test_a_frame_in_metres_says_so_and_comes_back() -> None:
    frame = make.frame([make.degrees_square(0), None], crs="EPSG:4326", name=["yard", "nothing"])

    metres = convert_frame(frame, source="wgs84", target="gk3-zone39")
    back = convert_frame(metres, source="gk3-zone39", target="wgs84")

    assert metres.crs == CRS.from_epsg(4527)
    assert metres.columns.tolist() == frame.columns.tolist()
    assert 39_400_000 < metres.total_bounds[0] < 39_500_000
    assert back.crs == CRS.from_epsg(4326)
    assert back.geometry.iloc[0].equals_exact(frame.geometry.iloc[0], 1e-12)
    assert convert_frame(frame, source="wgs84", target="bd09mc").crs is None


def test_a_frame_that_says_another_system_than_its_datum_is_refused() -> None:
    frame = make.frame([Point(450_000, 4_400_000)], crs="EPSG:4545")

    with pytest.raises(WrongCrs, match="not in gk3-117e"):
        convert_frame(frame, source="gk3-117e", target="wgs84")
    with pytest.raises(WrongCrs, match="not in bd09mc"):
        convert_frame(frame, source="bd09mc", target="wgs84")
