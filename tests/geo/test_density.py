"""Density on a raster is the sum of bells at the points themselves, whatever the raster."""

import numpy as np
import pytest
from scipy import ndimage

from geo.density import (
    CELLS_PER_REACH,
    ERROR_SHARE,
    MOST_CELLS,
    Raster,
    blank,
    deal_out,
    exact_density,
    lay_raster,
    smooth,
    spread_squares,
)
from geo.map_plane import MapPlane

REACH_M = 60.0
SIZE_M = 2000.0


def laid(cells_per_reach=CELLS_PER_REACH, size=SIZE_M):
    count = round(size * cells_per_reach / REACH_M)
    return Raster(0.0, size, size / count, size / count, count, count, REACH_M)


def density(raster, x, y):
    sums = blank(raster)
    deal_out(raster, sums, x, y, np.ones(len(x), np.uint8))
    return smooth(raster, sums)


def centres(raster):
    x = raster.west + raster.wide_m * (np.arange(raster.columns) + 0.5)
    y = raster.north - raster.high_m * (np.arange(raster.rows) + 0.5)
    return np.meshgrid(x, y)


def exact(raster, x, y):
    at_x, at_y = centres(raster)
    return exact_density(x, y, at_x.ravel(), at_y.ravel(), raster.reach_m).reshape(at_x.shape)


def bells(count):
    """The top of so many bells on one spot, a hectare."""
    return count * 10_000 / (2 * np.pi * REACH_M**2)


def town(seed, count=3000):
    """Clusters of all sizes, some along a line, some scattered about, with coordinates as phones round them."""
    random = np.random.default_rng(seed)
    middles = random.uniform(200, SIZE_M - 200, (25, 2))
    widths = random.uniform(2, 120, 25)
    of = random.integers(25, size=count)
    spots = random.normal(middles[of], widths[of, None])
    spots[: count // 5] = random.uniform(0, SIZE_M, (count // 5, 2))
    spots[count // 5 : count // 4, 1] = 700 + random.normal(0, 3, count // 4 - count // 5)
    return np.round(spots, 1).T


def tops(values):
    """Rows and columns of cells that are higher than all eight around them."""
    around = np.ones((3, 3), bool)
    around[1, 1] = False
    higher = values > ndimage.maximum_filter(values, footprint=around, mode="constant", cval=np.inf)
    return np.argwhere(higher)


@pytest.mark.parametrize("seed", range(8))
def test_one_bell_is_right_wherever_in_its_cell_the_point_lies(seed):
    raster = laid(size=800)
    x, y = np.random.default_rng(seed).uniform(350, 450, (2, 1))

    found = density(raster, x, y)

    assert np.abs(found - exact(raster, x, y)).max() < ERROR_SHARE * bells(1)


@pytest.mark.parametrize("seed", range(4))
def test_the_sum_is_off_by_no_more_than_the_bells_are(seed):
    raster = laid()
    x, y = town(seed)

    found = density(raster, x, y)

    meant = exact(raster, x, y)
    assert np.abs(found - meant).max() < ERROR_SHARE * meant.max()


@pytest.mark.parametrize("cells_per_reach", [3, 4.3, 7])
@pytest.mark.parametrize("seed", range(4))
def test_no_hot_spot_is_there_that_the_bells_themselves_do_not_make(seed, cells_per_reach):
    raster = laid(cells_per_reach)
    x, y = town(seed)

    found = density(raster, x, y)

    at_x, at_y = centres(raster)
    for row, column in tops(found):
        here = np.array([at_x[row, column], at_y[row, column]])
        there = climbed(x, y, here)
        # Uphill from every top of the raster the exact density has one of its own, nearer than the bell is wide: along
        # a ridge the highest of some cells may lie a little beside it.
        assert np.hypot(*(there - here)) < 0.6 * REACH_M


@pytest.mark.parametrize("seed", range(4))
def test_the_tops_are_those_of_the_exact_density_at_the_same_cells(seed):
    raster = laid()
    x, y = town(seed)

    found, meant = density(raster, x, y), exact(raster, x, y)

    assert {tuple(top) for top in tops(found)} ^ {tuple(top) for top in tops(meant)} <= {
        # What is level within the error may have its top in the next cell.
        tuple(cell)
        for cell in np.argwhere(ndimage.maximum_filter(meant, 3) - meant < 2 * ERROR_SHARE * meant.max())
    }
    assert len(tops(found)) == pytest.approx(len(tops(meant)), abs=1)


def climbed(x, y, here):
    """Where the exact density is highest uphill from a place (mean shift)."""
    for _ in range(2000):
        weight = np.exp(((x - here[0]) ** 2 + (y - here[1]) ** 2) / (-2 * REACH_M**2))
        there = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        if np.abs(there - here).max() < 1e-4:
            return there
        here = there
    return here


@pytest.mark.parametrize("seed", range(3))
def test_every_hot_spot_that_stands_out_is_found(seed):
    raster, finer = laid(), laid(6)
    x, y = town(seed, 1000)

    found, meant = density(raster, x, y), exact(finer, x, y)

    at_x, at_y = centres(raster)
    seen = np.array([[at_x[row, column], at_y[row, column]] for row, column in tops(found)])
    fine_x, fine_y = centres(finer)
    for row, column in tops(meant):
        # Lower than its surroundings by less than the error, it is no spot but a slope.
        ring = meant[max(0, row - 12) : row + 13, max(0, column - 12) : column + 13]
        if meant[row, column] == ring.max():
            apart = np.abs(seen - [fine_x[row, column], fine_y[row, column]]).max(axis=1)
            assert apart.min() < 1.01 * raster.wide_m


def test_points_on_a_lattice_leave_no_pattern_of_the_cells():
    raster = laid(3.0, 2040)
    # Every 7 m: beside cells of 20 m a pattern would beat every 140 m.
    lattice = np.arange(-400, 2440, 7.0)
    x, y = (part.ravel() for part in np.meshgrid(lattice, lattice))

    found = density(raster, x, y)

    assert np.ptp(found) < ERROR_SHARE * found.mean()


def test_all_points_are_in_the_picture_once():
    x, y = town(1)
    inside = (x > 300) & (x < 1700) & (y > 300) & (y < 1700)
    raster = laid()

    found = density(raster, x[inside], y[inside])

    assert found.sum() * raster.cell_m2 / 10_000 == pytest.approx(inside.sum(), rel=1e-4)


def test_points_outside_of_the_window_reach_into_it():
    raster = lay_raster(0, 0, 1000, 1000, REACH_M)
    x, y = np.array([-50.0, 1500.0, np.nan]), np.array([500.0, 500.0, 500.0])

    found = density(raster, x, y)

    assert found[raster.rows // 2, 0] == pytest.approx(exact(raster, x[:1], y[:1])[raster.rows // 2, 0], rel=0.01)
    assert np.isfinite(found).all()


def test_a_window_in_parts_is_the_window_as_a_whole():
    x, y = town(2)
    whole = Raster(0, 2000, 20, 20, 100, 100, REACH_M)
    part = Raster(600, 1400, 20, 20, 30, 40, REACH_M)

    found = density(part, x, y)

    assert np.allclose(found, density(whole, x, y)[30:70, 30:60], atol=1e-5 * bells(1))


def test_unwanted_points_are_left_out_and_others_are_moved_onto_the_raster():
    x, y = np.array([10.0, 20.0], np.float32), np.array([-5.0, 7.0], np.float32)
    raster = laid(size=800)
    sums = blank(raster)

    deal_out(raster, sums, x, y, np.array([0, 1], np.uint8), onto=(2.0, 400.0, 300.0))

    assert np.allclose(smooth(raster, sums), density(raster, np.array([440.0]), np.array([314.0])))


def test_counts_of_squares_are_spread_evenly():
    raster = laid(4)
    counts = np.ones((40, 40))
    counts[10, 30] = 51
    sums = blank(raster)

    spread_squares(raster, sums, counts, 0.0, 0.0, 50.0)

    found = smooth(raster, sums, dealt_out=False)
    row, column = np.unravel_index(found.argmax(), found.shape)
    at_x, at_y = centres(raster)
    assert (at_x[row, column], at_y[row, column]) == pytest.approx((1525, 525), abs=raster.wide_m)
    assert sums.sum() == pytest.approx(counts.sum())
    assert found[80:100, 30:60] == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize(("wide", "high", "reach"), [(100, 80, 60), (1234, 777, 15), (4e5, 1e5, 60), (50, 9000, 300)])
def test_cells_fill_the_window_and_are_fine_enough_for_the_bell(wide, high, reach):
    raster = lay_raster(-7, 3, -7 + wide, 3 + high, reach)

    assert raster.columns * raster.wide_m == pytest.approx(wide)
    assert raster.rows * raster.high_m == pytest.approx(high)
    assert max(raster.columns, raster.rows) <= MOST_CELLS
    assert raster.reach_m >= max(reach, CELLS_PER_REACH * max(raster.wide_m, raster.high_m) - 1e-9)


def test_a_plane_and_another_agree_about_a_place():
    here, there = MapPlane(116.3, 40.0), MapPlane(116.45, 40.13)
    x, y = here.metres(116.39, 40.07)

    factor, east, north = here.onto(there)

    assert (x * factor + east, y * factor + north) == pytest.approx(there.metres(116.39, 40.07), abs=1e-6)
    assert here.degrees(x, y) == pytest.approx((116.39, 40.07))
