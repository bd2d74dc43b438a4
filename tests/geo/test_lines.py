"""Whose metre it is: every metre and minute once, and none lost."""

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon, box

from geo.errors import BadGeometry, WrongCrs
from geo.lines import credit_lines
from geo.locate import GridLocator

CITY = (440_000.0, 4_430_000.0)


def squares(columns: int, rows: int, side: float = 10.0) -> gpd.GeoDataFrame:
    shapes = [make.square(c * side, r * side, side) for r in range(rows) for c in range(columns)]
    return make.frame(shapes, grid_code=[chr(ord("A") + number) for number in range(len(shapes))])


def walks(*lines: object) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(lines), crs=make.METRES)


def earned(credits: pd.DataFrame, what: str = "metres") -> dict[tuple[object, object], float]:
    return {(line, code): round(value, 6) for line, code, value in credits[["line", "grid_code", what]].to_numpy()}


def turned(frame: gpd.GeoDataFrame | gpd.GeoSeries, degrees: float) -> gpd.GeoDataFrame | gpd.GeoSeries:
    """A frame turned around the origin and carried to a city's coordinates, each vertex to the same bits everywhere."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    moved = shapely.transform(frame.geometry.to_numpy(), lambda places: places @ matrix + CITY)
    if isinstance(frame, gpd.GeoSeries):
        return gpd.GeoSeries(moved, index=frame.index, crs=frame.crs)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=frame.crs))


@pytest.mark.parametrize("degrees", [0.0, 17.0, 45.0, 123.4])
def test_ten_metres_along_a_shared_line_are_ten_metres_in_all(degrees: float) -> None:
    grids, walk = turned(squares(2, 1), degrees), turned(walks(LineString([(10, 0), (10, 10)])), degrees)

    assert earned(credit_lines(walk, grids)) == {(0, "A"): 10.0}


@pytest.mark.parametrize("degrees", [0.0, 17.0, 45.0])
def test_a_walk_along_a_line_whose_other_side_changes_is_cut_where_it_changes(degrees: float) -> None:
    wide = make.frame([box(0, 0, 5, 10), box(5, 0, 20, 10), box(0, 10, 20, 20)], grid_code=["A", "C", "B"])

    credits = credit_lines(turned(walks(LineString([(0, 10), (20, 10)])), degrees), turned(wide, degrees))

    assert earned(credits) == {(0, "A"): 5.0, (0, "B"): 15.0}


def test_a_walk_a_nanometre_beside_the_line_is_on_it() -> None:
    wide = make.frame([box(0, 0, 5, 10), box(5, 0, 20, 10), box(0, 10, 20, 20)], grid_code=["A", "C", "B"])

    credits = credit_lines(walks(LineString([(0, 10 + 1e-9), (20, 10 + 1e-9)])), wide)

    assert earned(credits) == {(0, "A"): 5.0, (0, "B"): 15.0}


def test_a_concave_grid_crossed_twice_keeps_all_its_metres() -> None:
    horseshoe = Polygon([(0, 0), (30, 0), (30, 30), (20, 30), (20, 10), (10, 10), (10, 30), (0, 30)])
    grids = make.frame([horseshoe, box(10, 10, 20, 30)], grid_code=["A", "B"])

    credits = credit_lines(walks(LineString([(0, 20), (30, 20)])), grids)

    assert earned(credits) == {(0, "A"): 20.0, (0, "B"): 10.0}


def test_a_concave_grid_keeps_its_metres_where_its_gap_is_nobodys() -> None:
    horseshoe = Polygon([(0, 0), (30, 0), (30, 30), (20, 30), (20, 10), (10, 10), (10, 30), (0, 30)])

    credits = credit_lines(walks(LineString([(0, 20), (30, 20)])), make.frame([horseshoe], grid_code=["A"]))

    assert earned(credits) == {(0, "A"): 20.0, (0, None): 10.0}


def test_a_grid_crossed_between_two_fixes_gets_its_share() -> None:
    credits = credit_lines(walks(LineString([(5, 5), (25, 5)])), squares(3, 1), times=[[0, 240]])

    assert earned(credits) == {(0, "A"): 5.0, (0, "B"): 10.0, (0, "C"): 5.0}
    assert earned(credits, "minutes") == {(0, "A"): 1.0, (0, "B"): 2.0, (0, "C"): 1.0}


def test_standing_still_earns_minutes_where_it_stood() -> None:
    stood = LineString([(15, 5), (15, 5), (15, 5)])

    credits = credit_lines(walks(stood), squares(2, 1), times=[[0, 60, 300]])

    assert earned(credits) == {(0, "B"): 0.0}
    assert earned(credits, "minutes") == {(0, "B"): 5.0}


def test_standing_on_a_shared_line_earns_the_smaller_code() -> None:
    credits = credit_lines(walks(LineString([(10, 5), (10, 5)])), squares(2, 1), times=[[0, 60]])

    assert earned(credits, "minutes") == {(0, "A"): 1.0}


def test_a_gap_between_parts_earns_nothing() -> None:
    line = MultiLineString([[(1, 5), (4, 5)], [(26, 5), (29, 5)]])

    credits = credit_lines(walks(line), squares(3, 1), times=[[0, 30, 3000, 3060]])

    assert earned(credits) == {(0, "A"): 3.0, (0, "C"): 3.0}
    assert earned(credits, "minutes") == {(0, "A"): 0.5, (0, "C"): 1.0}


def test_a_walk_that_leaves_and_comes_back_is_credited_outside_too() -> None:
    credits = credit_lines(walks(LineString([(5, 5), (5, -5), (8, -5), (8, 5)])), squares(1, 1))

    assert earned(credits) == {(0, "A"): 10.0, (0, None): 13.0}


def test_exclaves_and_holes_earn_their_own() -> None:
    ring = Polygon(box(0, 0, 30, 10).exterior, [box(10, 2, 20, 8).exterior])
    grids = make.frame([MultiPolygon([ring, box(40, 0, 50, 10)]), box(10, 2, 20, 8)], grid_code=["A", "B"])

    credits = credit_lines(walks(LineString([(0, 5), (50, 5)])), grids)

    assert earned(credits) == {(0, "A"): 30.0, (0, "B"): 10.0, (0, None): 10.0}


def test_general_grids_earn_before_special_ones_unless_asked() -> None:
    grids = make.frame([box(0, 0, 20, 10), box(5, 0, 10, 10)], grid_code=["G", "A"], kind=["general", "special"])
    walk = walks(LineString([(0, 5), (20, 5)]))

    assert earned(credit_lines(walk, grids)) == {(0, "G"): 20.0}
    assert earned(credit_lines(walk, GridLocator(grids, precedence="special"))) == {(0, "G"): 15.0, (0, "A"): 5.0}


def test_lines_keep_their_names_and_order_and_grids_come_by_code() -> None:
    lines = walks(LineString([(15, 5), (5, 5)]), None, LineString(), LineString([(5, 5), (9, 5)])).set_axis(
        ["second", "none", "empty", "first"]
    )

    credits = credit_lines(lines, squares(2, 1))

    assert credits[["line", "grid_code"]].to_numpy().tolist() == [["second", "A"], ["second", "B"], ["first", "A"]]
    assert credits["minutes"].isna().all()


def test_two_lines_of_one_name_stay_two() -> None:
    lines = walks(LineString([(1, 5), (2, 5)]), LineString([(1, 6), (3, 6)])).set_axis(["x", "x"])

    assert credit_lines(lines, squares(1, 1))["metres"].tolist() == [1.0, 2.0]


def test_times_may_be_moments_and_may_come_with_the_frame() -> None:
    moments = np.array(["2026-11-01T08:00", "2026-11-01T08:02"], dtype="datetime64[s]")
    frame = make.frame([LineString([(5, 5), (15, 5)])], seconds=[np.array([0.0, 120.0])])

    by_moment = credit_lines(walks(LineString([(5, 5), (15, 5)])), squares(2, 1), times=[moments])
    by_column = credit_lines(frame, squares(2, 1))

    assert earned(by_moment, "minutes") == earned(by_column, "minutes") == {(0, "A"): 1.0, (0, "B"): 1.0}


@pytest.mark.parametrize("times", [[[0]], [[0, 1, 2]], [], [[0, 1], [0, 1]]])
def test_a_vertex_without_its_time_is_refused(times: list[list[int]]) -> None:
    with pytest.raises(BadGeometry, match="needs its time"):
        credit_lines(walks(LineString([(5, 5), (15, 5)])), squares(2, 1), times=times)


def test_no_lines_and_no_grids_earn_nothing_and_nobody() -> None:
    assert credit_lines(walks(), squares(1, 1)).empty
    assert earned(credit_lines(walks(LineString([(0, 0), (3, 4)])), squares(1, 1).iloc[:0])) == {(0, None): 5.0}


def test_polygons_and_broken_vertices_are_refused() -> None:
    with np.errstate(invalid="ignore"):
        broken = LineString([(0, 0), (np.nan, 1)])

    with pytest.raises(BadGeometry, match=r"of 0 is a Polygon"):
        credit_lines(make.frame([box(0, 0, 1, 1)]), squares(1, 1))
    with pytest.raises(BadGeometry, match="not numbers"):
        credit_lines(walks(broken), squares(1, 1))


def test_degrees_are_refused() -> None:
    with pytest.raises(WrongCrs, match="lines are in WGS 84"):
        credit_lines(walks(LineString([(0, 0), (1, 1)])).set_crs(4326, allow_override=True), squares(1, 1))


place = st.tuples(st.integers(-2, 42), st.integers(-2, 32))


@settings(deadline=None, max_examples=50)
@given(
    lines=st.lists(st.lists(st.tuples(place, st.integers(0, 90)), min_size=2, max_size=12), min_size=1, max_size=4),
    degrees=st.sampled_from([0.0, 17.0, 60.0]),
    order=st.permutations(range(12)),
)
def test_metres_and_minutes_add_up_and_the_order_of_grids_does_not_matter(
    lines: list[list[tuple[tuple[int, int], int]]], degrees: float, order: list[int]
) -> None:
    grids = turned(squares(4, 3), degrees)
    walked = turned(walks(*[LineString([spot for spot, _ in line]) for line in lines]), degrees)
    times = [np.cumsum([pause for _, pause in line]) for line in lines]

    credits = credit_lines(walked, grids, times=times)
    shuffled = credit_lines(walked, grids.iloc[order], times=times)

    total = credits.groupby("line")[["metres", "minutes"]].sum().reindex(range(len(lines)), fill_value=0.0)
    np.testing.assert_allclose(total["metres"], walked.length, rtol=0, atol=1e-6)
    np.testing.assert_allclose(total["minutes"], [(t[-1] - t[0]) / 60 for t in times], rtol=0, atol=1e-6)
    pd.testing.assert_frame_equal(credits, shuffled)


@settings(deadline=None, max_examples=50)
@given(
    lines=st.lists(st.lists(place, min_size=2, max_size=12), min_size=1, max_size=4),
    degrees=st.sampled_from([0.0, 17.0, 60.0]),
)
def test_walked_backwards_a_walk_earns_the_same(lines: list[list[tuple[int, int]]], degrees: float) -> None:
    grids = turned(squares(4, 3), degrees)
    there = turned(walks(*[LineString(line) for line in lines]), degrees)

    forth, back = credit_lines(there, grids), credit_lines(there.reverse(), grids)

    pd.testing.assert_frame_equal(forth, back, check_exact=False, rtol=0, atol=1e-6)


def test_long_random_walks_agree_with_an_overlay_and_lose_nothing() -> None:
    rng = np.random.default_rng(20261122)
    grids = turned(squares(12, 12, side=80.0).assign(grid_code=[f"{number:03d}" for number in range(144)]), 17.0)
    steps = rng.normal(0, 8, (500, 60, 2)).cumsum(axis=1) + rng.uniform(0, 960, (500, 1, 2))
    walked = turned(walks(*[LineString(way) for way in steps]), 17.0)

    credits = credit_lines(walked, grids)

    np.testing.assert_allclose(credits.groupby("line")["metres"].sum(), walked.length, rtol=0, atol=1e-6)
    pieces = gpd.overlay(make.frame(walked.array, line=range(500)), grids, how="intersection", keep_geom_type=True)
    overlaid = pieces.assign(metres=pieces.length).groupby(["line", "grid_code"])["metres"].sum()
    ours = credits.dropna(subset="grid_code").set_index(["line", "grid_code"])["metres"]
    np.testing.assert_allclose(ours.reindex(overlaid.index), overlaid, rtol=0, atol=1e-6)


def test_a_point_between_is_no_line() -> None:
    with pytest.raises(BadGeometry, match="is a Point"):
        credit_lines(walks(Point(0, 0)), squares(1, 1))
