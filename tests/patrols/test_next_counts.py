"""What the next period may bring: told from the past alone, and called better only where it is."""

import numpy as np
import pytest
from squares import lattice

from geo.contiguity import Contiguity, border_on
from patrols.next_counts import LEAST_PERIODS, WAYS, Score, Way, named, predicted, try_out

PLACES = 48
AREA = np.ones(PLACES)
LAST = range(60, 61)


def town() -> Contiguity:
    return border_on(lattice(8, 6).geometry.to_numpy())


def steady(periods: int, seed: int = 0, mean: float = 2.0) -> np.ndarray:
    """Counts of places that differ and stay as they are."""
    random = np.random.default_rng(seed)
    return random.poisson(random.gamma(1.0, mean, PLACES), (periods, PLACES))


def moving(periods: int, seed: int = 0) -> np.ndarray:
    """Counts that lie around a column, which goes once through the town in that time."""
    random = np.random.default_rng(seed)
    column = np.arange(PLACES) % 8
    centre = np.linspace(0, 7, periods)[:, None]
    return random.poisson(0.1 + np.exp(-2 * (column - centre) ** 2))


@pytest.mark.parametrize("way", WAYS[::7])
def test_every_way_tells_as_many_as_came_where_all_stays_the_same(way: Way) -> None:
    past = np.tile(np.arange(PLACES) % 3, (60, 1)).astype(float)

    told = predicted(past, way, AREA, town(), LAST)

    assert told.min() >= 0
    if not way.beside:
        assert told[0] == pytest.approx(past[0])


@pytest.mark.parametrize("way", WAYS[::5])
def test_nothing_is_told_from_the_future(way: Way) -> None:
    past = steady(70).astype(float)
    changed = past.copy()
    changed[50:] = 99

    told, again = (predicted(counts, way, AREA, town(), range(45, 51)) for counts in (past, changed))

    assert np.array_equal(told, again)


def test_where_it_moves_the_past_is_weighed_and_that_is_better_than_counting() -> None:
    found = try_out(moving(70), AREA, town())

    assert found.better
    assert found.way.half_life <= 6
    assert found.score.pai > max(one.pai for one in found.plain.values())


def test_where_nothing_changes_a_plain_count_is_as_good() -> None:
    better = [try_out(steady(60, seed), AREA, town()).better for seed in range(20)]

    # One in twenty by luck.
    assert sum(better) <= 3


def test_the_last_periods_choose_nothing() -> None:
    counts = moving(90)
    changed = counts.copy()
    changed[-30:] = counts[-30:, ::-1]

    assert try_out(counts, AREA, town()).way == try_out(changed, AREA, town()).way


def test_a_third_is_held_out_and_no_more_than_a_year() -> None:
    assert try_out(steady(LEAST_PERIODS), AREA, town()).periods == LEAST_PERIODS // 3
    assert try_out(steady(300), AREA, town()).periods == 52


def test_the_named_ground_is_a_tenth_however_large_its_places_are() -> None:
    random = np.random.default_rng(1)
    area = random.lognormal(0, 1, PLACES)

    part = named(random.poisson(3, PLACES), area)

    assert (part * area).sum() == pytest.approx(0.1 * area.sum())
    assert ((part > 0) & (part < 1)).sum() <= 1


def test_most_for_its_ground_is_named_first() -> None:
    assert named([4, 3, 2], [8.0, 2.0, 10.0]).tolist() == [0.0, 1.0, 0.0]


def test_of_nothing_there_is_no_hit_rate() -> None:
    assert np.isnan(Score(0.0, 0).hit_rate)
    assert np.isnan(Score(0.0, 0).pai)


def test_weeks_in_which_nothing_happened_anywhere_are_told_too() -> None:
    found = try_out(np.zeros((60, PLACES)), AREA, town())

    assert not found.better
    assert found.expected.tolist() == [0.0] * PLACES
