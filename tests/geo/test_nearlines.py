"""Lists of near lines: the distances are those of measuring every line, to the last bit."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from geo import nearlines, outlines
from geo.locator import GridLocator


def star(spikes: int) -> Polygon:
    """A shape whose middle is equally far from many lines."""
    angle = np.linspace(0, 2 * np.pi, 2 * spikes, endpoint=False)
    far = np.where(np.arange(2 * spikes) % 2, 30.0, 50.0)
    return Polygon(np.column_stack([50 + far * np.cos(angle), 50 + far * np.sin(angle)]))


SHAPES = {
    "a square": [box(0, 0, 100, 100)],
    "a circle": [Point(50, 50).buffer(50, 64)],
    "a star": [star(90)],
    "a hole": [box(0, 0, 100, 100).difference(Point(40, 50).buffer(20))],
    "parts far apart": [MultiPolygon([box(0, 0, 1, 1), box(99, 90, 100, 100)])],
    "overlapping": [box(0, 0, 60, 100), box(30, 30, 100, 70), star(5)],
    "a thread": [Polygon([(0, 0), (100, 1e-7), (100, 2e-7)])],
    "none, and one": [Polygon(), box(10, 10, 20, 20)],
}


def measured(shapes: list[Polygon], x: np.ndarray, y: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances by the lists, and by measuring every line."""
    locator = GridLocator(gpd.GeoSeries(shapes))
    by_list, by_line = np.empty(len(x)), np.empty(len(x))
    nearlines.distances(x, y, grid, *locator._near_lines, *locator._outlines, by_list)
    corners, part = locator.lines.corners, locator.lines.part
    square = np.full(len(x), np.inf)
    for line in np.flatnonzero(part >= 0):
        its = locator.lines.grid[part[line]] == grid
        ends = (*corners[line], *corners[line + 1])
        away = [outlines.to_line(*ends, *spot) for spot in zip(x[its], y[its], strict=True)]
        square[its] = np.minimum(square[its], away)
    by_line[:] = np.where(np.isfinite(square), np.sqrt(square), np.nan)
    return by_list, by_line


@pytest.mark.parametrize("place", [(1.0, 0.0), (10.0, 4_400_000.0), (1e-4, 116.0)], ids=["zero", "metres", "degrees"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_list_never_lacks_the_nearest_line(name: str, place: tuple[float, float]) -> None:
    scale, away = place
    shapes = list(shapely.transform(np.array(SHAPES[name], object), lambda spots: spots * scale + away))
    random = np.random.default_rng(3)
    spots = random.uniform(-10, 110, (3000, 2)) * scale + away
    corners = shapely.get_coordinates(shapes)
    spots = np.vstack([spots, corners, corners + random.normal(0, 1e-9 * scale, corners.shape)])
    x, y = np.ascontiguousarray(spots.T)
    grid = random.integers(0, len(shapes), len(x)).astype(np.int32)

    by_list, by_line = measured(shapes, x, y, grid)

    np.testing.assert_array_equal(by_list, by_line)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(3, 40))
def test_crooked_rings_have_their_lists_too(seed: int, corners: int) -> None:
    random = np.random.default_rng(seed)
    shapes = [Polygon(random.uniform(0, 1, (corners, 2)) * 10 ** random.uniform(-2, 3)) for _ in range(2)]
    x, y = random.uniform(-1, 2, (2, 200)) * np.abs(shapely.get_coordinates(shapes)).max()
    grid = random.integers(0, 2, len(x)).astype(np.int32)

    by_list, by_line = measured(shapes, x, y, grid)

    np.testing.assert_array_equal(by_list, by_line)


def test_whoever_asks_about_many_points_gets_the_same_distances() -> None:
    shapes = gpd.GeoSeries([star(20), box(100, 0, 200, 100)])
    random = np.random.default_rng(8)
    x, y = random.uniform([[-5], [-5]], [[205], [105]], (2, 5000))
    grid = random.integers(-1, 2, len(x)).astype(np.int32)
    x[:3], y[3:6] = [np.nan, np.inf, -np.inf], [np.nan, np.inf, -np.inf]
    few = np.concatenate([GridLocator(shapes).border_m(x[at : at + 500], y[at : at + 500], grid[at : at + 500])
                          for at in range(0, len(x), 500)])  # fmt: skip

    many = GridLocator(shapes).border_m(x, y, grid)

    np.testing.assert_array_equal(many, few)
    assert np.isnan(many[grid < 0]).all()
    assert np.isnan(many[:6]).all()


@pytest.mark.parametrize("threads", [2, 3, 9])
def test_several_threads_make_the_lists_that_one_makes(threads: int) -> None:
    shapes = [Polygon(), *(shape for shapes in SHAPES.values() for shape in shapes), Polygon()]
    locator = GridLocator(gpd.GeoSeries(shapes))

    one = nearlines.near_lines(locator.lines, locator._outlines)
    many = nearlines.near_lines(locator.lines, locator._outlines, threads)

    assert [lists(many, cell) for cell in range(len(many.cells))] == [
        lists(one, cell) for cell in range(len(one.cells))
    ]
    assert sum(map(bool, (lists(one, cell) for cell in range(len(one.cells))))) > len(one.cells) / 2


def lists(near: nearlines.NearLines, cell: int) -> list[int]:
    place, count = divmod(int(near.cells[cell]), 64)
    return near.listed[place : place + count].tolist()
