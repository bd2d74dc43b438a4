"""Map files become features in longitude and latitude; what is refused is refused by its row."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.errors import UnreadableFile
from data.exchange.vector import read_features
from geo.datum import convert

HERE = (104.0667, 36.1234)
NAMES = ["幸福小区", "解放路北段"]


def town(crs: str | int = 4326) -> gpd.GeoDataFrame:
    squares = [shapely.box(104.0, 36.0, 104.01, 36.01), shapely.box(104.01, 36.0, 104.02, 36.01)]
    frame = gpd.GeoDataFrame({"名称": NAMES, "编码": ["620102001001", "620102001002"]}, geometry=squares, crs=4326)
    return frame.to_crs(crs)


def geojson(path: Path, *features: tuple[dict[str, Any] | None, dict[str, Any]], **members: Any) -> Path:
    listed = [{"type": "Feature", "geometry": shape, "properties": properties} for shape, properties in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed, **members}))
    return path


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def metres_apart(one: gpd.GeoSeries, other: gpd.GeoSeries) -> float:
    return float(max(shapely.hausdorff_distance(one.to_numpy(), other.to_numpy())) * 111_320)


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4543", "EPSG:4523", "EPSG:32648", "EPSG:3857"])
def test_the_declared_system_is_honoured_to_a_tenth_of_a_millimetre(tmp_path: Path, crs: str) -> None:
    town(crs).to_file(tmp_path / "a.gpkg")

    frame = read_features(tmp_path / "a.gpkg").frame

    assert frame.crs == "EPSG:4326"
    assert metres_apart(frame.geometry, town().geometry) < 1e-4
    assert frame["名称"].tolist() == NAMES


def test_a_datum_without_a_published_way_is_refused_instead_of_shifted_by_a_hundred_metres(tmp_path: Path) -> None:
    town("EPSG:2358").to_file(tmp_path / "a.gpkg")

    with pytest.raises(UnreadableFile, match="Xian 1980"):
        read_features(tmp_path / "a.gpkg")


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_shapefile_is_read_right_in_both_encodings_with_and_without_cpg(
    tmp_path: Path, encoding: str, declared: bool
) -> None:
    town().to_file(tmp_path / "a.shp", encoding=encoding)
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    if declared:
        (tmp_path / "a.cpg").write_text(encoding)

    frame = read_features(tmp_path / "a.shp").frame

    assert frame["名称"].tolist() == NAMES
    assert frame["编码"].tolist() == ["620102001001", "620102001002"]


def test_a_shapefile_packed_by_an_old_chinese_archiver_is_read_and_named_right(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.shp", encoding="GBK")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for ending in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(tmp_path / f"a{ending}", f"XXXX/YYYY{ending}")
    packed = (tmp_path / "a.zip").read_bytes().replace(b"XXXX/YYYY", "图层/小区".encode("gbk"))
    (tmp_path / "a.zip").write_bytes(packed)

    reading = read_features(tmp_path / "a.zip", name="上传.zip")

    assert reading.frame["名称"].tolist() == NAMES
    assert reading.frame.attrs["file"] == "上传.zip/图层/小区.shp"


def test_a_shapefile_with_endings_in_capitals_is_read_whole(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.shp", encoding="GBK")
    for ending in ("shp", "shx", "dbf", "prj"):
        shutil.move(tmp_path / f"a.{ending}", tmp_path / f"A.{ending.upper()}")

    assert read_features(tmp_path / "A.SHP").frame["名称"].tolist() == NAMES


def test_a_shapefile_whose_table_belongs_to_another_is_refused(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.shp")
    town().iloc[:1].to_file(tmp_path / "b.shp")
    shutil.copy(tmp_path / "b.dbf", tmp_path / "a.dbf")

    with pytest.raises(UnreadableFile, match="2 shapes, but 1 rows"):
        read_features(tmp_path / "a.shp")


def test_a_shapefile_that_was_cut_off_says_where(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    data = (tmp_path / "a.shp").read_bytes()
    (tmp_path / "a.shp").write_bytes(data[:-20])

    with pytest.raises(UnreadableFile, match="cut off at its feature 2"):
        read_features(tmp_path / "a.shp")


def test_records_deleted_in_the_table_are_left_out_and_the_others_keep_their_number(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.shp")
    data = bytearray((tmp_path / "a.dbf").read_bytes())
    data[int.from_bytes(data[8:10], "little")] = ord("*")
    (tmp_path / "a.dbf").write_bytes(data)

    frame = read_features(tmp_path / "a.shp").frame

    assert frame["名称"].tolist() == NAMES[1:]
    assert frame["source_row"].tolist() == [2]


def test_a_shapefile_without_prj_is_read_when_the_user_names_the_system(tmp_path: Path) -> None:
    town("EPSG:4543").to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()

    assert metres_apart(read_features(tmp_path / "a.shp", crs="EPSG:4543").frame.geometry, town().geometry) < 1e-4


def test_several_layers_are_refused_by_name_until_one_is_named(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.gpkg", layer="小区")
    town().iloc[:1].to_file(tmp_path / "a.gpkg", layer="outline")

    with pytest.raises(UnreadableFile, match="小区, outline"):
        read_features(tmp_path / "a.gpkg")
    assert len(read_features(tmp_path / "a.gpkg", layer="小区").frame) == 2


def test_whole_numbers_with_gaps_stay_whole_in_every_format(tmp_path: Path) -> None:
    frame = town().assign(households=pd.array([620102001001, None], dtype="Int64"))
    frame.to_file(tmp_path / "a.gpkg")
    frame.to_file(tmp_path / "a.geojson")

    for name in ("a.gpkg", "a.geojson"):
        assert read_features(tmp_path / name).frame["households"].tolist() == [620102001001, pd.NA]


def test_features_without_a_place_on_earth_are_refused_one_by_one(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "a.geojson",
        (point(*HERE), {"n": 1}),
        (None, {"n": 2}),
        (point(181, 0), {"n": 3}),
        (point(36.1234, 104.0667), {"n": 4}),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, {"n": 5}),
        ({"type": "Point", "coordinates": ["a", "b"]}, {"n": 6}),
        ({"type": "LineString", "coordinates": []}, {"n": 7}),
    )

    reading = read_features(path)

    assert reading.frame["n"].tolist() == [1]
    assert [refusal.row for refusal in reading.refusals] == [2, 3, 4, 5, 6, 7]
    assert "look swapped" in str(reading.refusals[2])


def test_metres_in_a_file_that_means_degrees_are_refused_as_a_whole(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", *[(point(500_000.0 + at, 3_900_000.0), {}) for at in range(3)])

    with pytest.raises(UnreadableFile, match="holds metres"):
        read_features(path)


def test_all_swapped_is_said_once(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", *[(point(36.1, 104.0 + at), {}) for at in range(3)])

    with pytest.raises(UnreadableFile, match="longitude and latitude swapped"):
        read_features(path)


def test_the_crs_of_the_older_geojson_is_honoured(tmp_path: Path) -> None:
    x, y = gpd.GeoSeries([shapely.Point(HERE)], crs=4326).to_crs(4543)[0].coords[0]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4543"}}

    frame = read_features(geojson(tmp_path / "a.geojson", (point(x, y), {}), crs=crs)).frame

    assert frame.geometry[0].coords[0] == pytest.approx(HERE, abs=1e-9)


def test_geojson_in_gbk_is_read_right(tmp_path: Path) -> None:
    text = json.dumps(
        {"type": "Feature", "geometry": point(*HERE), "properties": {"名称": NAMES[0]}}, ensure_ascii=False
    )
    (tmp_path / "a.geojson").write_bytes(text.encode("gbk"))

    assert read_features(tmp_path / "a.geojson").frame["名称"].tolist() == NAMES[:1]


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_degrees_are_undone(tmp_path: Path, datum: str) -> None:
    lon, lat = convert(*HERE, source="wgs84", target=datum)

    frame = read_features(geojson(tmp_path / "a.geojson", (point(float(lon), float(lat)), {})), datum=datum).frame

    assert frame.geometry[0].coords[0] == pytest.approx(HERE, abs=1e-9)


def test_a_table_of_places_keeps_its_texts_and_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("编号,经度,纬度\n007,104.0667,36.1234\n008,,\n009,abc,36\n", encoding="gbk")

    reading = read_features(tmp_path / "a.csv")

    assert reading.frame["编号"].tolist() == ["007"]
    assert reading.frame["source_row"].tolist() == [2]
    assert [(refusal.row, refusal.column) for refusal in reading.refusals] == [(3, "经度"), (4, "经度")]


def test_unusual_headings_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,px,py\n1,104.0667,36.1234\n")

    with pytest.raises(UnreadableFile, match="id, px, py"):
        read_features(tmp_path / "a.csv")
    assert read_features(tmp_path / "a.csv", x="px", y="py").frame.geometry[0].coords[0] == HERE


def test_curves_in_wkt_are_refused_and_straight_shapes_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('wkt\n"LINESTRING (1 2, 3 4)"\n"CIRCULARSTRING (0 0, 1 1, 2 0)"\n')

    reading = read_features(tmp_path / "a.csv")

    assert reading.frame.geom_type.tolist() == ["LineString"]
    assert [refusal.row for refusal in reading.refusals] == [3]


def test_heights_are_left_out(tmp_path: Path) -> None:
    gpd.GeoDataFrame(geometry=[shapely.Point(*HERE, 1500.0)], crs=4326).to_file(tmp_path / "a.gpkg")

    assert not read_features(tmp_path / "a.gpkg").frame.geometry.has_z.any()


def test_nothing_is_refused_of_features_that_nobody_asked_for(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", (point(*HERE), {"highway": "bus_stop"}), (None, {"natural": "tree"}))

    reading = read_features(path, having="highway")

    assert len(reading.frame) == 1
    assert reading.refusals == []


def test_a_name_with_an_exclamation_mark_is_no_archive(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.gpkg")
    shutil.move(tmp_path / "a.gpkg", tmp_path / "!a.gpkg")

    assert len(read_features(tmp_path / "!a.gpkg").frame) == 2


def test_reading_leaves_no_file_beside_the_source(tmp_path: Path) -> None:
    town().to_file(tmp_path / "a.gpkg")
    town().to_file(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    before = sorted(tmp_path.iterdir())

    read_features(tmp_path / "a.gpkg")
    read_features(tmp_path / "a.shp")

    assert sorted(tmp_path.iterdir()) == before


def test_kml_keeps_names_folders_and_data(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_bytes(
        (
            '<?xml version="1.0" encoding="GBK"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>'
            "<name>一号网格</name><Placemark><name>甲楼</name><ExtendedData><Data name='户数'><value>12</value></Data>"
            "</ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>104,36 104.1,36 104.1,36.1</coordinates>"
            "</LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>"
            "<Placemark><name>坏的</name><LineString><coordinates>104,36</coordinates></LineString></Placemark>"
            "</Document></kml>"
        ).encode("gbk")
    )

    reading = read_features(tmp_path / "a.kml")

    assert reading.frame.iloc[0][["name", "folder", "户数"]].tolist() == ["甲楼", "一号网格", "12"]
    assert reading.frame.geometry[0].is_closed or reading.frame.geometry[0].area == pytest.approx(0.005)
    assert [refusal.row for refusal in reading.refusals] == [2]
