"""Which rows of the columns a view means for somebody, and how many there are by each of its filters."""

from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from data.models import Stage
from geo.turns import compiled
from patrols.days import zone
from patrols.incident_columns import SOURCES, STAGES, IncidentColumns
from patrols.incident_view import IncidentView, Which
from patrols.moves import OPEN_STAGES
from patrols.scope import Scope

Flags = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]

OUT, WANTED, NEVER = 0, 1, 2
"""Filtered out by the view; wanted; not to be counted at all, because it is sensitive or void."""


class Choice(NamedTuple):
    """What a view wants, as tables that the columns are looked up in.

    `start` and `stop` bound the rows of its time; `category`, `when`, `kind` and `grid` say of each value of that
    column whether it is wanted; `seen` of each row whether it may be seen, and is empty where all may.
    """

    start: int
    stop: int
    category: Flags
    when: Flags
    kind: Flags
    grid: Flags
    seen: Flags


class Counted(NamedTuple):
    """How many incidents a view means, by each of its filters as if that one were not set.

    So a page can say beside each word how many it would add. The last axis is the value in the column; `flags` says
    of each row whether all but the time fits.
    """

    category: Whole
    when: Whole
    kind: Whole
    grid: Whole
    flags: Flags


def choice(columns: IncidentColumns, scope: Scope, view: IncidentView, *, sensitive: bool = False) -> Choice:
    """Say what a view wants of the columns, as far as a person may see it.

    Voided incidents are never counted: they were never so, or were told before.

    Parameters
    ----------
    sensitive : bool
        Count sensitive categories too, for people who are shown reporters. For lists and totals behind a sign-in; what
        is drawn, shared or shown on a wall leaves them out.
    """
    start, stop = span(columns, view)
    return Choice(
        start,
        stop,
        _categories(columns, view, shown=sensitive and scope.reporters),
        _when(view),
        _kinds(view),
        _grids(columns, view),
        _seen(columns, scope),
    )


def span(columns: IncidentColumns, view: IncidentView) -> tuple[int, int]:
    """The first row of the view's time, and the one after its last."""
    days = [view.since, view.until + timedelta(days=1)]
    start, stop = np.searchsorted(columns.found, minutes_of(days, columns.timezone))
    return int(start), int(stop)


def minutes_of(days: Any, timezone: str) -> Whole:
    """The minute since 1970 at which each local day begins."""
    starts = np.array(days, dtype="datetime64[D]").astype("datetime64[m]").astype(np.int64)
    offsets = [_offset_min(day, timezone) for day in days]
    return starts - np.array(offsets, np.int64)


def _offset_min(day: Any, timezone: str) -> int:
    offset = datetime.combine(day, time(), zone(timezone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def chosen(columns: IncidentColumns, scope: Scope, view: IncidentView, *, sensitive: bool = False) -> Whole:
    """The places in the columns of the incidents that a view means and a person may see, in order of time."""
    wanted = choice(columns, scope, view, sensitive=sensitive)
    return wanted.start + np.flatnonzero(flags_of(columns, wanted))


def flags_of(columns: IncidentColumns, wanted: Choice) -> Flags:
    """Of each row from `start` to `stop`, 1 if it is wanted."""
    rows = slice(wanted.start, wanted.stop)
    found = np.empty(max(0, wanted.stop - wanted.start), np.uint8)
    _match(
        *(columns.category[rows], columns.when[rows], columns.kind[rows], columns.grid[rows]),
        *(wanted.category, wanted.when, wanted.kind, wanted.grid),
        wanted.seen[rows] if len(wanted.seen) else wanted.seen,
        found,
    )
    return found


def counted(columns: IncidentColumns, wanted: Choice) -> Counted:
    """Count what a view means by category, hour and weekday, stage and source, and grid; in one pass over all rows."""
    found = Counted(
        np.zeros(len(wanted.category), np.int64),
        np.zeros(len(wanted.when), np.int64),
        np.zeros(len(wanted.kind), np.int64),
        np.zeros(len(wanted.grid), np.int64),
        np.zeros(len(columns), np.uint8),
    )
    _count(
        *(columns.category, columns.when, columns.kind, columns.grid),
        *(wanted.category, wanted.when, wanted.kind, wanted.grid, wanted.seen, wanted.start, wanted.stop),
        *found,
    )
    return found


def _categories(columns: IncidentColumns, view: IncidentView, *, shown: bool) -> Flags:
    facts = columns.facts
    wanted = np.isin(facts.ids, view.categories) | np.isin(facts.families, view.families)
    if not view.categories and not view.families:
        wanted[:] = True
    return np.where(facts.sensitive & (not shown), NEVER, wanted).astype(np.uint8)


def _when(view: IncidentView) -> Flags:
    hours = np.isin(np.arange(24), view.hours) if view.hours else np.ones(24, bool)
    days = np.isin(np.arange(1, 8), view.weekdays) if view.weekdays else np.ones(7, bool)
    return np.outer(hours, days).ravel().astype(np.uint8)


def _kinds(view: IncidentView) -> Flags:
    sources = np.array([not view.sources or one in view.sources for one in SOURCES])
    stages = np.array([view.stages is Which.ALL or _of(view.stages, one) for one in STAGES])
    void = np.array([one is Stage.VOIDED for one in STAGES])
    wanted = np.where(void[:, None], NEVER, np.outer(stages, sources))
    return np.asarray(wanted.ravel(), np.uint8)


def _of(which: Which, stage: Stage) -> bool:
    return stage in OPEN_STAGES if which is Which.OPEN else stage is Stage.CLOSED


def _grids(columns: IncidentColumns, view: IncidentView) -> Flags:
    wanted = np.isin(columns.grids, view.grids) if view.grids else np.ones(len(columns.grids), bool)
    return wanted.astype(np.uint8)


def _seen(columns: IncidentColumns, scope: Scope) -> Flags:
    """Row by row what may be seen, where that is more than a question of grids; as `patrols.scope` narrows lists."""
    if scope.organisation_id is not None:
        seen = columns.organisation == scope.organisation_id
    elif not scope.allows(columns.community_id):
        allowed = np.array([scope.allows(columns.community_id, code or None) for code in columns.grids])
        seen = allowed[columns.grid]
    else:
        return np.empty(0, np.uint8)
    if scope.person_id is not None:
        seen = seen | (columns.handler == scope.person_id)
    return np.asarray(seen & scope.enters(columns.community_id), np.uint8)


@compiled(None)
def _match(
    category: Any, when: Any, kind: Any, grid: Any, ok_c: Any, ok_w: Any, ok_k: Any, ok_g: Any, seen: Any, found: Any
) -> None:
    all_seen = len(seen) == 0
    for row in range(len(found)):
        fits = ok_c[category[row]] & ok_w[when[row]] & ok_k[kind[row]] & ok_g[grid[row]] & 1
        found[row] = fits if all_seen else fits & seen[row]


@compiled(None)
def _count(
    category: Any,
    when: Any,
    kind: Any,
    grid: Any,
    ok_c: Any,
    ok_w: Any,
    ok_k: Any,
    ok_g: Any,
    seen: Any,
    start: int,
    stop: int,
    by_c: Any,
    by_w: Any,
    by_k: Any,
    by_g: Any,
    flags: Any,
) -> None:
    all_seen = len(seen) == 0
    for row in range(len(flags)):
        if not all_seen and seen[row] == 0:
            continue
        c, w, k, g = category[row], when[row], kind[row], grid[row]
        one, two, three, four = ok_c[c], ok_w[w], ok_k[k], ok_g[g]
        if (one | two | three | four) & 2:
            continue
        fits = one + two + three + four
        flags[row] = fits == 4
        if fits < 3 or row < start or row >= stop:
            continue
        # A row that fails at one filter alone counts for that one: it would be there without it.
        if fits == 4 or one == 0:
            by_c[c] += 1
        if fits == 4 or two == 0:
            by_w[w] += 1
        if fits == 4 or three == 0:
            by_k[k] += 1
        if fits == 4 or four == 0:
            by_g[g] += 1
