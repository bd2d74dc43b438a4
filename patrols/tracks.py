"""From a phone's fixes to the line that was walked: small named rules, then lines broken where nobody knows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from patrols.rules import Rules

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
# One named rule: which of these fixes, sorted by patrol and time, it drops.
Drops = Callable[[pd.DataFrame, Rules], Flags]

_DEFAULT = Rules()
# A phone that is lost may name up to this many wrong places one after the other before it finds back.
_STRAYS_IN_A_ROW = 4
# Fewer fixes than this say nothing about which of two places was the true one.
_REAL_RUN = 3


def clean_fixes(
    fixes: pd.DataFrame,
    rules: Rules = _DEFAULT,
    *,
    not_before: pd.Timestamp | None = None,
    not_after: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Say of each fix whether it is part of the walk, and if not, which rule left it out.

    The rules in their order; the first that fires names the fix, and later ones do not see it:

    * ``no_time``: the phone gave none.
    * ``zero``: longitude and latitude 0 (in columns `lon`, `lat`, where they are there), what a phone says when it does
      not know.
    * ``no_position``: not a pair of numbers.
    * ``out_of_time``: before `not_before` or after `not_after`.
    * ``duplicate``: a second fix of the same patrol at the same moment; the one with the best stated accuracy stays, of
      equals the most western, then the most southern, so that it never matters which came first.
    * ``accuracy``: calls itself worse than ``max_accuracy_m``. Missing, zero and negative accuracy mean that the phone
      did not say; such fixes stay.
    * ``far_off``: farther than ``far_off_m`` from the middle (median) of the patrol.
    * ``jump``: part of a run of at most ``jump_s`` that could not be reached at ``max_speed_m_s`` (give or take
      ``jump_m``), while the fixes before and after it are within reach of each other; also a run at the beginning or
      end of a patrol, out of reach of a longer one beside it.
    * ``speed``: part of ``ride_s`` or more at above ``max_speed_m_s``, on the whole and in most steps: a ride, not a
      patrol.
    * ``drift``: within a stay of at least ``stand_s`` in a square of ``stand_m``, where a phone's error wanders about
      and would make metres of it. The first and last fix of a stay remain, and meanwhile, so that nobody takes a stay
      for a lost signal, in each half of ``max_gap_s`` the one nearest to its middle.

    The answer for a patrol depends on its fixes alone, not on their order nor on other patrols.

    Parameters
    ----------
    fixes : DataFrame
        Columns `patrol` (any key), `at` (datetime64, aware), `x`, `y` (metres), `accuracy_m` (optional); many patrols
        in any order.
    rules : Rules
        The community's numbers.
    not_before, not_after : Timestamp, optional
        The times between which a fix makes sense: the upload's moment for a clock that runs ahead, the patrol's own
        start and end where they are known.

    Returns
    -------
    DataFrame
        The same rows, index and order, with a column `dropped_by`: a rule's name, None where the fix stays.
    """
    order = np.lexsort((fixes["at"].to_numpy("datetime64[ns]"), fixes["patrol"].factorize(use_na_sentinel=False)[0]))
    sorted_fixes = _plain(fixes.iloc[order])
    dropped_by = np.full(len(fixes), None, dtype=object)

    for name, drops in _named(not_before, not_after):
        left = np.flatnonzero(pd.isna(dropped_by))
        dropped_by[left[drops(sorted_fixes.iloc[left], rules)]] = name
    return fixes.assign(dropped_by=pd.Series(dropped_by[np.argsort(order)], index=fixes.index, dtype=object))


def _named(not_before: pd.Timestamp | None, not_after: pd.Timestamp | None) -> list[tuple[str, Drops]]:
    """The rules in their order."""
    return [
        ("no_time", _has_no_time),
        ("zero", _is_zero),
        ("no_position", _has_no_position),
        ("out_of_time", partial(_is_out_of_time, not_before=not_before, not_after=not_after)),
        ("duplicate", _is_duplicate),
        ("accuracy", _is_inaccurate),
        ("far_off", _is_far_off),
        ("jump", _jumps),
        ("speed", _rides),
        ("drift", _drifts),
    ]


def to_lines(fixes: pd.DataFrame, rules: Rules = _DEFAULT, *, crs: Any = None) -> gpd.GeoDataFrame:
    """Join each patrol's fixes to a line, broken wherever nobody knows the way.

    A line is broken where more than ``max_gap_s`` passed without a fix, and where the next fix could not be reached at
    ``max_speed_m_s`` (give or take ``jump_m``). A fix alone between two breaks has neither length nor time and is left
    out of the line. Standing still is part of the line: its time counts, though not its metres.

    Parameters
    ----------
    fixes : DataFrame
        As `clean_fixes` returns them; without a column `dropped_by` every fix is kept.
    rules : Rules
        The community's numbers.
    crs : any, optional
        In which metres `x` and `y` are.

    Returns
    -------
    GeoDataFrame
        One row a patrol, indexed by patrol, in order of the keys' first appearance. `geometry` (MultiLineString; None
        where no line is left), `metres`, `minutes` (of the parts, without the gaps), `moving_minutes` (without stays of
        ``stand_s`` in a square of ``stand_m``, either), `seconds` (array: time of every
        vertex since the patrol's first kept fix, which `geo.lines.credit_lines` reads), `started_at`, `ended_at` (of
        the kept fixes; NaT without any), `fixes_kept`, `fixes_dropped`.
    """
    patrol, keys = fixes["patrol"].factorize(use_na_sentinel=False)
    order = np.lexsort((fixes["at"].to_numpy("datetime64[ns]"), patrol))
    kept = fixes["dropped_by"].isna().to_numpy()[order] if "dropped_by" in fixes else np.ones(len(fixes), bool)
    rows = _plain(fixes.iloc[order[kept]]).assign(key=patrol[order[kept]])
    part, length = _parts(rows, rules)
    inside = np.bincount(part, minlength=int(part.max(initial=-1)) + 1)[part] > 1
    lines = _lines(rows[inside], part[inside], len(keys))
    rest = _totals(rows, part, length, len(keys), rules)
    dropped = np.bincount(patrol, minlength=len(keys)) - rest["fixes_kept"]
    frame = gpd.GeoDataFrame({**rest, "fixes_dropped": dropped}, geometry=lines, crs=crs)
    frame["seconds"] = _vertex_seconds(rows[inside], rest["started_at"], len(keys))
    return frame.set_axis(pd.Index(keys, name="patrol"), axis=0)


def drawable(lines: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Each patrol's line without the parts in which nobody moved, which no database takes for a line.

    Parameters
    ----------
    lines : GeoDataFrame
        As `to_lines` returns it.

    Returns
    -------
    GeoSeries
        MultiLineString, None where nothing is left; index and CRS of `lines`.
    """
    parts, owner = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    moved = shapely.length(parts) > 0
    return gpd.GeoSeries(_multi(parts[moved], owner[moved], len(lines)), index=lines.index, crs=lines.crs)


def _plain(fixes: pd.DataFrame) -> pd.DataFrame:
    accuracy = fixes.get("accuracy_m", np.nan)
    rows = fixes.assign(
        x=pd.to_numeric(fixes["x"]).astype(float),
        y=pd.to_numeric(fixes["y"]).astype(float),
        accuracy_m=accuracy,
        key=fixes["patrol"].factorize(use_na_sentinel=False)[0],
    )
    if rows["at"].dt.tz is None:
        rows["at"] = rows["at"].dt.tz_localize("UTC")
    return rows.assign(accuracy_m=rows["accuracy_m"].astype(float))


def _seconds(rows: pd.DataFrame) -> Floats:
    passed: Floats = rows["at"].to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    return passed


def _has_no_time(rows: pd.DataFrame, _: Rules) -> Flags:
    return np.asarray(rows["at"].isna())


def _has_no_position(rows: pd.DataFrame, _: Rules) -> Flags:
    return ~np.asarray(np.isfinite(rows["x"]) & np.isfinite(rows["y"]))


def _is_zero(rows: pd.DataFrame, _: Rules) -> Flags:
    if not {"lon", "lat"} <= set(rows.columns):
        return np.zeros(len(rows), bool)
    return np.asarray((rows["lon"] == 0) & (rows["lat"] == 0))


def _is_out_of_time(
    rows: pd.DataFrame, _: Rules, not_before: pd.Timestamp | None, not_after: pd.Timestamp | None
) -> Flags:
    wrong: Flags = np.zeros(len(rows), bool)
    if not_before is not None:
        wrong |= np.asarray(rows["at"] < not_before)
    if not_after is not None:
        wrong |= np.asarray(rows["at"] > not_after)
    return wrong


def _is_duplicate(rows: pd.DataFrame, _: Rules) -> Flags:
    stated = rows["accuracy_m"].where(rows["accuracy_m"] > 0, np.inf).to_numpy()
    order = np.lexsort((rows["y"], rows["x"], stated, _seconds(rows), rows["key"]))
    again: Flags = rows.iloc[order].duplicated(["key", "at"]).to_numpy()[np.argsort(order)]
    return again


def _is_inaccurate(rows: pd.DataFrame, rules: Rules) -> Flags:
    return np.asarray(rows["accuracy_m"] > rules.max_accuracy_m)


def _is_far_off(rows: pd.DataFrame, rules: Rules) -> Flags:
    middle = rows.groupby("key")[["x", "y"]].transform("median")
    return np.asarray(np.hypot(rows["x"] - middle["x"], rows["y"] - middle["y"]) > rules.far_off_m)


def _out_of_reach(key: Any, seconds: Floats, x: Floats, y: Floats, rules: Rules) -> Flags:
    """For each fix but the first: could it not be reached from the one before it?"""
    distance = np.hypot(np.diff(x), np.diff(y))
    lost: Flags = (key[1:] == key[:-1]) & (distance > rules.max_speed_m_s * np.diff(seconds) + rules.jump_m)
    return lost


def _jumps(rows: pd.DataFrame, rules: Rules) -> Flags:
    key, seconds, x, y = rows["key"].to_numpy(), _seconds(rows), rows["x"].to_numpy(), rows["y"].to_numpy()
    left = np.arange(len(rows))
    while True:
        runs = _runs(key[left], seconds[left], x[left], y[left], rules)
        goes = _strays(runs, seconds[left], x[left], y[left], rules)
        if not goes.any():
            break
        left = left[~np.repeat(goes, runs["size"])]
    dropped = np.ones(len(rows), bool)
    dropped[left] = False
    return dropped


def _runs(key: Any, seconds: Floats, x: Floats, y: Floats, rules: Rules) -> pd.DataFrame:
    """Runs of fixes of one patrol, each within reach of the one before: owner, first and last fix, size."""
    if not len(key):
        return pd.DataFrame({"owner": key, "first": key, "last": key, "size": key})
    broken = (key[1:] != key[:-1]) | _out_of_reach(key, seconds, x, y, rules)
    first = np.flatnonzero(np.concatenate([[True], broken]))
    last = np.append(first[1:], len(key)) - 1
    return pd.DataFrame({"owner": key[first], "first": first, "last": last, "size": last - first + 1})


def _strays(runs: pd.DataFrame, seconds: Floats, x: Floats, y: Floats, rules: Rules) -> Flags:
    """Runs to drop: those without which their neighbours are within reach of each other, and short ends."""
    owner, first, last, size = (runs[name].to_numpy() for name in ("owner", "first", "last", "size"))
    until = np.zeros(len(runs), np.int64)
    for apart in range(2, min(_STRAYS_IN_A_ROW + 2, len(runs))):
        before, after = np.arange(len(runs) - apart), np.arange(apart, len(runs))
        taken = seconds[first[after]] - seconds[last[before]]
        distance = np.hypot(x[first[after]] - x[last[before]], y[first[after]] - y[last[before]])
        between = first[after] - last[before] - 1
        heals = (owner[before] == owner[after]) & (distance <= rules.max_speed_m_s * taken + rules.jump_m)
        heals &= (seconds[last[after - 1]] - seconds[first[before + 1]] <= rules.jump_s) & (until[before] == 0)
        heals &= between < size[before] + size[after]
        until[before[heals]] = after[heals]
    # Where two such stretches overlap, the earlier is settled first and the later looked at again.
    earlier = np.maximum.accumulate(np.concatenate([[0], until]))[:-1]
    settled = np.flatnonzero((until > 0) & (earlier <= np.arange(len(runs))))
    goes = _covered(settled + 1, until[settled] - 1, len(runs))
    return goes if goes.any() else _weak_ends(runs, seconds, rules)


def _weak_ends(runs: pd.DataFrame, seconds: Floats, rules: Rules) -> Flags:
    """First and last runs of a patrol that are brief and shorter than a real run beside them."""
    owner, size = runs["owner"].to_numpy(), runs["size"].to_numpy()
    brief = seconds[runs["last"]] - seconds[runs["first"]] <= rules.jump_s
    same = owner[1:] == owner[:-1]
    has_last, has_next = np.append(False, same), np.append(same, False)
    weaker_than_next, weaker_than_last = np.zeros(len(runs), bool), np.zeros(len(runs), bool)
    weaker_than_next[:-1] = same & (size[:-1] < size[1:]) & (size[1:] >= _REAL_RUN)
    weaker_than_last[1:] = same & (size[1:] < size[:-1]) & (size[:-1] >= _REAL_RUN)
    return np.asarray(brief & ((~has_last & weaker_than_next) | (~has_next & weaker_than_last)))


def _rides(rows: pd.DataFrame, rules: Rules) -> Flags:
    key, seconds, x, y = rows["key"].to_numpy(), _seconds(rows), rows["x"].to_numpy(), rows["y"].to_numpy()
    # One number that grows by patrol and by time lets one search serve all patrols at once; a whole one, from each
    # patrol's own beginning, so that rounding does not depend on what other patrols there are.
    passed = rows["at"].to_numpy("datetime64[us]").astype(np.int64)
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    passed = passed - np.repeat(passed[begins], np.diff(np.append(begins, len(key))))
    ride_us = int(rules.ride_s * 1e6)
    clock = passed + key * (passed.max(initial=0) + 10 * ride_us)
    until = np.searchsorted(clock, clock + ride_us)
    begin = np.flatnonzero(until < len(rows))
    until = until[begin]
    same = key[begin] == key[until]
    begin, until = begin[same], until[same]
    taken = np.maximum(seconds[until] - seconds[begin], 1e-9)
    speed = np.hypot(x[until] - x[begin], y[until] - y[begin]) / taken
    # One long leap is not a ride: most of the time must have been fast, step by step.
    step = np.maximum(np.diff(seconds, append=seconds[-1:]), 0.0)
    fast = np.hypot(np.diff(x, append=x[-1:]), np.diff(y, append=y[-1:])) > rules.max_speed_m_s * step
    fast_before = np.concatenate([[0.0], np.cumsum(step * fast)])
    mostly = fast_before[until] - fast_before[begin] >= taken / 2
    rides = (speed > rules.max_speed_m_s) & mostly & (taken <= rules.max_gap_s + rules.ride_s)
    return _covered(begin[rides], until[rides], len(rows))


def _drifts(rows: pd.DataFrame, rules: Rules) -> Flags:
    key, seconds, x, y = rows["key"].to_numpy(), _seconds(rows), rows["x"].to_numpy(), rows["y"].to_numpy()
    stand = _stands(key, seconds, x, y, rules)
    stays = pd.DataFrame({"stand": stand, "x": x, "y": y, "seconds": seconds, "row": np.arange(len(rows))})[stand >= 0]
    stay = stays.groupby("stand")
    middle = stay[["x", "y"]].transform("median")
    while_s = (stays["seconds"] - stay["seconds"].transform("min")) // (rules.max_gap_s / 2)
    stays = stays.assign(while_=while_s, off_m=np.hypot(stays["x"] - middle["x"], stays["y"] - middle["y"]))
    nearest = stays.sort_values(["stand", "while_", "off_m", "row"]).drop_duplicates(["stand", "while_"])["row"]
    dropped: Flags = stand >= 0
    dropped[nearest] = False
    dropped[stay["row"].min()] = dropped[stay["row"].max()] = False
    return dropped


def _stands(key: Any, seconds: Floats, x: Floats, y: Floats, rules: Rules) -> NDArray[np.int64]:
    """The number of the stay that each fix belongs to, -1 for none; never across a lost signal.

    A stay begins and ends with a fix near its middle: whoever comes to it and leaves it walks.
    """
    from geo.stops import find_stands

    stand = np.full(len(key), -1, np.int64)
    if len(key) and rules.stand_m > 0:
        broken = (key[1:] != key[:-1]) | (np.diff(seconds) > rules.max_gap_s)
        first = np.concatenate([[0], np.flatnonzero(broken) + 1, [len(key)]])
        find_stands(first, seconds, x, y, rules.stand_m, rules.stand_s, stand)
    stays = pd.DataFrame({"stand": stand, "x": x, "y": y, "row": np.arange(len(key))})[stand >= 0]
    middle = stays.groupby("stand")[["x", "y"]].transform("median")
    near = stays[np.hypot(stays["x"] - middle["x"], stays["y"] - middle["y"]) <= rules.stand_m / 3]
    ends = near.groupby("stand")["row"].agg(["min", "max"])
    inside = _covered(ends["min"], ends["max"], len(key))
    return np.where(inside, stand, -1)


def _covered(first: Any, last: Any, count: int) -> Flags:
    """Which of so many positions lie in one of the stretches, their first and last included."""
    change = np.zeros(count + 1, np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, last + 1, -1)
    covered: Flags = np.cumsum(change)[:-1] > 0
    return covered


def _parts(rows: pd.DataFrame, rules: Rules) -> tuple[NDArray[np.int64], Floats]:
    """The part of a line that each fix belongs to, and the metres from the fix before it (0 across a break)."""
    if not len(rows):
        return np.empty(0, np.int64), np.empty(0)
    key, seconds, x, y = rows["key"].to_numpy(), _seconds(rows), rows["x"].to_numpy(), rows["y"].to_numpy()
    gap = (key[1:] != key[:-1]) | (np.diff(seconds) > rules.max_gap_s) | _out_of_reach(key, seconds, x, y, rules)
    part = np.concatenate([[0], np.cumsum(gap)])
    return part, np.concatenate([[0.0], np.where(gap, 0.0, np.hypot(np.diff(x), np.diff(y)))])


def _lines(rows: pd.DataFrame, part: NDArray[np.int64], patrols: int) -> NDArray[np.object_]:
    if not len(rows):
        return np.full(patrols, None, object)
    number = np.unique(part, return_inverse=True)[1]
    simple = np.asarray(shapely.linestrings(rows[["x", "y"]].to_numpy(), indices=number), dtype=object)
    first = np.flatnonzero(np.diff(number, prepend=-1))
    return _multi(simple, rows["key"].to_numpy()[first], patrols)


def _multi(parts: NDArray[np.object_], owner: Any, count: int) -> NDArray[np.object_]:
    lines = np.full(count, None, object)
    if len(parts):
        owners, number = np.unique(owner, return_inverse=True)
        lines[owners] = shapely.multilinestrings(parts, indices=number)
    return lines


def _totals(rows: pd.DataFrame, part: NDArray[np.int64], length: Floats, patrols: int, rules: Rules) -> dict[str, Any]:
    key, seconds = rows["key"].to_numpy(), _seconds(rows)
    spent = np.diff(seconds, prepend=seconds[:1]) * (np.diff(part, prepend=-1) == 0)
    stand = _stands(key, seconds, rows["x"].to_numpy(), rows["y"].to_numpy(), rules)
    moving = spent * ((stand < 0) | (np.diff(stand, prepend=-1) != 0))
    times = rows.groupby("key")["at"].agg(["min", "max"]).reindex(range(patrols))
    return {
        "metres": np.bincount(key, length, minlength=patrols),
        "minutes": np.bincount(key, spent / 60.0, minlength=patrols),
        "moving_minutes": np.bincount(key, moving / 60.0, minlength=patrols),
        "started_at": times["min"].array,
        "ended_at": times["max"].array,
        "fixes_kept": np.bincount(key, minlength=patrols),
    }


def _vertex_seconds(rows: pd.DataFrame, started_at: Any, patrols: int) -> "pd.Series[Any]":
    start = pd.Series(started_at).to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    passed = _seconds(rows) - start[rows["key"].to_numpy()]
    ends = np.cumsum(np.bincount(rows["key"], minlength=patrols))[:-1]
    each = np.empty(patrols, object)
    each[:] = np.split(passed, ends) if patrols else []
    return pd.Series(each, dtype=object)
