"""Flaws of drawings from elsewhere, the ways to repair them, and taking one."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from make import frame, square
from random_edits import crooked_town

from geo.errors import CannotReshape
from geo.fits import misfits
from geo.repair import repair, repair_all, repairs
from geo.rounding import on_lattice

box = shapely.box
GROUND = box(0, 0, 30, 10)


def grids(*shapes, codes=None, **columns):
    return frame(list(shapes), grid_code=codes or [f"{place:03d}" for place in range(1, len(shapes) + 1)], **columns)


def listed(frame, outline=None):
    found = repairs(frame, outline)
    return found[["kind", "grid_code", "other_code", "choices"]].values.tolist()


def test_a_tiling_needs_no_repair():
    found = repairs(grids(square(0, 0, 10), square(10, 0, 10), square(20, 0, 10)), GROUND)
    assert found.empty
    assert list(found.columns) == ["kind", "grid_code", "other_code", "area_m2", "choices", "geometry"]


def test_a_gap_goes_to_the_neighbour_with_the_longest_border_or_another():
    torn = on_lattice(grids(square(0, 0, 10), box(13, 0, 30, 10), box(0, 10, 30, 20)))
    assert listed(torn, box(0, 0, 30, 20)) == [["gap", "001", "", ("001", "002", "003")]]
    for choice, gained in (("001", 130.0), ("002", 200.0), ("003", 330.0)):
        change = repair(torn, box(0, 0, 30, 20), 0, choice)
        assert gained in change.grids.area.tolist()
        assert change.moved.values.tolist() == [["", choice, 30.0]]
        assert repairs(change.grids, box(0, 0, 30, 20)).empty


def test_an_overlap_goes_to_either():
    both = on_lattice(grids(box(0, 0, 16, 10), box(12, 0, 30, 10)))
    assert listed(both, GROUND) == [["overlap", "001", "002", ("001", "002")]]
    assert repair(both, GROUND, 0, "001").grids.area.tolist() == [160.0, 140.0]
    assert repair(both, GROUND, 0, "002").grids.area.tolist() == [120.0, 180.0]


def test_an_overlap_of_three_is_settled_bit_by_bit():
    three = on_lattice(grids(box(0, 0, 16, 10), box(12, 0, 30, 10), box(14, 2, 18, 8)))
    change, left = repair_all(three, GROUND)
    assert left.empty
    assert change.grids.area.sum() == pytest.approx(300)
    assert shapely.coverage_is_valid(change.grids.geometry.to_numpy())


def test_ground_beyond_the_outline_is_cut_off():
    over = on_lattice(grids(square(0, 0, 10), box(10, 0, 34, 10)))
    assert listed(over, GROUND) == [["outside", "002", "", ("cut",)]]
    change = repair(over, GROUND, 0, "cut")
    assert change.grids.area.tolist() == [100.0, 200.0]
    assert change.moved.values.tolist() == [["002", "", 40.0]]


def test_pieces_cut_off_go_to_the_grids_around_them():
    stray = shapely.union_all([box(0, 0, 10, 10), box(14, 4, 16, 6), box(24, 4, 26, 6)])
    east = box(20, 0, 30, 10).difference(box(24, 4, 26, 6))
    torn = on_lattice(grids(stray, box(10, 0, 20, 10).difference(box(14, 4, 16, 6)), east))
    assert listed(torn, GROUND) == [["not_connected", "001", "", ("neighbours", "002", "003")]]
    change = repair(torn, GROUND, 0, "neighbours")
    assert change.grids.area.tolist() == [100.0, 100.0, 100.0]
    assert sorted(change.moved.values.tolist()) == [["001", "002", 4.0], ["001", "003", 4.0]]


def test_slivers_are_listed_on_their_own():
    bit = box(15, 4, 15.5, 4.8)
    torn = on_lattice(grids(box(0, 0, 10, 10).union(bit), box(10, 0, 30, 10).difference(bit)))
    assert listed(torn, GROUND) == [["sliver", "001", "", ("neighbours", "002")]]
    assert repair(torn, GROUND, 0, "neighbours").grids.area.tolist() == [100.0, 200.0]


def test_two_rows_of_one_code_become_one_grid():
    twice = grids(square(0, 0, 10), square(10, 0, 10), square(20, 0, 10), codes=["001", "002", "001"])
    assert listed(twice, GROUND)[0] == ["duplicate_code", "001", "001", ("join",)]
    change = repair(twice, GROUND, 0, "join")
    assert change.grids["grid_code"].tolist() == ["001", "002"]
    assert change.grids.area.tolist() == [200.0, 100.0]


def test_a_tangled_ring_is_mended():
    bow = grids(shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]))
    assert listed(bow)[0] == ["invalid", "001", "", ("mend",)]
    change = repair(bow, None, 0, "mend")
    assert change.changed == ("001",)
    assert change.grids.is_valid.all()


def test_a_row_of_the_list_will_do_instead_of_its_position():
    both = on_lattice(grids(box(0, 0, 16, 10), box(12, 0, 30, 10)))
    row = repairs(both, GROUND).iloc[0]
    assert repair(both, GROUND, row, "002").changed == repair(both, GROUND, dict(row), "002").changed == ("001",)


def test_another_choice_or_flaw_than_those_listed_is_refused():
    both = on_lattice(grids(box(0, 0, 16, 10), box(12, 0, 30, 10)))
    with pytest.raises(CannotReshape, match="choose one of 001, 002"):
        repair(both, GROUND, 0, "003")
    with pytest.raises(CannotReshape, match="not there any more"):
        repair(both, GROUND, 1, "001")


def test_special_grids_are_not_looked_at():
    over = grids(box(0, 0, 30, 10), box(5, 5, 40, 20), kind=["general", "special"])
    assert repairs(over, GROUND).empty


def test_everything_at_once():
    bad = on_lattice(grids(box(0, 0, 12, 10), box(10, 0, 20, 9), box(20, 0, 35, 10)))
    change, left = repair_all(bad, GROUND)
    assert left.empty
    assert shapely.coverage_is_valid(change.grids.geometry.to_numpy())
    assert change.grids.area.sum() == pytest.approx(300)
    assert set(change.changed) <= {"001", "002", "003"}


@pytest.mark.parametrize("noise_m", [0.004, 0.4, 4.0])
def test_a_town_drawn_grid_by_grid_becomes_one_tiling(noise_m):
    random = np.random.default_rng(5)
    town = crooked_town(4, random)
    outline = shapely.union_all(town.geometry.to_numpy())
    rings = [shapely.get_coordinates(shape)[:-1] for shape in town.geometry]
    drawn = [shapely.Polygon(ring + random.normal(0, noise_m, ring.shape)) for ring in rings]
    grids = on_lattice(town.set_geometry(gpd.GeoSeries(drawn, crs=town.crs)))
    change, left = repair_all(grids, outline)
    assert left.empty
    assert misfits(change.grids.geometry.to_numpy()).tolist() == []
    assert change.grids.area.sum() == pytest.approx(outline.area, abs=0.02 * outline.length)
