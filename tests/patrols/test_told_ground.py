"""What is told for a grid only is drawn over the grid: nothing is lost, nothing is added, no spot is made."""

from datetime import date

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely

from patrols.incident_density import Heat, Window, told_heat
from patrols.told_counts import LEVELS, Groups
from patrols.told_ground import heat_over_grids

AROUND = Window(116.29, 39.99, 116.32, 40.01)
GRIDS = make.frame(
    [make.degrees_square(0, side=0.004), make.degrees_square(1, side=0.004)], "EPSG:4326", grid_code=["001", "002"]
)


def groups(*rows: tuple[int, int, int]) -> Groups:
    """Groups of (count, level, place of the grid)."""
    count, level, grid = (np.array(one, np.int64) for one in zip(*rows, strict=True))
    rest = {name: np.zeros(len(rows), np.int64) for name in ("week", "came", "column", "row", "category", "family")}
    return Groups(
        count=count, level=level, grid=grid, **rest, grids=("", "001", "002"), families=("",), over_until=date.max
    )


def whole(told: Groups) -> tuple[float, int, int]:
    heat = heat_over_grids(told, AROUND, GRIDS)
    return float(heat.per_hectare.sum() * heat.raster.cell_m2 / 10_000), heat.counted, heat.elsewhere


def of_grid() -> int:
    return next(place for place, level in enumerate(LEVELS) if level.ground == 1)


def test_what_is_told_for_a_grid_is_drawn_to_the_last_one() -> None:
    drawn, counted, elsewhere = whole(groups((40, of_grid(), 1), (20, of_grid(), 2)))

    assert drawn == pytest.approx(60, rel=0.001)
    assert (counted, elsewhere) == (60, 0)


def test_it_lies_evenly_over_the_grid_with_no_spot() -> None:
    heat = heat_over_grids(groups((40, of_grid(), 1)), AROUND, GRIDS)

    hectares = shapely.area(gpd.GeoSeries(GRIDS.geometry, crs=4326).to_crs(make.METRES).to_numpy())[0] / 10_000
    middle = heat.per_hectare[_cell(heat, 116.302, 40.002)]
    assert middle == pytest.approx(40 / hectares, rel=0.05)
    assert heat.peak <= 40 / hectares
    assert heat.per_hectare[_cell(heat, 116.295, 39.995)] == pytest.approx(0, abs=1e-4)


def test_what_is_told_for_the_whole_community_or_for_a_grid_of_former_days_is_said_and_not_drawn() -> None:
    former = groups((40, of_grid(), 1), (5, len(LEVELS) - 1, -1), (7, of_grid(), 0))

    assert whole(former)[1:] == (40, 12)


def test_squares_are_drawn_as_before() -> None:
    told = groups((9, 0, 1))

    heat, squares = heat_over_grids(told, AROUND, GRIDS), told_heat([told], AROUND)

    assert np.array_equal(heat.per_hectare, squares.per_hectare)
    assert (heat.counted, heat.elsewhere) == (squares.counted, squares.elsewhere)


def _cell(heat: Heat, lon: float, lat: float) -> tuple[int, int]:
    x, y = AROUND.plane.metres(lon, lat)
    raster = heat.raster
    return int((raster.north - y) / raster.high_m), int((x - raster.west) / raster.wide_m)
