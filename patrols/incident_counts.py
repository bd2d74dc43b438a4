"""How many incidents a view means: in all, day by day, by hour and weekday, kind, source, stage and grid."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from data.models import IncidentSource, Stage
from patrols.incident_choice import Choice, Counted, choice, counted, minutes_of
from patrols.incident_columns import SOURCES, STAGES, IncidentColumns
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from patrols.told_counts import FIRST_WEEK, FLOOR, Groups

LONGEST_DAYS = 4000
"""So many days are counted one by one, the last ones: eleven years."""

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Span:
    """Incidents of a time: its first day, how many days, how many incidents."""

    first: date
    days: int
    count: int


@dataclass(frozen=True)
class Numbers:
    """What is counted of a view.

    Counts by a filter are those of the view as if that filter were not set, so that a page can say beside each word how
    many it would add; `spans` likewise go beyond the view's time. Where counts are told above a floor they are of the
    view itself, longer spans lie beside the shorter ones in them, and what is not told is None.

    Parameters
    ----------
    total : int
        Incidents of the view.
    spans : sequence of Span
        By time, the earliest first; days one after the other, without gaps.
    when : ndarray of shape (7, 24), or None
        By weekday from Monday, and hour.
    categories : dict of int to int
        By id; 0 is none.
    families : dict of str to int
        By family; "" is none.
    sources, stages : dict, or None
    grids : dict of str to int
        By code; "" is outside of all grids.
    floor : int
        The least that is told; 0 where everything is.
    until : date, optional
        The last day of which anything is told above a floor.
    """

    total: int
    spans: Sequence[Span]
    when: Whole | None
    categories: dict[int, int]
    families: dict[str, int]
    sources: dict[IncidentSource, int] | None
    stages: dict[Stage, int] | None
    grids: dict[str, int]
    floor: int = 0
    until: date | None = None


@dataclass
class _Sums:
    """Counts that are added up over communities."""

    total: int = 0
    when: Whole = field(default_factory=lambda: np.zeros(168, np.int64))
    days: Counter[date] = field(default_factory=Counter)
    categories: Counter[int] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    kinds: Whole = field(default_factory=lambda: np.zeros((len(STAGES), len(SOURCES)), np.int64))
    grids: Counter[str] = field(default_factory=Counter)


def numbers(known: Sequence[IncidentColumns], scope: Scope, view: IncidentView) -> Numbers:
    """Count the incidents themselves, for who may see them one by one; one pass over the columns of each community.

    Sensitive categories are left out, as on the map beside the numbers.
    """
    sums = _Sums()
    wanted = None
    for columns in known:
        wanted = choice(columns, scope, view)
        _add(sums, columns, counted(columns, wanted), wanted)
    allowed = np.zeros_like(sums.kinds) if wanted is None else wanted.kind.reshape(sums.kinds.shape) == 1
    # Of each source those of the stages asked for, and of each stage those of the sources.
    by_source = (sums.kinds * np.any(allowed, axis=1, keepdims=True)).sum(axis=0)
    by_stage = (sums.kinds * np.any(allowed, axis=0, keepdims=True)).sum(axis=1)
    return Numbers(
        total=sums.total,
        spans=_days(sums.days),
        when=np.ascontiguousarray(sums.when.reshape(24, 7).T),
        categories=dict(sums.categories),
        families=dict(sums.families),
        sources={one: int(count) for one, count in zip(SOURCES, by_source, strict=True)},
        stages={one: int(count) for one, count in zip(STAGES, by_stage, strict=True)},
        grids=dict(sums.grids),
    )


def _add(sums: _Sums, columns: IncidentColumns, found: Counted, wanted: Choice) -> None:
    facts = columns.facts
    sums.total += int(found.flags[wanted.start : wanted.stop].sum(dtype=np.int64))
    sums.when += found.when
    sums.kinds += found.kind.reshape(sums.kinds.shape)
    _count(sums.categories, facts.ids, found.category)
    _count(sums.families, facts.families, found.category)
    _count(sums.grids, columns.grids, found.grid)
    _add_days(sums.days, columns, found)


def _count(into: Counter[Any], names: Sequence[Any], counts: Whole) -> None:
    for name, count in zip(names, counts.tolist(), strict=True):
        if count:
            into[name] += count


def _add_days(days: Counter[date], columns: IncidentColumns, found: Counted) -> None:
    rows = np.flatnonzero(found.flags)
    if not len(rows):
        return
    # A day more at both ends: the community's own clock is ahead of UTC, or behind.
    last = _utc_day(columns.found[rows[-1]]) + timedelta(days=1)
    first = max(_utc_day(columns.found[rows[0]]) - timedelta(days=1), last - timedelta(days=LONGEST_DAYS))
    every, midnights = _days_of(first, last, columns.timezone)
    edges = np.searchsorted(columns.found, midnights)
    # Rows are in order of time, so a day is a stretch of them.
    counts = np.diff(np.searchsorted(rows, edges))
    days.update({day: int(count) for day, count in zip(every, counts, strict=True) if count})


@lru_cache(maxsize=64)
def _days_of(first: date, last: date, timezone: str) -> tuple[list[date], Whole]:
    """The days from one to another, and the minutes at which they and the one after them begin."""
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return every, minutes_of([*every, last + timedelta(days=1)], timezone)


def _utc_day(minute: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(minute) // 1440)


def _days(days: Counter[date]) -> list[Span]:
    """Every day from the first with any incident to the last."""
    if not days:
        return []
    last = max(days)
    first = max(min(days), last - timedelta(days=LONGEST_DAYS - 1))
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [Span(day, 1, days[day]) for day in every]


def told_numbers(told: Sequence[Groups]) -> Numbers:
    """Count what is told to those who may not see incidents singly; see `patrols.told_counts`."""
    categories: Counter[int] = Counter()
    families: Counter[str] = Counter()
    grids: Counter[str] = Counter()
    spans: Counter[tuple[date, int]] = Counter()
    for groups in told:
        categories.update(groups.by_category())
        families.update(groups.by_family())
        grids.update(groups.by_grid())
        spans.update({(first, 7 * weeks): count for first, weeks, count in groups.by_time()})
    return Numbers(
        total=sum(groups.total for groups in told),
        spans=[Span(*time, count) for time, count in sorted(spans.items())],
        when=None,
        categories=dict(categories),
        families=dict(families),
        sources=None,
        stages=None,
        grids=dict(grids),
        floor=FLOOR,
        until=min((groups.over_until for groups in told if groups.over_until > FIRST_WEEK), default=None),
    )
