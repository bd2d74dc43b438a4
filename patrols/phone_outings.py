"""From what a phone sent to its outings: cut where it was silent, its clock and datum set right, cleaned."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from data import frames
from geo.datum import convert
from patrols.devices import SPEED_UNITS
from patrols.rules import Rules
from patrols.tracks import clean_fixes

DAY_BEGINS_H = 4
"""Local hour at which a patrol's day begins: at four in the morning the fewest are out."""

DIALECT_UNITS = {"osmand": "kn", "gpslogger": "m/s", "traccar": "m/s", "owntracks": "km/h", "overland": "m/s"}
"""In which unit each app says its speed, unless its phone is known to speak another."""

ROLLOVER_MS = 1024 * 7 * 86_400_000
"""Receivers count weeks to 1024 and begin again: an old one sends times of 19.6 years ago."""

_OLDEST_MS = 90 * 86_400_000
_DAY_MS = 86_400_000
# So many messages that lag alike show a clock, not a delay.
_ALIKE = 5
_ALIKE_MS = 10_000

Whole = NDArray[np.int64]


def day_of(at_ms: Whole, zone: ZoneInfo) -> Whole:
    """The patrol's day of moments: days since 1970, from four in the morning to four in the morning, local time.

    Examples
    --------
    >>> shanghai = ZoneInfo("Asia/Shanghai")
    >>> before, after = pd.Timestamp("2026-05-09 03:59", tz=shanghai), pd.Timestamp("2026-05-09 04:00", tz=shanghai)
    >>> first, second = day_of(np.array([before.value // 10**6, after.value // 10**6]), shanghai)
    >>> int(second - first)
    1
    """
    local = pd.DatetimeIndex(pd.to_datetime(at_ms, unit="ms", utc=True)).tz_convert(zone).tz_localize(None)
    shifted: Whole = (local - pd.Timedelta(hours=DAY_BEGINS_H)).to_numpy("datetime64[D]").astype(np.int64)
    return shifted


def begin_of_day(day: int, zone: ZoneInfo) -> int:
    """The moment at which a patrol's day begins, in milliseconds since 1970."""
    local = pd.Timestamp(day, unit="D") + pd.Timedelta(hours=DAY_BEGINS_H)
    return int(local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").timestamp() * 1000)


def cut(at_ms: Whole, rules: Rules, zone: ZoneInfo) -> Whole:
    """Number the outings of one phone, from 0.

    One ends where the phone was silent for longer than ``outing_gap_s``, and at four in the morning: so an outing
    never depends on fixes of another day, and deriving one day again gives what deriving all of them would.

    Parameters
    ----------
    at_ms : array of int
        Times of the fixes as the phone said them, in order.
    """
    if not len(at_ms):
        return np.empty(0, np.int64)
    ends = (np.diff(at_ms) > rules.outing_gap_s * 1000) | (np.diff(day_of(at_ms, zone)) != 0)
    return np.concatenate([[0], np.cumsum(ends)]).astype(np.int64)


def clock_off_ms(at_ms: Whole, received_ms: Whole, rules: Rules) -> int:
    """How much must be added to the times of one outing, because the phone's clock or its receiver was wrong.

    What came late is no wrong clock: a phone without signal sends its fixes hours later, and each a different time
    later. A wrong clock is off by the same all the time. So the clock is only corrected where at least five messages
    lag alike. A receiver whose count of weeks began again is known by the 1024 weeks.

    Parameters
    ----------
    at_ms, received_ms : array of int
        Of the fixes of one outing: when the phone says it was there, and when we heard of it.

    Returns
    -------
    int
        0 when there is nothing to correct, or nobody can tell by how much.

    Examples
    --------
    >>> walk = np.arange(10) * 15_000
    >>> clock_off_ms(walk, walk + 3_600_000, Rules()), clock_off_ms(walk, walk[::-1] + 3_600_000, Rules())
    (3600000, 0)
    """
    lag = received_ms - at_ms
    rolled = int((np.median(lag) + _DAY_MS) // ROLLOVER_MS)
    if rolled > 0 and np.median(lag) - rolled * ROLLOVER_MS <= _OLDEST_MS:
        return rolled * ROLLOVER_MS
    # Of a message with many fixes only the newest can have been sent at once.
    newest = pd.Series(lag).groupby(received_ms).min().to_numpy()
    middle = np.median(newest)
    alike = newest[np.abs(newest - middle) <= _ALIKE_MS]
    if len(alike) < _ALIKE or abs(middle) <= rules.clock_off_s * 1000:
        return 0
    return int(np.median(alike))


def make_outings(
    sent: pd.DataFrame,
    rules: Rules,
    crs: pyproj.CRS,
    zone: ZoneInfo,
    *,
    datum: str = "wgs84",
    speed_unit: str = "",
    outing: Whole | None = None,
    known_off_ms: Whole | None = None,
) -> pd.DataFrame:
    """Cut, correct and clean what one phone sent.

    The answer depends on the fixes alone, not on the order in which they came nor on when this is asked.

    Parameters
    ----------
    sent : DataFrame
        As `data.fix_store.read` returns it, in order of `at_ms`: `at_ms`, `lat`, `lon`, `accuracy_m`, `speed`,
        `dialect`, `received_ms`.
    rules : Rules
    crs : CRS
        The community's metres.
    zone : ZoneInfo
        Whose four in the morning it is.
    datum : str
        In which the phone writes its places.
    speed_unit : str
        In which it says its speed; the empty one: as its app does.
    outing : array of int, optional
        The number of each fix's outing, from 0 and growing, where somebody said when it began and ended.
    known_off_ms : array of int, optional
        How much must be added to the time of each, where the phone has told its clock; 0: it has not.

    Returns
    -------
    DataFrame
        A row for each fix, in the same order: `patrol` (number of the outing), `at` (aware), `lon`, `lat` (WGS 84),
        `x`, `y` (metres), `accuracy_m`, `speed_m_s`, `at_ms` (as sent), `clock_off_s`, `dropped_by` (as
        `patrols.tracks.clean_fixes` names it, or ``future``: later than we heard of it, and nobody can tell by how
        much).
    """
    at_ms, received_ms = sent["at_ms"].to_numpy(np.int64), sent["received_ms"].to_numpy(np.int64)
    outing = cut(at_ms, rules, zone) if outing is None else outing
    known = np.zeros(len(at_ms), np.int64) if known_off_ms is None else known_off_ms
    first = np.flatnonzero(np.diff(outing, prepend=-1))
    ends = np.append(first, len(outing))[1:]
    off = np.array(
        [known[a] or clock_off_ms(at_ms[a:b], received_ms[a:b], rules) for a, b in zip(first, ends, strict=True)], int
    )
    right_ms = at_ms + off[outing]
    lon, lat = convert(sent["lon"].to_numpy(float), sent["lat"].to_numpy(float), source=datum, target="wgs84")
    x, y = frames.points_in_metres(lon, lat, crs)
    fixes = pd.DataFrame(
        {
            "patrol": outing,
            "at": pd.to_datetime(right_ms, unit="ms", utc=True),
            "lon": lon,
            "lat": lat,
            "x": x,
            "y": y,
            "accuracy_m": sent["accuracy_m"].to_numpy(float),
            "speed_m_s": speeds_m_s(sent["speed"], sent["dialect"], speed_unit).to_numpy(),
            "at_ms": at_ms,
            "clock_off_s": off[outing] / 1000,
        }
    )
    possible = right_ms <= received_ms + rules.clock_off_s * 1000
    clean = clean_fixes(fixes[possible], rules)["dropped_by"].reindex(fixes.index)
    return fixes.assign(dropped_by=clean.astype(object).where(possible, "future").where(lambda one: one.notna(), None))


def speeds_m_s(speed: "pd.Series[float]", dialect: "pd.Series[str]", speed_unit: str = "") -> "pd.Series[float]":
    """Speeds as phones say them, in metres a second; NaN where nothing was said.

    Examples
    --------
    >>> speeds_m_s(pd.Series([10.0, 36.0]), pd.Series(["osmand", "owntracks"])).round(2).tolist()
    [5.14, 10.0]
    """
    units = pd.Series(speed_unit, dialect.index) if speed_unit else dialect.map(DIALECT_UNITS).fillna("m/s")
    return speed.astype(float) * units.map(SPEED_UNITS).astype(float)
