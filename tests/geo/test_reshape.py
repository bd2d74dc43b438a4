"""Giving ground, painting, splitting, merging: one tiling before, one tiling after."""

import numpy as np
import pandas as pd
import pytest
import shapely
from make import frame, square

from geo.errors import BadGeometry, CannotReshape, WrongCrs
from geo.faces import GRAIN_DIGITS
from geo.reshape import give, lay_over, merge, move_blocks, split
from geo.rounding import on_lattice


def four():
    """Four squares of ten metres: 001 and 002 in the north, 003 and 004 in the south."""
    shapes = [square(0, 10, 10), square(10, 10, 10), square(0, 0, 10), square(10, 0, 10)]
    return on_lattice(frame(shapes, grid_code=["001", "002", "003", "004"], households=[1, 2, 3, 4]))


def areas(grids):
    return dict(zip(grids["grid_code"], grids.area.round(3), strict=True))


def is_tiling(grids):
    shapes = grids.geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    on_grains = (xy == np.round(xy, GRAIN_DIGITS)).all()
    return bool(shapely.coverage_is_valid(shapes) and shapely.is_valid(shapes).all() and on_grains)


def same_bytes(one, other):
    return bool((shapely.to_wkb(one.geometry.to_numpy()) == shapely.to_wkb(other.geometry.to_numpy())).all())


def test_ground_goes_from_all_who_have_it_to_one():
    change = give(four(), shapely.box(5, 5, 15, 15), "001")
    assert areas(change.grids) == {"001": 175.0, "002": 75.0, "003": 75.0, "004": 75.0}
    assert change.changed == ("001", "002", "003", "004")
    assert change.moved.values.tolist() == [["002", "001", 25.0], ["003", "001", 25.0], ["004", "001", 25.0]]
    assert is_tiling(change.grids)


def test_neighbours_get_the_new_corners_and_others_stay_the_very_same():
    before = four()
    change = give(before, shapely.box(10, 12, 12, 18), "001")
    assert change.changed == ("001", "002")
    kept = before["grid_code"].isin(["003", "004"])
    assert same_bytes(before[kept], change.grids[kept])
    assert is_tiling(change.grids)


def test_a_new_code_is_a_new_grid_in_the_order_of_codes():
    change = give(four(), shapely.box(2, 2, 4, 4), "002a")
    assert change.grids["grid_code"].tolist() == ["001", "002", "002a", "003", "004"]
    assert change.grids["households"].tolist() == [1, 2, 0, 3, 4]
    assert change.grids["households"].dtype == four()["households"].dtype
    assert areas(change.grids)["002a"] == 4.0


def test_a_grid_that_gives_everything_is_gone():
    change = give(four(), square(10, 0, 10), "003")
    assert change.gone == ("004",)
    assert "004" not in change.changed
    assert areas(change.grids) == {"001": 100.0, "002": 100.0, "003": 200.0}


def test_leftovers_too_small_to_stand_on_go_along():
    change = give(four(), shapely.box(10.05, 0, 20, 10), "003")
    assert change.gone == ("004",)
    assert areas(change.grids)["003"] == 200.0


def test_a_line_within_two_centimetres_of_a_border_lies_on_it():
    change = give(four(), shapely.box(10.015, -0.01, 14, 10.012), "003")
    assert areas(change.grids) == {"001": 100.0, "002": 100.0, "003": 140.0, "004": 60.0}
    assert change.changed == ("002", "003", "004"), "002 gets a corner on its southern border"


def test_ground_beyond_all_grids_stays_nobodys_unless_it_is_free():
    drawn = shapely.box(15, 2, 30, 8)
    assert give(four(), drawn, "003").grids.area.sum() == pytest.approx(400)
    change = give(four(), drawn, "003", free=True)
    assert change.grids.area.sum() == pytest.approx(460)
    assert change.moved.values.tolist() == [["", "003", 60.0], ["004", "003", 30.0]]


def test_ground_for_nobody_leaves_a_gap():
    change = give(four(), shapely.box(2, 2, 4, 4), None)
    assert areas(change.grids)["003"] == 96.0
    assert change.moved.values.tolist() == [["003", "", 4.0]]


def test_a_ring_that_crosses_itself_surrounds_what_lies_in_it_an_odd_number_of_times():
    bow = shapely.Polygon([(1, 1), (5, 5), (5, 1), (1, 5)])
    assert areas(give(four(), bow, "004").grids)["004"] == 108.0


def test_an_exclave_may_be_given():
    change = give(four(), square(2, 12, 3), "004")
    assert change.grids.geometry[3].geom_type == "MultiPolygon"
    assert is_tiling(change.grids)


def test_special_grids_lie_over_and_are_left_alone():
    grids = lay_over(four(), shapely.box(8, 8, 12, 12), "900").grids
    change = give(grids, shapely.box(5, 5, 15, 15), "001")
    assert change.changed == ("001", "002", "003", "004")
    assert same_bytes(change.grids[4:], grids[4:])
    assert change.grids["kind"].tolist() == ["general"] * 4 + ["special"]


def test_a_special_grid_may_be_laid_anew_but_not_over_another_nor_outside_nor_under_a_general_code():
    grids = lay_over(four(), shapely.box(8, 8, 12, 12), "900").grids
    moved = lay_over(grids, shapely.box(18, 8, 25, 12), "900")
    assert moved.changed == ("900",)
    assert moved.grids.geometry[4].equals(shapely.box(18, 8, 20, 12))
    for ground, code, word in (
        (shapely.box(11, 11, 15, 15), "901", "900"),
        (shapely.box(40, 40, 45, 45), "901", "outside"),
        (shapely.box(11, 11, 15, 15), "001", "in use"),
    ):
        with pytest.raises(CannotReshape, match=word):
            lay_over(grids, ground, code)


def test_what_cannot_be_given_is_said_and_nothing_changes():
    grids = four()
    for ground, code, word in (
        (shapely.box(1, 11, 4, 14), "001", "Nothing would change"),
        (shapely.box(50, 50, 60, 60), "001", "Nothing would change"),
        (shapely.box(1, 1, 1.5, 1.5), "001", "smaller than"),
        (shapely.LineString([(0, 0), (5, 5)]), "001", "smaller than"),
        (shapely.box(1, 1, 5, 5), "", "needs a code"),
        (shapely.box(0, 0, np.inf, 5), "001", "no position"),
        ([], "001", "smaller than"),
    ):
        with pytest.raises(CannotReshape, match=word):
            give(grids, ground, code)
    assert same_bytes(grids, four())


def test_frames_that_cannot_be_edited_are_refused():
    with pytest.raises(WrongCrs):
        give(four().to_crs(4326), square(0, 0, 5), "001")
    with pytest.raises(BadGeometry, match="no column"):
        give(four().drop(columns="grid_code"), square(0, 0, 5), "001")
    with pytest.raises(BadGeometry, match="001"):
        give(four().assign(grid_code="001"), square(0, 0, 5), "001")


def test_painting_gives_several_blocks_at_once():
    change = move_blocks(four(), np.array([square(10, 10, 5), square(15, 10, 5), square(10, 0, 3)]), "003")
    assert areas(change.grids) == {"001": 100.0, "002": 50.0, "003": 159.0, "004": 91.0}
    assert is_tiling(change.grids)


def test_the_smaller_half_of_a_split_gets_the_new_code():
    change = split(four(), "001", shapely.LineString([(-1, 17), (11, 17)]), "005")
    assert areas(change.grids) == {"001": 70.0, "002": 100.0, "003": 100.0, "004": 100.0, "005": 30.0}
    assert change.changed == ("001", "002", "005"), "002 gets a corner where the cut ends"
    assert change.moved.values.tolist() == [["001", "005", 30.0]]
    assert is_tiling(change.grids)


def test_a_split_needs_a_code_that_is_free_and_a_grid_that_is_there():
    line = shapely.LineString([(-1, 17), (11, 17)])
    with pytest.raises(CannotReshape, match="004 is in use"):
        split(four(), "001", line, "004")
    with pytest.raises(CannotReshape, match="no grid 009"):
        split(four(), "009", line, "005")


def test_a_split_follows_a_street_on_wish():
    street = frame([shapely.LineString([(4, 9), (4, 21)])], street_class=["branch"])
    drawn = shapely.LineString([(3.5, 9), (4.4, 15), (3.5, 21)])
    change = split(four(), "001", drawn, "005", streets=street, snap_m=1.0)
    assert areas(change.grids)["005"] == 40.0


def test_merging_undoes_a_split():
    before = four()
    parted = split(before, "001", shapely.LineString([(-1, 17), (11, 17)]), "005").grids
    change = merge(parted, ["005", "001"], "001")
    assert change.gone == ("005",)
    assert change.changed == ("001",)
    assert change.moved.values.tolist() == [["005", "001", 30.0]]
    assert areas(change.grids) == areas(before)
    assert is_tiling(change.grids)


def test_merging_may_take_a_new_code_and_needs_grids_that_touch_along_a_border():
    change = merge(four(), ["001", "002", "003"], "007")
    assert areas(change.grids) == {"004": 100.0, "007": 300.0}
    assert change.gone == ("001", "002", "003")
    with pytest.raises(CannotReshape, match="001 and 004 don't touch"):
        merge(four(), ["001", "004"], "001")
    with pytest.raises(CannotReshape, match="two grids"):
        merge(four(), ["001", "001"], "001")
    with pytest.raises(CannotReshape, match="004 is in use"):
        merge(four(), ["001", "002"], "004")


def test_grids_that_overlap_may_be_merged_too():
    both = on_lattice(frame([shapely.box(0, 0, 12, 10), shapely.box(10, 0, 20, 9)], grid_code=["001", "002"]))
    change = merge(both, ["001", "002"], "001")
    assert areas(change.grids) == {"001": 192.0}
    assert change.gone == ("002",)


def test_putting_back_the_rows_that_changed_undoes_an_edit_byte_for_byte():
    before = four()
    change = split(before, "001", shapely.LineString([(-1, 17), (5, 13), (11, 17.3)]), "005")
    old = before[before["grid_code"].isin([*change.changed, *change.gone])]
    rest = change.grids[~change.grids["grid_code"].isin(change.changed)]
    back = pd.concat([rest, old]).sort_values("grid_code", ignore_index=True)
    assert back["grid_code"].tolist() == before["grid_code"].tolist()
    assert same_bytes(back, before)


def test_the_lattice_is_kept_far_from_the_origin_too():
    far = four()
    far = on_lattice(far.set_geometry(far.geometry.translate(451_234.5678, 4_429_876.5432)))
    west, south = far.total_bounds[:2]
    change = give(far, shapely.Point(west + 9.7, south + 9.1).buffer(4), "002")
    assert is_tiling(change.grids)
    assert change.grids.area.sum() == pytest.approx(far.area.sum(), abs=1e-3)
