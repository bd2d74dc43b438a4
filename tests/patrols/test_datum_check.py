"""Which datum a file is in, told from the sample town's streets and buildings."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest

from data import frames
from data.exchange.write import write_features
from data.sample import walks
from data.sample.simulate import read_places
from geo import datum as datums
from geo.datum import convert, convert_frame
from patrols.datum_check import NOT_CLEAR, NOT_IN_CHINA, NOT_THERE, TOO_LITTLE, check_shapes, looks_like
from patrols.datum_files import as_written, check_file

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
STREETS, BUILDINGS = SAMPLE / "streets.geojson", SAMPLE / "buildings.geojson"
EVERY = ("wgs84", "cgcs2000", "gcj02", "bd09", "bd09mc", "gk3-117e", "gk3-zone39", "gk3-114e")


@pytest.fixture(scope="module")
def places() -> dict[str, gpd.GeoDataFrame]:
    return read_places()


@pytest.fixture(scope="module")
def tracks(places: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """The fixes of six simulated walks, each about half an hour long."""
    rng = np.random.default_rng(20261122)
    streets, ground = frames.to_metres(places["streets"]), frames.to_metres(places["outline"])
    grids = ground.assign(grid_code="1")
    people = pd.DataFrame({"number": ["P1", "P2"], "red_cap": True, "duty": "grid_worker", "team": "小红帽"})
    until = datetime(2026, 11, 22, tzinfo=ZoneInfo("Asia/Shanghai"))
    fixes = walks.make_patrols(streets, grids, people, until, walks=6, weeks=1, rng=rng)
    points = gpd.points_from_xy(fixes["lon"], fixes["lat"], crs=4326)
    return gpd.GeoDataFrame({"patrol": fixes["patrol"].to_numpy()}, geometry=points)


def expected(datum: str) -> str:
    return "wgs84" if datum == "cgcs2000" else datum


def write(frame: gpd.GeoDataFrame, path: Path, datum: str) -> Path:
    """Write a frame in a datum, saying nothing of what it is in."""
    written = convert_frame(frame, source="wgs84", target=datum)
    metres = datums.in_metres(datum)
    write_features(written.set_crs(None, allow_override=True) if metres else written, path, as_they_are=metres)
    return path


@pytest.mark.parametrize("datum", EVERY)
@pytest.mark.parametrize("with_buildings", [False, True])
def test_the_sample_towns_tracks_are_named_right_in_every_datum(
    tracks: gpd.GeoDataFrame, tmp_path: Path, datum: str, with_buildings: bool
) -> None:
    path = write(tracks, tmp_path / "tracks.csv", datum)

    check = check_file(path, STREETS, BUILDINGS if with_buildings else None)

    assert check.datum == expected(datum)
    assert check.probability > 0.99
    assert check.candidates[0].off_m < 10


@pytest.mark.parametrize("datum", EVERY)
@pytest.mark.parametrize("with_buildings", [False, True])
def test_the_sample_towns_buildings_are_named_right_in_every_datum(
    places: dict[str, gpd.GeoDataFrame], tmp_path: Path, datum: str, with_buildings: bool
) -> None:
    path = write(places["buildings"][["geometry"]].assign(name="楼"), tmp_path / "buildings.gpkg", datum)

    check = check_file(path, STREETS, BUILDINGS if with_buildings else None)

    assert check.datum == expected(datum)
    assert check.probability > 0.99


def test_the_shift_under_each_datum_is_counted_from_what_the_file_says(tracks: gpd.GeoDataFrame) -> None:
    streets = gpd.read_file(STREETS)
    written = convert_frame(tracks, source="wgs84", target="gcj02")

    check = check_shapes(written, streets)
    by_name = {one.datum: one for one in check.candidates}

    assert check.contradicts
    assert by_name["wgs84"].shift_m == 0
    assert by_name["gcj02"].shift_m == pytest.approx(543, abs=5)
    assert by_name["bd09"].shift_m == pytest.approx(1341, abs=10)
    assert by_name["gcj02"].off_m < 10
    assert by_name["wgs84"].off_m == pytest.approx(543, abs=15)
    assert check_shapes(written, streets, said="gcj02").contradicts is False


def test_other_streets_and_yards_are_told_by_their_lines_and_houses(places: dict[str, gpd.GeoDataFrame]) -> None:
    for kind in ("streets", "compounds"):
        written = convert_frame(places[kind], source="wgs84", target="bd09")

        assert check_shapes(written, places["streets"], places["buildings"]).datum == "bd09", kind


def test_streets_in_another_datum_are_a_yardstick_too(tracks: gpd.GeoDataFrame, tmp_path: Path) -> None:
    streets = write(gpd.read_file(STREETS), tmp_path / "streets.geojson", "gcj02")

    assert check_file(write(tracks, tmp_path / "t.csv", "bd09"), streets, streets_datum="gcj02").datum == "bd09"


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_it_cannot_be_told_from_a_few_fixes(tracks: gpd.GeoDataFrame, datum: str) -> None:
    streets = gpd.read_file(STREETS)
    few = convert_frame(tracks.head(12), source="wgs84", target=datum)

    check = check_shapes(few, streets)

    assert check.datum is None
    assert check.why == TOO_LITTLE


def test_it_cannot_be_told_from_places_that_follow_nothing(places: dict[str, gpd.GeoDataFrame]) -> None:
    west, south, east, north = places["buildings"].total_bounds
    rng = np.random.default_rng(5)
    anywhere = gpd.points_from_xy(rng.uniform(west, east, 300), rng.uniform(south, north, 300), crs=4326)

    check = check_shapes(gpd.GeoDataFrame(geometry=anywhere), places["streets"], places["buildings"])

    assert check.datum is None
    assert check.why == NOT_CLEAR
    assert check.candidates


def test_it_cannot_be_told_of_a_file_from_another_town(tracks: gpd.GeoDataFrame) -> None:
    check = check_shapes(tracks.set_geometry(tracks.translate(3.0, -4.0)), gpd.read_file(STREETS))

    assert check.datum is None
    assert check.why == NOT_THERE
    assert 450 < check.facts["kilometres"] < 550  # type: ignore[operator]


def test_outside_of_china_there_is_nothing_to_tell() -> None:
    streets = make.frame([make.degrees_square(0).boundary], crs="EPSG:4326")
    streets = streets.set_geometry(streets.translate(-105.0, 9.9))
    fixes = gpd.GeoDataFrame(geometry=streets.to_crs(32632).segmentize(5).to_crs(4326).extract_unique_points())

    check = check_shapes(fixes.explode(), streets)

    assert check.datum is None
    assert check.why == NOT_IN_CHINA


def test_files_without_a_usable_place_are_no_error(places: dict[str, gpd.GeoDataFrame]) -> None:
    nothing = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=4326))

    check = check_shapes(nothing, places["streets"])

    assert check.datum is None
    assert (check.why, check.facts["places"]) == (TOO_LITTLE, 0)


def test_a_file_that_names_its_zone_may_still_be_shifted(tracks: gpd.GeoDataFrame, tmp_path: Path) -> None:
    convert_frame(tracks, source="wgs84", target="gcj02").to_crs(4548).to_file(tmp_path / "a.gpkg")

    assert as_written(tmp_path / "a.gpkg").crs.is_geographic
    assert check_file(tmp_path / "a.gpkg", STREETS).datum == "gcj02"


def test_mercator_metres_are_tried_as_baidus_too(tracks: gpd.GeoDataFrame, tmp_path: Path) -> None:
    convert_frame(tracks, source="wgs84", target="bd09mc").set_crs(3857).to_file(tmp_path / "baidu.gpkg")
    convert_frame(tracks, source="wgs84", target="gcj02").to_crs(3857).to_file(tmp_path / "amap.gpkg")

    assert check_file(tmp_path / "baidu.gpkg", STREETS).datum == "bd09mc"
    assert check_file(tmp_path / "amap.gpkg", STREETS).datum == "gcj02"


def test_what_was_read_right_looks_like_nothing_else(places: dict[str, gpd.GeoDataFrame]) -> None:
    streets = frames.to_metres(places["streets"])

    for said in ("wgs84", "cgcs2000", "gcj02", "bd09", "bd09mc", "gk3-zone39"):
        assert looks_like(places["buildings"].geometry, streets, None, said=said) is None


@pytest.mark.parametrize(("said", "truth"), [("wgs84", "gcj02"), ("gcj02", "wgs84"), ("bd09", "gcj02")])
def test_what_was_read_wrong_is_noticed(places: dict[str, gpd.GeoDataFrame], said: str, truth: str) -> None:
    streets = frames.to_metres(places["streets"])
    written = convert_frame(places["buildings"], source="wgs84", target=truth)
    read = convert_frame(written, source=said, target="wgs84")

    check = looks_like(read.geometry, streets, None, said=said)

    assert check is not None
    assert (check.said, check.datum) == (said, truth)


def test_a_gpx_file_is_told_by_its_fixes(tracks: gpd.GeoDataFrame, tmp_path: Path) -> None:
    lon, lat = convert(tracks.geometry.x, tracks.geometry.y, source="wgs84", target="gcj02")
    fixes = "".join(f'<trkpt lat="{y:.7f}" lon="{x:.7f}"/>' for x, y in zip(lon, lat, strict=True))
    (tmp_path / "walk.gpx").write_text(f'<gpx version="1.1"><trk><trkseg>{fixes}</trkseg></trk></gpx>')

    assert check_file(tmp_path / "walk.gpx", STREETS).datum == "gcj02"


def test_a_kml_track_is_told_by_its_fixes(tracks: gpd.GeoDataFrame, tmp_path: Path) -> None:
    lon, lat = convert(tracks.geometry.x, tracks.geometry.y, source="wgs84", target="bd09")
    fixes = "".join(f"<gx:coord>{x:.7f} {y:.7f} 0</gx:coord>" for x, y in zip(lon, lat, strict=True))
    (tmp_path / "walk.kml").write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">'
        f"<Placemark><gx:Track>{fixes}</gx:Track></Placemark></kml>"
    )

    assert check_file(tmp_path / "walk.kml", STREETS).datum == "bd09"
