"""Fixes as a query or a form: OsmAnd's way, which Traccar Client and GPSLogger speak too."""

from typing import Any
from urllib.parse import parse_qsl

from webmap.phones.fields import identity_of, make_fix, not_negative, percent, positive
from webmap.phones.messages import Asked, Dialect, Message

MOST_FIELDS = 200
GPSLOGGER = frozenset({"spd", "spd_kph", "prov", "sat", "dir", "timeoffset"})
"""What GPSLogger calls things that OsmAnd calls otherwise."""

_IDS = ("id", "deviceid", "device_id")
_TAKEN = frozenset(
    {"lat", "lon", "location", "timestamp", "bearing", "heading", "altitude", "accuracy", "speed", "batt", "token"}
)
_TAKEN_GPSLOGGER = frozenset({"lat", "lon", "timestamp", "time", "dir", "alt", "acc", "spd", "batt", "token"})


def read_fields(text: str) -> dict[str, Any]:
    """The fields of a query or form; a key that comes again gets a list.

    Examples
    --------
    >>> read_fields("id=7&cell=1&cell=2&alarm=")
    {'id': '7', 'cell': ['1', '2'], 'alarm': ''}
    """
    fields: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS):
        if key not in fields:
            fields[key] = value
        elif isinstance(fields[key], list):
            fields[key].append(value)
        else:
            fields[key] = [fields[key], value]
    return fields


def read_query(fields: dict[str, Any], asked: Asked) -> Message:
    """One fix, or a message without a position (a heartbeat, an alarm), which is fine too."""
    if "spd" in fields or ("lat" in fields and len(GPSLOGGER & fields.keys()) > 1):
        return _gpslogger(fields, asked)
    message = Message(Dialect.OSMAND, _identity(fields, asked))
    place = _place(fields)
    if place is not None:
        message.add(
            make_fix(
                place,
                ("timestamp", fields.get("timestamp")),
                asked.received_ms,
                accuracy_m=fields.get("accuracy"),
                speed=not_negative(fields.get("speed")),
                heading_deg=fields.get("bearing", fields.get("heading")),
                altitude_m=fields.get("altitude"),
                battery_percent=percent(fields.get("batt")),
                extra={key: value for key, value in fields.items() if key not in _TAKEN and key not in _IDS},
            )
        )
    return message


def _place(fields: dict[str, Any]) -> tuple[Any, Any] | None:
    if "lat" in fields or "lon" in fields:
        return fields.get("lat"), fields.get("lon")
    if "location" in fields:
        lat, _, lon = str(fields["location"]).partition(",")
        return lat, lon
    return None


def _gpslogger(fields: dict[str, Any], asked: Asked) -> Message:
    message = Message(Dialect.GPSLOGGER, _identity(fields, asked))
    time = fields.get("timestamp") or fields.get("time")
    message.add(
        make_fix(
            (fields.get("lat"), fields.get("lon")),
            ("timestamp", time),
            asked.received_ms,
            accuracy_m=fields.get("acc"),
            # Empty and 0.0 mean that the phone does not know.
            speed=positive(fields.get("spd")),
            heading_deg=positive(fields.get("dir")),
            altitude_m=positive(fields.get("alt")),
            battery_percent=percent(fields.get("batt")),
            extra={key: value for key, value in fields.items() if key not in _TAKEN_GPSLOGGER and key not in _IDS},
        )
    )
    return message


def _identity(fields: dict[str, Any], asked: Asked) -> str | None:
    return identity_of(*(fields.get(name) for name in _IDS), *(asked.query.get(name) for name in _IDS), asked.user)
