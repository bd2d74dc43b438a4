"""What a hostile stranger may send: bombs, entities, names that lead elsewhere: refused, and nothing written."""

import gzip
import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from openpyxl import Workbook

from data.errors import UnreadableFile
from data.exchange import gpx, osm
from data.exchange.tables import read_table
from data.exchange.unpack import LARGEST_BYTES
from data.exchange.vector import read_features

LAUGHS = "".join(f'<!ENTITY l{at + 1} "{f"&l{at};" * 10}">' for at in range(9))
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]>'
THIEF = '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'
GPX = '<gpx><trk><name>&l9;</name><trkseg><trkpt lat="1" lon="2"/></trkseg></trk></gpx>'
KML = "<kml><Placemark><name>&l9;</name><Point><coordinates>1,2</coordinates></Point></Placemark></kml>"
OSM = '<osm version="0.6"><node id="1" lat="1" lon="2"><tag k="highway" v="&l9;"/></node></osm>'


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("prologue", [BOMB, THIEF])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text", "reader"),
    [("a.gpx", GPX, gpx.read_tracks), ("a.kml", KML, read_features), ("b.kml", KML, gpx.read_tracks)],
)
def test_entities_in_xml_are_refused(
    tmp_path: Path, name: str, text: str, reader: Callable[..., Any], prologue: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes((prologue + text).encode(encoding))

    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        reader(path)


def test_entities_in_openstreetmap_are_refused_also_packed(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.osm.gz", "wt") as file:
        file.write(BOMB + OSM)

    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        osm.streets(tmp_path / "a.osm.gz")


def test_entities_in_a_kmz_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read_features(packed(tmp_path / "a.kmz", {"doc.kml": (BOMB + KML).encode()}))


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
def test_entities_in_any_part_of_a_workbook_are_refused(tmp_path: Path, part: str) -> None:
    book, buffer = Workbook(), io.BytesIO()
    book.active.append(["名称", "甲"])
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[part] = (BOMB + "<x>&l9;</x>").encode()

    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read_table(packed(tmp_path / "a.xlsx", members))


@pytest.mark.parametrize("ending", [".zip", ".xlsx"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, ending: str) -> None:
    path = packed(tmp_path / f"a{ending}", {"a.csv": bytes(40_000_000)})

    with pytest.raises(UnreadableFile, match="unsafe"):
        read_table(path)


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"a,b\n" + b"1,2\n" * 1_000_000})
    data = bytearray(path.read_bytes())
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)

    with pytest.raises(UnreadableFile, match="broken archive"):
        read_table(path)


def test_a_gzip_bomb_is_stopped_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(60_000_000)))

    with pytest.raises(UnreadableFile, match="unsafe"):
        read_table(path)


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "x/../../a.csv", "C:\\a.csv", "..\\a.csv"])
def test_a_name_that_leads_out_of_the_archive_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)
    path = packed(inside / "a.zip", {name: b"a,b\n1,2\n"})

    with pytest.raises(UnreadableFile, match="leads out of the archive"):
        read_table(path)

    assert sorted(tmp_path.rglob("*.csv")) == []


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"a,b\n1,2\n"})
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)

    with pytest.raises(UnreadableFile, match="password"):
        read_table(path)


def test_a_file_larger_than_any_community_has_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.touch()
    os.truncate(path, LARGEST_BYTES + 1)

    with pytest.raises(UnreadableFile, match="MB is the most"):
        read_features(path)


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text("[" * 100_000)

    with pytest.raises(UnreadableFile, match="nested too deep"):
        read_features(path)


def test_a_feature_for_each_of_a_million_columns_is_refused(tmp_path: Path) -> None:
    features = [{"type": "Feature", "geometry": None, "properties": {str(at): at}} for at in range(1_000)]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    with pytest.raises(UnreadableFile, match="more than 500 columns"):
        read_features(tmp_path / "a.geojson")


def test_kml_shapes_nested_without_end_are_refused(tmp_path: Path) -> None:
    nested = "<MultiGeometry>" * 5_000 + "</MultiGeometry>" * 5_000
    (tmp_path / "a.kml").write_text(f"<kml><Placemark>{nested}</Placemark></kml>")

    reading = read_features(tmp_path / "a.kml")

    assert [refusal.row for refusal in reading.refusals] == [1]


def test_a_virtual_layer_that_would_read_other_files_is_refused(tmp_path: Path) -> None:
    layer = '<OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    virtual = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    (tmp_path / "a.osm").write_text(virtual)
    (tmp_path / "b.osm").write_text(f'<osm version="0.6"></osm>{virtual}')

    with pytest.raises(UnreadableFile, match="no <osm>"):
        read_features(tmp_path / "a.osm", layer="a")
    with pytest.raises(UnreadableFile, match="broken"):
        read_features(tmp_path / "b.osm", layer="a")


def test_a_geopackage_whose_layer_never_ends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=4326).to_file(path, layer="a")
    endless = "WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid, NULL AS geom FROM n"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_contents SET table_name = 'a2'")
        database.execute(f"CREATE VIEW a2 AS {endless}")
    database.close()

    with pytest.raises(UnreadableFile, match="is a view"):
        read_features(path)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("CREATE TABLE person (name TEXT)")
    database.close()

    with pytest.raises(UnreadableFile, match="no GeoPackage"):
        read_features(tmp_path / "a.gpkg")
