"""Files written in metres that no register knows, or that say nothing of the zone they are in."""

from pathlib import Path

import geopandas as gpd
import make
import pytest
import shapely

from data.errors import CannotWrite, UnreadableFile
from data.exchange.gpx import read_tracks
from data.exchange.sources import read
from data.exchange.vector import read_as_written, read_features
from data.exchange.write import write_features
from geo.datum import convert, convert_frame

METRES = ["bd09mc", "gk3-117e", "gk3-zone39", "gk3-114e"]
ENDINGS = [".gpkg", ".shp", ".zip", ".fgb", ".parquet", ".csv", ".xlsx"]


def yards() -> gpd.GeoDataFrame:
    return make.frame([make.degrees_square(0), make.degrees_square(3, 2)], crs="EPSG:4326", name=["东院", "西院"])


@pytest.mark.parametrize("datum", METRES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_metres_are_written_and_read_back_to_a_tenth_of_a_millimetre(tmp_path: Path, datum: str, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write_features(convert_frame(yards(), source="wgs84", target=datum), path, as_they_are=True)

    found = read_features(path, datum=datum).frame

    assert found.crs == "EPSG:4326"
    assert found["name"].tolist() == ["东院", "西院"]
    away = shapely.hausdorff_distance(found.to_crs(4548).geometry.array, yards().to_crs(4548).geometry.array)
    assert away.max() < 1e-4


@pytest.mark.parametrize("ending", [".geojson", ".kml"])
def test_formats_that_only_know_degrees_take_no_metres(tmp_path: Path, ending: str) -> None:
    with pytest.raises(CannotWrite, match="hold only degrees"):
        write_features(yards().to_crs(4548), tmp_path / f"a{ending}", as_they_are=True)


def test_a_file_that_names_another_zone_than_the_user_is_refused(tmp_path: Path) -> None:
    yards().to_crs(4545).to_file(tmp_path / "a.gpkg")

    with pytest.raises(UnreadableFile, match="not in gk3-117e"):
        read_features(tmp_path / "a.gpkg", datum="gk3-117e")


def test_baidus_metres_may_be_labelled_as_everybodys_mercator(tmp_path: Path) -> None:
    convert_frame(yards(), source="wgs84", target="bd09mc").set_crs(3857).to_file(tmp_path / "a.gpkg")

    found = read_features(tmp_path / "a.gpkg", datum="bd09mc").frame

    assert found.geometry.iloc[0].equals_exact(yards().geometry.iloc[0], 1e-9)


def test_degrees_said_to_be_metres_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lon,lat\n116.3,40.0\n", encoding="utf-8")

    with pytest.raises(UnreadableFile, match="holds degrees, but gk3-117e"):
        read_features(tmp_path / "a.csv", datum="gk3-117e")


def test_a_place_outside_of_its_zone_is_refused_with_its_row(tmp_path: Path) -> None:
    x, y = convert(116.3, 40.0, source="wgs84", target="gk3-zone39")
    (tmp_path / "a.csv").write_text(f"x,y\n{x},{y}\n450000,4400000\n", encoding="utf-8")

    reading = read_features(tmp_path / "a.csv", datum="gk3-zone39")

    assert len(reading.frame) == 1
    assert [refusal.row for refusal in reading.refusals] == [3]


def test_tracks_and_tables_of_incidents_may_be_in_metres_too(tmp_path: Path) -> None:
    x, y = convert([116.3, 116.31], 40.0, source="wgs84", target="gk3-zone39")
    (tmp_path / "walk.csv").write_text(
        f"时间,x,y\n2026-11-01 08:00:00,{x[0]},{y[0]}\n2026-11-01 08:05:00,{x[1]},{y[1]}\n2026-11-01 08:06:00,1,-\n",
        encoding="utf-8",
    )
    walk = read_tracks(tmp_path / "walk.csv", datum="gk3-zone39")
    table = read(tmp_path / "walk.csv", "incidents", datum="gk3-zone39")

    assert walk.frame["lon"].tolist() == pytest.approx([116.3, 116.31], abs=1e-9)
    assert [refusal.row for refusal in walk.refusals] == [4]
    assert [float(value) for value in table.frame["x"][:2]] == pytest.approx([116.3, 116.31], abs=1e-9)
    assert table.frame.attrs["datum"] == "gk3-zone39"


def test_a_table_of_fixes_without_a_column_of_patrols_is_one_track(tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text(
        "时间,经度,纬度\n2026-11-01 08:00:00,116.3,40\n2026-11-01 08:05:00,116.31,40\n", encoding="utf-8"
    )

    fixes = read_tracks(tmp_path / "walk.csv").frame

    assert len(fixes) == 2
    assert fixes["patrol"].nunique() == 1


def test_numbers_can_be_had_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n39450000,4400000\n", encoding="utf-8")
    yards().to_crs(4548).to_file(tmp_path / "a.gpkg")

    table, _ = read_as_written(tmp_path / "a.csv")
    layer, _ = read_as_written(tmp_path / "a.gpkg")

    assert table.crs is None
    assert table.geometry.iloc[0].x == 39_450_000
    assert layer.crs.to_epsg() == 4548
