"""Which of several places fits a town better than chance."""

import make
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.fitting import LEAST_SAMPLES, best_reading, fit_readings, take_samples
from geo.townmap import TownMap, draw_map

SHIFTS = {"here": (0.0, 0.0), "half a mile": (310.0, 420.0), "a mile": (-700.0, 500.0)}


def streets(seed: int = 4) -> shapely.MultiLineString:
    """A town of 2 km with a street every 60 to 160 m, so that no shift repeats it."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.uniform(60, 160, (2, 16)), axis=1)
    west_east = [shapely.LineString([(0, y), (2000, y + 60)]) for y in at[0]]
    return shapely.MultiLineString([*west_east, *(shapely.LineString([(x, 0), (x - 80, 2000)]) for x in at[1])])


@pytest.fixture(scope="module")
def town() -> TownMap:
    return draw_map(make.frame([streets()]), None, (0.0, 0.0, 2000.0, 2000.0))


def read_as(x: np.ndarray, y: np.ndarray, truth: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The same places under every reading; under `truth` they lie where they were."""
    east, north = SHIFTS[truth]
    return {name: (x + dx - east, y + dy - north) for name, (dx, dy) in SHIFTS.items()}


def fixes_along(count: int, noise_m: float = 5.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    lines = np.array(streets().geoms)[rng.integers(0, 32, count)]
    spots = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, rng.uniform(0.15, 0.85, count), normalized=True)
    )
    x, y = (spots + rng.normal(0, noise_m, spots.shape)).T
    return x, y


@pytest.mark.parametrize("truth", SHIFTS)
def test_tracks_fit_where_they_run_along_the_streets(town: TownMap, truth: str) -> None:
    x, y = fixes_along(300)
    readings = read_as(x, y, truth)

    fits = fit_readings(readings, np.zeros(300, bool), town)

    assert fits is not None
    assert fits[truth].probability > 0.99
    assert fits[truth].along > 0.9
    assert np.hypot(*fits[truth].shift) <= 7.5
    assert best_reading(readings, np.zeros(300, bool), town) == truth


@pytest.mark.parametrize("truth", SHIFTS)
def test_houses_fit_where_no_street_runs_through_them(town: TownMap, truth: str) -> None:
    rng = np.random.default_rng(2)
    spots = shapely.points(rng.uniform(150, 1700, (4000, 2)))
    spots = spots[shapely.distance(spots, streets()) > 22]
    samples = take_samples(make.frame(list(shapely.buffer(spots[:600], 14, quad_segs=2))))

    fits = fit_readings(read_as(samples.x, samples.y, truth), samples.inner, town)

    assert fits is not None
    assert samples.inner.all()
    assert fits[truth].probability > 0.95
    assert fits[truth].in_street == 0.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(25, 400))
def test_places_anywhere_are_never_surely_somewhere(town: TownMap, seed: int, count: int) -> None:
    x, y = np.random.default_rng(seed).uniform(100, 1500, (2, count))

    fits = fit_readings(read_as(x, y, "here"), np.zeros(count, bool), town, seed)

    assert fits is not None
    assert max(fit.probability for fit in fits.values()) < 0.99
    assert sum(fit.probability for fit in fits.values()) < 1.0


def test_a_few_places_say_nothing(town: TownMap) -> None:
    x, y = fixes_along(LEAST_SAMPLES - 1)

    assert fit_readings(read_as(x, y, "here"), np.zeros(len(x), bool), town) is None
    assert best_reading(read_as(x, y, "here"), np.zeros(len(x), bool), town) is None


def test_one_straight_street_among_many_is_not_enough() -> None:
    grid = [shapely.LineString([(0, y), (2000, y)]) for y in range(0, 2001, 100)]
    town = draw_map(make.frame(grid), None, (0.0, 0.0, 2000.0, 2000.0))
    x = np.linspace(300, 1200, 120)

    fits = fit_readings(read_as(x, np.full(120, 800.0), "here"), np.zeros(120, bool), town)

    assert fits is not None
    assert fits["here"].probability < 0.95


def test_readings_a_few_metres_apart_cannot_be_told_from_each_other(town: TownMap) -> None:
    x, y = fixes_along(300)

    fits = fit_readings({"one": (x, y), "other": (x + 3, y)}, np.zeros(300, bool), town)

    assert fits is not None
    assert max(fit.probability for fit in fits.values()) < 0.95


def test_standing_still_is_one_place_and_large_areas_count_by_their_border() -> None:
    still = take_samples(make.frame([shapely.Point(5, 5 + number / 1e3) for number in range(500)]))
    grid = take_samples(make.frame([shapely.box(0, 0, 200, 200)]))
    house = take_samples(make.frame([shapely.box(0, 0, 20, 12)]))

    assert len(still.x) == 1
    assert not grid.inner.any()
    assert len(grid.x) == pytest.approx(80, abs=5)
    assert house.inner.all()
    assert (np.abs(house.x - 10) < 10).all()
