"""Courtyards count by their inner paths, or by their ground where none are mapped."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from make import METRES, frame
from shapely import LineString, box

from geo.streets import cut_streets
from patrols.coverage import cells_seen
from patrols.yards import Yards, ground_seen, make_yards, yards_by_grid, yards_seen

GRIDS = frame([box(0, 0, 200, 100), box(200, 0, 400, 100)], grid_code=["A", "B"])
OUTSIDE = LineString([(0, 2), (400, 2)])
PATH = LineString([(250, 2), (250, 90)])
COMPOUNDS = frame([box(10, 10, 110, 90), box(210, 10, 290, 95)], name=["甲院", "乙院"])
HOUSES = frame([box(30, 20, 90, 40)])


def pieces(*lines: LineString) -> gpd.GeoDataFrame:
    return cut_streets(frame(list(lines)), GRIDS)


def walks(*lines: LineString | None) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(lines), crs=METRES)


def shares(yards: Yards, streets: gpd.GeoDataFrame, walked: gpd.GeoSeries) -> list[float]:
    seen = cells_seen(walked, streets)
    return yards_seen(seen, ground_seen(walked, yards), yards)["share_seen"].round(3).tolist()


def test_a_compound_with_paths_counts_by_them_and_one_without_by_its_open_ground() -> None:
    yards = make_yards(COMPOUNDS, HOUSES, pieces(OUTSIDE, PATH), GRIDS)

    assert yards.table["by"].tolist() == ["ground", "paths"]
    assert yards.table["grid_code"].tolist() == ["A", "B"]
    assert yards.table["ground_m2"].tolist() == [100 * 80 - 60 * 20, 80 * 85]
    # From five metres inside the edge on.
    assert yards.table["path_metres"].tolist() == pytest.approx([0.0, 75.0], abs=4.0)


def test_who_walks_the_inner_path_has_seen_the_courtyard() -> None:
    streets = pieces(OUTSIDE, PATH)
    yards = make_yards(COMPOUNDS, HOUSES, streets, GRIDS)

    assert shares(yards, streets, walks(LineString([(251, 0), (251, 90)]))) == [0.0, 1.0]
    assert shares(yards, streets, walks(LineString([(251, 0), (251, 52)])))[1] == pytest.approx(0.5, abs=0.1)


def test_where_no_path_is_mapped_the_ground_within_sight_counts() -> None:
    streets = pieces(OUTSIDE, PATH)
    yards = make_yards(COMPOUNDS, None, streets, GRIDS)

    across = walks(LineString([(60, 0), (60, 100)]))

    # Inside from 15 to 85, seen 15 m to each side and around both ends, cut off at the edge.
    assert shares(yards, streets, across)[0] == pytest.approx(30 * 80 / 8000, abs=0.02)


def test_a_walk_in_the_street_outside_has_not_been_in() -> None:
    streets = pieces(OUTSIDE, PATH)
    yards = make_yards(COMPOUNDS, HOUSES, streets, GRIDS)

    assert shares(yards, streets, walks(LineString([(0, 11), (400, 11)]), None)) == [0.0, 0.0]


def test_what_two_walks_see_of_the_same_ground_counts_once_and_batches_add_up() -> None:
    streets = pieces(OUTSIDE, PATH)
    yards = make_yards(COMPOUNDS, HOUSES, streets, GRIDS)
    one, other = (
        walks(LineString([(20, 0), (20, 100)])),
        walks(LineString([(25, 0), (25, 100)]), LineString([(95, 0), (95, 60)])),
    )
    none = np.zeros(len(yards.cells.owner), bool)

    both = yards_seen(none, ground_seen(walks(*one, *other), yards), yards)["share_seen"]
    added = yards_seen(none, shapely.union(ground_seen(one, yards), ground_seen(other, yards)), yards)["share_seen"]

    assert added.tolist() == pytest.approx(both.tolist())
    assert 0.4 < both.iloc[0] < 0.8


def test_a_walk_that_comes_back_the_way_it_went_has_seen_as_much_as_one_that_does_not() -> None:
    random = np.random.default_rng(1)
    large = frame([box(-2000, -2000, 2000, 2000)], name=["大院"])
    yards = make_yards(large, None, pieces(OUTSIDE), frame([box(-3000, -3000, 3000, 3000)], grid_code=["A"]))
    steps = random.integers(-3, 4, (40, 12)) * 85.3
    turned = random.random((40, 12)) < 0.5
    places = np.cumsum(np.stack([steps * turned, steps * ~turned], axis=-1), axis=1) @ [[1, 0.013], [-0.013, 1]]

    for way in places:
        there = ground_seen(walks(LineString(way)), yards)
        and_back = ground_seen(walks(LineString([*way, *way[::-1]])), yards)
        assert and_back[0].area == pytest.approx(there[0].area)


def test_the_compounds_of_a_grid_add_up_by_their_ground() -> None:
    streets = pieces(OUTSIDE)
    compounds = frame([box(10, 10, 110, 90), box(120, 10, 160, 50), box(500, 0, 600, 90)], name=["甲", "乙", "外"])
    yards = make_yards(compounds, HOUSES, streets, GRIDS)
    walked = walks(LineString([(140, 0), (140, 30)]), LineString([(510, 10), (590, 80)]))

    table = yards_seen(cells_seen(walked, streets), ground_seen(walked, yards), yards)
    by_grid = yards_by_grid(table, GRIDS["grid_code"])

    assert table["grid_code"].isna().tolist() == [False, False, True]
    assert by_grid["yard_m2"].tolist() == [6800.0 + 1600.0, 0.0]
    assert by_grid.loc["A", "yard_m2_seen"] == pytest.approx(table["share_seen"].iloc[1] * 1600)
    assert 0.5 < table["share_seen"].iloc[1] < 0.9


def test_a_compound_without_open_ground_has_no_share_and_no_compounds_make_no_rows() -> None:
    streets = pieces(OUTSIDE)
    built_up = make_yards(frame([box(30, 20, 90, 40)]), HOUSES, streets, GRIDS)
    nothing = make_yards(COMPOUNDS.iloc[:0], HOUSES, streets, GRIDS)
    walked = walks(LineString([(60, 0), (60, 60)]))

    assert np.isnan(shares(built_up, streets, walked)[0])
    assert shares(nothing, streets, walked) == []
    assert yards_by_grid(
        yards_seen(cells_seen(walked, streets), ground_seen(walked, nothing), nothing), GRIDS["grid_code"]
    )["yard_m2"].tolist() == [0.0, 0.0]
