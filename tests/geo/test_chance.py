"""Hot spots that are told are there, and those that are there are found."""

import numpy as np
import pytest
import shapely
from scipy import stats
from squares import lattice

from geo.chance import LEAST_PLACES, MOST_COUNTED, discovery_rates, window_chance
from geo.contiguity import Contiguity, border_on
from geo.gistar import g_star

TOWNS = 200
HOUSEHOLDS = np.random.default_rng(5).lognormal(5.3, 0.6, 80).round()
MIDDLE = 34


def town(columns: int = 10, rows: int = 8) -> Contiguity:
    return border_on(lattice(columns, rows).geometry.to_numpy())


def around(place: int, beside: Contiguity) -> np.ndarray:
    """The place and its neighbours."""
    return beside.window_sums(np.arange(beside.count) == place) > 0


def shares_of_towns(
    beside: Contiguity, exposed: np.ndarray, rate: np.ndarray, unlike: str = "", seed: int = 0
) -> tuple[float, float]:
    """Of how many made towns a hot spot is told, and of how many the place in the middle."""
    random = np.random.default_rng(seed)
    anywhere, there = 0, 0
    for _ in range(TOWNS):
        mean = rate * exposed
        if unlike == "days":
            mean = random.gamma(mean, 1.0)
        elif unlike == "places":
            mean = mean * random.gamma(2.0, 0.5, len(mean))
        found = window_chance(random.poisson(mean), exposed, beside)
        hot = discovery_rates(found.p) <= 0.05
        anywhere, there = anywhere + hot.any(), there + bool(hot[MIDDLE])
    return anywhere / TOWNS, there / TOWNS


@pytest.mark.parametrize("mean", [0.2, 2.0, 20.0])
def test_towns_without_hot_spots_show_none(mean: float) -> None:
    rate = np.full(80, mean / HOUSEHOLDS.mean())

    told, _ = shares_of_towns(town(), HOUSEHOLDS, rate)

    assert told <= 0.05


@pytest.mark.parametrize("unlike", ["days", "places"])
def test_places_that_are_unlike_are_no_hot_spots(unlike: str) -> None:
    rate = np.full(80, 5.0 / HOUSEHOLDS.mean())

    told, _ = shares_of_towns(town(), HOUSEHOLDS, rate, unlike)

    assert told <= 0.05


def test_gi_star_of_rates_would_show_hot_spots_that_are_none() -> None:
    beside, random, told = town(), np.random.default_rng(0), 0
    for _ in range(TOWNS):
        z, p = g_star(random.poisson(HOUSEHOLDS / HOUSEHOLDS.mean()) / HOUSEHOLDS, beside)
        told += bool((discovery_rates(np.where(z > 0, p, 1 - p)) <= 0.05).any())

    assert told / TOWNS > 0.15


@pytest.mark.parametrize(("mean", "times", "least"), [(3.0, 3.0, 0.85), (10.0, 2.0, 0.85), (10.0, 3.0, 0.99)])
def test_a_planted_hot_spot_is_found(mean: float, times: float, least: float) -> None:
    beside = town()
    rate = mean / HOUSEHOLDS.mean() * np.where(around(MIDDLE, beside), times, 1.0)

    _, there = shares_of_towns(beside, HOUSEHOLDS, rate)

    assert there >= least


def test_with_equal_exposures_z_is_gi_star() -> None:
    counts = np.random.default_rng(2).negative_binomial(2, 0.3, 80)

    found = window_chance(counts, np.full(80, 7.0), town())

    assert found.scatter.min() > 1
    assert found.z == pytest.approx(g_star(counts, town())[0], abs=1e-9)


def test_the_tail_is_binomial_where_places_are_as_like_as_chance_makes_them() -> None:
    beside = town()
    counts = np.full(80, 2)

    found = window_chance(counts, np.ones(80), beside)

    window = beside.neighbours + 1
    assert found.p == pytest.approx(stats.binom.sf(2 * window - 1, 160, window / 80), rel=1e-9)


def test_the_tail_is_beta_binomial_where_they_are_more_unlike() -> None:
    beside, random = town(), np.random.default_rng(6)
    counts = random.negative_binomial(1, 0.2, 80)
    found = window_chance(counts, HOUSEHOLDS, beside)
    size = found.expected / (found.scatter - 1)
    other = (counts.sum() - found.expected) / (found.scatter - 1)

    expected = stats.betabinom.sf(found.counted - 1, counts.sum(), size, other)

    upper = found.z > 0
    assert found.p[upper] == pytest.approx(expected[upper], rel=1e-6)
    assert found.p[~upper] == pytest.approx(expected[~upper], abs=0.05)
    assert found.p[~upper].min() > 0.3


def test_many_counts_are_judged_by_a_form_that_says_more() -> None:
    beside, random = town(), np.random.default_rng(6)
    counts = random.negative_binomial(20, 0.01, 80)
    found = window_chance(counts, HOUSEHOLDS, beside)
    size = found.expected / (found.scatter - 1)
    other = (counts.sum() - found.expected) / (found.scatter - 1)
    exact = stats.betabinom.sf(found.counted - 1, counts.sum(), size, other)
    upper = found.z > 1

    assert counts.sum() > MOST_COUNTED
    assert upper.any()
    assert (found.p[upper] >= exact[upper]).all()
    assert found.p[upper] == pytest.approx(exact[upper], abs=0.02)


def test_an_island_is_counted_and_not_judged() -> None:
    shapes = [*lattice(5, 4).geometry, shapely.box(0, 0, 50, 50)]
    counts = np.append(np.ones(20), 300)

    found = window_chance(counts, np.ones(21), border_on(shapes))

    assert found.counted[-1] == 300
    assert np.isnan(found.p[-1])
    assert not np.isnan(found.p[:-1]).any()


def test_too_few_places_and_no_counts_are_not_judged() -> None:
    few = window_chance([0, 0, 9], np.ones(3), border_on(lattice(3, 1).geometry.to_numpy()))
    none = window_chance(np.zeros(80), HOUSEHOLDS, town())

    assert few.p.size < LEAST_PLACES
    assert np.isnan(few.p).all()
    assert np.isnan(none.p).all()


def test_false_discoveries_are_scipys() -> None:
    p = np.random.default_rng(1).uniform(size=50) ** 2

    assert discovery_rates(p) == pytest.approx(stats.false_discovery_control(p, method="bh"))
    assert discovery_rates(p, any_dependence=True) == pytest.approx(stats.false_discovery_control(p, method="by"))


def test_what_was_not_asked_costs_nothing() -> None:
    p = np.array([0.01, np.nan, 0.02, np.nan])

    assert discovery_rates(p)[[0, 2]].tolist() == [0.02, 0.02]
    assert np.isnan(discovery_rates(np.full(3, np.nan))).all()
