"""OpenStreetMap's tags become streets, buildings and compounds."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.errors import UnreadableFile
from data.exchange import osm
from data.models.places import StreetClass

XML = """<osm version="0.6">
<node id="1" lat="36.00" lon="104.00"/><node id="2" lat="36.00" lon="104.01"/>
<node id="3" lat="36.01" lon="104.01"/><node id="4" lat="36.01" lon="104.00"/>
<way id="11"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary_link"/><tag k="name" v="解放路"/></way>
<way id="12"><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="name" v="槐树巷"/></way>
<way id="13"><nd ref="3"/><nd ref="4"/><tag k="highway" v="footway"/><tag k="footway" v="sidewalk"/></way>
<way id="14"><nd ref="3"/><nd ref="4"/><tag k="highway" v="construction"/></way>
<way id="21"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="apartments"/>
<tag k="name" v="Tower"/><tag k="name:zh" v="一号楼 &quot;东&quot;"/><tag k="building:levels" v="18"/>
<tag k="addr:street" v="解放路"/><tag k="addr:housenumber" v="5号"/></way>
<way id="31"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="landuse" v="residential"/></way>
<way id="32"><nd ref="1"/><nd ref="2"/><nd ref="4"/><nd ref="1"/><tag k="landuse" v="farmland"/></way>
</osm>"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.osm"
    path.write_text(XML, encoding="utf-8")
    return path


def test_streets_have_a_class_and_parts_of_streets_are_left_out(town: Path) -> None:
    frame = osm.streets(town).frame

    assert frame[["source_key", "name", "street_class"]].to_numpy().tolist() == [
        ["way/11", "解放路", StreetClass.ARTERIAL],
        ["way/12", "槐树巷", StreetClass.BACK_STREET],
    ]
    assert frame.crs == "EPSG:4326"


def test_buildings_have_storeys_address_and_their_chinese_name(town: Path) -> None:
    frame = osm.buildings(town).frame

    assert frame[["source_key", "name", "building", "address", "levels"]].to_numpy().tolist() == [
        ["way/21", '一号楼 "东"', "apartments", "解放路5号", 18.0]
    ]


def test_compounds_are_residential_land(town: Path) -> None:
    assert osm.compounds(town).frame["source_key"].tolist() == ["way/31"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("槐树巷", True),
        ("东四十条胡同", True),
        ("福州路100弄", True),
        ("建国巷3号", True),
        ("弄潮路", False),
        ("巷口街", False),
    ],
)
def test_a_lane_is_known_by_its_name(name: str, expected: bool) -> None:
    line = gpd.GeoDataFrame(
        {"highway": ["residential"], "name": [name]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4326
    )

    assert (osm.streets(line).frame["street_class"].iloc[0] == StreetClass.BACK_STREET) == expected


def test_a_frame_of_an_export_is_taken_too_and_what_is_there_twice_is_read_once() -> None:
    lines = [shapely.LineString([(0, 0), (1, 1)])] * 2 + [shapely.MultiLineString([[(0, 0), (1, 0)], [(2, 0), (3, 0)]])]
    frame = gpd.GeoDataFrame({"highway": ["path"] * 3, "@id": ["way/1", "way/1", "way/2"]}, geometry=lines, crs=4326)

    reading = osm.streets(frame)

    assert reading.frame["source_key"].tolist() == ["way/1", "way/2", "way/2#2"]
    assert len(reading.frame.attrs["notes"]) == 1


def test_a_way_whose_nodes_are_missing_is_refused_by_its_key_only_where_it_matters(tmp_path: Path) -> None:
    broken = '<way id="41"><nd ref="1"/><nd ref="2"/><nd ref="99"/><nd ref="1"/><tag k="building" v="yes"/></way></osm>'
    (tmp_path / "a.osm").write_text(XML.replace("</osm>", broken), encoding="utf-8")

    assert osm.compounds(tmp_path / "a.osm").refusals == []
    assert [refusal.facts["key"] for refusal in osm.buildings(tmp_path / "a.osm").refusals] == ["way/41"]


def test_a_file_without_the_tag_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.Point(1, 1)], crs=4326)
    frame.to_file(tmp_path / "a.geojson")

    with pytest.raises(UnreadableFile, match="highway"):
        osm.streets(tmp_path / "a.geojson")
