"""A patrol over again: where its walker was at each moment, what was left out and why, where they stood."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, Fix, Patrol
from patrols.rules import Rules

STOP_S = 60.0
"""How long somebody stays before it is a stop: longer than a word in passing or a red light."""

STOP_M = 20.0
"""How far a fix may wander meanwhile: a phone's scatter beside a house."""

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Replay:
    """A patrol's fixes in order of time, and its stops; both empty once its fixes are deleted.

    Parameters
    ----------
    fixes : DataFrame
        `at` (aware), `second` (since the patrol's first fix), `lon`, `lat` (WGS 84), `accuracy_m`, `dropped_by` (the
        rule's name, None: kept) and `after_gap`: nobody knows the way from the kept fix before it.
    stops : DataFrame
        `from_second`, `until_second`, `lon`, `lat` (the middle of the fixes).
    """

    fixes: pd.DataFrame
    stops: pd.DataFrame


def replay(session: Session, patrol: Patrol) -> Replay:
    """Everything that is kept of the moments of one patrol. Who may see it is `patrols.looks`'s to say."""
    wanted = (
        select(Fix.at, Fix.lon, Fix.lat, Fix.accuracy_m, Fix.dropped_by)
        .where(Fix.patrol_id == patrol.id)
        .order_by(Fix.at, Fix.id)
    )
    columns = ["at", "lon", "lat", "accuracy_m", "dropped_by"]
    fixes = pd.DataFrame(session.execute(wanted).all(), columns=columns)
    community = session.get_one(Community, patrol.community_id)
    at = pd.to_datetime(fixes["at"], utc=True)
    second = ((at - at.min()).dt.total_seconds() if len(fixes) else at).to_numpy(float)
    x, y = frames.points_in_metres(
        fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float), frames.crs_of(session, community.id)
    )
    rule = fixes["dropped_by"].astype(object).where(fixes["dropped_by"].notna(), None)
    table = fixes.assign(at=at, second=second, x=x, y=y, dropped_by=rule, after_gap=False)
    kept = table[table["dropped_by"].isna()]
    gaps = _gaps(kept, Rules.for_community(community.rules))
    table.loc[kept.index[gaps], "after_gap"] = True
    return Replay(table.drop(columns=["x", "y"]), find_stops(kept.assign(after_gap=gaps)))


def _gaps(kept: pd.DataFrame, rules: Rules) -> Flags:
    """Where a line is broken, as `patrols.tracks.to_lines` breaks it: silence, or out of reach."""
    seconds = np.diff(kept["second"].to_numpy(float))
    metres = np.hypot(np.diff(kept["x"].to_numpy(float)), np.diff(kept["y"].to_numpy(float)))
    broken = (seconds > rules.max_gap_s) | (metres > rules.max_speed_m_s * seconds + rules.jump_m)
    return np.concatenate([[False], broken])[: len(kept)]


def find_stops(kept: pd.DataFrame) -> pd.DataFrame:
    """Where somebody stood for at least `STOP_S`, as far as the fixes tell: never across a gap.

    Parameters
    ----------
    kept : DataFrame
        In order of time: `second`, `x`, `y` (metres), `lon`, `lat`, `after_gap`.

    Returns
    -------
    DataFrame
        `from_second`, `until_second`, `lon`, `lat`.

    Examples
    --------
    >>> seconds = np.arange(0.0, 240.0, 10.0)
    >>> walk = pd.DataFrame({"second": seconds, "x": np.clip(seconds - 60, 0, 60), "y": 0.0, "lon": 0.0, "lat": 0.0})
    >>> find_stops(walk.assign(after_gap=False))[["from_second", "until_second"]].to_numpy().tolist()
    [[0.0, 80.0], [100.0, 230.0]]
    """
    columns = ["from_second", "until_second", "lon", "lat"]
    if len(kept) < 2:
        return pd.DataFrame(columns=columns, dtype=float)
    standing = _standing(kept)
    change = np.diff(np.concatenate([[0], standing.astype(int), [0]]))
    first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    number = np.cumsum(change[:-1] == 1)[standing]
    middle = kept[standing].groupby(number)[["lon", "lat"]].median()
    second = kept["second"].to_numpy(float)
    return pd.DataFrame(
        {
            "from_second": second[first],
            "until_second": second[np.minimum(last, len(second) - 1)],
            "lon": middle["lon"].to_numpy(),
            "lat": middle["lat"].to_numpy(),
        },
        columns=columns,
    )


def _standing(kept: pd.DataFrame) -> Flags:
    """For each fix: does a stay of `STOP_S` cover the way from it to the next?"""
    second = kept["second"].to_numpy(float)
    x, y = kept["x"].to_numpy(float), kept["y"].to_numpy(float)
    until = np.searchsorted(second, second + STOP_S)
    begin = np.flatnonzero(until < len(second))
    until = until[begin]
    gaps = np.cumsum(kept["after_gap"].to_numpy(bool))
    near = np.hypot(x[until] - x[begin], y[until] - y[begin]) <= STOP_M
    # Half-way through, too: a turn round the block is no stay.
    middle = (begin + until) // 2
    near &= np.hypot(x[middle] - x[begin], y[middle] - y[begin]) <= STOP_M
    stays = near & (gaps[until] == gaps[begin])
    change: Any = np.zeros(len(second) + 1, np.int64)
    np.add.at(change, begin[stays], 1)
    np.add.at(change, until[stays], -1)
    return np.asarray(np.cumsum(change)[:-1] > 0)
