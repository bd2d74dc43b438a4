import make
import pytest
import shapely

from geo.borders import split_borders
from geo.errors import WrongCrs

GRIDS = make.frame([make.square(0, 0, 100), make.square(100, 0, 100), make.square(0, 100, 100)])
NO_STREETS = make.frame([])


def lengths(borders) -> dict[str, float]:
    return dict(zip(borders["kind"], borders.length.round(1), strict=True))


def test_a_border_shared_by_two_grids_is_drawn_once():
    assert lengths(split_borders(GRIDS, NO_STREETS)) == {"outer": 800.0, "inner": pytest.approx(200.0, abs=0.5)}


def test_a_border_along_a_street_is_told_from_one_between_houses():
    street = make.frame([shapely.LineString([(103, 0), (103, 100)])])

    found = lengths(split_borders(GRIDS, street))

    assert found["street"] == pytest.approx(100, abs=7)
    assert found["inner"] == pytest.approx(100, abs=7)


def test_a_street_that_crosses_a_border_does_not_make_it_a_street_border():
    street = make.frame([shapely.LineString([(50, 50), (150, 50)])])

    assert "street" not in lengths(split_borders(GRIDS, street))


def test_degrees_are_refused():
    with pytest.raises(WrongCrs):
        split_borders(GRIDS.to_crs(4326), NO_STREETS)
