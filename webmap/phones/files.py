"""Whole tracks as files, in the body of a message or a form."""

import tempfile
from pathlib import Path

from data.exchange.gpx import read_tracks
from data.fix_store import FixRow
from geo.errors import N_
from webmap.phones.fields import identity_of
from webmap.phones.messages import Asked, Dialect, Message, NotUnderstood

START = 4096
"""Bytes of a file that tell what it is."""

_LATITUDE = ("lat", "latitude", "纬度")
_SEPARATORS = (",", ";", "\t")


def ending_of(body: bytes) -> str | None:
    """Which kind of file the bytes are, by what is in them; None for none that may hold a track.

    Examples
    --------
    >>> ending_of(b"<gpx version='1.1'>"), ending_of(b"time,lat,lon\\n2026"), ending_of(b"id=1&lat=2")
    ('.gpx', '.csv', None)
    """
    if body[8:12] == b".FIT":
        return ".fit"
    if body[:4] == b"PK\x03\x04":
        return ".zip"
    start = body[:START].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return ".kml" if "<kml" in start else ".gpx"
    if start.startswith("{"):
        return ".geojson"
    first, newline, _ = start.partition("\n")
    cells = {cell.strip(' "\r').casefold() for separator in _SEPARATORS for cell in first.split(separator)}
    return ".csv" if newline and cells.intersection(_LATITUDE) else None


def read_file(body: bytes, name: str, asked: Asked, folder: Path) -> Message:
    """The fixes of a file with tracks, in its own datum as it stands; the phone's datum is undone later.

    Parameters
    ----------
    name : str
        As the sender gave it; its ending counts.
    folder : Path
        Where files may be put for a moment.

    Raises
    ------
    data.errors.UnreadableFile
        Nothing can be made of it.
    NotUnderstood
        None of its fixes has a time.
    """
    with tempfile.TemporaryDirectory(prefix="gridpatrol-", dir=folder) as opened:
        path = Path(opened) / f"sent{Path(name).suffix.lower()}"
        path.write_bytes(body)
        reading = read_tracks(path, name=name)
    fixes = reading.frame
    timed = fixes[fixes["at"].notna()]
    if timed.empty:
        raise NotUnderstood(N_("No fix of %(file)s has a time, so nobody knows when it was walked."), file=name)
    message = Message(Dialect.FILE, identity_of(asked.query.get("id"), asked.query.get("device_id"), asked.user))
    message.unusable = len(fixes) - len(timed) + len(reading.refusals)
    columns = timed[["lat", "lon", "accuracy_m", "ele"]].to_numpy(float)
    times = timed["at"].astype("datetime64[ms, UTC]").astype("int64").tolist()
    for at_ms, (lat, lon, accuracy, ele) in zip(times, columns.tolist(), strict=True):
        stated = accuracy if accuracy > 0 else None
        height = ele if ele == ele else None
        message.fixes.append(FixRow(at_ms, round(lat * 1e6), round(lon * 1e6), stated, altitude_m=height))
    return message
