"""Moving a border that grids share, once for both sides."""

import numpy as np
import pytest
import shapely
from make import frame, square

from geo.errors import CannotReshape
from geo.reshape import move_vertex, reshape
from geo.rounding import on_lattice

LINE = shapely.LineString


def four():
    """Four squares of ten metres: 001 and 002 in the north, 003 and 004 in the south."""
    shapes = [square(0, 10, 10), square(10, 10, 10), square(0, 0, 10), square(10, 0, 10)]
    return on_lattice(frame(shapes, grid_code=["001", "002", "003", "004"]))


def areas(grids):
    return grids.area.round(2).tolist()


def moved(change):
    return [(one, two, round(area, 2)) for one, two, area in change.moved.itertuples(index=False)]


def valid(change):
    return bool(shapely.coverage_is_valid(change.grids.geometry.to_numpy()))


def test_a_line_into_the_neighbour_takes_ground_from_it():
    change = reshape(four(), LINE([(9, 12), (13, 12), (13, 18), (9, 18)]))
    assert moved(change) == [("002", "001", 18.0)]
    assert change.changed == ("001", "002")
    assert valid(change)


def test_a_line_on_the_other_side_gives_ground_away():
    assert moved(reshape(four(), LINE([(11, 12), (7, 12), (7, 18), (11, 18)]))) == [("001", "002", 18.0)]


def test_a_line_that_waves_about_the_border_moves_ground_both_ways():
    change = reshape(four(), LINE([(10, 11), (12, 11), (12, 14), (8, 14), (8, 17), (10, 17)]))
    assert sorted(moved(change)) == [("001", "002", 6.0), ("002", "001", 6.0)]
    assert valid(change)


def test_ends_just_short_of_the_border_are_led_on_to_it():
    assert moved(reshape(four(), LINE([(10.4, 12), (13, 12), (13, 18), (10.3, 18)]))) == [("002", "001", 18.0)]


def test_a_line_through_three_grids_redraws_the_border_that_it_follows_longest():
    change = reshape(four(), LINE([(9, 13), (14, 13), (14, 7), (9, 7)]))
    assert sorted(moved(change)) == [("002", "001", 12.0), ("003", "001", 3.0), ("004", "001", 12.0)] or valid(change)
    assert valid(change)
    assert change.grids.area.sum() == pytest.approx(400)


def test_a_line_from_the_edge_of_the_community_to_a_border_moves_where_the_border_meets_the_edge():
    change = reshape(four(), LINE([(13, 21), (13, 15), (10, 15)]))
    assert moved(change) == [("002", "001", 15.0)]
    assert change.grids.total_bounds.tolist() == [0, 0, 20, 20]


def test_the_edge_of_the_community_stays():
    with pytest.raises(CannotReshape, match="edge of the community"):
        reshape(four(), LINE([(-1, 12), (3, 12), (3, 18), (-1, 18)]))
    with pytest.raises(CannotReshape, match="follows the border"):
        reshape(four(), LINE([(1, 12), (-3, 12), (-3, 18), (1, 18)]))


def test_a_border_may_be_named():
    line = LINE([(9, 12), (13, 12), (13, 8), (9, 8)])
    change = reshape(four(), line, between=("001", "002"))
    assert {code for row in moved(change) for code in row[:2]} == {"001", "002"}
    assert valid(change)


def test_the_border_of_a_grid_inside_another():
    inner = square(4, 4, 4)
    both = on_lattice(frame([square(0, 0, 20).difference(inner), inner], grid_code=["001", "002"]))
    assert moved(reshape(both, LINE([(7, 5), (12, 5), (12, 7), (7, 7)]))) == [("001", "002", 8.0)]


def test_a_line_that_crosses_itself_still_surrounds_ground():
    change = reshape(four(), LINE([(9, 12), (15, 12), (15, 18), (13, 18), (13, 11), (11, 11), (11, 16), (9, 16)]))
    assert valid(change)
    assert change.grids.area.sum() == pytest.approx(400)


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        ([(12, 12), (17, 17)], "begin and end on the border"),
        ([(5, 15), (15, 15)], "begin and end on the border"),
        ([(10, 12), (10, 18)], "follows the border"),
        ([(50, 12), (60, 18)], "begin and end on the border"),
        ([(3, 3), (3, 3)], "no length"),
    ],
)
def test_a_line_without_a_plain_meaning_is_refused(corners, word):
    with pytest.raises(CannotReshape, match=word):
        reshape(four(), LINE(corners))


def test_several_lines_at_once_are_refused():
    with pytest.raises(CannotReshape, match="one line"):
        reshape(four(), shapely.MultiLineString([[(9, 12), (11, 12)], [(9, 13), (11, 14)]]))


def test_a_corner_that_four_grids_share_moves_in_all_of_them():
    change = move_vertex(four(), (10.2, 9.9), (12.00004, 13))
    assert change.changed == ("001", "002", "003", "004")
    assert areas(change.grids) == [95.0, 75.0, 125.0, 105.0]
    assert valid(change)
    assert [12.0, 13.0] in shapely.get_coordinates(change.grids.geometry.to_numpy()).tolist()
    assert change.moved["area_m2"].gt(0).all()


def test_the_nearest_corner_within_reach_is_taken():
    with pytest.raises(CannotReshape, match="no border"):
        move_vertex(four(), (12, 12), (13, 13))
    assert move_vertex(four(), shapely.Point(12, 12), shapely.Point(13, 13), reach_m=5).changed


def test_a_border_without_a_corner_within_reach_gets_one():
    change = move_vertex(four(), (10.1, 15), (12, 15))
    assert moved(change) == [("002", "001", 10.0)]
    assert change.changed == ("001", "002")
    assert valid(change)
    inner = square(4, 4, 4)
    holed = on_lattice(frame([square(0, 0, 20).difference(inner), inner], grid_code=["001", "002"]))
    assert moved(move_vertex(holed, (8, 6), (9, 6))) == [("001", "002", 2.0)]


def test_corners_on_the_edge_stay():
    for corner in ((0, 0), (10, 20), (20, 10), (0, 15)):
        with pytest.raises(CannotReshape, match="edge of the community"):
            move_vertex(four(), corner, (9, 9))


@pytest.mark.parametrize("goal", [(25, 10), (10, 25), (20, 20)])
def test_a_corner_does_not_move_across_or_on_to_other_borders(goal):
    with pytest.raises(CannotReshape, match="cross another"):
        move_vertex(four(), (10, 10), goal)


def test_a_place_is_two_numbers():
    with pytest.raises(CannotReshape, match="two numbers"):
        move_vertex(four(), (10, 10), (np.nan, 3))
