"""FIT files of sports watches: their places, times and breaks; what breaks off, and what is none."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.errors import UnreadableFile
from data.exchange.gpx import read_tracks

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
"""Where FIT begins to count seconds."""

START = int((datetime(2026, 11, 20, 1, tzinfo=UTC) - EPOCH).total_seconds())
NOWHERE = 0x7FFFFFFF
RECORD = struct.pack("<BBBHB", 0x40, 0, 0, 20, 4) + bytes([253, 4, 0x86, 0, 4, 0x85, 1, 4, 0x85, 2, 2, 0x84])
"""Says that messages of kind 0 are records of time, latitude, longitude and altitude."""

EVENT = struct.pack("<BBBHB", 0x41, 0, 0, 21, 2) + bytes([253, 4, 0x86, 1, 1, 0x00])
STOP = struct.pack("<BIB", 1, START + 25, 1)


def semicircles(degrees: float) -> int:
    return round(degrees / 180 * 2**31)


def record(second: int, lat: float | None, lon: float = 116.302) -> bytes:
    place = (NOWHERE, NOWHERE) if lat is None else (semicircles(lat), semicircles(lon))
    return struct.pack("<BIiiH", 0, START + second, *place, (40 + 500) * 5)


def crc_of(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def fit_file(folder: Path, *messages: bytes) -> Path:
    content = b"".join(messages)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(content), b".FIT")
    whole = head + struct.pack("<H", crc_of(head)) + content
    path = folder / "walk.fit"
    path.write_bytes(whole + struct.pack("<H", crc_of(whole)))
    return path


def test_places_times_and_heights_of_a_watch(tmp_path: Path) -> None:
    fixes = read_tracks(fit_file(tmp_path, RECORD, record(0, 40.001), record(10, 40.002))).frame

    assert fixes["lat"].round(6).tolist() == [40.001, 40.002]
    assert fixes["lon"].round(6).tolist() == [116.302, 116.302]
    assert [at.isoformat() for at in fixes["at"]] == ["2026-11-20T01:00:00+00:00", "2026-11-20T01:00:10+00:00"]
    assert fixes["ele"].tolist() == [40.0, 40.0]
    assert fixes["patrol"].nunique() == 1


def test_records_without_a_place_are_left_out_and_a_stop_begins_another_segment(tmp_path: Path) -> None:
    messages = [RECORD, EVENT, record(0, 40.0), record(10, None), record(20, 40.001), STOP, record(60, 40.002)]

    fixes = read_tracks(fit_file(tmp_path, *messages)).frame

    assert fixes["segment"].tolist() == [1, 1, 2]


def test_a_recording_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = fit_file(tmp_path, RECORD, record(0, 40.001), record(10, 40.002))
    path.write_bytes(path.read_bytes()[:-12])

    reading = read_tracks(path)

    assert len(reading.frame) == 1
    assert "breaks off" in str(reading.frame.attrs["notes"][0])


@pytest.mark.parametrize("content", [b"no watch", b"\x0e\x20" + bytes(6) + b".FIT", bytes(100)])
def test_what_is_no_fit_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "walk.fit"
    path.write_bytes(content)

    with pytest.raises(UnreadableFile, match=r"walk\.fit"):
        read_tracks(path)
