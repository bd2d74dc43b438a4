"""No difference of what is told to those who may not see incidents singly leads to fewer than three."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.models import IncidentSource
from geo.map_plane import MapPlane
from patrols.incident_columns import CategoryFacts, IncidentColumns
from patrols.incident_view import IncidentView, Which
from patrols.scope import Scope
from patrols.told_counts import FIRST_WEEK, FLOOR, LEVELS, FirstGrids, first_open_week, part, told

GRIDS = ("", "621102001001001", "621102001001002", "621102001001003")
FACTS = CategoryFacts(
    (0, 1, 2, 3, 4), ("", "urban", "urban", "hotline", "home"), np.array([False, False, False, False, True])
)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
"""08:00 on a Monday in Shanghai."""

WEEKS = 30
NOW = MONDAY + timedelta(weeks=WEEKS)
COMMUNITY = 7


def columns(rows) -> IncidentColumns:
    """Incidents in the order they came in: hours since `MONDAY`, where (metres), grid, category."""
    hours, x, y, grid, category = (
        (np.array(values) for values in zip(*rows, strict=True)) if rows else [np.empty(0)] * 5
    )
    minutes = int(MONDAY.timestamp() // 60) + (hours * 60).astype(np.int32)
    zero = np.zeros(len(rows), np.int32)
    order = np.argsort(minutes, kind="stable")
    return IncidentColumns(
        community_id=COMMUNITY,
        timezone="",
        stamp="",
        last_step=len(rows),
        late_steps=0,
        plane=MapPlane(104.1, 35.2),
        keys=1 + order.astype(np.int64),
        x=x[order].astype(np.float32),
        y=y[order].astype(np.float32),
        found=minutes[order],
        reported=minutes[order],
        when=zero,
        kind=zero,
        category=category[order].astype(np.int16),
        grid=grid[order].astype(np.int16),
        organisation=zero,
        handler=zero,
        grids=GRIDS,
        facts=FACTS,
    )


def parted(rows, at=NOW):
    known = columns(rows)
    groups, member = part(known, FirstGrids(known.grid.astype(np.int64), GRIDS), at)
    return groups, dict(zip(known.keys.tolist(), member.tolist(), strict=True))


def town(seed, count):
    """Incidents in the order they came in, most of them live, some brought in late by a file, some without a place."""
    random = np.random.default_rng(seed)
    live = np.sort(random.uniform(0, 24 * 7 * (WEEKS + 1), count))
    hours = np.where(random.random(count) < 0.1, live * random.random(count), live)
    rows = []
    for hour in hours:
        spot = random.normal([(0, 0), (250, 40), (2000, 900)][random.integers(3)], 60)
        where = spot if random.random() < 0.9 else (np.nan, np.nan)
        rows.append((hour, *where, random.integers(len(GRIDS)), random.choice([0, 1, 1, 1, 2, 3, 4])))
    return rows


days = st.integers(0, 7 * WEEKS + 20).map(lambda day: MONDAY.date() + timedelta(days=day - 10))
views = st.builds(
    lambda time, **rest: IncidentView(*time, **rest),
    st.tuples(days, days).map(sorted),
    categories=st.sets(st.sampled_from([1, 2, 3, 4]), max_size=2).map(tuple),
    families=st.sets(st.sampled_from(["urban", "hotline", "home"]), max_size=2).map(tuple),
    grids=st.sets(st.sampled_from(GRIDS[1:]), max_size=2).map(tuple),
    hours=st.sampled_from([(), (), (), (8, 9)]),
    weekdays=st.sampled_from([(), (), (), (1,)]),
    sources=st.sampled_from([(), (), (), (IncidentSource.HOTLINE,)]),
    stages=st.sampled_from([Which.ALL, Which.ALL, Which.ALL, Which.OPEN]),
)
scopes = st.sampled_from(
    [
        Scope(),
        Scope(frozenset({COMMUNITY}), frozenset({GRIDS[1]})),
        Scope(frozenset({COMMUNITY}), frozenset({GRIDS[1], GRIDS[3]})),
        Scope(frozenset({COMMUNITY + 1}), None),
    ]
)


def answers(groups, member, view, scope):
    """Every number that is told of a view, as the set of the incidents that it counts."""
    found = told(groups, COMMUNITY, scope, view)
    keys = {
        (*(int(getattr(groups, name)[at]) for name in NAMES),): {one for one, of in member.items() if of == at}
        for at in range(len(groups.count))
    }
    sets = [(keys[tuple(int(getattr(found, name)[at]) for name in NAMES)], at) for at in range(len(found.count))]
    whole = set().union(*(one for one, _ in sets))
    assert found.total == len(whole)
    pieces = [whole]
    for code, count in found.by_grid().items():
        pieces.append(set().union(*(one for one, at in sets if found.grid[at] == GRIDS.index(code))))
        assert count == len(pieces[-1])
    for key, count in found.by_category().items():
        pieces.append(set().union(*(one for one, at in sets if found.category[at] == key)))
        assert count == len(pieces[-1])
    for name, count in found.by_family().items():
        pieces.append(set().union(*(one for one, at in sets if found.family[at] == found.families.index(name))))
        assert count == len(pieces[-1])
    for first, weeks, count in found.by_time():
        week = (first - FIRST_WEEK).days // 7
        pieces.append(set().union(*(one for one, at in sets if found.week[at] == week and found.weeks[at] == weeks)))
        assert count == len(pieces[-1])
    # A map shows how many there are in each square: the window cuts it, a zoom draws squares together.
    for column, row in {(found.column[at], found.row[at]) for _, at in sets}:
        pieces.append(set().union(*(one for one, at in sets if (found.column[at], found.row[at]) == (column, row))))
    return pieces


NAMES = ("level", "week", "came", "grid", "column", "row", "category", "family")


def atoms(pieces):
    """The smallest sets that can be told apart by sums and differences of some numbers."""
    signs = {}
    for one in set().union(*pieces):
        signs.setdefault(tuple(one in piece for piece in pieces), set()).add(one)
    return signs.values()


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.integers(0, 400),
    st.lists(st.tuples(views, scopes), min_size=2, max_size=6),
    st.lists(st.integers(0, 24 * 7 * WEEKS), min_size=2, max_size=3),
)
def test_no_numbers_of_any_views_at_any_moments_can_be_set_against_each_other(seed, count, asked, moments):
    rows = town(seed, count)
    pieces = []

    for hour in moments:
        # At an earlier moment only those had come in that were brought in by then.
        came = np.maximum.accumulate([row[0] for row in rows]) if rows else np.empty(0)
        there = rows[: int(np.searchsorted(came, hour, side="right"))]
        groups, member = parted(there, MONDAY + timedelta(hours=hour))
        for view, scope in asked:
            pieces += answers(groups, member, view, scope)

    assert all(len(atom) >= FLOOR for atom in atoms(pieces))


def test_most_incidents_of_a_busy_town_are_told():
    rows = town(3, 4000)

    groups, _ = parted(rows)

    settled = sum(row[0] < 24 * 7 * 24 and row[4] != 4 for row in rows)
    assert groups.total > 0.9 * settled
    sparse, _ = parted(town(3, 250))
    assert (groups.level == 0).any()
    assert (sparse.level == len(LEVELS) - 1).any()


def test_what_is_told_once_is_told_the_same_ever_after():
    rows = town(5, 1500)
    came = np.maximum.accumulate([row[0] for row in rows])
    earlier = []

    for week in range(1, WEEKS):
        hour = 24 * 7 * week + 30
        groups, member = parted(rows[: int(np.searchsorted(came, hour, side="right"))], MONDAY + timedelta(hours=hour))
        sets = {frozenset(one for one, of in member.items() if of == at) for at in range(len(groups.count))}
        earlier.append(sets)

    assert all(before <= after for before, after in pairwise(earlier))
    assert len(earlier[-1]) > len(earlier[0])


def test_a_file_of_old_incidents_is_told_in_groups_of_its_own_when_its_week_is_over():
    live = [(hour, 0.0, 0.0, 1, 1) for hour in range(0, 24 * 7 * 4, 6)]
    brought = [*live, *[(10, 0.0, 0.0, 1, 1)] * 50, (11, 0.0, 0.0, 1, 1)]
    later = [*brought, *[(24 * 7 * 5 + hour, 0.0, 0.0, 1, 1) for hour in range(30)]]
    first_week = IncidentView(MONDAY.date(), MONDAY.date() + timedelta(days=6))

    counts = [
        told(parted(rows, MONDAY + timedelta(weeks=weeks))[0], COMMUNITY, Scope(), first_week).total
        for rows, weeks in ((live, 4), (brought, 4), (later, 6))
    ]

    assert counts == [27, 27, 27 + 51]


def test_a_week_is_over_only_when_somebody_reported_in_a_later_one_a_while_ago():
    rows = [(hour, 0.0, 0.0, 1, 1) for hour in (1, 2, 3, 4)]

    quiet, _ = parted(rows, MONDAY + timedelta(weeks=3))
    at_once, _ = parted([*rows, (24 * 8, 0.0, 0.0, 1, 1)], MONDAY + timedelta(hours=24 * 8, minutes=20))
    later, _ = parted([*rows, (24 * 8, 0.0, 0.0, 1, 1)], MONDAY + timedelta(hours=24 * 8 + 2))

    assert (quiet.total, at_once.total, later.total) == (0, 0, 4)


def test_sensitive_categories_are_never_told():
    groups, _ = parted([(hour, 0.0, 0.0, 1, 4) for hour in range(0, 24 * 7 * 29, 5)])

    assert groups.total == 0


def test_a_view_tells_the_weeks_that_lie_wholly_inside_it():
    rows = [(hour, 0.0, 0.0, 1, 1) for hour in range(0, 24 * 7 * 8, 4)]
    groups, _ = parted(rows)
    monday = MONDAY.date()

    two_weeks = told(groups, COMMUNITY, Scope(), IncidentView(monday, monday + timedelta(days=13)))
    a_day_less = told(groups, COMMUNITY, Scope(), IncidentView(monday, monday + timedelta(days=12)))

    assert two_weeks.by_time() == [(monday, 1, 40), (monday + timedelta(days=7), 1, 42)]
    assert a_day_less.by_time() == [(monday, 1, 40)]


def test_what_is_not_parted_is_not_asked_for():
    groups, _ = parted([(hour, 0.0, 0.0, 1, 1) for hour in range(0, 24 * 7 * 8, 4)])
    whole = IncidentView(date(2020, 1, 1), date(2030, 1, 1))

    narrowed = [
        IncidentView(whole.since, whole.until, hours=tuple(range(23))),
        IncidentView(whole.since, whole.until, weekdays=(1, 2)),
        IncidentView(whole.since, whole.until, sources=(IncidentSource.PATROL,)),
        IncidentView(whole.since, whole.until, stages=Which.CLOSED),
    ]

    assert told(groups, COMMUNITY, Scope(), whole).total > 0
    assert [told(groups, COMMUNITY, Scope(), view).total for view in narrowed] == [0, 0, 0, 0]


def test_who_sees_only_what_was_handed_to_an_office_is_told_nothing():
    groups, _ = parted([(hour, 0.0, 0.0, 1, 1) for hour in range(0, 24 * 7 * 8, 4)])
    whole = IncidentView(date(2020, 1, 1), date(2030, 1, 1))

    assert told(groups, COMMUNITY, Scope(organisation_id=3), whole).total == 0


def test_a_community_without_incidents_tells_nothing():
    groups, member = parted([])

    assert groups.total == 0
    assert member == {}
    assert groups.by_grid() == {}
    assert groups.by_time() == []


@pytest.mark.parametrize("hour", [0, 24 * 7 - 8.1, 24 * 7 - 8, 24 * 70])
def test_the_first_week_that_is_not_over_is_that_of_the_last_report(hour):
    known = columns([(hour, 0.0, 0.0, 1, 1)])

    week = first_open_week(known, NOW)

    local = (MONDAY + timedelta(hours=hour + 8)).date()
    assert FIRST_WEEK + timedelta(weeks=week) <= local < FIRST_WEEK + timedelta(weeks=week + 1)
