"""Fixes as JSON: Traccar Client 9, OwnTracks, Overland, told apart by their keys."""

from typing import Any

from webmap.phones.fields import identity_of, make_fix, not_negative, percent
from webmap.phones.messages import Asked, Dialect, Message, no_dialect

MOST_FIXES = 20_000
"""Fixes in one message: a day of one a second would be more, but no app sends that at once."""


def read_document(document: Any, asked: Asked) -> Message:
    """The fixes of a JSON document, or of a list of them in one dialect.

    Raises
    ------
    NotUnderstood
        It is in no dialect, or has too many fixes for one message.
    """
    parts = document if isinstance(document, list) else [document]
    if not parts:
        return Message(Dialect.OWNTRACKS, _owntracks_identity({}, asked))
    message: Message | None = None
    for part in parts:
        read = _read_one(part, asked)
        if message is None:
            message = read
            continue
        message.fixes += read.fixes
        message.unusable += read.unusable
        message.identity = message.identity or read.identity
    if message is None or len(message.fixes) > MOST_FIXES:
        raise no_dialect()
    return message


def _read_one(part: Any, asked: Asked) -> Message:
    if not isinstance(part, dict):
        raise no_dialect()
    if "_type" in part:
        return _owntracks(part, asked)
    if isinstance(part.get("locations"), list):
        return _overland(part, asked)
    if "location" in part or "device_id" in part:
        return _traccar(part, asked)
    raise no_dialect()


def _owntracks(part: dict[str, Any], asked: Asked) -> Message:
    message = Message(Dialect.OWNTRACKS, _owntracks_identity(part, asked))
    if part["_type"] != "location":
        return message
    taken = {"_type", "lat", "lon", "tst", "acc", "alt", "cog", "vel", "batt"}
    message.add(
        make_fix(
            (part.get("lat"), part.get("lon")),
            ("tst", part.get("tst")),
            asked.received_ms,
            accuracy_m=part.get("acc"),
            speed=not_negative(part.get("vel")),
            heading_deg=part.get("cog"),
            altitude_m=part.get("alt"),
            battery_percent=percent(part.get("batt")),
            extra={key: value for key, value in part.items() if key not in taken},
        )
    )
    return message


def _owntracks_identity(part: dict[str, Any], asked: Asked) -> str | None:
    """Who it is, from the surest to the least sure: sign-in, headers, query, topic, tracker id."""
    user, device = asked.user or asked.query.get("u"), asked.device or asked.query.get("d")
    if user and device:
        return identity_of(f"{user}/{device}")
    topic = str(part.get("topic") or "").removeprefix("owntracks/")
    return identity_of(user, device, topic, part.get("tid"), asked.query.get("id"))


def _overland(part: dict[str, Any], asked: Asked) -> Message:
    message = Message(Dialect.OVERLAND)
    names = [part.get("device_id")]
    taken = {"timestamp", "horizontal_accuracy", "speed", "course", "altitude", "battery_level"}
    for feature in part["locations"]:
        feature = feature if isinstance(feature, dict) else {}
        said = feature.get("properties")
        said = said if isinstance(said, dict) else {}
        names.append(said.get("device_id"))
        message.add(
            make_fix(
                _point(feature),
                ("timestamp", said.get("timestamp")),
                asked.received_ms,
                accuracy_m=said.get("horizontal_accuracy"),
                speed=not_negative(said.get("speed")),
                heading_deg=said.get("course"),
                altitude_m=said.get("altitude"),
                battery_percent=percent(said.get("battery_level"), 1.0),
                extra={key: value for key, value in said.items() if key not in taken},
            )
        )
    message.identity = identity_of(*names, asked.query.get("id"), asked.query.get("device_id"), asked.user)
    return message


def _point(feature: dict[str, Any]) -> tuple[Any, Any]:
    shape = feature.get("geometry")
    place = shape.get("coordinates") if isinstance(shape, dict) else None
    return (place[1], place[0]) if isinstance(place, list) and len(place) >= 2 else (None, None)


def _traccar(part: dict[str, Any], asked: Asked) -> Message:
    name = identity_of(part.get("device_id"), asked.query.get("id"), asked.query.get("device_id"), asked.user)
    message = Message(Dialect.TRACCAR, name)
    found = part.get("location")
    for location in found if isinstance(found, list) else [found]:
        if not isinstance(location, dict) or not isinstance(location.get("coords"), dict):
            continue  # a heartbeat without a position
        coords = location["coords"]
        battery = location.get("battery")
        battery = battery if isinstance(battery, dict) else {}
        # The app repeats the position in "_" for servers that read no JSON.
        rest = {key: value for key, value in location.items() if key not in {"coords", "timestamp", "battery", "_"}}
        taken = {"latitude", "longitude", "accuracy", "speed", "heading", "altitude"}
        rest |= {key: value for key, value in coords.items() if key not in taken}
        message.add(
            make_fix(
                (coords.get("latitude"), coords.get("longitude")),
                ("timestamp", location.get("timestamp")),
                asked.received_ms,
                accuracy_m=coords.get("accuracy"),
                speed=not_negative(coords.get("speed")),
                heading_deg=coords.get("heading"),
                altitude_m=coords.get("altitude"),
                battery_percent=percent(battery.get("level"), 1.0),
                extra=rest | {key: value for key, value in battery.items() if key != "level"},
            )
        )
    return message
