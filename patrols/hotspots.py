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
from geo.contiguity import Contiguity, border_on
from geo.errors import N_
from geo.gistar import g_star, g_star_simulated
from patrols.exposures import COLUMN, Looked, Per, exposures, grids_of, patrols_since, span_of
from patrols.gridded import gridded, tiling
from patrols.incident_view import IncidentView
from patrols.scope import Scope

Flags = NDArray[np.bool_]

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
) -> pd.DataFrame:
    """Say of every grid how many incidents there were, at what rates, and whether that is more than chance.

    Counted are the incidents that the view means and the person may see one by one, by the grid that answered for them;
    what lay in a grid that a redraw gave up counts where it lies now. Sensitive categories are left out. Who may not
    see single incidents is told `patrols.told_counts`, and no hot spots: rounded up groups would make some.

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
    grids = grids_of(session, scope, community, span)
    found_there = gridded(session, scope, community, view, grids)
    counts = found_there.counts(len(grids))
    walked_since = patrols_since(session, community, span)
    walked = counts
    if walked_since != view.since:
        walked = _counts_since(session, scope, community, view, grids, walked_since)
    table = pd.DataFrame(grids[["name", "kind"]]).assign(count=counts, count_patrolled=walked)
    table = with_rates(table.join(exposures(session, community, grids, span)))
    unseen = bool(view.sources) and set(view.sources) <= FOUND_ON_FOOT
    tested, verdict, why_not, facts = _judged(table, grids, per, leave_unvisited=unseen)
    found = table.drop(columns="grids").assign(**tested._asdict(), verdict=verdict)
    found.attrs.update(grids.attrs, per=per.value, total=len(found_there.grid), why_not=why_not)
    found.attrs.update(without_grid=int((found_there.grid < 0).sum()), facts=facts, patrols_since=walked_since)
    return found


def with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Add the rates of counts, and of empty grids whether they were quiet or nobody was there.

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
        empty=np.where(count == 0, quiet, ""),
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
    table: pd.DataFrame, grids: gpd.GeoDataFrame, per: Per, *, leave_unvisited: bool
) -> tuple[Judged, Any, str, dict[str, int]]:
    """The test of a table's grids, and what is said of each; why nothing was tested, if so."""
    exposed = table[COLUMN[per]].to_numpy(float)
    unvisited = (table["looked"] == Looked.NOBODY.value).to_numpy(bool) & (leave_unvisited or per is Per.PATROLS)
    lies_once = tiling(grids)
    asked = lies_once & (exposed > 0) & ~unvisited
    counts = table["count_patrolled" if per is Per.PATROLS else "count"].to_numpy()
    tested = judge(counts, exposed, border_on(grids.geometry.to_numpy()), asked)
    hot = (np.nan_to_num(tested.q, nan=1.0) <= FALSE_SHARE) & (tested.window_count > tested.window_expected)
    verdict = np.select(
        [~lies_once, unvisited, ~asked, tested.neighbours == 0, np.isnan(tested.p), hot],
        [
            *(Verdict.OVERLAID.value, Verdict.UNVISITED.value, Verdict.NO_EXPOSURE.value, Verdict.ISLAND.value),
            *(Verdict.UNTESTED.value, Verdict.HOT.value),
        ],
        Verdict.CHANCE.value,
    )
    if int(asked.sum()) < LEAST_PLACES:
        return tested, verdict, TOO_FEW_GRIDS, {"least": LEAST_PLACES, "count": int(asked.sum())}
    nothing = not counts[asked].any()
    return tested, verdict, NOTHING_FOUND if nothing else "", {}


def _counts_since(
    session: Session,
    scope: Scope,
    community: Community,
    view: IncidentView,
    grids: gpd.GeoDataFrame,
    since: date | None,
) -> Any:
    """The counts of the part of a view that began on a day; none where there is no such day."""
    if since is None:
        return np.zeros(len(grids), np.int64)
    return gridded(session, scope, community, view.over(since, view.until), grids).counts(len(grids))


def _spread(part: Any, asked: Flags) -> Any:
    whole = np.full(len(asked), np.nan)
    whole[asked] = part
    return whole


def _above_zero(exposed: "pd.Series[float]") -> "pd.Series[float]":
    return exposed.where(exposed > 0)
