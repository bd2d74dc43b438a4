"""Tracks out as GPX 1.1, for watches, phones and other programs."""

from pathlib import Path

import pandas as pd
from gpxpy.gpx import GPX, GPXTrack, GPXTrackPoint, GPXTrackSegment

from data.exchange.write import replacing


def write_tracks(fixes: pd.DataFrame, path: str | Path) -> None:
    """Write one track for each patrol, its segments apart, as `gpx.read_tracks` reads them.

    Accuracy has no place in GPX and is left out. The file appears whole under its name or not at all.

    Parameters
    ----------
    fixes : DataFrame
        ``patrol, at`` (aware, or NaT), ``lon, lat`` (WGS 84); ``ele, segment, name`` where there are any. In order.
    path : str or Path

    Raises
    ------
    CannotWrite
        The folder cannot be written to.
    """
    book = GPX()
    book.creator = "gridpatrol"
    filled = fixes.reindex(columns=["patrol", "segment", "name", "at", "lon", "lat", "ele"])
    filled["segment"] = filled["segment"].fillna(1)
    for _, walk in filled.groupby("patrol", sort=False):
        track = GPXTrack(name=str(walk["name"].iloc[0]) if pd.notna(walk["name"].iloc[0]) else None)
        track.segments = [_segment(part) for _, part in walk.groupby("segment", sort=True)]
        book.tracks.append(track)
    with replacing(Path(path)) as target:
        target.write_text(book.to_xml(version="1.1"), encoding="utf-8")


def _segment(part: pd.DataFrame) -> GPXTrackSegment:
    times = part["at"].dt.tz_convert("UTC")
    return GPXTrackSegment(
        [
            GPXTrackPoint(
                latitude=lat,
                longitude=lon,
                elevation=None if pd.isna(ele) else ele,
                time=None if pd.isna(at) else at.to_pydatetime(),
            )
            for lon, lat, ele, at in zip(part["lon"], part["lat"], part["ele"], times, strict=True)
        ]
    )
