"""How many households there are, and what stays in one piece."""

import pytest
import shapely
from make import frame, square

from geo.buildings import count_households, estimate_households, gather_wholes

GROUND = square(0, 0, 100)


def templates(wholes):
    return [template % facts for template, facts, _, _ in wholes.notes]


@pytest.mark.parametrize(
    ("columns", "side", "expected"),
    [
        ({"levels": [6]}, 20, 24),
        ({"kind": ["apartments"]}, 20, 24),
        ({"kind": ["house"]}, 10, 2),
        ({"kind": ["school"], "levels": [4]}, 20, 0),
        ({"kind": ["dormitory"], "levels": [0]}, 10, 6),
        ({}, 5, 0),
        ({}, 60, 0),
        ({"kind": ["house"]}, 5, 1),
    ],
    ids=["levels", "usual levels of its kind", "unknown levels", "no home", "levels 0", "shed", "hall", "at least one"],
)
def test_households_follow_from_area_floors_and_kind(columns, side, expected):
    assert estimate_households(frame([square(0, 0, side)], **columns)).tolist() == [expected]


def test_counted_households_win_over_the_estimate_and_gaps_count_as_none():
    houses = frame([square(0, 0, 20)] * 3, households=[7, None, -3], levels=[6, 6, 6])
    assert count_households(houses).tolist() == [7, 0, 0]


def test_a_building_and_the_compound_over_it_stay_together():
    houses = frame([square(10, 10, 5), square(60, 60, 5)], households=[3, 4])
    yard = frame([square(12, 12, 30)], name=["民悦小区"])
    wholes = gather_wholes(houses, yard, GROUND)
    assert sorted(wholes.households.tolist()) == [3, 4]
    assert sorted(zip(wholes.compounds.tolist(), wholes.name.tolist(), strict=True)) == [(0, "#1"), (1, "民悦小区")]


def test_houses_that_only_share_a_wall_may_be_parted():
    assert len(gather_wholes(frame([square(0, 0, 10), square(10, 0, 10)], households=[1, 1]), None, GROUND)) == 2


def test_a_courtyard_and_what_stands_in_it_belong_to_the_house_around():
    ring = square(10, 10, 30).difference(square(15, 15, 20))
    wholes = gather_wholes(frame([ring, square(20, 20, 5)], households=[9, 1]), None, GROUND)
    assert wholes.households.tolist() == [10]
    assert wholes.shape[0].area == 900


def test_a_house_drawn_twice_counts_once_with_the_larger_number():
    wholes = gather_wholes(frame([square(0, 0, 10)] * 2, households=[5, 8], name=["1号楼", "1号楼"]), None, GROUND)
    assert wholes.households.tolist() == [8]
    assert wholes.buildings.tolist() == [1]
    assert templates(wholes) == ["1号楼 is drawn twice and counted once."]


def test_a_house_counts_where_its_inside_lies():
    houses = frame([square(-2, 0, 10), square(-8, 50, 10), square(300, 0, 5)], households=[1, 2, 4])
    wholes = gather_wholes(houses, None, GROUND)
    assert wholes.households.sum() == 1
    assert wholes.buildings.sum() == 1
    assert sorted(wholes.shape[place].area for place in range(2)) == [20, 80]
    assert "1 buildings or compounds outside the outline were left out." in templates(wholes)
    assert "The outline itself runs through #0." in templates(wholes)


def test_broken_rings_are_mended_and_shapes_without_area_left_out():
    twisted = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    houses = frame([twisted, None, shapely.Polygon(), shapely.LineString([(0, 0), (9, 9)])], households=[2, 1, 1, 1])
    wholes = gather_wholes(houses, None, GROUND)
    assert wholes.households.sum() == 2
    assert templates(wholes) == ["A broken ring of #0 was mended.", "3 shapes without area were left out."]


def test_the_parts_of_one_compound_are_kin():
    parts = shapely.MultiPolygon([square(0, 0, 10), square(50, 50, 20)])
    wholes = gather_wholes(frame([square(2, 2, 2)], households=[3]), frame([parts]), GROUND)
    assert wholes.compounds.sum() == 1
    assert wholes.kin.tolist() == [[0, 1]]
