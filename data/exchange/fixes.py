"""Fixes as files hold them, turned into clean columns together."""

import hashlib
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.exchange.reading import Reading, Refusals
from data.exchange.times import parse_times
from geo.datum import convert, in_metres
from geo.errors import N_

KEY_DIGITS = 20
COLUMNS = ["patrol", "at", "lon", "lat", "ele", "accuracy_m", "segment", "name", "source_row"]
Cell = str | float | None


class Fix(NamedTuple):
    """One position as it stands in the file; ``track`` is anything that its fellows share."""

    track: Hashable
    segment: int
    at: Cell
    lon: Cell
    lat: Cell
    ele: Cell
    accuracy_m: Cell
    source_row: int


def check_fixes(
    fixes: Sequence[Fix], names: Mapping[Hashable, str], refusals: Refusals, *, timezone: str, datum: str
) -> Reading[pd.DataFrame]:
    """Numbers, times and keys of all fixes at once; refuses those without a place, or with a time that cannot be read.

    Parameters
    ----------
    fixes : sequence of Fix
    names : mapping
        Name of each track that has one.
    refusals : Refusals
    timezone : str
        Of times that name none.
    datum : str
        In which the degrees are written, or the metres of a datum that has its own.
    """
    raw = pd.DataFrame(fixes, columns=list(Fix._fields), dtype=object)
    rows = raw["source_row"].astype("int64")
    lon, lat = _places(raw, rows, refusals, datum if in_metres(datum) else None)
    at = _times(raw["at"], rows, refusals, timezone)
    frame = pd.DataFrame(
        {
            "track": raw["track"],
            "at": at,
            "lon": lon,
            "lat": lat,
            "ele": pd.to_numeric(raw["ele"], errors="coerce").astype(float),
            "accuracy_m": _accuracy(raw["accuracy_m"]),
            "segment": raw["segment"].astype("int64"),
            "name": raw["track"].map(lambda track: names.get(track, "")).astype(object),
            "source_row": rows,
        }
    )
    reading = refusals.reading(frame)
    frame, rest = reading.frame, reading.refusals
    attrs = frame.attrs
    if not in_metres(datum):
        frame["lon"], frame["lat"] = convert(frame["lon"], frame["lat"], source=datum, target="wgs84")
    frame = keyed(frame, refusals)
    frame.attrs = attrs
    return Reading(frame[COLUMNS], rest)


def _places(
    raw: pd.DataFrame, rows: "pd.Series[int]", refusals: Refusals, metres_of: str | None
) -> "tuple[pd.Series[float], pd.Series[float]]":
    """Degrees that are some, or metres of a datum turned into degrees."""
    lon = pd.to_numeric(raw["lon"], errors="coerce").astype(float)
    lat = pd.to_numeric(raw["lat"], errors="coerce").astype(float)
    missing = ~(np.isfinite(lon) & np.isfinite(lat))
    if metres_of is not None:
        degrees = convert(lon.where(~missing), lat.where(~missing), source=metres_of, target="wgs84")
        lon, lat = (pd.Series(part, index=raw.index).where(~missing, np.nan) for part in degrees)
        lon, lat = lon.where(missing | lon.notna(), np.inf), lat.where(missing | lat.notna(), np.inf)
    swapped = (lat.abs() > 90) & (lat.abs() <= 180) & (lon.abs() <= 90)
    outside = ~missing & ~swapped & ((lon.abs() > 180) | (lat.abs() > 90))

    def place(at: int) -> str:
        return f"{raw['lon'].iloc[at]}, {raw['lat'].iloc[at]}"

    refusals.add_where(
        missing, rows, N_("The fix has no longitude and latitude that are numbers (%(place)s)."), place=place
    )
    refusals.add_where(swapped, rows, N_("%(place)s is no longitude and latitude; the two look swapped."), place=place)
    refusals.add_where(outside, rows, N_("%(place)s is no place on earth."), place=place)
    return lon, lat


def _times(
    texts: "pd.Series[str]", rows: "pd.Series[int]", refusals: Refusals, timezone: str
) -> "pd.Series[pd.Timestamp]":
    at = parse_times(texts, timezone=timezone)
    missing = texts.isna() | (texts == "")
    refusals.add_where(
        ~missing & at.isna(),
        rows,
        N_("“%(value)s” is no time that is read here. Write it as 2026-05-01 08:30:00."),
        value=lambda position: str(texts.iloc[position])[:40],
    )
    if missing.any():
        refusals.note(N_("%(count)s of %(all)s fixes have no time."), count=int(missing.sum()), all=len(texts))
    return at


def _accuracy(values: "pd.Series[float]") -> "pd.Series[float]":
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(numbers >= 0)


def keyed(frame: pd.DataFrame, refusals: Refusals, known: Collection[str] = ()) -> pd.DataFrame:
    """Each track's key, from its places to the centimetre and its times; a track that occurs twice is kept once.

    Parameters
    ----------
    frame : DataFrame
        Columns `track`, `at`, `lon`, `lat`, `source_row`.
    refusals : Refusals
        Receives a note of each track that is left out.
    known : collection of str
        Keys of tracks that were read elsewhere; they are left out too.

    Returns
    -------
    DataFrame
        With the column `patrol`.
    """
    keys: dict[Hashable, str] = {}
    for track, walk in frame.groupby("track", sort=False):
        content = hashlib.sha256()
        for column in ("lon", "lat"):
            content.update((walk[column] * 1e7).round().to_numpy(dtype="<i8").tobytes())
        content.update(walk["at"].dt.tz_localize(None).to_numpy(dtype="M8[us]").astype("<i8").tobytes())
        key = content.hexdigest()[:KEY_DIGITS]
        if key in keys.values() or key in known:
            refusals.note(N_("The same track occurs twice; it was read once."), row=int(walk["source_row"].iloc[0]))
        else:
            keys[track] = key
    frame = frame[frame["track"].isin(keys.keys())]
    return frame.assign(patrol=frame["track"].map(keys)).reset_index(drop=True)
