"""Lines halfway between things."""

import numpy as np
import pytest
import shapely
from make import square

from geo.middle import middle_pieces, sample_sides, smooth_lines


def test_samples_lie_close_to_both_ends_and_evenly_between():
    points, side = sample_sides(np.array([shapely.LineString([(0, 0), (10, 0)])], dtype=object), every_m=5)
    assert points[:, 0] == pytest.approx([0.25, 5, 9.75])
    assert side.tolist() == [0, 0, 0]


def test_the_line_between_two_walls_runs_halfway():
    walls = np.array([shapely.LineString([(0, y), (100, y)]) for y in (0, 20)], dtype=object)
    points, wall = sample_sides(walls, every_m=4)
    pieces, one, two = middle_pieces(points, wall)
    [line] = smooth_lines(pieces, shapely.box(0, 0, 100, 20), 0.5)
    assert line.equals_exact(shapely.LineString([(0, 10), (100, 10)]), 1e-6) or line.reverse().equals_exact(
        shapely.LineString([(0, 10), (100, 10)]), 1e-6
    )
    assert set(zip(one.tolist(), two.tolist(), strict=True)) | {(1, 0)} == {(0, 1), (1, 0)}


def test_points_of_one_label_have_no_line_between_them():
    points = np.array([[0, 0], [10, 0], [5, 8]], dtype=float)
    assert len(middle_pieces(points, np.zeros(3, dtype=np.int64))[0]) == 0


def test_two_points_alone_are_parted_by_a_line_across_the_ground():
    pieces, _, _ = middle_pieces(np.array([[40.0, 50.0], [60.0, 50.0]]), np.array([0, 1]))
    [line] = smooth_lines(pieces, square(0, 0, 100), 0.0)
    assert line.length == pytest.approx(100)
    assert line.centroid.x == pytest.approx(50)
