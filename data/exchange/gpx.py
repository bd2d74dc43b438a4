"""Tracks of patrols out of any file, as one row for each fix; GPX is read here."""

from collections.abc import Hashable
from pathlib import Path
from xml.etree.ElementTree import Element

import pandas as pd

from data.errors import UnreadableFile
from data.exchange import fit, geojson, walks
from data.exchange.endings import TEXT_ENDINGS, WORKBOOK_ENDINGS
from data.exchange.fixes import Fix, check_fixes
from data.exchange.reading import Reading, Refusals
from data.exchange.safe_xml import child_text, elements, local
from data.exchange.unpack import Source, opened
from geo.errors import N_

TABLE_ENDINGS = TEXT_ENDINGS | WORKBOOK_ENDINGS
ENDINGS = frozenset({".fit", ".gpx", ".kml", *geojson.ENDINGS, *TABLE_ENDINGS})
ACCURACY = frozenset({"accuracy", "hacc", "horizontalaccuracy"})
PLANS = {"rtept": N_("route points"), "wpt": N_("waypoints")}


def read_tracks(
    path: str | Path, *, name: str | None = None, datum: str = "wgs84", timezone: str = "Asia/Shanghai"
) -> Reading[pd.DataFrame]:
    """Read the fixes of every track in a file, in the file's order.

    A fix without a place on earth, or whose time cannot be read, is refused. A fix without any time is kept with NaT
    and mentioned in the notes. Routes and waypoints are plans, not walks: they are left out and mentioned.

    Parameters
    ----------
    path : str or Path
        .gpx, .kml, .kmz, .geojson, .fit, .csv or .xlsx, also in .zip or .gz.
    name : str, optional
        The file's name as the user gave it, when ``path`` is an upload's temporary place.
    datum : str
        In which the degrees, or metres, are written: one of `geo.datum.NAMES`; it is undone.
    timezone : str
        Of times in tables and GeoJSON that name no zone. GPX and KML times without a zone are UTC, as their standards
        say.

    Returns
    -------
    Reading
        One row a fix: ``patrol`` (a key made of the track's places and times, so that the same walk has the same key in
        any file), ``at`` (aware, UTC), ``lon``, ``lat`` (WGS 84), ``ele`` and ``accuracy_m`` (NaN when not known),
        ``segment`` (from 1 within the track; the receiver was off between two), ``name`` (of the track, or ``""``) and
        ``source_row`` (number of the fix from 1, or the table's row).

    Raises
    ------
    UnreadableFile
        There is no track in it, or nothing can be made of the file.
    """
    with opened(path, ENDINGS, name=name) as source:
        refusals = Refusals(source.name)
        if source.ending == ".gpx":
            fixes, names = _from_gpx(source, refusals)
        elif source.ending == ".fit":
            fixes, names = fit.from_fit(source, refusals)
        elif source.ending == ".kml":
            fixes, names = walks.from_kml(source, refusals)
        elif source.ending in geojson.ENDINGS:
            fixes, names = walks.from_geojson(source, refusals)
        else:
            fixes, names = walks.from_table(source, refusals)
        if not fixes:
            found = " ".join(note.template % note.facts for note in refusals.notes[:3])
            raise UnreadableFile(N_("%(file)s holds no track. %(found)s"), file=source.name, found=found)
        zone = "UTC" if source.ending in {".fit", ".gpx", ".kml"} else timezone
        return check_fixes(fixes, names, refusals, timezone=zone, datum=datum)


def _from_gpx(source: Source, refusals: Refusals) -> tuple[list[Fix], dict[Hashable, str]]:
    fixes: list[Fix] = []
    names: dict[Hashable, str] = {}
    plans = dict.fromkeys(PLANS, 0)
    track = segment = empty = before = 0
    for position, (event, element) in enumerate(elements(source.path.read_bytes(), source.name)):
        if position == 0 and local(element) != "gpx":
            raise UnreadableFile(N_("%(file)s is XML, but no GPX."), file=source.name)
        match event, local(element):
            case "start", "trk":
                track, segment, before = track + 1, 0, len(fixes)
            case "start", "trkseg":
                segment += 1
            case "end", "trkpt":
                fixes.append(_fix(element, track, segment, len(fixes) + 1))
                element.clear()
            case "end", ("rtept" | "wpt") as plan:
                plans[plan] += 1
                element.clear()
            case "end", "trk":
                names[track] = child_text(element, "name") or ""
                empty += len(fixes) == before
    _mention(plans, empty, refusals)
    return fixes, names


def _mention(plans: dict[str, int], empty: int, refusals: Refusals) -> None:
    for plan, count in plans.items():
        if count:
            refusals.note(N_("%(count)s %(kind)s were left out: they are no walk."), count=count, kind=PLANS[plan])
    if empty:
        refusals.note(N_("%(count)s tracks have no fix."), count=empty)


def _fix(element: Element, track: int, segment: int, row: int) -> Fix:
    accuracy = next((item.text for item in element.iter() if local(item).lower() in ACCURACY), None)
    return Fix(
        track,
        segment,
        child_text(element, "time"),
        element.get("lon"),
        element.get("lat"),
        child_text(element, "ele"),
        accuracy,
        row,
    )
