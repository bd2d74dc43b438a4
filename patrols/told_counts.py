"""Counts for those who may not see incidents one by one, from which no difference leads to fewer than three.

A count that is hidden when it is small is no protection: the total less the other grids, this week's map less last
week's, tells it. So nothing is counted for a view. All incidents are parted once, the same for every view, into groups
of at least `FLOOR`: first those of one category, one week and one small square of ground. What is too little for that
is put together with more ground, more weeks and more categories (`LEVELS`); what is too little even for a community and
twelve weeks is told to nobody. A view tells the groups that lie wholly inside it, by what they might hold and not by
what they do, so whatever is told is a union of groups, and so is every difference of two views.

Nothing that is told changes later:

* Time is the week in which an incident was reported, and it is told when the week in which it came in is over. The two
  differ for what is brought in later by a file: keys are given in order, so no incident came in before another with a
  smaller key. What came in late is grouped apart, so that it is added in groups of its own.
* What was told of an incident when it came in counts: the grid of that day, its category, its place. What was found
  void afterwards, or was told twice, stays in.
* So a view that asks for hours, days of the week, sources or stages is told nothing: the groups are not parted by them.

The size of a group still bounds what is in it: of five incidents in one square and four weeks no week had six.

Sensitive categories are in no group. Making one sensitive, or moving one to another family, parts anew; who keeps
answers of before and after could compare them.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Incident, IncidentStep, StepKind
from geo.map_plane import on_web_map
from patrols.days import zone
from patrols.handover import HAND_OVERS
from patrols.incident_choice import minutes_of
from patrols.incident_columns import IncidentColumns
from patrols.incident_view import IncidentView, Which
from patrols.scope import Scope

Whole = npt.NDArray[np.int64]

FLOOR = 3
"""The least that is told. The same for all, as two floors beside each other are none."""

SQUARE_M = 100.0
"""Side of a small square of ground in metres of web maps: 77 m on the ground at 40 degrees north, 94 m at 20."""

SETTLED_MIN = 60
"""So long after it an incident of a later week must lie back before a week is over: what was written at the same time,
with smaller keys, is committed by then."""

FIRST_WEEK = date(1969, 12, 29)
"""The Monday from which weeks are counted."""

NOWHERE = -(2**31)
LARGEST = 2**62
SQUARE, GRID, COMMUNITY = 0, 1, 2
CATEGORY, FAMILY, ALL = 0, 1, 2


class Level(NamedTuple):
    """What the incidents of one group share: how much ground, how many weeks, what they are about."""

    ground: int
    weeks: int
    about: int


LEVELS = (
    Level(SQUARE, 1, CATEGORY),
    Level(SQUARE, 4, FAMILY),
    Level(GRID, 4, FAMILY),
    Level(GRID, 12, ALL),
    Level(COMMUNITY, 12, ALL),
)
"""From the finest to the coarsest; each lies wholly inside the next."""


class FirstGrids(NamedTuple):
    """The grid each row of the columns had when it came in: its place in the codes."""

    grid: Whole
    grids: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """Groups of incidents of one community; all arrays are as long.

    Parameters
    ----------
    count : ndarray of int64
        How many incidents; at least `FLOOR`.
    level : ndarray of int64
        Place in `LEVELS`.
    week, came : ndarray of int64
        The first week in which they were reported, and in which they came in, counted from `FIRST_WEEK`; the level says
        how many follow.
    grid : ndarray of int64
        Place in `grids`; -1 for the whole community.
    column, row : ndarray of int64
        The square, counted from the zero of web maps; 0 for more ground than that.
    category : ndarray of int64
        Id of the category; 0 for none, -1 for several.
    family : ndarray of int64
        Place in `families`; -1 for several.
    grids, families : tuple of str
    over_until : date
        The last day of the last week that is over.
    """

    count: Whole
    level: Whole
    week: Whole
    came: Whole
    grid: Whole
    column: Whole
    row: Whole
    category: Whole
    family: Whole
    grids: tuple[str, ...]
    families: tuple[str, ...]
    over_until: date

    @property
    def total(self) -> int:
        """How many incidents are told."""
        return int(self.count.sum())

    @property
    def weeks(self) -> Whole:
        """How many weeks each group covers."""
        return np.array([level.weeks for level in LEVELS])[self.level]

    @cached_property
    def mark(self) -> str:
        """Changes with what is told."""
        digest = hashlib.blake2b(repr((self.grids, self.families, self.over_until)).encode(), digest_size=8)
        for name in _ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()

    @property
    def on_squares(self) -> "Groups":
        """The groups that are known by their square of ground."""
        return self.only(np.array([level.ground == SQUARE for level in LEVELS])[self.level])

    def only(self, kept: Any) -> "Groups":
        """Those groups alone."""
        return replace(self, **{name: getattr(self, name)[kept] for name in _ARRAYS})

    def by_grid(self) -> dict[str, int]:
        """Counts by the code of the grid, "" outside of all; groups of the whole community are not in it."""
        known = self.grid >= 0
        counts = np.bincount(self.grid[known], self.count[known], len(self.grids))
        return {code: int(count) for code, count in zip(self.grids, counts, strict=True) if count}

    def by_category(self) -> dict[int, int]:
        """Counts by the id of the category, 0 without one; groups of several categories are not in it."""
        known = self.category >= 0
        ids, places = np.unique(self.category[known], return_inverse=True)
        counts = np.bincount(places, self.count[known], len(ids))
        return {int(key): int(count) for key, count in zip(ids, counts, strict=True)}

    def by_family(self) -> dict[str, int]:
        """Counts by family, "" without one; groups of several families are not in it."""
        known = self.family >= 0
        counts = np.bincount(self.family[known], self.count[known], len(self.families))
        return {name: int(count) for name, count in zip(self.families, counts, strict=True) if count}

    def by_time(self) -> list[tuple[date, int, int]]:
        """Counts by time: the first day, how many weeks, how many incidents; longer times beside the weeks in them."""
        times, places = np.unique(self.week * 100 + self.weeks, return_inverse=True)
        counts = np.bincount(places, self.count, len(times))
        return [
            (FIRST_WEEK + timedelta(weeks=int(time) // 100), int(time) % 100, int(count))
            for time, count in zip(times, counts, strict=True)
        ]


_ARRAYS = ("count", "level", "week", "came", "grid", "column", "row", "category", "family")


def part(columns: IncidentColumns, first: FirstGrids, at: datetime) -> tuple[Groups, Whole]:
    """Part the incidents of a community into groups, as far as weeks are over.

    Parameters
    ----------
    columns : IncidentColumns
    first : FirstGrids
        The grid each incident had when it came in.
    at : datetime
        Now, aware.

    Returns
    -------
    Groups
    ndarray of int64
        The group of each row; -1 for none.
    """
    rows, families, first_open = _rows(columns, first, at)
    member = np.full(len(columns), -1, np.int64)
    left = ~columns.facts.sensitive[columns.category]
    found: list[dict[str, Whole]] = []
    for place, level in enumerate(LEVELS):
        # What has no place is in no square.
        placed = (level.ground != SQUARE) | (rows["column"] != NOWHERE)
        tried = np.flatnonzero(left & placed & (_begin(level, rows["came"]) + level.weeks <= first_open))
        shared = _shared(level, {name: values[tried] for name, values in rows.items()})
        of, groups = _groups(shared)
        known = sum(len(one["count"]) for one in found)
        member[tried] = np.where(of >= 0, known + of, -1)
        left[tried] &= of < 0
        found.append({**groups, "level": np.full(len(groups["count"]), place)})
    over_until = FIRST_WEEK + timedelta(weeks=first_open, days=-1)
    whole = {name: np.concatenate([one[name] for one in found]) for name in _ARRAYS}
    return Groups(**whole, grids=first.grids, families=families, over_until=over_until), member


def _rows(columns: IncidentColumns, first: FirstGrids, at: datetime) -> tuple[dict[str, Whole], tuple[str, ...], int]:
    """What incidents are parted by, the families that are meant, and the first week that is not over."""
    week, came = _weeks(columns, at)
    families, family_of = np.unique(np.array(columns.facts.families, dtype=str), return_inverse=True)
    column, row = _squares(columns)
    rows = {
        "week": week,
        "came": came,
        "grid": first.grid,
        "column": column,
        "row": row,
        "category": np.array(columns.facts.ids, np.int64)[columns.category],
        "family": family_of[columns.category].astype(np.int64),
    }
    return rows, tuple(str(name) for name in families), first_open_week(columns, at)


def _groups(shared: dict[str, Whole]) -> tuple[Whole, dict[str, Whole]]:
    """Of each row the group of those that share all, -1 where they are too few; and what each group shares."""
    _, first, of, count = np.unique(_keys(shared), return_index=True, return_inverse=True, return_counts=True)
    enough = count >= FLOOR
    number = np.where(enough, np.cumsum(enough) - 1, -1)
    return number[of], {"count": count[enough], **{name: values[first[enough]] for name, values in shared.items()}}


def first_grids(session: Session, columns: IncidentColumns) -> FirstGrids:
    """The grid each incident had when it came in, where a later edition has handed it over since."""
    moved = (
        select(IncidentStep.incident_id)
        .join(Incident, Incident.id == IncidentStep.incident_id)
        .where(IncidentStep.kind == StepKind.HAND_OVER, Incident.community_id == columns.community_id)
    )
    places = {code: place for place, code in enumerate(columns.grids)}
    rows: dict[int, int] = {}
    for key, facts in session.execute(select(Incident.id, Incident.grid_facts).where(Incident.id.in_(moved))):
        if facts.get(HAND_OVERS):
            rows[key] = places.setdefault(facts[HAND_OVERS][0]["from"] or "", len(places))
    grid = columns.grid.astype(np.int64)
    handed = np.isin(columns.keys, list(rows))
    grid[handed] = [rows[key] for key in columns.keys[handed].tolist()]
    return FirstGrids(grid, tuple(places))


def _begin(level: Level, week: Whole) -> Whole:
    """The first of the weeks that a level puts together with one."""
    return week // level.weeks * level.weeks


def _shared(level: Level, rows: dict[str, Whole]) -> dict[str, Whole]:
    """What rows must have in common to be of one group; what they need not has one value for all."""
    several, zero = np.full(len(rows["week"]), -1), np.zeros(len(rows["week"]), np.int64)
    exact = level.ground == SQUARE
    return {
        "week": _begin(level, rows["week"]),
        "came": _begin(level, rows["came"]),
        "grid": several if level.ground == COMMUNITY else rows["grid"],
        "column": rows["column"] if exact else zero,
        "row": rows["row"] if exact else zero,
        "category": rows["category"] if level.about == CATEGORY else several,
        "family": several if level.about == ALL else rows["family"],
    }


def _keys(shared: dict[str, Whole]) -> Whole:
    """One number for each combination of values."""
    key, span = np.zeros(len(shared["week"]), np.int64), 1
    for values in shared.values():
        least = int(values.min(initial=0)) if len(values) else 0
        wide = int(values.max(initial=least)) - least + 1
        if span * wide > LARGEST:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            span = len(key)
        key, span = key * wide + (values - least), span * wide
    return key


def _weeks(columns: IncidentColumns, at: datetime) -> tuple[Whole, Whole]:
    """The week in which each incident was reported, and the one in which it came in."""
    order = np.argsort(columns.keys, kind="stable")
    came = np.empty(len(order), np.int64)
    # By running maximum: nothing came in before what has a smaller key.
    came[order] = np.maximum.accumulate(columns.reported[order].astype(np.int64))
    weeks = (at.astimezone(zone(columns.timezone)).date() - FIRST_WEEK).days // 7 + 2
    starts = minutes_of([FIRST_WEEK + timedelta(weeks=week) for week in range(1, weeks)], columns.timezone)
    return np.searchsorted(starts, columns.reported, side="right"), np.searchsorted(starts, came, side="right")


def first_open_week(columns: IncidentColumns, at: datetime) -> int:
    """The first week that is not over, counted from `FIRST_WEEK`: the one of the last report that lies back a while."""
    long_since = columns.reported <= int(at.timestamp() // 60) - SETTLED_MIN
    last = int(columns.reported.max(where=long_since, initial=0))
    day = datetime.fromtimestamp(last * 60, zone(columns.timezone)).date()
    return max(0, (day - FIRST_WEEK).days // 7)


def _squares(columns: IncidentColumns) -> tuple[Whole, Whole]:
    """The square of ground of each incident, from the zero of web maps; `NOWHERE` without a place."""
    east, north = on_web_map(columns.plane.lon, columns.plane.lat)
    return tuple(  # type: ignore[return-value]
        np.where(np.isnan(metres), NOWHERE, np.floor((metres / columns.plane.scale + zero) / SQUARE_M)).astype(np.int64)
        for metres, zero in ((columns.x.astype(float), float(east)), (columns.y.astype(float), float(north)))
    )


def told(groups: Groups, community_id: int, scope: Scope, view: IncidentView) -> Groups:
    """The groups that lie wholly inside a view and inside what a person answers for.

    Groups of a whole family are told where the family is asked for by its name, not where all of its categories are.
    """
    narrower = view.hours or view.weekdays or view.sources or view.stages is not Which.ALL
    # Whose scope is what was handed to an office may not see what else happened there.
    if narrower or scope.organisation_id is not None or not scope.enters(community_id):
        return groups.only(np.zeros(len(groups.count), bool))
    begin = np.datetime64(FIRST_WEEK) + 7 * groups.week
    inside = (begin >= np.datetime64(view.since)) & (begin + 7 * groups.weeks - 1 <= np.datetime64(view.until))
    inside &= _about(groups, view) & _on_ground(groups, community_id, scope, view)
    return groups.only(inside)


def _about(groups: Groups, view: IncidentView) -> Any:
    """Whether all that a group might be about is asked for."""
    if not view.categories and not view.families:
        return np.ones(len(groups.count), bool)
    asked = {name for name in view.families if name}
    whole = np.isin(groups.family, [place for place, name in enumerate(groups.families) if name in asked])
    return whole | (np.isin(groups.category, view.categories) & (groups.category > 0))


def _on_ground(groups: Groups, community_id: int, scope: Scope, view: IncidentView) -> Any:
    """Whether all the ground that a group might lie on is asked for and may be seen."""
    fits = [
        scope.allows(community_id, code or None) and (not view.grids or code in view.grids) for code in groups.grids
    ]
    everywhere = scope.allows(community_id) and not view.grids
    return np.array([*fits, everywhere])[groups.grid]
