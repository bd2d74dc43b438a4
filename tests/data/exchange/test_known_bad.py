"""Odd files of the wild: what each one holds, or why it is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.errors import UnreadableFile
from data.exchange.gpx import read_tracks
from data.exchange.tables import read_table
from data.exchange.vector import read_features

MAPSHAPER = Path(__file__).parents[2] / "known_bad" / "mapshaper"
GPXPY = Path(__file__).parents[2] / "known_bad" / "gpxpy"


@pytest.mark.parametrize(
    ("name", "text"),
    [("gbk.dbf", "简体国语"), ("latin1.dbf", "Peçeña México"), ("koi8r.dbf", "русский"), ("utf16le.txt", "国语國語")],
)
def test_text_without_a_declared_encoding_or_with_a_rare_one_is_read_right(name: str, text: str) -> None:
    assert read_table(MAPSHAPER / name).frame["NAME"].tolist() == [text]


@pytest.mark.parametrize("name", ["big5.dbf", "shiftjis.dbf", "utf16.dbf"])
def test_text_whose_encoding_stays_open_is_refused_with_advice(name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"Put a file of the same name ending in \.cpg"):
        read_table(MAPSHAPER / name)


def test_numbers_with_a_decimal_comma_are_refused_row_by_row() -> None:
    reading = read_table(MAPSHAPER / "comma_separated.dbf")

    assert len(reading.frame) == 0
    assert str(reading.refusals[0]).startswith("comma_separated.dbf:1:AUGSTUMS: “68,500”")
    assert len(reading.refusals) == 7


def test_names_and_headings_in_utf8_are_read_right() -> None:
    frame = read_features(MAPSHAPER / "utf8-property.shp").frame

    assert frame["☃"].tolist() == ["ηελλο ςορλδ"]
    assert frame.geometry.iloc[0].coords[:] == [(3.0, 4.0)]


def test_a_missing_index_is_rebuilt_without_writing_beside_the_file() -> None:
    before = sorted(MAPSHAPER.iterdir())

    frame = read_features(MAPSHAPER / "ignore-properties.shp", crs="EPSG:4326").frame

    assert [point.coords[0] for point in frame.geometry] == [(1.0, 2.0), (3.0, 4.0), (7.0, 8.0)]
    assert sorted(MAPSHAPER.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ignore-properties.shp", "does not say in which coordinate system"),
        ("gauss_kruger.shp", "no published way leads to WGS 84"),
        ("sample1.json", "breaks at line 1, character 580"),
    ],
)
def test_a_map_that_cannot_be_placed_or_parsed_is_refused_with_the_reason(name: str, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read_features(MAPSHAPER / name)


def test_coordinates_beyond_all_numbers_are_refused_with_their_row() -> None:
    reading = read_features(MAPSHAPER / "invalid_coordinates.shp")

    assert len(reading.frame) == 0
    assert str(reading.refusals[0]) == "invalid_coordinates.shp:1: -1.79769e+308, -1.79769e+308 is no place on earth."


def test_an_empty_segment_is_passed_over() -> None:
    frame = read_tracks(GPXPY / "track-with-empty-segment.gpx").frame

    assert len(frame) == 9
    assert frame["patrol"].nunique() == 1
    assert frame["at"].iloc[0] == datetime(2013, 7, 6, 17, 26, 26, tzinfo=UTC)


def test_gpx_1_0_is_read_and_its_plans_are_left_out() -> None:
    reading = read_tracks(GPXPY / "gpx1.0_with_all_fields.gpx")

    assert reading.frame[["lon", "lat", "ele"]].to_numpy().tolist() == [[-20.2, 10.1, 11.1]]
    assert [note.facts.get("count") for note in reading.frame.attrs["notes"]] == [5, 2, 1]


def test_parts_of_a_second_are_kept() -> None:
    frame = read_tracks(GPXPY / "track-with-less-sec-time.gpx").frame

    assert frame["at"].dt.microsecond.tolist() == [0, 994_000]


@pytest.mark.parametrize(("name", "told"), [("route.gpx", "55 route points"), ("unicode_with_bom.gpx", "1 waypoints")])
def test_a_file_without_a_track_is_refused_with_what_it_holds(name: str, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read_tracks(GPXPY / name)
