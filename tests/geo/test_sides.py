"""The four sides of places whose answers can be seen."""

import geopandas as gpd
import pytest
import shapely

from geo.errors import WrongCrs
from geo.sides import four_sides

METRES = "EPSG:4548"
PLACE = shapely.box(0, 0, 100, 100)


def streets(**lines: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(line) for line in lines.values()]
    return gpd.GeoDataFrame({"name": list(lines)}, geometry=shapes, crs=METRES)


def test_every_side_has_the_street_that_it_follows() -> None:
    around = streets(E=[(110, 0), (110, 100)], S=[(0, -9), (100, -9)], W=[(-3, 0), (-3, 100)], N=[(0, 100), (100, 100)])

    assert four_sides(PLACE, around) == {"east": "E", "south": "S", "west": "W", "north": "N"}


def test_the_street_that_follows_for_longest_names_the_side() -> None:
    two = streets(short=[(105, 0), (105, 30)], long=[(105, 31), (105, 100)])

    assert four_sides(PLACE, two)["east"] == "long"


def test_a_street_that_comes_round_bounds_only_the_side_that_it_follows_longer() -> None:
    ring = streets(loop=[(-5, 40), (-5, 100), (50, 110), (105, 100), (105, 0)], S=[(0, -9), (100, -9)])

    assert four_sides(PLACE, ring) == {"east": "loop", "south": "S", "north": "loop"}


def test_a_street_beyond_reach_or_without_a_name_names_nothing() -> None:
    far = streets(far=[(140, 0), (140, 100)])

    assert four_sides(PLACE, far) == {}
    assert four_sides(PLACE, streets(near=[(105, 0), (105, 100)]).assign(name="")) == {}


def test_a_hole_has_no_sides_and_an_exclave_has_its_own() -> None:
    ring = PLACE.difference(shapely.box(40, 40, 60, 60))
    both = shapely.MultiPolygon([*shapely.get_parts(ring), shapely.box(500, 0, 600, 100)])
    lanes = streets(inside=[(50, 41), (50, 59)], far=[(605, 0), (605, 100)])

    assert four_sides(ring, lanes) == {}
    assert four_sides(both, lanes) == {"east": "far"}


def test_the_way_a_ring_was_drawn_does_not_matter() -> None:
    around = streets(E=[(110, 0), (110, 100)], S=[(0, -9), (100, -9)])

    assert four_sides(shapely.reverse(PLACE), around) == four_sides(PLACE, around)


def test_degrees_are_refused() -> None:
    with pytest.raises(WrongCrs):
        four_sides(PLACE, streets(E=[(110, 0), (110, 100)]).set_crs(4326, allow_override=True))
