"""A walk to be walked as GPX, for any phone's map: a line to follow, and a point with words wherever one turns."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ElementTree, SubElement

GPX = "http://www.topografix.com/GPX/1/1"
_FORBIDDEN = {number: None for number in range(32) if number not in (9, 10, 13)}


class Spot(NamedTuple):
    """A place of a route, longitude and latitude (WGS 84), with what to do there."""

    lon: float
    lat: float
    words: str


def write_walk(path: Path, name: str, line: Any, spots: Iterable[Spot], *, at: datetime) -> int:
    """Write a walk; returns how many spots it has.

    The line is a track, which every map shows; the spots are a route, which guides by voice where a phone can. Readers
    of walks that were walked take neither for one: the track has no times.

    Parameters
    ----------
    line : LineString
        Longitude and latitude, WGS 84.
    at : datetime
        When it was planned; aware.
    """
    root = Element("gpx", {"version": "1.1", "creator": "gridpatrol", "xmlns": GPX})
    about = SubElement(root, "metadata")
    SubElement(about, "name").text = _plain(name)
    SubElement(about, "time").text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    route = SubElement(root, "rte")
    SubElement(route, "name").text = _plain(name)
    count = 0
    for count, spot in enumerate(spots, start=1):
        point = SubElement(route, "rtept", _place(spot.lon, spot.lat))
        SubElement(point, "name").text = str(count)
        SubElement(point, "desc").text = _plain(spot.words)
    track = SubElement(root, "trk")
    SubElement(track, "name").text = _plain(name)
    segment = SubElement(track, "trkseg")
    for lon, lat in line.coords:
        SubElement(segment, "trkpt", _place(lon, lat))
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return count


def _place(lon: float, lat: float) -> dict[str, str]:
    return {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}"}


def _plain(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return text.translate(_FORBIDDEN)
