"""Where has nobody been: days since each street was last seen, against how often it is wished to be walked."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data.models import Community
from geo.errors import N_
from patrols import seen, wished_frequency
from patrols.days import local_day
from patrols.errors import NoEditionInForce
from patrols.scope import Scope

Days = NDArray[np.datetime64]
Whole = NDArray[np.int64]

RED_TIMES = 2
"""From so many times the wished days on a street is red: it was missed twice in a row."""


class Warmth(StrEnum):
    """How a street stands against the wish."""

    FRESH = "fresh"
    YELLOW = "yellow"
    RED = "red"
    NO_WISH = "no_wish"


def cold_streets(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    at: datetime,
    keep: Callable[[seen.Made], None] | None = None,
    progress: Callable[[int, int], None] = lambda done, days: None,
) -> gpd.GeoDataFrame:
    """Say of every piece of street that may be seen when somebody last walked along it.

    Yellow is a street last seen longer ago than wished, red one last seen more than twice as long ago as wished,
    or not in the last two months. Streets outside all grids are left out. Who is not shown whole walks is told what
    `patrols.shown_seen` allows, so that a warm street without a line leads to nobody's door.

    Parameters
    ----------
    at : datetime
        Now, aware; days are local ones.
    keep, progress : callable
        As in `patrols.seen.last_seen`.

    Returns
    -------
    GeoDataFrame
        In the community's metres, a row for each piece in the order of `geo.streets.cut_streets`: `street_id`,
        `piece_id`, `grid_codes`, `metres`, `name`, `street_class`, `last_seen` (NaT: not in two months), `days` (local
        days since then; `patrols.seen.LOOK_BACK_DAYS` where nobody was), `every_days` (wished; 0: never), `warmth`,
        `geometry`.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If it has no grids in force, or no streets.
    """
    scope.require_entry(community.id)
    ground = seen.ground_of(session, community, at=at)
    if ground is None:
        raise NoEditionInForce(
            N_("%(community)s has no grids in force, or no streets: there is nothing to walk along yet."),
            community=community.name,
        )
    last = seen.last_seen(session, community, ground, at=at, keep=keep, progress=progress, scope=scope)
    every = wished_frequency.in_force(session, community, ground.pieces, at=at)
    days = days_since(last, local_day(community, at))
    table = ground.pieces.assign(last_seen=last, days=days, every_days=every, warmth=warmth(days, every))
    mine = [any(scope.allows(community.id, code) for code in codes) for codes in table["grid_codes"]]
    return table[mine]


def days_since(last: Days, today: date) -> Whole:
    """Days from each day until today; as many as are looked back where there is none."""
    since = (np.datetime64(today) - last).astype("timedelta64[D]")
    return np.where(np.isnat(last), seen.LOOK_BACK_DAYS, since.astype(np.int64))


def warmth(days: Whole, every: Whole) -> NDArray[np.str_]:
    """How streets stand that were last seen so many days ago and are wished to be seen every so many.

    Examples
    --------
    >>> warmth(np.array([0, 3, 4, 6, 7, 60, 60]), np.array([3, 3, 3, 3, 3, 30, 0])).tolist()
    ['fresh', 'fresh', 'yellow', 'yellow', 'red', 'red', 'no_wish']
    """
    red = (days > RED_TIMES * every) | (days >= seen.LOOK_BACK_DAYS)
    return np.select(
        [every == 0, red, days > every],
        [Warmth.NO_WISH.value, Warmth.RED.value, Warmth.YELLOW.value],
        Warmth.FRESH.value,
    )


def by_street(cold: gpd.GeoDataFrame) -> pd.DataFrame:
    """The streets of which some part is yellow or red, the one with the most red metres first.

    Pieces of one name and class are one street; those without a name are told by their class and grids.

    Returns
    -------
    DataFrame
        `name`, `street_class`, `grid_codes` (tuple, ascending), `metres`, `yellow_metres`, `red_metres`, `days` (of the
        part nobody saw for longest), `every_days` (the most demanding wish), `last_seen` (of that part).
    """
    table = pd.DataFrame(cold.drop(columns="geometry"))
    table = table.assign(place=table["grid_codes"].where(table["name"].astype(str) == "", ""))
    rows = _added_up(table, ["name", "street_class", "place"]).drop(columns="place")
    rows = rows[(rows["red_metres"] > 0) | (rows["yellow_metres"] > 0)]
    order = ["red_metres", "yellow_metres", "days", "name"]
    return rows.sort_values(order, ascending=[False, False, False, True]).reset_index(drop=True)


def by_grid(cold: gpd.GeoDataFrame) -> pd.DataFrame:
    """Every grid with its metres of street, those yellow and red, and the longest time nobody was there.

    A piece along a border counts for the grids on both sides. Columns as in `by_street`, with `grid_code` in place of
    name and class; ordered by code.
    """
    table = pd.DataFrame(cold.drop(columns="geometry"))
    table = table.assign(grid_code=table["grid_codes"]).explode("grid_code")
    return _added_up(table, ["grid_code"]).drop(columns="grid_codes").sort_values("grid_code").reset_index(drop=True)


def _added_up(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    wished = table.assign(
        yellow_metres=table["metres"].where(table["warmth"] == Warmth.YELLOW, 0.0),
        red_metres=table["metres"].where(table["warmth"] == Warmth.RED, 0.0),
        wished_days=table["days"].where(table["every_days"] > 0),
        every_days=table["every_days"].where(table["every_days"] > 0),
    )
    groups = wished.groupby(keys, sort=False)
    rows = groups.agg(
        metres=("metres", "sum"),
        yellow_metres=("yellow_metres", "sum"),
        red_metres=("red_metres", "sum"),
        days=("wished_days", "max"),
        every_days=("every_days", "min"),
        last_seen=("last_seen", lambda days: days.min() if days.notna().all() else pd.NaT),
        grid_codes=("grid_codes", lambda codes: tuple(sorted({code for some in codes for code in some}))),
    )
    return rows.reset_index()
