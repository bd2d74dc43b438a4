"""Drawings with wishes, other loads and a number of grids."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from make import METRES, frame, square

from geo.draw import draw
from geo.errors import CannotDraw
from geo.load import sum_loads
from geo.wishes import Wishes

GROUND = square(0, 0, 600)
STREETS = [shapely.LineString([(at, -5), (at, 605)]) for at in (100, 200, 300, 400, 500)]
STREETS += [shapely.transform(street, lambda xy: xy[:, ::-1]) for street in STREETS]
MIDDLES = [(x, y) for y in range(50, 600, 100) for x in range(50, 600, 100)]


def town(**columns):
    """36 blocks of 100 m, a house of 20 households in the middle of each."""
    houses = [square(x - 5, y - 5, 10) for x, y in MIDDLES]
    columns = {"households": [20] * 36} | columns
    return GROUND, frame(STREETS, street_class=["branch"] * len(STREETS)), frame(houses, **columns)


def drawn(*, households=(100, 140), **asked):
    drawing = draw(*town(), households=households, **asked)
    assert shapely.coverage_is_valid(drawing.grids.geometry.to_numpy())
    assert drawing.grids.area.sum() == pytest.approx(GROUND.area)
    assert set(drawing.grids.geom_type) == {"Polygon"}
    return drawing


def grid_at(drawing, x, y):
    [code] = drawing.grids.loc[drawing.grids.intersects(shapely.Point(x, y)), "grid_code"]
    return code


def told(drawing):
    return [template % facts for template, facts, _, _ in drawing.notes]


def test_what_is_wished_whole_is_not_cut():
    yard = shapely.box(130, 130, 470, 170)
    drawing = drawn(wishes=Wishes(whole=frame([yard])))
    assert drawing.grids.covers(yard).sum() == 1


def test_corners_wished_together_come_into_one_grid_with_what_lies_between():
    drawing = drawn(households=(100, 260), wishes=Wishes(together=[shapely.MultiPoint([(50, 50), (550, 50)])]))
    assert grid_at(drawing, 50, 50) == grid_at(drawing, 250, 50) == grid_at(drawing, 550, 50)


def test_neighbours_wished_apart_come_into_two_grids():
    pairs = [shapely.MultiPoint([(x, 250), (x, 350)]) for x in (50, 150, 250, 350, 450, 550)]
    drawing = drawn(wishes=Wishes(apart=pairs))
    assert all(grid_at(drawing, pair.geoms[0].x, 250) != grid_at(drawing, pair.geoms[1].x, 350) for pair in pairs)
    assert drawing.grids["households"].between(100, 140).all()


def test_a_border_wished_to_stay_is_crossed_by_no_grid():
    line = shapely.LineString([(0, 320), (600, 320)])
    drawing = drawn(wishes=Wishes(borders=[line]))
    assert not drawing.grids.crosses(line).any()
    assert drawing.grids["households"].between(100, 140).all()


def test_a_border_that_ends_in_the_middle_of_a_block_is_told():
    drawing = drawn(wishes=Wishes(borders=[shapely.LineString([(20, 20), (30, 30)])]))
    assert "This border divides nothing: lead its ends to streets or to the outline." in told(drawing)


def test_a_grid_that_is_done_stays_as_it_is_and_keeps_its_code():
    corner = shapely.box(0, 0, 230, 130)
    done = gpd.GeoDataFrame({"grid_code": ["000000000000002"]}, geometry=[corner], crs=METRES)
    drawing = drawn(wishes=Wishes(done=done))
    kept = drawing.grids.set_index("grid_code").geometry["000000000000002"]
    assert kept.symmetric_difference(corner).area < 1e-6
    assert drawing.grids["grid_code"].tolist() == [f"{number:015d}" for number in range(1, len(drawing.grids) + 1)]


def test_a_done_grid_out_of_the_band_says_so():
    done = gpd.GeoDataFrame({"grid_code": ["A"], "name": ["first"]}, geometry=[square(0, 0, 100)], crs=METRES)
    drawing = drawn(wishes=Wishes(done=done))
    reason = drawing.grids.set_index("grid_code")["explanation"]["A"]
    assert reason == "20 households: this grid is done and stays as it is."


def test_wishes_that_contradict_each_other_are_told():
    pair = shapely.MultiPoint([(50, 50), (150, 50)])
    drawing = drawn(wishes=Wishes(together=[pair], apart=[pair]))
    assert any(text.startswith("Wished both together and apart") for text in told(drawing))
    assert grid_at(drawing, 50, 50) == grid_at(drawing, 150, 50)


def test_what_is_wished_together_above_the_band_is_the_reason():
    row = shapely.MultiPoint([(50 + 100 * column, 50) for column in range(6)])
    drawing = drawn(households=(50, 110), wishes=Wishes(together=[row]))
    assert "120 households: what is wished together has more than 110." in drawing.grids["explanation"].tolist()


@pytest.mark.parametrize("number", [1, 4, 7, 12])
def test_a_wished_number_of_grids_comes_out_with_even_loads(number):
    drawing = drawn(households=None, grids=number)
    assert len(drawing.grids) == number
    assert drawing.grids["load"].between(*drawing.band).all()


def test_a_number_of_grids_that_cannot_be_in_the_band_is_the_reason():
    drawing = drawn(households=(300, 500), grids=6)
    short = drawing.grids[drawing.grids["households"] < 300]
    # There are households for two grids in the band and no more.
    assert len(short) >= 4
    assert short["explanation"].str.endswith("6 grids, as wished, cannot all be in the band.").all()


def test_grids_balance_another_column_or_a_mix():
    residents = [10 if x < 300 else 90 for x, _ in MIDDLES]
    ground = town(residents=residents)
    drawing = draw(*ground, load="residents", households=(250, 350))
    assert drawing.grids["load"].between(250, 350).all()
    assert drawing.grids["load"].sum() == sum(residents)
    mixed = draw(*ground, load={"residents": 0.1, "street_metres": 0.01}, households=None, grids=5)
    assert mixed.grids["load"].between(*mixed.band).all()
    assert mixed.grids["load"].sum() == pytest.approx(180 + 60, abs=1)


def test_places_count_for_the_load():
    places = gpd.GeoDataFrame(
        {"incidents": [1] * 12}, geometry=[shapely.Point(20 + n, 20) for n in range(12)], crs=METRES
    )
    drawing = draw(*town(), load={"households": 1, "incidents": 10}, places=places, households=(100, 160))
    assert drawing.grids["load"].sum() == 36 * 20 + 120
    assert drawing.grids["load"].between(100, 160).all()


def test_a_street_between_two_shapes_counts_for_both_by_half():
    shapes = np.array([square(0, 0, 10), square(10, 0, 10)])
    lane = frame([shapely.LineString([(10, 0), (10, 10)]), shapely.LineString([(0, 5), (8, 5)])])
    assert sum_loads(shapes, "street_metres", frame([]), lane).tolist() == [13.0, 5.0]


def test_a_load_that_nothing_has_is_refused_with_what_there_is():
    with pytest.raises(CannotDraw, match="column residents to balance grids by; there are: households, street_metres"):
        draw(*town(), load="residents")


def test_neither_band_nor_number_is_refused():
    with pytest.raises(CannotDraw, match="Give a band"):
        draw(*town(), households=None)
