"""Cutting a grid along whatever was drawn."""

import pytest
import shapely
from make import square

from geo.errors import CannotReshape
from geo.knife import cut_in_two

LINE = shapely.LineString
TEN = square(0, 0, 10)


def cut(*corners, shape=TEN):
    larger, smaller = cut_in_two(shape, LINE(corners), "001")
    assert larger.area + smaller.area == pytest.approx(shape.area)
    return round(smaller.area, 3), shapely.get_num_geometries(smaller).item()


def test_a_line_across_cuts_in_two():
    assert cut((3, -1), (3, 11)) == (30.0, 1)


def test_ends_that_hang_over_count_for_nothing():
    assert cut((3, -50), (3, 50), (90, 50)) == (30.0, 1)


def test_a_line_that_stops_short_of_the_border_is_led_on():
    assert cut((3, 1.5), (3, 8.5)) == (30.0, 1)


def test_a_line_that_hangs_over_inside_is_not_led_back():
    assert cut((3, -1), (3, 11), (8, 11), (8, 9)) == (30.0, 1)


def test_a_line_through_corners_of_the_border():
    assert cut((0, 0), (10, 10)) == (50.0, 1)
    assert cut((-5, -5), (15, 15)) == (50.0, 1)


def test_of_equal_halves_the_one_on_the_right_of_the_line_is_the_smaller():
    right = cut_in_two(TEN, LINE([(5, -1), (5, 11)]), "001")[1]
    left = cut_in_two(TEN, LINE([(5, 11), (5, -1)]), "001")[1]
    assert right.bounds == (5, 0, 10, 10)
    assert left.bounds == (0, 0, 5, 10)


def test_a_line_that_runs_out_and_in_again_has_two_sides_still():
    assert cut((-1, 5), (2, 5), (2, -2), (6, -2), (6, 5), (11, 5)) == (30.0, 2)


def test_a_line_that_crosses_itself_changes_sides_with_each_crossing():
    area, pieces = cut((5, -1), (5, 6), (8, 6), (8, 4), (3, 4), (3, 11))
    assert (area, pieces) == (44.0, 2)


def test_a_closed_line_cuts_out_what_it_surrounds():
    assert cut((2, 2), (5, 2), (5, 6), (2, 6), (2, 2)) == (12.0, 1)


def test_a_closed_line_across_the_border_takes_what_lies_inside():
    assert cut((-2, 2), (3, 2), (3, 6), (-2, 6), (-2, 2)) == (12.0, 1)


def test_a_line_along_the_border_that_strays_in_takes_the_strip():
    assert cut((0, -1), (0, 3), (2, 3), (2, 7), (0, 7), (0, 11)) == (8.0, 1)


def test_a_grid_in_two_pieces_is_cut_on_the_same_side_of_the_line_in_both():
    both = shapely.MultiPolygon([TEN, square(0, 20, 10)])
    larger, smaller = cut_in_two(both, LINE([(3, -1), (3, 31)]), "001")
    assert smaller.area == pytest.approx(60)
    assert smaller.bounds == (0, 0, 3, 30)
    assert larger.bounds == (3, 0, 10, 30)


def test_a_piece_that_the_line_does_not_reach_stays_with_the_larger_half():
    both = shapely.MultiPolygon([TEN, square(50, 0, 4)])
    larger, smaller = cut_in_two(both, LINE([(3, -1), (3, 11)]), "001")
    assert (round(larger.area), round(smaller.area)) == (86, 30)


def test_a_grid_around_another_is_cut_from_its_hole_to_its_border():
    ring = TEN.difference(square(4, 4, 2))
    assert cut((5, 5), (5, 11), (11, 11), (11, 5), (5, 5), shape=ring) == (24.0, 1)


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        ([(3, -1), (3, 5)], "ends inside grid 001"),
        ([(4, 4), (6, 6)], "ends inside grid 001"),
        ([(20, 0), (20, 10)], "does not cross grid 001"),
        ([(0, 0), (0, 10)], "ends inside grid 001|does not cross"),
        ([(0.05, -1), (0.05, 11)], "sliver off grid 001"),
        ([(3, 3), (3, 3)], "no length"),
    ],
)
def test_a_line_without_a_plain_meaning_is_refused(corners, word):
    with pytest.raises(CannotReshape, match=word):
        cut_in_two(TEN, LINE(corners), "001")


def test_lines_that_meet_three_faces_at_one_place_are_refused():
    fork = shapely.MultiLineString([[(-1, 5), (11, 5)], [(5, -1), (5, 5)]])
    with pytest.raises(CannotReshape, match="more than two ways"):
        cut_in_two(TEN, fork, "001")


@pytest.mark.parametrize("nothing", [None, LINE(), shapely.Point(1, 1), []])
def test_no_line_at_all_is_refused(nothing):
    with pytest.raises(CannotReshape, match="no length"):
        cut_in_two(TEN, nothing, "001")
