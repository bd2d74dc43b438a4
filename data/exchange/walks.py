"""Tracks in files that are not GPX: KML, GeoJSON and tables."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from data.errors import UnreadableFile
from data.exchange import geojson, kml
from data.exchange.fixes import Cell, Fix
from data.exchange.points import LATITUDE, LONGITUDE
from data.exchange.reading import Refusals
from data.exchange.safe_xml import child_text, local
from data.exchange.tables import read_opened, rename
from data.exchange.unpack import Source
from geo.errors import N_

HEADINGS = {
    "patrol": (
        "patrol_id",
        "track",
        "track_id",
        "trip",
        "trip_id",
        "agent_id",
        "巡逻编号",
        "巡查编号",
        "轨迹编号",
        "巡逻",
        "轨迹",
    ),
    "at": ("time", "timestamp", "datetime", "gps_time", "date_time", "定位时间", "采集时间", "时间"),
    "lon": LONGITUDE,
    "lat": LATITUDE,
    "ele": ("elevation", "altitude", "alt", "海拔", "高程"),
    "accuracy_m": ("accuracy", "hacc", "horizontal_accuracy", "精度", "定位精度"),
}
TIMES = ("coordTimes", "times", "time", "coordinateProperties")
Found = tuple[list[Fix], dict[Hashable, str]]


def from_kml(source: Source, refusals: Refusals) -> Found:
    """One track for each placemark with a ``gx:Track`` or a line; a line has no times."""
    fixes: list[Fix] = []
    names: dict[Hashable, str] = {}
    for placemark in kml.placemarks(source):
        names[placemark.row] = child_text(placemark.element, "name") or ""
        segments = [element for element in placemark.element.iter() if local(element) in {"Track", "LineString"}]
        for segment, element in enumerate(segments, start=1):
            try:
                rows = _track(element) if local(element) == "Track" else _line(element)
            except kml.BadShape as error:
                refusals.note(
                    N_("The placemark “%(name)s” was left out (%(reason)s)."),
                    row=placemark.row,
                    name=names[placemark.row],
                    reason=str(error),
                )
                continue
            fixes.extend(Fix(placemark.row, segment, *cells, len(fixes) + at) for at, cells in enumerate(rows, start=1))
    return fixes, names


Cells = tuple[Cell, Cell, Cell, Cell, Cell]


def _track(element: Element) -> list[Cells]:
    times: list[str | None] = [(child.text or "").strip() or None for child in element if local(child) == "when"]
    places = [(child.text or "").split() for child in element if local(child) == "coord"]
    times = times or [None] * len(places)
    if len(times) != len(places):
        raise kml.BadShape(f"{len(times)} when, {len(places)} gx:coord")
    accuracy = _accuracy(element, len(places))
    return [
        (at, *_three(place), accuracy[position]) for position, (at, place) in enumerate(zip(times, places, strict=True))
    ]


def _accuracy(element: Element, count: int) -> Sequence[Cell]:
    for item in element.iter():
        if local(item) == "SimpleArrayData" and (item.get("name") or "").lower() == "accuracy":
            values: list[Cell] = [value.text for value in item if local(value) == "value"]
            if len(values) == count:
                return values
    return [None] * count


def _line(element: Element) -> list[Cells]:
    text = (child_text(element, "coordinates") or "").replace(", ", ",")
    return [(None, *_three(part.split(",")), None) for part in text.split()]


def _three(place: Sequence[str]) -> tuple[Cell, Cell, Cell]:
    lon, lat, ele, *_ = (*place, None, None, None)
    return lon, lat, ele


def from_geojson(source: Source, refusals: Refusals) -> Found:
    """One track for each line, with times from ``coordTimes`` or ``times``; or one of points that carry their time."""
    features = geojson.features_of(geojson.load_json(source), source)
    fixes: list[Fix] = []
    names: dict[Hashable, str] = {}
    for number, feature in enumerate(features, start=1):
        properties, shape = _object(feature.get("properties")), _object(feature.get("geometry"))
        if shape.get("type") == "Point":
            cells = {name: properties.get(column) for column, name in rename(properties, HEADINGS).items()}
            fixes.append(_point(cells, shape.get("coordinates"), len(fixes) + 1))
            continue
        names[number] = str(properties.get("name") or "")
        for segment, (places, times) in enumerate(_lines(shape, properties, refusals, number), start=1):
            for at, place in zip(times, places, strict=True):
                fixes.append(Fix(number, segment, _cell(at), *_numbers(place), None, len(fixes) + 1))
    return fixes, names


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _point(cells: dict[str, Any], place: Any, row: int) -> Fix:
    track = f"point-{cells.get('patrol') or ''}"
    return Fix(track, 1, _cell(cells.get("at")), *_numbers(place), _cell(cells.get("accuracy_m")), row)


def _cell(value: Any) -> Cell:
    return None if value is None else str(value)


def _numbers(place: Any) -> tuple[Cell, Cell, Cell]:
    if not isinstance(place, list):
        return None, None, None
    lon, lat, ele, *_ = (*(_cell(number) for number in place), None, None, None)
    return lon, lat, ele


def _lines(
    shape: dict[str, Any], properties: dict[str, Any], refusals: Refusals, number: int
) -> Iterator[tuple[list[Any], list[Any]]]:
    """The places and times of each part of a line; times that do not match its places are left out and mentioned."""
    coordinates = shape.get("coordinates")
    if shape.get("type") not in {"LineString", "MultiLineString"} or not isinstance(coordinates, list):
        refusals.note(N_("The feature is no line and was left out."), row=number)
        return
    parts = [coordinates] if shape["type"] == "LineString" else coordinates
    times = _times(properties)
    per_part = [times] if shape["type"] == "LineString" else times
    for position, part in enumerate(parts):
        places = part if isinstance(part, list) else []
        given = per_part[position] if position < len(per_part) and isinstance(per_part[position], list) else []
        if given and len(given) != len(places):
            refusals.note(
                N_("The line has %(places)s places and %(times)s times; its times were left out."),
                row=number,
                places=len(places),
                times=len(given),
            )
        yield places, given if len(given) == len(places) else [None] * len(places)


def _times(properties: dict[str, Any]) -> list[Any]:
    for name in TIMES:
        value = properties.get(name)
        if isinstance(value, dict):
            value = value.get("times")
        if isinstance(value, list):
            return value
    return []


def from_table(source: Source, refusals: Refusals) -> Found:
    """One fix a row; a column of patrols tells them apart, otherwise all rows are one track."""
    reading = read_opened(source)
    refusals.take(reading)
    table = reading.frame.rename(columns=rename(reading.frame.columns, HEADINGS, file=source.name))
    if not {"lon", "lat"} <= set(table.columns):
        raise UnreadableFile(
            N_("%(file)s holds no track: it needs columns for longitude, latitude and time (经度, 纬度, 时间)."),
            file=source.name,
        )
    table = table.reindex(columns=["patrol", "at", "lon", "lat", "ele", "accuracy_m", "source_row"]).astype(object)
    table = table.where(table.notna(), None)
    # A missing name is a name like any other: rows without one are one track, not none.
    table["patrol"] = table["patrol"].where(table["patrol"].notna(), "")
    fixes = [
        Fix(patrol, 1, at, lon, lat, ele, accuracy, row)
        for patrol, at, lon, lat, ele, accuracy, row in table.itertuples(index=False, name=None)
    ]
    return fixes, {patrol: str(patrol or "") for patrol in table["patrol"].unique()}
