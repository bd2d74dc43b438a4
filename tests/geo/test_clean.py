"""Streets made fit to be borders."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from make import METRES, frame, square

from geo.clean import as_ground, clean_streets, mean_width, rank_streets
from geo.errors import BadGeometry

GROUND = square(0, 0, 200)


def line(*points):
    return shapely.LineString(points)


def streets(*lines, **columns):
    return frame(list(lines), **columns)


def length_at(cleaned, west, east):
    """Metres of cleaned street inside a north-south strip."""
    return cleaned.intersection(shapely.box(west, -1, east, 201)).length.sum()


def test_a_street_across_the_ground_is_kept_whole():
    cleaned = clean_streets(streets(line((50, -10), (50, 210)), name=["中街"], street_class=["arterial"]), GROUND)
    assert cleaned[["name", "street_class"]].values.tolist() == [["中街", "arterial"]]
    assert cleaned.length.tolist() == [200.0]
    assert cleaned.crs == METRES


def test_two_carriageways_become_one_line_in_the_middle():
    pair = streets(line((90, -10), (90, 210)), line((110, -10), (110, 210)), street_class=["arterial"] * 2)
    cleaned = clean_streets(pair, GROUND)
    assert length_at(cleaned, 99, 101) == pytest.approx(200, abs=1)
    assert length_at(cleaned, 0, 98) == length_at(cleaned, 102, 200) == 0
    assert set(cleaned["street_class"]) == {"arterial"}


def test_carriageways_with_houses_between_them_stay_two_streets():
    pair = streets(line((90, -10), (90, 210)), line((110, -10), (110, 210)))
    cleaned = clean_streets(pair, GROUND, wholes=np.array([shapely.box(97, 90, 103, 110)], dtype=object))
    assert length_at(cleaned, 89, 91) == length_at(cleaned, 109, 111) == pytest.approx(200)


def test_a_pavement_beside_a_street_leaves_the_street_as_the_border():
    pair = streets(line((90, -10), (90, 210)), line((96, -10), (96, 210)), street_class=["arterial", "path"])
    cleaned = clean_streets(pair, GROUND)
    assert cleaned.length.tolist() == [200.0]
    assert cleaned["street_class"].tolist() == ["arterial"]
    assert length_at(cleaned, 89, 91) == pytest.approx(200)


def test_a_street_that_just_misses_another_is_led_to_it():
    lines = streets(line((100, -10), (100, 210)), line((-10, 100), (96, 100)))
    cleaned = clean_streets(lines, GROUND)
    assert cleaned.length.sum() == pytest.approx(300)


def test_a_dead_end_bounds_nothing_and_is_left_out():
    cleaned = clean_streets(streets(line((100, -10), (100, 210)), line((100, 100), (160, 100))), GROUND)
    assert cleaned.length.sum() == pytest.approx(200)


def test_a_street_drawn_twice_half_a_metre_apart_is_one():
    twice = streets(line((100, -10), (100, 210)), line((100.5, -10), (100.5, 210)))
    assert clean_streets(twice, GROUND).length.sum() == pytest.approx(200, abs=0.5)


def test_a_roundabout_becomes_a_crossing():
    ring = shapely.Point(100, 100).buffer(10).exterior
    arms = [
        line((-10, 100), (90, 100)),
        line((110, 100), (210, 100)),
        line((100, -10), (100, 90)),
        line((100, 110), (100, 210)),
    ]
    cleaned = clean_streets(streets(ring, *arms), GROUND)
    assert cleaned.distance(shapely.Point(100, 100)).min() < 1
    assert cleaned.length.sum() == pytest.approx(400, abs=3)


def test_streets_elsewhere_or_none_leave_nothing():
    assert clean_streets(streets(line((900, 900), (950, 950))), GROUND).empty
    assert clean_streets(gpd.GeoDataFrame({"street_class": []}, geometry=[], crs=METRES), GROUND).empty


def test_lines_without_shape_are_passed_over():
    messy = streets(None, shapely.LineString(), line((5, 5), (5, 5)), shapely.MultiLineString([[(50, -5), (50, 205)]]))
    assert clean_streets(messy, GROUND).length.tolist() == [200.0]


def test_a_street_without_a_class_that_we_know_counts_as_a_branch():
    words = streets(*[line((0, 0), (1, 1))] * 3, street_class=["expressway", None, "boulevard"])
    assert rank_streets(words).tolist() == [0, 3, 3]


def test_the_width_of_a_strip_is_that_of_a_rectangle():
    strips = np.array([shapely.box(0, 0, 100, 4), shapely.box(0, 0, 10, 10)], dtype=object)
    assert mean_width(strips) == pytest.approx([4, 10])


def test_a_twisted_outline_is_mended_and_a_flat_one_refused():
    assert as_ground(shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])).area == 50
    with pytest.raises(BadGeometry, match="no area"):
        as_ground(line((0, 0), (1, 1)))
    with pytest.raises(BadGeometry):
        as_ground(gpd.GeoSeries([None, shapely.Polygon()], crs=METRES))
