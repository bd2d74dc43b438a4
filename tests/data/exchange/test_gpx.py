"""Tracks of phones and watches: every fix in its order, each track with a key of its own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data.errors import UnreadableFile
from data.exchange.gpx import read_tracks

START = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)


def gpx(path: Path, *tracks: str) -> Path:
    path.write_text(f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{"".join(tracks)}</gpx>', encoding="utf-8")
    return path


def fix(lon: object, lat: object, at: str | None = "2026-05-01T00:30:00Z", inside: str = "") -> str:
    time = f"<time>{at}</time>" if at else ""
    return f'<trkpt lon="{lon}" lat="{lat}">{time}{inside}</trkpt>'


def track(*segments: str, name: str = "早巡") -> str:
    return f"<trk><name>{name}</name>{''.join(f'<trkseg>{segment}</trkseg>' for segment in segments)}</trk>"


def test_tracks_and_segments_are_kept_apart_in_their_order(tmp_path: Path) -> None:
    path = gpx(
        tmp_path / "a.gpx", track(fix(104, 36) + fix(104.1, 36), fix(104.2, 36)), track(fix(105, 36), name="晚巡")
    )

    frame = read_tracks(path).frame

    assert frame["lon"].tolist() == [104.0, 104.1, 104.2, 105.0]
    assert frame["segment"].tolist() == [1, 1, 2, 1]
    assert frame["name"].tolist() == ["早巡", "早巡", "早巡", "晚巡"]
    assert frame["patrol"].nunique() == 2
    assert str(frame["at"].dtype) == "datetime64[us, UTC]"


def test_the_same_walk_has_the_same_key_in_any_file(tmp_path: Path) -> None:
    one = read_tracks(gpx(tmp_path / "a.gpx", track(fix(104, 36), name="甲"))).frame
    other = read_tracks(gpx(tmp_path / "b.gpx", track(fix(103, 36)), track(fix("104.000", "36.0"), name="乙"))).frame
    later = read_tracks(gpx(tmp_path / "c.gpx", track(fix(104, 36, "2026-05-02T00:30:00Z")))).frame

    assert one["patrol"].iloc[0] == other["patrol"].iloc[1]
    assert one["patrol"].iloc[0] != later["patrol"].iloc[0]


def test_a_track_that_occurs_twice_in_a_file_is_read_once(tmp_path: Path) -> None:
    reading = read_tracks(gpx(tmp_path / "a.gpx", track(fix(104, 36)), track(fix(104, 36))))

    assert len(reading.frame) == 1
    assert "occurs twice" in str(reading.frame.attrs["notes"][0])


def test_bad_fixes_are_refused_by_their_number_and_the_others_kept(tmp_path: Path) -> None:
    fixes = [fix(104, 36), fix("x", 36), fix(36.1, 104), fix(104, 36, "yesterday"), fix(181, 0), fix(104.1, 36)]

    reading = read_tracks(gpx(tmp_path / "a.gpx", track("".join(fixes)), "<trk><trkseg><trkpt/></trkseg></trk>"))

    assert reading.frame["source_row"].tolist() == [1, 6]
    assert [refusal.row for refusal in reading.refusals] == [2, 3, 4, 5, 7]
    assert "look swapped" in str(reading.refusals[1])
    assert "yesterday" in str(reading.refusals[2])


def test_a_fix_without_time_is_kept_and_mentioned(tmp_path: Path) -> None:
    reading = read_tracks(gpx(tmp_path / "a.gpx", track(fix(104, 36) + fix(104, 36.1, None))))

    assert reading.frame["at"].isna().tolist() == [False, True]
    assert str(reading.frame.attrs["notes"][0]) == "a.gpx: 1 of 2 fixes have no time."


def test_accuracy_is_found_in_extensions_and_dilution_is_not_taken_for_it(tmp_path: Path) -> None:
    inside = "<ele>1520.5</ele><hdop>2</hdop><extensions><g:accuracy xmlns:g='x'>6.5</g:accuracy></extensions>"

    frame = read_tracks(gpx(tmp_path / "a.gpx", track(fix(104, 36, inside=inside) + fix(104, 36.1)))).frame

    assert frame["ele"].iloc[0] == 1520.5
    assert frame["accuracy_m"].iloc[0] == 6.5
    assert pd.isna(frame["accuracy_m"].iloc[1])


@pytest.mark.parametrize("text", ["<gpx></gpx>", "<kml></kml>", "<gpx><trk>", "no xml at all", "<gpx><trk/></gpx>"])
def test_what_holds_no_track_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.gpx").write_text(text)

    with pytest.raises(UnreadableFile, match=r"a\.gpx"):
        read_tracks(tmp_path / "a.gpx")


def test_a_file_cut_off_half_way_says_where(tmp_path: Path) -> None:
    (tmp_path / "a.gpx").write_text("<gpx>\n<trk><trkseg>\n" + fix(104, 36) + "\n<trkpt lon=")

    with pytest.raises(UnreadableFile, match="line 4"):
        read_tracks(tmp_path / "a.gpx")


def test_a_phones_kml_track_is_read_with_times_and_accuracy(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(
        '<kml xmlns:gx="http://www.google.com/kml/ext/2.2"><Placemark><name>巡逻</name><gx:MultiTrack>'
        "<gx:Track><when>2026-05-01T08:30:00+08:00</when><when>2026-05-01T00:31:00Z</when>"
        "<gx:coord>104 36 1500</gx:coord><gx:coord>104.1 36 1501</gx:coord>"
        '<ExtendedData><SchemaData><gx:SimpleArrayData name="accuracy"><gx:value>5</gx:value><gx:value>9</gx:value>'
        "</gx:SimpleArrayData></SchemaData></ExtendedData></gx:Track>"
        "<gx:Track><when>2026-05-01T00:40:00Z</when></gx:Track></gx:MultiTrack></Placemark></kml>",
        encoding="utf-8",
    )

    reading = read_tracks(tmp_path / "a.kml")

    assert reading.frame["at"].iloc[0] == START
    assert reading.frame["accuracy_m"].tolist() == [5.0, 9.0]
    assert "left out" in str(reading.frame.attrs["notes"][0])


def test_a_geojson_line_takes_its_times_from_its_properties(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[104, 36], [104.1, 36]]}
    times = ["2026-05-01T08:30:00", "2026-05-01T00:31:00Z"]
    feature = {"type": "Feature", "geometry": line, "properties": {"coordTimes": times}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    frame = read_tracks(tmp_path / "a.geojson").frame

    assert frame["at"].tolist() == [START, datetime(2026, 5, 1, 0, 31, tzinfo=UTC)]


def test_a_table_of_fixes_is_read_in_local_time_and_told_apart_by_patrol(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "巡逻编号,时间,经度,纬度,精度\n甲,2026/5/1 8:30,104,36,5\n"
        "乙,2026年5月1日 8时30分,105,36,\n甲,1777595460,104.1,36,7\n",
        encoding="gbk",
    )

    reading = read_tracks(tmp_path / "a.csv")

    assert reading.refusals == []
    assert reading.frame["at"].tolist() == [START, START, datetime(2026, 5, 1, 0, 31, tzinfo=UTC)]
    assert reading.frame["name"].tolist() == ["甲", "乙", "甲"]
    assert reading.frame["patrol"].nunique() == 2
    assert reading.frame["source_row"].tolist() == [2, 3, 4]


def test_day_first_dates_are_refused_because_they_have_two_meanings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,lon,lat\n05/04/2026 08:30,104,36\n2026-04-05 08:30,104,36\n")

    assert [refusal.row for refusal in read_tracks(tmp_path / "a.csv").refusals] == [2]
