"""Walks of many phones as their apps send them: every dialect, mixed, some of it twice, out of order."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import numpy as np

START_S = 1_795_136_400
"""2026-11-20 09:00 on the wall."""

Key = tuple[str, int, int, int]
"""What makes a fix that fix: phone, milliseconds, latitude and longitude in millionths of a degree."""


@dataclass(frozen=True)
class Request:
    """One message, and the fixes in it."""

    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fixes: tuple[Key, ...] = ()

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"


def requests(phones: int, fixes: int, *, seed: int = 7, repeated: float = 0.01) -> list[Request]:
    """Messages of so many phones with so many fixes each, shuffled, and that share of them twice."""
    random = np.random.default_rng(seed)
    made = [one for phone in range(phones) for one in _messages(phone, fixes, random)]
    again = random.choice(len(made), size=round(len(made) * repeated))
    mixed = made + [made[i] for i in again]
    return [mixed[i] for i in random.permutation(len(mixed))]


def _messages(phone: int, count: int, random: np.random.Generator) -> list[Request]:
    dialect = (_osmand, _form, _traccar, _owntracks, _gpslogger, _overland, _gpx)[phone % 7]
    steps = random.integers(-90, 90, (count, 2))
    places = np.array([40_000_000, 116_300_000]) + np.cumsum(steps, axis=0)
    walk = [(START_S + 10 * i, int(lat), int(lon)) for i, (lat, lon) in enumerate(places)]
    if dialect not in (_overland, _gpx):
        return [dialect(f"phone-{phone}", [fix]) for fix in walk]
    cuts = np.unique(np.append(np.cumsum(random.integers(1, 60, count)), count))
    cuts = cuts[cuts <= count]
    return [dialect(f"phone-{phone}", walk[a:b]) for a, b in zip(np.append(0, cuts[:-1]), cuts, strict=True) if b > a]


Walk = list[tuple[int, int, int]]


def _keys(name: str, walk: Walk) -> tuple[Key, ...]:
    return tuple((name, second * 1000, lat, lon) for second, lat, lon in walk)


def _osmand(name: str, walk: Walk) -> Request:
    ((second, lat, lon),) = walk
    query = {"id": name, "lat": lat / 1e6, "lon": lon / 1e6, "timestamp": second * 1000, "speed": 2.1, "batt": 80}
    return Request(f"/track?{urlencode(query)}", fixes=_keys(name, walk))


def _form(name: str, walk: Walk) -> Request:
    ((second, lat, lon),) = walk
    form = {"deviceid": name, "location": f"{lat / 1e6},{lon / 1e6}", "timestamp": second, "accuracy": 6, "alarm": ""}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("/track", urlencode(form).encode(), headers, _keys(name, walk))


def _json(document: Any, name: str, walk: Walk, **headers: str) -> Request:
    body = json.dumps(document).encode()
    return Request("/track", body, {"Content-Type": "application/json", **headers}, _keys(name, walk))


def _traccar(name: str, walk: Walk) -> Request:
    ((second, lat, lon),) = walk
    coords = {"latitude": lat / 1e6, "longitude": lon / 1e6, "accuracy": 5, "speed": 1.2, "heading": -1, "altitude": 5}
    location = {"timestamp": second, "coords": coords, "battery": {"level": 0.8, "is_charging": False}, "odometer": 7}
    return _json({"location": location, "device_id": name}, name, walk)


def _owntracks(name: str, walk: Walk) -> Request:
    ((second, lat, lon),) = walk
    place = {"_type": "location", "lat": lat / 1e6, "lon": lon / 1e6, "tst": second, "acc": 9, "vel": 4, "tid": "aa"}
    user, _, device = name.partition("-")
    basic = base64.b64encode(f"{user}:secret".encode()).decode()
    sent = _json(place, name, walk, **{"Authorization": f"Basic {basic}", "X-Limit-D": device})
    return Request(sent.path, sent.body, sent.headers, _keys(f"{user}/{device}", walk))


def _gpslogger(name: str, walk: Walk) -> Request:
    ((second, lat, lon),) = walk
    query = {"id": name, "lat": lat / 1e6, "lon": lon / 1e6, "sat": 7, "acc": 4.0, "prov": "gps", "spd": 1.1}
    return Request(f"/track?{urlencode({**query, 'timestamp': second, 'dist': 0})}", fixes=_keys(name, walk))


def _overland(name: str, walk: Walk) -> Request:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon / 1e6, lat / 1e6]},
            "properties": {"timestamp": second, "horizontal_accuracy": 8, "motion": ["walking"]},
        }
        for second, lat, lon in walk
    ]
    return _json({"locations": features, "device_id": name}, name, walk)


def _gpx(name: str, walk: Walk) -> Request:
    points = "".join(
        f'<trkpt lat="{lat / 1e6}" lon="{lon / 1e6}"><time>{np.datetime64(second, "s")}Z</time></trkpt>'
        for second, lat, lon in walk
    )
    body = f'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>{points}</trkseg></trk></gpx>'.encode()
    return Request(f"/track?id={name}", body, {"Content-Type": "application/gpx+xml"}, _keys(name, walk))
