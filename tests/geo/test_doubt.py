"""How much of a position's doubt lies over which ground."""

import numpy as np
import pytest
import shapely
import shapely.affinity
from scipy.special import owens_t
from scipy.stats import norm
from shapely import MultiPolygon, Point, Polygon, box

from geo import doubt
from geo.doubt import SIGMAS_IN_ACCURACY, Ground
from geo.edges import ring_edges


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


def plainly(shape: shapely.Geometry, x: float, y: float, sigma: float) -> float:
    """The mass over a polygon by the formula alone: no lattice, no reach, GEOS says what is inside."""
    edges = ring_edges(np.array([shape]))
    start, end = (edges.start - (x, y)) / sigma, (edges.end - (x, y)) / sigma
    along = end - start
    length = np.hypot(*along.T)
    height = (start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]) / length
    slopes = [(place * along).sum(axis=1) / length / height for place in (start, end)]
    return float(shapely.contains_xy(shape, x, y)) - float(
        (owens_t(height, slopes[1]) - owens_t(height, slopes[0])).sum()
    )


def star(rng: np.random.Generator, corners: int, spikes: float) -> Polygon:
    """A star-shaped ring with narrow and blunt corners of both kinds."""
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    far = rng.uniform(spikes, 1.0, corners) * 50
    return Polygon(np.column_stack([far * np.cos(turn), far * np.sin(turn)]))


@pytest.mark.parametrize("seed", range(8))
def test_the_mass_is_that_of_the_formula_around_any_corner(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outer = star(rng, 24, 0.2)
    inner = shapely.make_valid(shapely.intersection(shapely.affinity.scale(star(rng, 9, 0.3), 0.4, 0.4), outer))
    shape = shapely.difference(outer, inner)
    corners = shapely.get_coordinates(shape)
    spots = np.vstack([corners + rng.normal(0, scale, corners.shape) for scale in (1e-3, 0.3, 5.0)])

    _, _, found = Ground(np.array([shape])).masses(*spots.T, np.full(len(spots), 4.0 * SIGMAS_IN_ACCURACY))

    expected = [plainly(shape, x, y, 4.0) for x, y in spots]
    assert len(found) == len(spots)
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=2e-6)


def test_a_hole_that_touches_its_outline_in_a_corner_is_outside() -> None:
    shape = Polygon([(0, 0), (20, 0), (20, 20), (0, 20)], [[(0, 0), (4, 9), (9, 4)]])
    spots = np.array([(1.0, 1.0), (1.0, 0.1), (0.1, 1.0), (-0.5, -0.5), (0.001, 0.001), (6.0, 6.6)])

    _, _, found = Ground(np.array([shape])).masses(*spots.T, np.full(6, 0.3 * SIGMAS_IN_ACCURACY))

    np.testing.assert_allclose(found, [plainly(shape, x, y, 0.3) for x, y in spots], atol=2e-6)


def test_a_part_in_the_notch_of_another_is_reckoned_by_itself() -> None:
    notched = Polygon([(0, 0), (20, 0), (20, 20), (10, 10), (0, 20)])
    wedge = Polygon([(10, 10), (12, 20), (8, 20)])
    shape = MultiPolygon([notched, wedge])
    spots = np.array([(10.0, 9.5), (10.0, 10.5), (9.0, 11.5), (10.0, 10.001)])

    _, _, found = Ground(np.array([shape])).masses(*spots.T, np.full(4, 0.5 * SIGMAS_IN_ACCURACY))

    np.testing.assert_allclose(found, [plainly(shape, x, y, 0.5) for x, y in spots], atol=2e-6)


def test_doubled_vertices_and_a_neighbour_without_the_same_vertices_change_nothing() -> None:
    west = Polygon([(-50, -50), (0, -50), (0, -50), (0, 0), (0, 50), (0, 50), (-50, 50)])
    east = box(0, -50, 50, 50)

    point, polygon, found = Ground(np.array([west, east])).masses(np.array([1.0]), np.array([3.0]), np.array([6.0]))

    assert (point.tolist(), polygon.tolist()) == ([0, 0], [0, 1])
    assert found.sum() == pytest.approx(1.0, abs=1e-9)
    assert found[1] == pytest.approx(norm.cdf(SIGMAS_IN_ACCURACY / 6.0), abs=1e-9)


def test_each_point_has_its_own_accuracy_and_far_points_are_not_listed() -> None:
    ground = Ground(np.array([box(0, 0, 1000, 1000)]))
    x, y = np.array([10.0, 10.0, 500.0, 1e7, -1e7, 10.0]), np.full(6, 500.0)

    point, _, found = ground.masses(x, y, np.array([20.0, 1.0, 20.0, 20.0, 1e6, 5.0]))

    assert point.tolist() == [0, 5]
    np.testing.assert_allclose(found, norm.cdf(10 * SIGMAS_IN_ACCURACY / np.array([20.0, 5.0])), atol=1e-6)


def test_more_lines_around_a_point_than_there_is_room_for_make_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    disc = np.array([Point(0, 0).buffer(10, quad_segs=64)])
    spots = np.random.default_rng(3).normal(0, 5, (2, 50))
    expected = Ground(disc).masses(*spots, np.full(50, 20.0))
    monkeypatch.setattr(doubt, "_PAIRS_AT_ONCE", 100)

    found = Ground(disc).masses(*spots, np.full(50, 20.0))

    assert [each.tolist() for each in found] == [each.tolist() for each in expected]


def test_ground_as_thin_as_a_line_is_reckoned_too() -> None:
    thread = box(0, 0, 10_000, 1e-6)

    assert mass(thread, 5000, 0, 1.0) == pytest.approx(0.0, abs=1e-6)
