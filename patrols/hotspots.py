"""Where there are more incidents than chance would bring: by grid, held against who lives, lies or walks there."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sqlalchemy.orm import Session

from data.models import Community, IncidentSource
from geo.chance import LEAST_PLACES, discovery_rates, window_chance
from geo.contiguity import Contiguity
from geo.errors import N_
from geo.gistar import g_star, g_star_simulated
from patrols.compared_grids import Compared
from patrols.exposures import COLUMN, Looked, Per, Span, compared_of, exposures, patrols_since, span_of
from patrols.gridded import gridded, tiling, told_by_grid
from patrols.incident_choice import minutes_of
from patrols.incident_view import IncidentView
from patrols.scope import Scope

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

FALSE_SHARE = 0.05
"""Of what is told as hot at most so much is chance; where nothing is hot, at most so many views tell something."""

PERMUTATIONS = 999
SEED = 20_260_101
"""The same picture twice must be the same picture."""

FOUND_ON_FOOT = frozenset({IncidentSource.PATROL})
"""Who finds nothing where nobody walks: of these sources, a grid that nobody visited tells nothing."""


class Verdict(StrEnum):
    """What is said of a grid."""

    HOT = "hot"
    CHANCE = "chance"
    ISLAND = "island"
    NO_EXPOSURE = "no_exposure"
    UNVISITED = "unvisited"
    OVERLAID = "overlaid"
    UNTESTED = "untested"


SAID: Mapping[Verdict, str] = {
    Verdict.HOT: N_("more than chance, together with its neighbours"),
    Verdict.CHANCE: N_("no more than chance may bring"),
    Verdict.ISLAND: N_("has no neighbours to be judged with"),
    Verdict.NO_EXPOSURE: N_("has nothing to hold the count against"),
    Verdict.UNVISITED: N_("nobody was there in this time"),
    Verdict.OVERLAID: N_("lies over other grids, which are judged"),
    Verdict.UNTESTED: N_("too little to judge by"),
}
"""The verdicts in words."""

TOO_FEW_GRIDS = N_("Hot spots are told from %(least)s grids on; here are %(count)s that can be compared.")
FLOORED = N_("Hot spots are judged by single incidents, which you may not see.")
NOTHING_FOUND = N_("Nothing was found in this time.")


class Judged(NamedTuple):
    """Grids that were held against each other: z and p of Gi* over exposures, the share of false finds, and Gi* itself.

    All arrays are as long as the grids; NaN where a grid was left out.
    """

    window_count: Any
    window_expected: Any
    z: Any
    p: Any
    q: Any
    gi_z: Any
    gi_p: Any
    neighbours: Any


def hot_grids(
    session: Session,
    scope: Scope,
    community: Community,
    view: IncidentView,
    at: datetime,
    *,
    per: Per = Per.HOUSEHOLDS,
    floored: bool = False,
) -> pd.DataFrame:
    """Say of every grid how many incidents there were, at what rates, and whether that is more than chance.

    Counted are the incidents that the view means and the person may see one by one, by the grid that answered for them;
    what lay in a grid that a redraw gave up counts where it lies now. Sensitive categories are left out.

    A hot spot is a grid that, together with the grids around it, has more than its exposure would bring by chance, with
    at most `FALSE_SHARE` of all that are told so being chance (see `geo.chance.window_chance` and Benjamini and
    Hochberg). Against plain grids (`Per.GRIDS`) it says where most is, which mostly is where most people live.

    Parameters
    ----------
    view : IncidentView
        Its grids do not narrow: a grid is judged against the others.
    at : datetime
        Now, aware. What lies in the future counts for nothing.
    per : Per
        What counts are held against. Where only patrols' finds are asked, grids that nobody visited are left out.
    floored : bool
        For who may not see single incidents: counts are those of `patrols.told_counts`, and no grid is judged, because
        what they leave out is more where less happens.

    Returns
    -------
    DataFrame
        Index `grid_code`, ascending. `name`, `kind`, `count`; `count_patrolled` (of these what was found since patrols
        are recorded, which is what hours of patrol are held against); `households`, `street_km`, `patrol_hours`,
        `patrols`; `per_100_households`, `per_street_km`, `per_patrol_hour` (NaN: nothing to divide by); `looked`
        (`Looked`), `empty` ("", "quiet", "unvisited": nothing was found, and somebody or nobody was there);
        `neighbours`, `window_count`, `window_expected`, `z`, `p`, `q`, `verdict` (`Verdict`); `gi_z`, `gi_p` (Gi* of
        the rate as it stands in books, by conditional permutation; it takes a rate of two households for as sure as one
        of two hundred). ``attrs``: `per`, `total`, `without_grid` (incidents in none of these grids), `edition`,
        `redrawn` (the grids are newer than the time's begin), `patrols_since` (from which day of this time on patrols
        are on record; None: not at all), `why_not` ("" or a sentence with `facts`: nothing was judged).

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If there were no grids at the end of that time.
    """
    span = span_of(community, view, at)
    compared = compared_of(session, scope, community, span)
    asked = _Asked(session, scope, community, view, at, compared.grids, floored)
    table = _table(asked, compared, span)
    unseen = bool(view.sources) and set(view.sources) <= FOUND_ON_FOOT
    tested, verdict, why_not, facts = _judged(table, compared, per, leave_unvisited=unseen, floored=floored)
    found = table.drop(columns="grids").assign(**tested._asdict(), verdict=verdict)
    found.attrs.update(per=per.value, why_not=why_not, facts=facts)
    return found


class _Counted(NamedTuple):
    """Counts by grid, and of all."""

    by_grid: Whole
    total: int


class _Asked(NamedTuple):
    """Whose counts of which view are asked, by which grids."""

    session: Session
    scope: Scope
    community: Community
    view: IncidentView
    at: datetime
    grids: gpd.GeoDataFrame
    floored: bool

    def counts(self, since: date | None) -> tuple[_Counted, Whole]:
        """How many each grid had in the view, and how many since a day of it; none where there is no such day."""
        if self.floored:
            whole = self._told(self.view)
            later = self._none() if since is None else self._told(self.view.over(since, self.view.until))
            return _Counted(whole, int(whole.sum())), later
        found = gridded(self.session, self.scope, self.community, self.view, self.grids)
        count = len(self.grids)
        whole = found.counts(count)
        if since is None:
            later = self._none()
        elif since <= self.view.since:
            later = whole
        else:
            later = found.since(int(minutes_of([since], self.community.timezone)[0])).counts(count)
        return _Counted(whole, len(found.grid)), later

    def _told(self, view: IncidentView) -> Whole:
        return told_by_grid(self.session, self.scope, self.community, view, self.grids, at=self.at)

    def _none(self) -> Whole:
        return np.zeros(len(self.grids), np.int64)


def _table(asked: _Asked, compared: Compared, span: Span) -> pd.DataFrame:
    """The counts of the grids, what they are held against, and the rates."""
    session, community, grids = asked.session, asked.community, compared.grids
    walked_since = patrols_since(session, community, span)
    counted, walked = asked.counts(walked_since)
    table = pd.DataFrame(grids[["name", "kind"]]).assign(count=counted.by_grid, count_patrolled=walked)
    table = with_rates(table.join(exposures(session, community, compared, span)), floored=asked.floored)
    without = counted.total - int(counted.by_grid.sum())
    table.attrs = {**grids.attrs, "patrols_since": walked_since, "total": counted.total, "without_grid": without}
    return table


def with_rates(table: pd.DataFrame, *, floored: bool = False) -> pd.DataFrame:
    """Add the rates of counts, and of empty grids whether they were quiet or nobody was there.

    Of counts above a floor nobody knows which grids were empty.

    Examples
    --------
    >>> rows = {"count": [3, 0], "households": [60.0, 0.0], "street_km": [1.5, 2.0], "patrol_hours": [0.0, 4.0]}
    >>> table = with_rates(pd.DataFrame(rows).assign(count_patrolled=[3, 0], looked=["nobody", "walked"]))
    >>> table[["per_100_households", "per_patrol_hour", "empty"]].to_numpy().tolist()
    [[5.0, nan, ''], [nan, 0.0, 'quiet']]
    """
    count = table["count"]
    quiet = np.where(table["looked"] == Looked.NOBODY.value, "unvisited", "quiet")
    return table.assign(
        per_100_households=100.0 * count / _above_zero(table["households"]),
        per_street_km=count / _above_zero(table["street_km"]),
        per_patrol_hour=table["count_patrolled"] / _above_zero(table["patrol_hours"]),
        empty=np.where((count == 0) & (not floored), quiet, ""),
    )


def judge(counts: ArrayLike, exposed: ArrayLike, beside: Contiguity, asked: Flags) -> Judged:
    """Hold the counts of some grids against each other by their exposures; pure numbers, for simulations too.

    Parameters
    ----------
    counts, exposed : array
        One for each grid.
    beside : Contiguity
        Of all grids.
    asked : array of bool
        Which are held against each other; they need an exposure.
    """
    given, weight = np.asarray(counts, dtype=float)[asked], np.asarray(exposed, dtype=float)[asked]
    among = beside.among(asked)
    windows = window_chance(given, weight, among)
    rate = given / weight
    gi_z, _ = g_star(rate, among)
    parts = (
        *(windows.counted, windows.expected, windows.z, windows.p, discovery_rates(windows.p), gi_z),
        *(g_star_simulated(rate, among, permutations=PERMUTATIONS, seed=SEED), among.neighbours),
    )
    return Judged(*(_spread(part, asked) for part in parts))


def _judged(
    table: pd.DataFrame, compared: Compared, per: Per, *, leave_unvisited: bool, floored: bool
) -> tuple[Judged, Any, str, dict[str, int]]:
    """The test of a table's grids, and what is said of each; why nothing was tested, if so."""
    exposed = table[COLUMN[per]].to_numpy(float)
    unvisited = (table["looked"] == Looked.NOBODY.value).to_numpy(bool) & (leave_unvisited or per is Per.PATROLS)
    lies_once = tiling(compared.grids)
    asked = lies_once & (exposed > 0) & ~unvisited & (not floored)
    counts = table["count_patrolled" if per is Per.PATROLS else "count"].to_numpy()
    tested = judge(counts, exposed, compared.beside, asked)
    hot = (np.nan_to_num(tested.q, nan=1.0) <= FALSE_SHARE) & (tested.window_count > tested.window_expected)
    verdict = np.select(
        [~lies_once, unvisited, ~asked, tested.neighbours == 0, np.isnan(tested.p), hot],
        [
            *(Verdict.OVERLAID.value, Verdict.UNVISITED.value, Verdict.NO_EXPOSURE.value, Verdict.ISLAND.value),
            *(Verdict.UNTESTED.value, Verdict.HOT.value),
        ],
        Verdict.CHANCE.value,
    )
    if floored:
        return tested, Verdict.UNTESTED.value, FLOORED, {}
    if int(asked.sum()) < LEAST_PLACES:
        return tested, verdict, TOO_FEW_GRIDS, {"least": LEAST_PLACES, "count": int(asked.sum())}
    nothing = not counts[asked].any()
    return tested, verdict, NOTHING_FOUND if nothing else "", {}


def _spread(part: Any, asked: Flags) -> Any:
    whole = np.full(len(asked), np.nan)
    whole[asked] = part
    return whole


def _above_zero(exposed: "pd.Series[float]") -> "pd.Series[float]":
    return exposed.where(exposed > 0)
