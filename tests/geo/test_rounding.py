"""Bringing grids on to the lattice."""

import numpy as np
import pytest
import shapely
from make import frame, square

from geo.errors import BadGeometry, WrongCrs
from geo.rounding import on_lattice


def grids(*shapes, **columns):
    return frame(list(shapes), grid_code=[f"{place:03d}" for place in range(1, len(shapes) + 1)], **columns)


def wkb(frame):
    return shapely.to_wkb(frame.geometry.to_numpy()).tolist()


def test_every_coordinate_is_a_whole_number_of_tenths_of_a_millimetre():
    odd = grids(shapely.Polygon([(0.00049, 0.0006), (10.1234567, 0), (5, 9.99999)]))
    xy = shapely.get_coordinates(on_lattice(odd).geometry.to_numpy())
    assert (xy == np.round(xy, 4)).all()


def test_rounding_twice_is_rounding_once():
    once = on_lattice(grids(square(0, 0, 10 / 3), shapely.box(10 / 3, 0, 9, 5), shapely.box(10 / 3 + 1e-7, 5, 9, 7)))
    assert wkb(on_lattice(once)) == wkb(once)


def test_a_grid_in_one_piece_is_a_polygon_however_it_was_stored_and_whatever_it_began_with():
    plain = square(0, 0, 10)
    turned = shapely.Polygon(plain.exterior.coords[2:-1] + plain.exterior.coords[:2])
    stored = shapely.MultiPolygon([shapely.force_3d(turned, 7.0)])
    assert wkb(on_lattice(grids(stored))) == wkb(on_lattice(grids(plain)))


def test_hairlines_between_neighbours_are_closed():
    rounded = on_lattice(grids(square(0, 0, 10), shapely.box(10.004, 0, 20, 10), shapely.box(0, 9.995, 20, 20)))
    shapes = rounded.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(400, abs=0.1)


def test_gaps_and_overlaps_that_were_drawn_stay():
    rounded = on_lattice(grids(square(0, 0, 10), square(12, 0, 10), shapely.box(20, 0, 30, 10)))
    assert rounded.area.tolist() == [100.0, 100.0, 100.0]


def test_a_ring_that_crosses_itself_is_untangled():
    rounded = on_lattice(grids(shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])))
    assert rounded.is_valid.all()
    assert rounded.area.tolist() == [50.0]


def test_special_grids_are_rounded_but_not_cut():
    over = grids(
        square(0, 0, 10), square(10, 0, 10), shapely.box(8.00004, 2, 12, 4), kind=["general"] * 2 + ["special"]
    )
    rounded = on_lattice(over)
    assert rounded.geometry[2].equals(shapely.box(8, 2, 12, 4))
    assert shapely.get_num_coordinates(rounded.geometry.to_numpy()).tolist() == [5, 5, 5]


def test_columns_index_and_order_stay():
    odd = grids(square(10, 0, 10), square(0, 0, 10), households=[3, 4]).set_index(np.array([7, 5]))
    rounded = on_lattice(odd)
    assert rounded.index.tolist() == [7, 5]
    assert rounded.drop(columns="geometry").equals(odd.drop(columns="geometry"))


def test_grids_without_ground_or_metres_are_refused():
    with pytest.raises(BadGeometry, match="no ground"):
        on_lattice(grids(square(0, 0, 10), shapely.Polygon()))
    with pytest.raises(BadGeometry, match="no ground"):
        on_lattice(grids(square(0, 0, 10), None))
    with pytest.raises(WrongCrs):
        on_lattice(grids(square(0, 0, 10)).to_crs(4326))
