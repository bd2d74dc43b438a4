"""The ground around each building."""

import numpy as np
import pytest
import shapely
from make import frame, square

from geo.errors import CannotReshape
from geo.plots import plots_of
from geo.reshape import move_plots
from geo.rounding import on_lattice

box = shapely.box


def test_plots_end_halfway_between_houses_and_together_are_the_ground():
    houses = np.array([box(2, 2, 6, 8), box(10, 2, 14, 8), box(24, 2, 28, 8)])
    plots = plots_of(box(0, 0, 30, 10), houses)
    assert [round(plot.area) for plot in plots] == [80, 110, 110]
    assert shapely.coverage_is_valid(plots)


def test_no_plot_cuts_a_house_not_even_where_walls_are_shared():
    bent = shapely.union_all([box(0, 0, 4, 12), box(0, 0, 20, 4)])
    houses = np.array([bent, box(4, 4, 9, 9), box(9, 4, 16, 9), box(12, 9, 16, 14)])
    plots = plots_of(box(-5, -5, 25, 20), houses)
    assert shapely.coverage_is_valid(plots)
    assert shapely.area(plots).sum() == pytest.approx(750)
    assert shapely.area(shapely.difference(houses, plots)).max() < 0.01
    assert (shapely.get_num_geometries(plots) == 1).all()


def test_a_house_alone_has_all_the_ground_and_one_elsewhere_has_none():
    plots = plots_of(square(0, 0, 10), np.array([square(2, 2, 3), square(50, 2, 3)]))
    assert shapely.area(plots).tolist() == [100.0, 0.0]


def test_ground_without_houses_has_no_plots():
    assert plots_of(square(0, 0, 10), np.array([], dtype=object)).tolist() == []


def two():
    return on_lattice(frame([square(0, 0, 20), square(20, 0, 20)], grid_code=["001", "002"]))


def test_buildings_go_to_a_grid_with_their_plots():
    houses = frame([box(2, 8, 6, 12), box(14, 8, 18, 12), box(28, 8, 32, 12)])
    change = move_plots(two(), houses, np.array([1]), "002")
    assert change.grids.area.round(3).tolist() == [200.0, 600.0]
    assert shapely.coverage_is_valid(change.grids.geometry.to_numpy())


def test_plots_end_at_their_blocks():
    houses = frame([box(2, 2, 6, 6), box(14, 2, 18, 6)])
    change = move_plots(two(), houses, np.array([False, True]), "002", blocks=np.array([box(0, 0, 20, 8)]))
    assert change.moved["area_m2"].round(1).tolist() == [80.0]


def test_buildings_must_be_chosen_and_stand_in_a_grid():
    houses = frame([box(2, 2, 6, 6), box(114, 2, 118, 6)])
    for chosen in (np.array([], dtype=int), np.array([1])):
        with pytest.raises(CannotReshape, match="Choose buildings"):
            move_plots(two(), houses, chosen, "002")
