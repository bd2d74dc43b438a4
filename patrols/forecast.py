"""What the next week may bring to each grid: shown only where that was told better than by plainly counting."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data.models import Community
from geo.contiguity import border_on
from geo.errors import N_
from patrols.days import local_day
from patrols.exposures import grids_of, span_of
from patrols.gridded import gridded, tiling
from patrols.incident_choice import minutes_of
from patrols.incident_view import IncidentView
from patrols.next_counts import LEAST_HELD_OUT, LEAST_PERIODS, Trial, named, try_out
from patrols.scope import Scope

WEEKS = 156
"""So far back is looked: what was three years ago says little about next week."""

LEAST_GRIDS = 10
"""With fewer grids the tenth of the ground that is named is less than one of them."""

LEAST_A_WEEK = 2.0
"""With fewer incidents a week, hits are luck."""

TOO_SHORT = N_("A forecast needs %(least)s weeks on record; there are %(count)s.")
TOO_FEW_GRIDS = N_("A forecast needs %(least)s grids to choose among; there are %(count)s.")
TOO_FEW = N_("A forecast needs %(least)s incidents a week; there were %(count)s.")
NO_BETTER = N_(
    "Over the last %(weeks)s weeks the forecast hit %(hits)s of %(total)s incidents, a plain count %(plain)s: "
    "no clear gain."
)


@dataclass(frozen=True)
class Forecast:
    """The next week by grid, how well such was told of the last weeks, and whether it may be shown.

    Parameters
    ----------
    shown : bool
        Only where it hit more than each plain count, by more than luck (`patrols.next_counts.Trial.better`).
    why_not : str
        A sentence to translate, with `facts`; empty where it is shown.
    since, until : date
        The seven days it is about.
    weeks : int
        Weeks on record that it was told from.
    grids : DataFrame
        Index `grid_code`: `expected` (incidents), `named` (which part of the grid lies in the tenth of the ground where
        most is expected). Empty where it is not shown.
    trial : Trial or None
        Scores of the last weeks, for both ways; None where there is too little to try.
    """

    shown: bool
    since: date
    until: date
    weeks: int
    grids: pd.DataFrame
    trial: Trial | None = None
    why_not: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def forecast(session: Session, scope: Scope, community: Community, view: IncidentView, at: datetime) -> Forecast:
    """Tell the week after a view, if the weeks before it show that this can be told.

    Weeks are counted back from the view's last day, or from yesterday where that is earlier: today is not over. All
    that is on record until then counts, whenever the view begins; its other filters hold. Only for people who may see
    the incidents one by one.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If there were no grids at the end of that time.
    """
    last = min(view.until, local_day(community, at) - timedelta(days=1))
    past = view.over(last - timedelta(days=7 * WEEKS - 1), last)
    grids = grids_of(session, scope, community, span_of(community, past, at))
    grids = grids[tiling(grids)]
    weekly = _weekly(session, scope, community, past, grids)
    whole = Forecast(False, last + timedelta(days=1), last + timedelta(days=7), len(weekly), _rows(grids))
    if (why_not := _too_little(weekly)) is not None:
        return _but(whole, *why_not)
    area = grids.area.to_numpy(float)
    trial = try_out(weekly, area, border_on(grids.geometry.to_numpy()))
    if not trial.better:
        return _but(whole, NO_BETTER, _compared(trial), trial)
    rows = _rows(grids, expected=trial.expected, named=named(trial.expected, area))
    return Forecast(True, whole.since, whole.until, whole.weeks, rows, trial)


def _weekly(
    session: Session, scope: Scope, community: Community, past: IncidentView, grids: gpd.GeoDataFrame
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Counts by week and grid, from the first week in which anything was found."""
    found = gridded(session, scope, community, past, grids)
    begins = minutes_of([past.since + timedelta(days=7 * week) for week in range(WEEKS)], community.timezone)
    week = np.searchsorted(begins, found.found, side="right") - 1
    inside = found.grid >= 0
    places = week[inside] * len(grids) + found.grid[inside]
    counts = np.bincount(places, minlength=WEEKS * len(grids)).reshape(WEEKS, len(grids))
    recorded = np.flatnonzero(counts.any(axis=1))
    # The first of them may have begun before anything was recorded.
    return counts[recorded[0] + 1 :] if len(recorded) else counts[:0]


def _too_little(weekly: np.ndarray[Any, np.dtype[np.int64]]) -> tuple[str, dict[str, Any]] | None:
    weeks, grids = weekly.shape
    if weeks < LEAST_PERIODS:
        return TOO_SHORT, {"least": LEAST_PERIODS, "count": weeks}
    if grids < LEAST_GRIDS:
        return TOO_FEW_GRIDS, {"least": LEAST_GRIDS, "count": grids}
    lately = weekly[-2 * LEAST_HELD_OUT :].sum() / (2 * LEAST_HELD_OUT)
    if lately < LEAST_A_WEEK:
        return TOO_FEW, {"least": f"{LEAST_A_WEEK:.0f}", "count": f"{lately:.1f}"}
    return None


def _compared(trial: Trial) -> dict[str, Any]:
    plain = max(trial.plain.values(), key=lambda one: one.hits)
    return {
        "weeks": trial.periods,
        "hits": round(trial.score.hits),
        "total": trial.score.total,
        "plain": round(plain.hits),
    }


def _but(whole: Forecast, why_not: str, facts: dict[str, Any], trial: Trial | None = None) -> Forecast:
    return Forecast(False, whole.since, whole.until, whole.weeks, whole.grids.iloc[:0], trial, why_not, facts)


def _rows(grids: gpd.GeoDataFrame, expected: Any = np.nan, named: Any = np.nan) -> pd.DataFrame:
    return pd.DataFrame({"expected": expected, "named": named}, index=grids.index, dtype=float)
