"""Ground cut into faces, neighbours found, pieces joined."""

import numpy as np
import shapely
from make import square

from geo.faces import dissolve, find_sides, make_faces, settle, sum_by_pair


def a_row_of_squares(count):
    return np.array([square(10 * place, 0, 10) for place in range(count)], dtype=object)


def test_neighbours_share_each_metre_of_border_once():
    one, two, metres = sum_by_pair(sides := find_sides(a_row_of_squares(3)), sides.metres)
    assert list(zip(one, two, metres, strict=True)) == [(0, 1, 10.0), (1, 2, 10.0)]


def test_the_rim_has_the_outside_on_one_side():
    sides = find_sides(a_row_of_squares(2))
    assert sides.metres[sides.right < 0].sum() == 60.0


def test_a_line_that_ends_inside_cuts_nothing():
    ground = square(0, 0, 10)
    faces = make_faces([ground.boundary, shapely.LineString([(5, -1), (5, 6)])], ground)
    assert [face.area for face in faces] == [100.0]


def test_a_hole_of_the_ground_is_no_face():
    ground = square(0, 0, 30).difference(square(10, 10, 10))
    faces = make_faces([ground.boundary], ground)
    assert [face.area for face in faces] == [800.0]


def test_what_is_cut_off_from_its_label_goes_to_the_neighbour_with_the_longest_border():
    labels = np.array([0, 1, 0, 1])
    one, two, metres = np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([1.0, 5.0, 2.0])
    settled = settle(labels, one, two, metres, weight=np.array([9.0, 9.0, 1.0, 1.0]))
    assert settled.tolist() == [0, 1, 1, 1]


def test_an_undecided_face_without_neighbours_stays_undecided():
    nobody = np.array([], dtype=np.int64)
    assert settle(np.array([0, -1]), nobody, nobody, np.array([]), np.ones(2)).tolist() == [0, -1]


def test_joined_faces_stay_a_valid_coverage():
    joined = dissolve(a_row_of_squares(4), np.array([0, 1, 1, 0]))
    assert shapely.coverage_is_valid(joined)
    assert [shape.area for shape in joined] == [200.0, 200.0]
