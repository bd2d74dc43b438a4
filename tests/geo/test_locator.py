"""The lattice against whole numbers and against GEOS: borders, overlaps, gaps, crooked rings, far exclaves."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from exactness import adversarial, exact_grids
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo import lattice
from geo.errors import BadGeometry
from geo.exact import holds
from geo.locator import GridLocator

METRES, DEGREES, AT_ZERO = (10.0, 440_000.1, 4_430_000.7), (1e-4, 116.3, 39.9), (1.0, -50.0, -50.0)
KINDS = ("tiling", "whole numbers", "holes", "overlaps", "crooked", "exclaves", "far away")


def cells(random: np.random.Generator, count: int = 40, whole: bool = False) -> np.ndarray:
    """Grids that tile a square of 100 by 100; on whole numbers they cross and overlap a little."""
    seeds = random.uniform(0, 100, (count, 2))
    seeds = np.round(seeds) if whole else seeds
    square = box(0, 0, 100, 100)
    town = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=square))
    town = shapely.intersection(town, square)
    return shapely.transform(town, np.round) if whole else town


def town(kind: str, seed: int, size: tuple[float, float, float]) -> np.ndarray:
    """Grids of one kind, scaled and carried to a place."""
    random = np.random.default_rng(seed)
    grids = cells(random, whole=kind == "whole numbers")
    if kind == "holes":
        inner = shapely.buffer(grids[::2], -2.0)
        grids = np.concatenate([grids[1::2], shapely.difference(grids[::2], inner), inner])
    elif kind == "overlaps":
        corner = random.uniform(0, 60, (9, 2))
        grids = np.concatenate([grids, shapely.box(*corner.T, *(corner + random.uniform(5, 40, (9, 2))).T)])
    elif kind == "crooked":
        grids = np.concatenate([grids[::2], [Polygon(random.uniform(0, 100, (7, 2))) for _ in range(15)]])
    elif kind == "exclaves":
        grids = np.array([MultiPolygon(list(grids[start::9])) for start in range(9)], object)
    elif kind == "far away":
        grids = np.append(grids, [box(1e5, 1e5, 1e5 + 1, 1e5 + 1)])
    grids = grids[~shapely.is_empty(grids)]
    return shapely.transform(grids, lambda corners: corners * size[0] + size[1:])


def compiled(grids: np.ndarray, **columns: list[object]) -> GridLocator:
    """A locator that has its lattice already, however few points it is asked about."""
    locator = GridLocator(gpd.GeoDataFrame(columns, geometry=list(grids)))
    locator.locate(np.zeros(1000), np.zeros(1000))
    locator.decide(np.zeros(1000), np.zeros(1000))
    return locator


@pytest.mark.parametrize("size", [METRES, DEGREES, AT_ZERO], ids=["metres", "degrees", "around zero"])
@pytest.mark.parametrize("kind", KINDS)
def test_where_rounding_is_worst_the_answer_is_that_of_whole_numbers(
    kind: str, size: tuple[float, float, float]
) -> None:
    grids = town(kind, 5, size)
    places = adversarial(grids, 600, 6)
    locator = compiled(grids)

    point, grid = locator.holding(*places.T)

    exact = exact_grids(grids, places)
    np.testing.assert_array_equal(locator.locate(*places.T), exact)
    np.testing.assert_array_equal(locator.decide(*places.T)[0], exact)
    first = np.full(len(places), -1)
    first[point[::-1]] = grid[::-1]
    np.testing.assert_array_equal(first, exact)


@pytest.mark.parametrize("kind", KINDS)
def test_few_points_answered_without_the_lattice_get_the_same_answers(kind: str) -> None:
    grids = town(kind, 7, METRES)
    places = adversarial(grids, 150, 8)
    few, many = GridLocator(gpd.GeoSeries(grids)), compiled(grids)

    np.testing.assert_array_equal(few.locate(*places.T), many.locate(*places.T))
    few = GridLocator(gpd.GeoSeries(grids))
    for one, other in zip(few.decide(*places.T), many.decide(*places.T), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("within_m", [0.0, 1e-6, 3.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_grids_that_hold_a_point_or_are_near_it_are_those_geos_finds(kind: str, within_m: float) -> None:
    grids = town(kind, 9, METRES)
    places = np.random.default_rng(10).uniform(0, 1000, (2000, 2)) + METRES[1:]

    point, grid = GridLocator(gpd.GeoSeries(grids)).holding(*places.T, within_m)

    # A ring that crosses itself is mended by even and odd, as the locator sees it; GEOS alone would not measure to it.
    tree = shapely.STRtree(np.where(shapely.is_valid(grids), grids, shapely.make_valid(grids)))
    expected = np.unique(tree.query(shapely.points(places), predicate="dwithin", distance=within_m), axis=1)
    np.testing.assert_array_equal(np.stack([point, grid]), expected)


def test_a_point_near_two_grids_of_a_kind_is_a_tie_and_goes_to_the_preferred() -> None:
    locator = compiled(
        np.array([box(0, 0, 10, 10), box(10, 0, 20, 10), box(8, 4, 12, 6)]),
        grid_code=["B", "A", "S"],
        kind=["general", "general", "special"],
    )

    found, tied = locator.decide(np.array([9.0, 10.0, 9.995, 9.98, 9.0]), np.array([5.0, 5.0, 1.0, 1.0, 1.0]), 0.01)

    np.testing.assert_array_equal(found, [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(tied, [False, True, True, False, False])


@pytest.mark.parametrize("kind", KINDS)
def test_the_distance_to_a_grids_border_is_that_to_its_nearest_line(kind: str) -> None:
    grids = town(kind, 11, METRES)
    if kind == "tiling":
        grids = shapely.segmentize(grids, 1.0)
    random = np.random.default_rng(12)
    places = random.uniform(-100, 1100, (3000, 2)) + METRES[1:]
    grid = random.integers(-1, len(grids), 3000).astype(np.int32)
    places[:5] = np.nan

    apart = GridLocator(gpd.GeoSeries(grids)).border_m(*places.T, grid)

    known = (grid >= 0) & np.isfinite(places[:, 0])
    outlines = shapely.boundary(grids)[grid[known]]
    np.testing.assert_allclose(apart[known], shapely.distance(outlines, shapely.points(places[known])), atol=1e-8)
    assert np.isnan(apart[~known]).all()


@settings(deadline=None, max_examples=60)
@given(
    vertices=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=40),
    seed=st.integers(0, 999),
    scale=st.sampled_from([1.0, 1 / 7, 1e-150, 1e160]),
)
def test_rings_of_any_shape_and_size_hold_what_whole_numbers_say(
    vertices: list[tuple[int, int]], seed: int, scale: float
) -> None:
    ring = Polygon([(x * scale, y * scale) for x, y in vertices])
    random = np.random.default_rng(seed)
    places = np.vstack([random.integers(-1, 14, (220, 2)) * scale, adversarial(np.array([ring]), 80, seed)])

    found = GridLocator(gpd.GeoSeries([ring])).locate(*places.T)

    np.testing.assert_array_equal(found, [0 if holds(ring, x, y) else -1 for x, y in places.tolist()])


def test_a_denormal_step_beside_a_slanting_line_through_zero_is_seen() -> None:
    triangle = Polygon([(0, 0), (3, 1), (0, 1)])
    least = np.nextafter(0.0, 1.0)
    x, y = np.full(300, 5 * least), np.full(300, least)
    x[::2] = 3 * least

    found = GridLocator(gpd.GeoSeries([triangle])).locate(x, y)

    np.testing.assert_array_equal(found, np.tile([0, -1], 150))


def test_many_lines_through_one_point_are_told_apart() -> None:
    angles = np.linspace(0, 2 * np.pi, 401)
    rim = np.column_stack([np.cos(angles), np.sin(angles)])
    slices = np.array([Polygon([(0, 0), rim[n], rim[n + 1]]) for n in range(400)])
    middles = (angles[1:] + angles[:-1]) / 2

    for far in (0.5, 1e-3, 1e-6, 1e-9):
        found = compiled(slices).locate(far * np.cos(middles), far * np.sin(middles))
        np.testing.assert_array_equal(found, np.arange(400))


def test_a_town_with_an_exclave_at_the_other_end_of_the_country_gets_a_lattice_of_its_own() -> None:
    locator = compiled(town("far away", 13, METRES))

    built = locator._lattices[None]

    assert built is not None
    assert len(built.frames) > 1
    assert len(built.cells) < 100_000


def test_the_lattice_grows_with_the_lines_and_not_with_the_ground() -> None:
    small, large = (lattice.lines_of(town("tiling", 14, (scale, 0.0, 0.0)), np.arange(40)) for scale in (1.0, 1e6))

    cells = [len(lattice.build(lines, (0.0, 0.0, 100 * scale, 100 * scale)).cells) for lines, scale in
             ((small, 1.0), (large, 1e6))]  # fmt: skip

    assert cells[0] == cells[1] < 50 * len(small.part)


def test_arrays_that_cannot_be_written_to_and_other_kinds_of_numbers_are_taken() -> None:
    locator = compiled(np.array([box(0, 0, 10, 10)]))
    fixed = np.linspace(1, 12, 500)
    fixed.flags.writeable = False

    found = locator.locate(fixed, fixed)

    np.testing.assert_array_equal(found, np.where(fixed <= 10, 0, -1))
    np.testing.assert_array_equal(locator.locate(np.arange(24)[::2], np.int8(5)), [0] * 6 + [-1] * 6)


def test_a_grid_without_length_is_a_point_and_holds_itself_alone() -> None:
    places = np.tile([3.0, 3.0000000000000004], 200)

    found = GridLocator(gpd.GeoSeries([Polygon([(3, 3)] * 4)])).locate(places, 3.0)

    np.testing.assert_array_equal(found, np.tile([0, -1], 200))


def test_a_vertex_that_is_no_number_is_refused() -> None:
    with np.errstate(invalid="ignore"):
        broken = make.frame([Polygon([(0, 0), (1, np.nan), (1, 1)])], grid_code=["A"])

    with pytest.raises(BadGeometry, match="not numbers"):
        GridLocator(broken).locate(0.5, 0.5)
    with pytest.raises(BadGeometry, match="not numbers"):
        GridLocator(broken).locate(np.zeros(1000), 0.5)


def test_no_grids_and_empty_grids_hold_none_of_many_points() -> None:
    for grids in ([], [None, Polygon()]):
        locator = GridLocator(gpd.GeoSeries(grids))
        assert (locator.locate(np.zeros(1000), 0.0) == -1).all()
        assert not locator.decide(np.zeros(1000), np.zeros(1000), 0.1)[1].any()
        assert len(locator.holding(np.zeros(1000), np.zeros(1000))[0]) == 0


def test_a_process_that_asks_about_few_points_never_loads_the_compiler() -> None:
    program = (
        "import sys, geopandas, shapely\n"
        "from geo.locate import locate_points\n"
        "grids = geopandas.GeoDataFrame({'grid_code': ['A']}, geometry=[shapely.box(0, 0, 1, 1)], crs=4548)\n"
        "points = geopandas.GeoSeries([shapely.Point(1, 0.5)], crs=4548)\n"
        "assert locate_points(points, grids).tolist() == ['A']\n"
        "assert 'numba' not in sys.modules\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_every_grid_of_a_deep_stack_is_found_however_long_the_lists_get() -> None:
    steps = np.arange(150.0)
    locator = compiled(shapely.box(steps, steps, 300 - steps, 300 - steps))
    x, y = np.random.default_rng(7).uniform(0, 300, (2, 2000))

    point, grid = locator.holding(x, y)

    deep = np.floor(np.minimum(np.minimum(x, 300 - x), np.minimum(y, 300 - y))).astype(int) + 1
    np.testing.assert_array_equal(np.bincount(point, minlength=len(x)), np.minimum(deep, 150))
    np.testing.assert_array_equal(grid[np.flatnonzero(np.diff(point, append=-1))], np.minimum(deep, 150) - 1)
