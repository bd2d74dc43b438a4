"""Pictures and numbers of the same incidents, singly and above the floor."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from data.models import IncidentSource, Stage
from geo.density import exact_density
from geo.map_plane import MapPlane
from patrols.errors import BadView
from patrols.incident_columns import SOURCES, STAGES, CategoryFacts, IncidentColumns
from patrols.incident_counts import Span, numbers, told_numbers
from patrols.incident_density import Window, change, heat, told_heat
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from patrols.told_counts import FirstGrids, part, told

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
WINDOW = Window(116.295, 39.995, 116.305, 40.005)
VIEW = IncidentView(date(2026, 1, 1), date(2026, 11, 22))
GRIDS = ("", "110108001001001")


def columns(count=2000, community_id=1, lon=116.3, seed=1) -> IncidentColumns:
    """Incidents around a place, one in twenty without one, over the 300 days before `NOW`."""
    random = np.random.default_rng(seed)
    plane = MapPlane(lon, 40.0)
    x, y = random.normal(0, 150, (2, count)).astype(np.float32)
    x[::20] = np.nan
    found = np.sort(int(NOW.timestamp() // 60) - random.integers(0, 300 * 1440, count)).astype(np.int32)
    closed = STAGES.index(Stage.CLOSED) * len(SOURCES)
    return IncidentColumns(
        community_id=community_id,
        timezone="",
        stamp="",
        last_step=0,
        late_steps=0,
        plane=plane,
        keys=np.arange(1, count + 1),
        x=x,
        y=y,
        found=found,
        reported=found,
        when=((found // 60 + 8) % 24 * 7 + ((found + 480) // 1440 + 3) % 7).astype(np.uint8),
        kind=(closed + random.integers(0, len(SOURCES), count)).astype(np.uint8),
        category=random.integers(0, 4, count).astype(np.int16),
        grid=random.integers(0, 2, count).astype(np.int16),
        organisation=np.zeros(count, np.int32),
        handler=np.zeros(count, np.int32),
        grids=GRIDS,
        facts=CategoryFacts((0, 5, 6, 7), ("", "urban", "urban", "home"), np.array([False, False, False, True])),
    )


def groups(known):
    return told(part(known, FirstGrids(known.grid.astype(np.int64), GRIDS), NOW)[0], known.community_id, Scope(), VIEW)


def test_the_picture_is_the_exact_density_of_all_communities_together():
    known = [columns(), columns(800, community_id=2, lon=116.3021, seed=2)]

    found = heat(known, Scope(), VIEW, WINDOW)

    wanted = [one.category != 3 for one in known]
    moved = [
        (one.x[keep] * factor + east, one.y[keep] * factor + north)
        for one, keep in zip(known, wanted, strict=True)
        for factor, east, north in [one.plane.onto(WINDOW.plane)]
    ]
    x, y = (np.concatenate(parts).astype(float) for parts in zip(*moved, strict=True))
    placed = np.isfinite(x)
    raster = found.raster
    at = np.meshgrid(
        raster.west + raster.wide_m * (np.arange(raster.columns) + 0.5),
        raster.north - raster.high_m * (np.arange(raster.rows) + 0.5),
    )
    some = np.random.default_rng(3).choice(found.per_hectare.size, 300, replace=False)
    meant = exact_density(x[placed], y[placed], at[0].ravel()[some], at[1].ravel()[some], raster.reach_m)
    assert np.abs(found.per_hectare.ravel()[some] - meant).max() < 0.001 * found.peak
    assert (found.counted, found.elsewhere) == (placed.sum(), (~placed).sum())


def test_above_the_floor_the_picture_holds_what_is_told_and_nothing_else():
    told_groups = groups(columns())

    found = told_heat([told_groups], Window(116.25, 39.95, 116.35, 40.05))

    hectares = found.raster.cell_m2 / 10_000
    assert found.counted == told_groups.on_squares.total > 0
    assert found.counted + found.elsewhere == told_groups.total
    assert float(found.per_hectare.sum()) * hectares == pytest.approx(found.counted, rel=1e-3)


def test_squares_of_the_floor_lie_where_their_incidents_are():
    known = columns()

    singly, floored = heat([known], Scope(), VIEW, WINDOW), told_heat([groups(known)], WINDOW)

    tops = [np.unravel_index(one.per_hectare.argmax(), one.per_hectare.shape) for one in (singly, floored)]
    metres = [
        (row * one.raster.high_m, column * one.raster.wide_m)
        for (row, column), one in zip(tops, (singly, floored), strict=True)
    ]
    assert np.hypot(*np.subtract(*metres)) < 120


def test_an_incident_far_away_costs_the_picture_nothing():
    known = columns()
    far = replace(known, x=np.where(np.arange(2000) % 2 == 0, known.x + 2e6, known.x).astype(np.float32))

    found = told_heat([groups(far)], WINDOW)

    assert found.per_hectare.shape[0] <= 400


def test_a_window_without_anything_told_is_empty():
    assert told_heat([groups(columns())], Window(10.0, 50.0, 10.1, 50.1)).peak == 0
    assert heat([], Scope(), VIEW, WINDOW).peak == 0


def test_numbers_of_communities_add_up():
    one, other = columns(), columns(700, community_id=2, seed=9)

    both, alone = numbers([one, other], Scope(), VIEW), numbers([one], Scope(), VIEW)

    expected = int((one.category != 3).sum() + (other.category != 3).sum())
    assert both.total == sum(span.count for span in both.spans) == int(both.when.sum()) == expected
    assert sum(both.categories.values()) == sum(both.families.values()) == sum(both.grids.values()) == expected
    assert sum(both.sources.values()) == sum(both.stages.values()) == expected
    assert both.stages[Stage.CLOSED] == expected
    assert alone.total == int((one.category != 3).sum())


def test_days_follow_each_other_and_begin_at_the_local_midnight():
    known = columns(300)

    found = numbers([known], Scope(), VIEW).spans

    assert all(later.first - earlier.first == timedelta(days=1) for earlier, later in itertools.pairwise(found))
    kept = known.found[known.category != 3]
    local = (kept + 480) // 1440
    first = date(1970, 1, 1) + timedelta(days=int(local[0]))
    assert found[0] == Span(first, 1, int((local == local[0]).sum()))


def test_counts_beside_a_filter_ignore_it_alone():
    known = columns()
    view = replace(VIEW, sources=(IncidentSource.HOTLINE,), weekdays=(1, 2))

    found = numbers([known], Scope(), view)

    without_source = numbers([known], Scope(), replace(view, sources=()))
    assert found.sources == without_source.sources
    assert found.total == found.sources[IncidentSource.HOTLINE] < sum(found.sources.values())
    assert found.when[2:].sum() > 0


def test_above_the_floor_only_what_groups_share_is_told():
    told_groups = groups(columns())

    found = told_numbers([told_groups])

    assert found.floor == 3
    assert (found.when, found.sources, found.stages) == (None, None, None)
    assert found.total == sum(span.count for span in found.spans) == told_groups.total
    assert min(span.count for span in found.spans) >= 3
    assert {span.days for span in found.spans} <= {7, 28, 84}


def test_a_change_is_per_four_weeks():
    known = columns()
    now, before = (
        heat([known], Scope(), view, WINDOW) for view in (VIEW, VIEW.over(date(2025, 1, 1), date(2025, 2, 1)))
    )

    found = change(now, before, days=[VIEW.days, 32])

    assert np.allclose(found, now.per_hectare * 28 / VIEW.days)


@pytest.mark.parametrize("sides", [(116.3, 40, 116.3, 40.1), (116.3, 40, 116.2, 40.1), (0, 0, 60, 60), (0, 82, 1, 83)])
def test_a_window_that_is_none_is_refused(sides):
    with pytest.raises(BadView):
        Window(*sides).checked()
