"""Times as people and devices write them, year first, to aware times in UTC."""

from collections.abc import Iterable

import pandas as pd

PATTERN = (
    r"^\s*(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?(?:[T ]\s*"
    r"(?P<hour>\d{1,2})[:时](?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2}(?:[.,]\d+)?)?秒?|分)?)?\s*"
    r"(?P<zone>Z|[+-]\d{2}:?(?:\d{2})?)?\s*$"
)
SECONDS = r"^1\d{9}(\.\d+)?$"
MILLISECONDS = r"^1\d{12}$"


def parse_times(texts: Iterable[str | None], *, timezone: str) -> "pd.Series[pd.Timestamp]":
    """Read times; NaT where one is missing or cannot be read.

    Read are ISO 8601, ``2026/5/1 8:30``, ``2026年5月1日 8时30分``, and seconds or milliseconds since 1970. A time
    without a zone is taken in ``timezone``; a day without a time as its midnight. Day-first dates are not read: 5/4
    has two meanings.

    Parameters
    ----------
    texts : iterable of str or None
    timezone : str
        As ``Asia/Shanghai``.

    Returns
    -------
    Series
        ``datetime64[us, UTC]``, indexed from 0.

    Examples
    --------
    >>> parse_times(["2026-05-01 08:30", "1/5/2026"], timezone="Asia/Shanghai").tolist()
    [Timestamp('2026-05-01 00:30:00+0000', tz='UTC'), NaT]
    """
    given = pd.Series(list(texts), dtype="str").str.strip()
    parts = given.str.extract(PATTERN, expand=True)
    digits = {name: pd.to_numeric(parts[name]) for name in ("year", "month", "day")}
    clock = {name: pd.to_numeric(parts[name]).fillna(0) for name in ("hour", "minute")}
    days = pd.to_datetime(pd.DataFrame(digits), errors="coerce")
    seconds = pd.to_numeric(parts["second"].str.replace(",", ".")).fillna(0)
    possible = (clock["hour"] <= 24) & (clock["minute"] < 60) & (seconds < 61)
    local = days.where(possible).astype("datetime64[us]") + pd.to_timedelta(
        ((clock["hour"] * 60 + clock["minute"]) * 60_000_000 + (seconds * 1_000_000).round()).astype("int64"), unit="us"
    )
    read = local.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    read = read.mask(parts["zone"].notna(), local.dt.tz_localize("UTC") - _offset(parts["zone"]))
    return read.fillna(_since_1970(given)).astype("datetime64[us, UTC]")


def _offset(zones: "pd.Series[str]") -> "pd.Series[pd.Timedelta]":
    parts = zones.str.extract(r"^([+-])(\d{2}):?(\d{2})?$")
    minutes = pd.to_numeric(parts[1]).fillna(0) * 60 + pd.to_numeric(parts[2]).fillna(0)
    return pd.to_timedelta(minutes.where(parts[0] != "-", -minutes), unit="min")


def _since_1970(given: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    seconds = pd.to_numeric(given.where(given.str.match(SECONDS, na=False)), errors="coerce")
    milliseconds = pd.to_numeric(given.where(given.str.match(MILLISECONDS, na=False)), errors="coerce")
    micros = (seconds * 1_000_000).fillna(milliseconds * 1_000).round()
    return pd.to_datetime(micros.astype("Int64"), unit="us", utc=True)
