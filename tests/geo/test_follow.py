"""Laying drawn lines on streets."""

import shapely
from make import frame

from geo.follow import follow_streets

LINE = shapely.LineString
STREET = frame([LINE([(0, 0), (100, 0)])])


def test_a_line_along_a_street_lies_on_it():
    laid = follow_streets(LINE([(0, 2), (30, -1), (60, 2), (100, 1)]), STREET, within_m=5)
    assert laid.wkt == "LINESTRING (0 2, 0 0, 100 0, 100 1)"


def test_the_way_turns_with_the_streets():
    corner = frame([LINE([(0, 0), (50, 0)]), LINE([(50, 0), (50, 60)])])
    laid = follow_streets(LINE([(-1, 2), (48, 3), (49, 61)]), corner, within_m=5)
    assert [50.0, 0.0] in shapely.get_coordinates(laid).tolist()
    assert laid.length < 114


def test_where_no_street_runs_the_line_stays_as_drawn():
    half = frame([LINE([(0, 0), (50, 0)])])
    laid = follow_streets(LINE([(0, 1), (50, 1), (100, 1)]), half, within_m=5)
    assert laid.intersection(LINE([(0, 0), (50, 0)])).length > 49
    assert laid.intersection(LINE([(50, 1), (100, 1)])).length > 45


def test_a_street_that_is_crossed_is_not_followed():
    drawn = LINE([(50, -40), (50, 40)])
    assert follow_streets(drawn, STREET, within_m=5).equals(drawn)


def test_streets_out_of_reach_no_streets_and_no_reach_leave_the_line_alone():
    drawn = LINE([(0, 20), (100, 20)])
    assert follow_streets(drawn, STREET, within_m=5) is drawn
    assert follow_streets(drawn, STREET[:0], within_m=50) is drawn
    assert follow_streets(drawn, STREET, within_m=0) is drawn


def test_a_line_with_a_loop_is_left_as_it_is():
    loop = LINE([(0, 1), (50, 1), (50, 4), (20, 4), (20, -3)])
    ring = LINE([(0, 1), (50, 1), (50, 4), (0, 1)])
    assert follow_streets(loop, STREET, within_m=5) is loop
    assert follow_streets(ring, STREET, within_m=5) is ring
