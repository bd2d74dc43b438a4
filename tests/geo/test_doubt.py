"""How much of a position's doubt lies over which ground."""

import numpy as np
import pytest
import shapely
from scipy.stats import norm
from shapely import MultiPolygon, Point, Polygon, box

from geo.doubt import SIGMAS_IN_ACCURACY, Ground


def mass(shape: shapely.Geometry, x: float, y: float, sigma: float) -> float:
    """The mass over one polygon, 0 where it is out of reach."""
    _, _, found = Ground(np.array([shape])).masses(np.array([x]), np.array([y]), np.array([sigma * SIGMAS_IN_ACCURACY]))
    return float(found.sum())


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (7.0, 3.0), (-12.0, 4.0), (10.0, 10.0), (10.0, 0.0)])
def test_the_mass_over_a_box_is_the_product_of_two_normal_laws(x: float, y: float) -> None:
    law = norm(scale=6.0)
    expected = (law.cdf(10 - x) - law.cdf(-10 - x)) * (law.cdf(10 - y) - law.cdf(-10 - y))

    assert mass(box(-10, -10, 10, 10), x, y, 6.0) == pytest.approx(expected, abs=1e-6)


def test_a_hole_takes_its_mass_away() -> None:
    around, hole = Point(0, 0).buffer(20), Point(3, 1).buffer(5)

    ring = Polygon(around.exterior, [hole.exterior])

    assert mass(ring, 2, 2, 6.0) == pytest.approx(mass(around, 2, 2, 6.0) - mass(hole, 2, 2, 6.0), abs=1e-9)


def test_parts_add_up() -> None:
    west, east = box(-20, -5, -2, 5), box(4, -5, 30, 5)

    both = mass(MultiPolygon([west, east]), 0, 1, 5.0)

    assert both == pytest.approx(mass(west, 0, 1, 5.0) + mass(east, 0, 1, 5.0), abs=1e-9)


def test_the_direction_of_a_ring_does_not_matter() -> None:
    shape = Polygon([(0, 0), (9, 0), (9, 9), (4, 2), (0, 9)])

    assert mass(shape, 4, 4, 3.0) == pytest.approx(mass(shape.reverse(), 4, 4, 3.0), abs=1e-12)


def test_a_ring_that_crosses_itself_is_mended() -> None:
    bow_tie = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    triangles = mass(Polygon([(0, 0), (2, 2), (0, 4)]), 1, 2, 1.0) + mass(Polygon([(4, 0), (4, 4), (2, 2)]), 1, 2, 1.0)

    assert mass(bow_tie, 1, 2, 1.0) == pytest.approx(triangles, abs=1e-6)


def test_crossing_a_line_changes_the_mass_by_no_leap() -> None:
    xs = 10 + np.concatenate([-np.logspace(-9, -2, 30)[::-1], [0.0], np.logspace(-9, -2, 30)])
    ground = Ground(np.array([box(-10, -10, 10, 10)]))

    _, _, found = ground.masses(xs, np.zeros(61), np.full(61, 5.0))

    assert len(found) == 61
    assert np.abs(np.diff(found)).max() < 2e-3


def test_nobody_asked_nothing_answered() -> None:
    point, polygon, found = Ground(np.array([box(0, 0, 1, 1)])).masses(*np.empty((3, 0)))

    assert (len(point), len(polygon), len(found)) == (0, 0, 0)
    assert len(Ground(np.array([], dtype=object)).masses(*np.ones((3, 1)))[0]) == 0
