"""Rows of drafts: the very same metres after the way through degrees, and the very same bytes again."""

import make
import numpy as np
import pytest
import shapely

from geo.crs import local_crs
from geo.faces import GRAIN_DIGITS
from patrols import draft_rows


@pytest.mark.parametrize(
    ("lon", "lat"), [(116.3, 40.0), (76.0, 39.5), (134.6, 48.3), (113.9, 22.5), (11.57, 49.94), (-46.6, -23.5)]
)
def test_places_on_the_lattice_come_back_as_the_same_numbers(lon: float, lat: float):
    crs = local_crs(lon, lat)
    random = np.random.default_rng(1)
    corner = np.array([400_000.0 if crs.to_epsg() < 30_000 else 600_000.0, 110_946.0 * abs(lat)])
    places = np.round(corner + random.uniform(0, 60_000, (4_000, 3, 2)), GRAIN_DIGITS)
    shapes = shapely.polygons(places)
    shapes = shapes[shapely.is_valid(shapes)]

    hexes = draft_rows.stored_shapes(shapes, crs)
    read = draft_rows.shapes_in_metres([{"geom": one} for one in hexes], crs)

    assert (shapely.get_coordinates(read) == shapely.get_coordinates(shapes)).all()
    assert draft_rows.stored_shapes(read, crs) == hexes


def test_rows_are_changed_brought_in_and_taken_away(session):
    place, edition = make.town(session, 3, 1)
    before = draft_rows.read(session, edition.id)
    one, two, three = before
    wanted = {one: {**(before[one] or {}), "name": "甲", "colour": 3}, two: None, f"{place.code}009": before[three]}

    draft_rows.write(session, edition.id, wanted)

    assert draft_rows.read(session, edition.id) == {
        one: wanted[one],
        three: before[three],
        f"{place.code}009": before[three],
    }


def test_what_is_not_there_is_read_as_nothing(session):
    _, edition = make.town(session, 1, 1)

    assert draft_rows.read(session, edition.id, ["x"]) == {"x": None}


def test_rows_of_other_editions_stay(session):
    place, edition = make.town(session, 1, 1)
    code = next(iter(draft_rows.read(session, edition.id)))
    other = make.edition(session, place, {code: make.degrees_square(0)}, number=2)

    draft_rows.write(session, edition.id, {code: None})

    assert list(draft_rows.read(session, other.id)) == [code]
    assert draft_rows.read(session, edition.id) == {}
