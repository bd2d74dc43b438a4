"""Every dialect of the phones' address, told apart by content; examples as their apps send them."""

import json
from pathlib import Path
from typing import Any

import pytest

from data.fix_store import FixRow
from webmap.phones.dialects import Asked, Dialect, Message, read_message
from webmap.phones.messages import NotUnderstood
from webmap.phones.queries import read_fields

NOW = 1_778_330_100_000
SAMPLE = {"lat": "40.001", "lon": "116.302"}


def read(query: str = "", body: Any = b"", *, user: str | None = None, device: str | None = None) -> Message:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_message(sent, Asked(read_fields(query), user, device, NOW), Path())


def only(message: Message) -> FixRow:
    assert len(message.fixes) == 1
    return message.fixes[0]


def extra(fix: FixRow) -> dict[str, Any]:
    return json.loads(fix.extra or "{}")


def test_osmand_by_query_has_knots_and_milliseconds() -> None:
    message = read("id=902064&lat=42.06288&lon=-88.23412&timestamp=1442068686579&hdop=6.0&altitude=224.0&speed=3.5")

    fix = only(message)
    assert (message.dialect, message.identity) == (Dialect.OSMAND, "902064")
    assert (fix.at_ms, fix.lat_e6, fix.lon_e6, fix.altitude_m, fix.speed) == (
        1442068686579,
        42062880,
        -88234120,
        224.0,
        3.5,
    )
    assert extra(fix) == {"hdop": "6.0"}


def test_osmand_as_a_form_has_a_location_a_heading_and_keys_that_repeat() -> None:
    body = (
        b"deviceid=7&location=40.001%2C116.302&timestamp=2026-05-09+12%3A34%3A56&heading=90&cell=1,2&cell=3,4&batt=81"
    )

    fix = only(read(body=body))

    assert (fix.at_ms, fix.lat_e6, fix.lon_e6) == (1778330096000, 40001000, 116302000)
    assert (fix.heading_deg, fix.battery_percent, extra(fix)) == (90.0, 81.0, {"cell": ["1,2", "3,4"]})


def test_a_fix_without_a_time_was_taken_when_it_came() -> None:
    assert only(read("id=7&lat=40&lon=116")).at_ms == NOW


def test_a_time_that_is_none_is_kept_beside_the_moment_it_came() -> None:
    fix = only(read("id=7&lat=40&lon=116&timestamp=yesterday"))

    assert (fix.at_ms, extra(fix)) == (NOW, {"timestamp": "yesterday"})


def test_a_message_without_a_position_is_one_too() -> None:
    message = read("id=7&alarm=sos&batt=20")

    assert (message.identity, message.fixes, message.unusable) == ("7", [], 0)


@pytest.mark.parametrize("place", ["lat=91&lon=116", "lat=nan&lon=116", "lat=&lon=", "lat=40", "location=here"])
def test_a_position_that_is_no_place_on_earth_is_counted_not_kept(place: str) -> None:
    message = read(f"id=7&{place}")

    assert (message.fixes, message.unusable) == ([], 1)


def test_traccar_client_9_sends_metres_a_second_and_a_share_of_the_battery() -> None:
    message = read(
        body={
            "location": {
                "timestamp": "2025-06-15T13:45:12.862Z",
                "coords": {
                    "latitude": 37.42,
                    "longitude": -122.08,
                    "accuracy": 5,
                    "speed": 1.5,
                    "heading": -1,
                    "altitude": 5,
                },
                "is_moving": True,
                "odometer": 12.5,
                "battery": {"level": 0.87, "is_charging": False},
                "_": "&id=48241179&lat=37.42&lon=-122.08&",
            },
            "device_id": "48241179",
        }
    )

    fix = only(message)
    assert (message.dialect, message.identity) == (Dialect.TRACCAR, "48241179")
    assert (fix.at_ms, fix.accuracy_m, fix.speed, fix.heading_deg, fix.battery_percent) == (
        1749995112862,
        5.0,
        1.5,
        None,
        87.0,
    )
    assert extra(fix) == {"is_moving": True, "odometer": 12.5, "is_charging": False}


def test_traccar_client_9_may_leave_out_the_coordinates() -> None:
    message = read(body={"location": {"timestamp": "2025-06-15T13:45:12Z", "event": "heartbeat"}, "device_id": 7})

    assert (message.identity, message.fixes, message.unusable) == ("7", [], 0)


LOCATION = {"_type": "location", "acc": 15, "alt": 440, "batt": 46, "lat": 46.068, "lon": 11.151, "t": "u"}


def test_owntracks_may_write_its_time_as_text_and_leave_out_zeros() -> None:
    fix = only(read(body={**LOCATION, "tid": "5t", "tst": "1551874878"}))

    assert (fix.at_ms, fix.speed, fix.accuracy_m, fix.battery_percent) == (1551874878000, None, 15.0, 46.0)
    assert extra(fix) == {"t": "u", "tid": "5t"}


@pytest.mark.parametrize(
    ("told", "identity"),
    [
        ({"user": "anna", "device": "phone"}, "anna/phone"),
        ({"query": "u=anna&d=phone"}, "anna/phone"),
        ({"topic": "owntracks/anna/phone"}, "anna/phone"),
        ({"user": "anna"}, "anna"),
        ({}, "5t"),
    ],
)
def test_owntracks_says_who_it_is_in_five_ways(told: dict[str, str], identity: str) -> None:
    body = {**LOCATION, "tid": "5t", "tst": 1551874878} | ({"topic": told["topic"]} if "topic" in told else {})

    message = read(told.get("query", ""), body, user=told.get("user"), device=told.get("device"))

    assert message.identity == identity


@pytest.mark.parametrize("body", [{"_type": "waypoint", "lat": 1, "lon": 2}, {"_type": "encrypted", "data": "x"}, []])
def test_what_else_owntracks_sends_is_no_fix(body: Any) -> None:
    message = read(body=body, user="anna", device="phone")

    assert (message.dialect, message.fixes, message.unusable) == (Dialect.OWNTRACKS, [], 0)


def test_an_empty_message_of_owntracks_is_one() -> None:
    assert read("u=anna&d=phone").dialect is Dialect.OWNTRACKS


def test_gpslogger_says_zero_where_it_does_not_know() -> None:
    message = read(
        "lat=12.193&lon=19.456&sat=0&desc=&alt=0.0&acc=0.0&dir=0.0&prov=MOCK&spd_kph=0.0&spd=0.0"
        "&timestamp=1457205869&timeoffset=1457205869000&time=2016-03-05T19:24:29.000Z&dist=0&"
    )

    fix = only(message)
    assert (message.dialect, fix.at_ms) == (Dialect.GPSLOGGER, 1457205869000)
    assert (fix.accuracy_m, fix.speed, fix.heading_deg, fix.altitude_m) == (None, None, None, None)
    assert extra(fix) == {
        "sat": "0",
        "prov": "MOCK",
        "spd_kph": "0.0",
        "timeoffset": "1457205869000",
        "dist": "0",
    }


def test_overland_sends_many_at_once() -> None:
    def feature(second: int, **said: Any) -> dict[str, Any]:
        stated = {"timestamp": f"2026-05-09T12:34:{second:02d}Z", "horizontal_accuracy": 12, **said}
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-0.0439, 51.495]},
            "properties": stated,
        }

    message = read(
        body={"locations": [feature(1, battery_level=0.5, speed=-1), feature(2, wifi="x")], "device_id": "colota"}
    )

    first, second = message.fixes
    assert (message.dialect, message.identity, message.unusable) == (Dialect.OVERLAND, "colota", 0)
    assert (first.lat_e6, first.lon_e6, first.battery_percent, first.speed) == (51495000, -43900, 50.0, None)
    assert (second.at_ms - first.at_ms, extra(second)) == (1000, {"wifi": "x"})


def test_one_bad_feature_costs_overland_no_other() -> None:
    good = {"geometry": {"type": "Point", "coordinates": [116.3, 40.0]}, "properties": {"timestamp": "2026-05-09"}}

    message = read(
        body={"locations": [None, {"geometry": None}, {"geometry": {"coordinates": []}}, good], "device_id": "a"}
    )

    assert (len(message.fixes), message.unusable) == (1, 3)


GPX = b"""<?xml version="1.0"?>
<gpx version="1.1"><trk><trkseg>
<trkpt lat="40.001" lon="116.302"><ele>5</ele><time>2026-05-09T12:34:56Z</time></trkpt>
<trkpt lat="40.002" lon="116.302"><time>2026-05-09T12:35:06.5Z</time></trkpt>
<trkpt lat="40.003" lon="116.302"></trkpt>
</trkseg></trk></gpx>"""
CSV = "时间,经度,纬度,精度\n2026-05-09 20:34:56,116.302,40.001,8\n".encode()
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[116.302, 40.001], [116.302, 40.002]]},
            "properties": {"coordTimes": ["2026-05-09T12:34:56Z", "2026-05-09T12:35:06Z"]},
        }
    ],
}


def test_a_gpx_file_is_known_by_its_beginning() -> None:
    message = read("id=7", GPX)

    assert (message.dialect, message.identity, message.unusable) == (Dialect.FILE, "7", 1)
    assert [fix.at_ms for fix in message.fixes] == [1778330096000, 1778330106500]
    assert message.fixes[0].altitude_m == 5.0


def test_a_table_and_a_map_file_are_read_too() -> None:
    assert only(read("id=7", CSV)) == FixRow(1778330096000, 40001000, 116302000, 8.0)
    assert len(read("id=7", GEOJSON).fixes) == 2


def test_a_file_in_which_no_fix_has_a_time_is_refused() -> None:
    plain = GPX.replace(b"time>", b"desc>")

    with pytest.raises(NotUnderstood, match="time"):
        read("id=7", plain)


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"a": 1}', b"\x89PNG\r\n", b"hello", b"[" * 100_000])
def test_what_no_app_sends_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read(body=body)


def test_what_is_said_beside_a_fix_is_kept_until_it_is_too_long() -> None:
    fix = only(read(f"id=7&lat=40&lon=116&short=yes&long={'x' * 5000}"))

    assert extra(fix) == {"short": "yes"}


def test_names_with_control_characters_and_without_end_are_no_names() -> None:
    assert read(f"id={'x' * 129}&lat=40&lon=116").identity is None
    assert read("id=%00a%0ab&lat=40&lon=116").identity == "ab"
