"""Gi* is the one that the field knows: the same numbers as esda's."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from squares import lattice

from geo.contiguity import Contiguity, border_on
from geo.gistar import g_star, g_star_simulated

with warnings.catch_warnings():
    # Its own imports are told off by newer versions of what it imports.
    warnings.simplefilter("ignore")
    import esda
    from libpysal.weights import W

COUNTS = np.array([7, 3, 4, 6, 1, 5, 2, 4, 7, 6, 4, 2, 19, 6, 3, 8, 4, 6, 4, 6, 7, 4, 2, 7, 1], float)
"""On five by five squares. They add up to 128: sums divided by it stay exact, so that ties are ties for esda, too."""

RATES = (np.arange(25) * 37 % 101 + 1.0) / (np.arange(25) * 17 % 29 + 3.0)
SIMULATED = {
    "counts": [
        *(0.2837, 0.3083, 0.3203, 0.2520, 0.2842, 0.3385, 0.0762, 0.1046, 0.2990, 0.1761, 0.4865, 0.1497, 0.4292),
        *(0.0830, 0.2471, 0.4299, 0.4830, 0.1452, 0.2077, 0.0371, 0.2483, 0.3211, 0.3316, 0.0152, 0.2135),
    ],
    "rates": [
        *(0.3112, 0.4373, 0.4428, 0.2851, 0.1991, 0.0670, 0.3930, 0.1450, 0.4893, 0.3742, 0.1233, 0.3667, 0.4716),
        *(0.3882, 0.1604, 0.3968, 0.1991, 0.3702, 0.3090, 0.0954, 0.4544, 0.3400, 0.3509, 0.1902, 0.0538),
    ],
}
"""What esda 2.9.0 said with 99,999 permutations: compiling its own takes half a minute (the bench runs it)."""


def as_esda(values: np.ndarray, beside: Contiguity) -> "esda.G_Local":
    around: dict[int, list[int]] = {place: [] for place in range(beside.count)}
    for one, two in zip(beside.one.tolist(), beside.two.tolist(), strict=True):
        around[one].append(two)
        around[two].append(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return esda.G_Local(values, W(around, silence_warnings=True), "B", 0, star=True)


def town(columns: int = 9, rows: int = 7) -> Contiguity:
    return border_on(lattice(columns, rows).geometry.to_numpy())


@pytest.mark.parametrize("kind", ["counts", "rates", "few", "one hot"])
def test_z_and_its_p_are_those_of_esda(kind: str) -> None:
    beside, random = town(), np.random.default_rng(3)
    values = {
        "counts": random.poisson(6, 63).astype(float),
        "rates": random.poisson(6, 63) / random.lognormal(5, 1, 63),
        "few": random.poisson(0.1, 63).astype(float),
        "one hot": np.where(np.arange(63) == 30, 50.0, 1.0),
    }[kind]
    theirs = as_esda(values, beside)

    z, p = g_star(values, beside)

    assert z == pytest.approx(theirs.Zs, abs=1e-9)
    assert p == pytest.approx(theirs.p_norm, abs=1e-12)


@pytest.mark.parametrize("kind", ["counts", "rates"])
def test_dealings_tell_esdas_p_as_nearly_as_esda_tells_it_twice(kind: str) -> None:
    theirs, dealings = np.array(SIMULATED[kind]), 9999

    ours = g_star_simulated(COUNTS if kind == "counts" else RATES, town(5, 5), permutations=dealings, seed=1)

    spread = np.sqrt(theirs * (1 - theirs) * (1 / dealings + 1 / 99_999))
    assert (np.abs(ours - theirs) / spread).max() < 4.5


def test_an_island_is_never_judged() -> None:
    beside = Contiguity(4, np.array([0, 1]), np.array([1, 2]))

    z, p = g_star([1.0, 2.0, 3.0, 500.0], beside)
    dealt = g_star_simulated([1.0, 2.0, 3.0, 500.0], beside, permutations=99)

    assert [np.isnan(found).tolist() for found in (z, p, dealt)] == [[False, False, False, True]] * 3


def test_where_all_is_equal_nothing_stands_out() -> None:
    beside = town(4, 4)

    z, _ = g_star(np.full(16, 3.0), beside)

    assert (z == 0).all()
    # Every dealing gives as much as was observed.
    assert (g_star_simulated(np.full(16, 0.1), beside, permutations=99) == 0.01).all()


def test_the_same_seed_deals_the_same_way() -> None:
    values, beside = np.random.default_rng(1).poisson(3, 63), town()

    runs = [g_star_simulated(values, beside, permutations=700, seed=seed) for seed in (5, 5, 6)]

    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@given(st.lists(st.integers(0, 50), min_size=12, max_size=12), st.floats(0.1, 1000.0))
@settings(max_examples=40, deadline=None)
def test_another_unit_changes_nothing(counts: list[int], factor: float) -> None:
    beside = town(4, 3)

    z, _ = g_star(counts, beside)
    scaled, _ = g_star(np.array(counts) * factor, beside)

    assert scaled == pytest.approx(z, abs=1e-6)
