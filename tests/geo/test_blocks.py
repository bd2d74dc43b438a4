"""Blocks: along streets, round houses, between houses where there are too many."""

import numpy as np
import pytest
import shapely
from make import METRES, frame, square

from geo.blocks import make_blocks, neighbours
from geo.clean import clean_streets
from geo.split import split_between

GROUND = square(0, 0, 200)


def line(*points):
    return shapely.LineString(points)


def streets(*lines, **columns):
    return clean_streets(frame(list(lines), **columns), GROUND)


def houses(*shapes, each=10):
    return frame(list(shapes), households=[each] * len(shapes))


MIDDLE_STREET = line((100, -5), (100, 205))
TWO_HOUSES = (square(40, 90, 20), square(140, 90, 20))


def test_a_street_makes_two_blocks_that_know_what_stands_on_them():
    blocks = make_blocks(GROUND, streets(MIDDLE_STREET), houses(*TWO_HOUSES))
    assert blocks[["households", "buildings", "compounds"]].values.tolist() == [[10, 1, 0]] * 2
    assert blocks.area.tolist() == [20000.0, 20000.0]
    assert blocks.crs == METRES


def test_the_border_goes_round_a_house_that_the_street_runs_through():
    through = square(95, 90, 20)
    blocks = make_blocks(GROUND, streets(MIDDLE_STREET, name=["中街"]), houses(*TWO_HOUSES, through))
    assert shapely.coverage_is_valid(blocks.geometry.to_numpy())
    assert sorted(blocks["households"]) == [10, 20]
    assert blocks.covers(through).sum() == 1
    assert [(crossing.street, crossing.name) for crossing in blocks.attrs["crossings"]] == [("中街", "#2")]


def test_a_large_compound_that_a_street_runs_into_is_a_block_of_its_own():
    yard = frame([square(60, 60, 80)], name=["民悦小区"])
    blocks = make_blocks(GROUND, streets(MIDDLE_STREET), houses(*TWO_HOUSES, square(95, 90, 10)), yard)
    assert sorted(blocks["compounds"]) == [0, 0, 1]
    assert blocks.covers(yard.geometry[0]).sum() == 1


def test_the_parts_of_a_compound_on_both_sides_of_a_street_are_one_block():
    yard = frame([shapely.MultiPolygon([square(40, 40, 20), square(140, 40, 20)])])
    blocks = make_blocks(GROUND, streets(MIDDLE_STREET), houses(*TWO_HOUSES), yard)
    assert blocks.area.tolist() == [40000.0]


def test_parts_of_a_compound_that_do_not_touch_bring_what_lies_between():
    three = streets(line((70, -5), (70, 205)), line((130, -5), (130, 205)))
    yard = frame([shapely.MultiPolygon([square(20, 40, 20), square(160, 40, 20)])])
    assert len(make_blocks(GROUND, three, houses(), yard)) == 1


def test_a_block_with_too_many_households_is_split_halfway_between_its_houses():
    pair = houses(square(10, 90, 20), square(150, 90, 20), each=300)
    blocks = make_blocks(GROUND, streets(), pair, largest=500, piece=300)
    assert blocks["households"].tolist() == [300, 300]
    border = blocks.geometry[0].intersection(blocks.geometry[1])
    assert border.length == pytest.approx(200, abs=1)
    assert border.distance(square(10, 90, 20)) == pytest.approx(60, abs=1)


def test_one_house_with_too_many_households_is_named_and_stays_whole():
    blocks = make_blocks(GROUND, streets(), frame([square(90, 90, 20)], households=[700], name=["高楼"]))
    assert blocks[["households", "whole", "in_whole"]].values.tolist() == [[700, "高楼", 700]]


def test_houses_wall_to_wall_are_parted_at_a_wall():
    row = [shapely.box(20 + 10 * place, 90, 30 + 10 * place, 100) for place in range(16)]
    blocks = make_blocks(GROUND, streets(), houses(*row, each=50), largest=500, piece=200)
    assert len(blocks) == 4
    assert shapely.coverage_is_valid(blocks.geometry.to_numpy())
    assert all(blocks.buffer(0.001).covers(house).any() for house in row)


def test_a_traffic_island_is_no_block():
    island = shapely.Polygon([(95, 95), (105, 95), (100, 104)]).exterior
    arms = [line((-5, 95), (95, 95)), line((105, 95), (205, 95)), line((100, 104), (100, 205))]
    assert len(make_blocks(GROUND, streets(island, *arms), houses())) == 3


def test_borders_along_important_streets_cost_least():
    three = frame([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(20, 0, 30, 10)])
    street = frame([line((10, 0), (10, 10))], street_class=["arterial"])
    borders = neighbours(three, street)
    assert borders[["one", "two", "metres"]].values.tolist() == [[0, 1, 10], [1, 2, 10]]
    assert borders["cost"].tolist() == [0.5, 15.0]


def test_blocks_that_meet_at_a_point_are_no_neighbours():
    assert neighbours(frame([square(0, 0, 10), square(10, 10, 10)]), frame([], street_class=[])).empty


def test_fewer_inhabited_houses_than_pieces_give_fewer_pieces():
    shapes = np.array([square(10, 10, 5), square(100, 100, 5)], dtype=object)
    lines, piece = split_between(GROUND, shapes, np.array([100, 0]), 4)
    assert len(lines) == 0
    assert piece.tolist() == [0, 0]
