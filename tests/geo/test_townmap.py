"""A town's streets and buildings as a lattice."""

import make
import numpy as np
import pytest
import shapely

from geo.errors import WrongCrs
from geo.townmap import CELL_M, FAR_M, draw_map

STREET = make.frame([shapely.LineString([(0, 50), (400, 50)])])
YARD = shapely.Polygon([(100, 80), (200, 80), (200, 180), (100, 180)], holes=[[(130, 110), (170, 110), (170, 150)]])
BOUNDS = (0.0, 0.0, 400.0, 300.0)


def at(town, x: float, y: float) -> int:  # type: ignore[no-untyped-def]
    return int(town.look_up(np.array([x]), np.array([y]))[0])


def test_the_distance_to_the_nearest_street_is_right_to_a_cell() -> None:
    town = draw_map(STREET, None, BOUNDS)

    for x, y, metres in [(200, 50, 0), (200, 60, 10), (200, 150, 100), (450, 50, 50)]:
        assert town.street_m.ravel()[at(town, x, y)] == pytest.approx(metres, abs=1.5 * CELL_M)


def test_what_lies_off_the_lattice_is_far_from_everything_and_in_no_house() -> None:
    town = draw_map(STREET, make.frame([YARD]), BOUNDS)

    for x, y in [(-1e6, 50), (200, 1e6), (np.nan, 50)]:
        assert town.street_m.ravel()[at(town, x, y)] == FAR_M
        assert town.in_building is not None
        assert not town.in_building.ravel()[at(town, x, y)]


def test_a_courtyard_is_no_house_and_overlapping_houses_stay_houses() -> None:
    town = draw_map(STREET, make.frame([YARD, shapely.box(180, 80, 260, 120)]), BOUNDS)
    assert town.in_building is not None
    inside = town.in_building.ravel()

    answers = {(110, 90): True, (160, 115): False, (190, 100): True, (240, 100): True, (240, 140): False}
    assert {place: bool(inside[at(town, *place)]) for place in answers} == answers


def test_the_share_of_built_ground_is_that_of_the_polygons() -> None:
    rng = np.random.default_rng(1)
    houses = make.frame(list(shapely.buffer(shapely.points(rng.uniform(40, 260, (30, 2))), 12, quad_segs=3)))

    town = draw_map(STREET, houses, BOUNDS)

    assert town.in_building is not None
    assert town.in_building.sum() * town.cell_m**2 == pytest.approx(houses.union_all().area, rel=0.02)


def test_a_map_in_degrees_is_refused() -> None:
    with pytest.raises(WrongCrs):
        draw_map(STREET.to_crs(4326), None, BOUNDS)
