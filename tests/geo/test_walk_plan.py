import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geo.errors import BadGeometry, CannotPlan, WrongCrs
from geo.walk_plan import Walk, plan_walk

CRS = 4548


def streets(*lines: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[LineString(line) for line in lines], crs=CRS)


def lattice(columns: int, rows: int, side: float = 100.0) -> gpd.GeoDataFrame:
    across = [[(x * side, y * side), ((x + 1) * side, y * side)] for y in range(rows) for x in range(columns - 1)]
    along = [[(x * side, y * side), (x * side, (y + 1) * side)] for y in range(rows - 1) for x in range(columns)]
    return streets(*across, *along)


def check_closed(walk: Walk, longest_m: float) -> None:
    assert walk.metres <= longest_m + 1e-6
    assert walk.line.is_closed
    assert walk.line.length == pytest.approx(walk.metres)
    shapes = walk.legs.geometry.tolist()
    for before, after in zip(shapes, [*shapes[1:], shapes[0]], strict=True):
        assert shapely.Point(before.coords[-1]).distance(shapely.Point(after.coords[0])) <= 1.0


def best_by_trying(pieces: gpd.GeoDataFrame, worth: list[int], start: tuple[float, float], longest: int) -> float:
    """The most that any closed walk of so many streets of equal length is worth, by trying all of them."""
    ends = [tuple(line.coords) for line in pieces.geometry]
    beside: dict[tuple[float, float], list[tuple[int, tuple[float, float]]]] = {}
    for number, (one, two) in enumerate(ends):
        beside.setdefault(one, []).append((number, two))
        beside.setdefault(two, []).append((number, one))
    states = {(start, frozenset[int]())}
    best = 0
    for _ in range(longest):
        states = {(there, seen | {number}) for here, seen in states for number, there in beside[here]}
        best = max([best, *(sum(worth[n] for n in seen) for here, seen in states if here == start)])
    return best


def test_a_block_worth_walking_is_walked_round_once() -> None:
    pieces = streets([(0, 0), (100, 0)], [(100, 0), (100, 50)], [(100, 50), (0, 50)], [(0, 50), (0, 0)])

    walk = plan_walk(pieces, [1, 1, 1, 1], (0, 0), longest_m=400)

    assert walk.metres == 300.0
    assert sorted(walk.legs["piece"]) == [0, 1, 2, 3]
    check_closed(walk, 400)


def test_a_dead_end_is_walked_there_and_back_and_worth_something_once() -> None:
    pieces = streets([(0, 0), (100, 0)], [(100, 0), (180, 0)])

    walk = plan_walk(pieces, [3, 5], (0, 0), longest_m=360)

    assert (walk.metres, walk.worth) == (360.0, 8.0)
    assert walk.legs["again"].tolist() == [False, False, True, True]


def test_the_walk_is_never_longer_than_wished_and_begins_where_one_stands() -> None:
    pieces = lattice(8, 8)

    walk = plan_walk(pieces, np.ones(len(pieces)), (300, 290), longest_m=1999)

    check_closed(walk, 1999)
    assert shapely.Point(walk.line.coords[0]).distance(shapely.Point(300, 290)) < 1e-6


def test_one_who_stands_within_a_street_begins_there_and_walks_each_half_of_it() -> None:
    pieces = streets([(0, 0), (100, 0)], [(100, 0), (100, 100), (0, 100), (0, 0)])

    walk = plan_walk(pieces, [10, 30], (30, 5), longest_m=500)

    assert walk.line.coords[0] == walk.line.coords[-1] == (30.0, 0.0)
    assert walk.worth == pytest.approx(40.0)
    halves = walk.legs[walk.legs["piece"] == 0]
    assert sorted(halves["metres"]) == pytest.approx([30.0, 70.0])


def test_the_same_seed_gives_the_same_walk() -> None:
    pieces = lattice(7, 7)
    worth = np.random.default_rng(3).uniform(0, 9, len(pieces))

    first, second = (plan_walk(pieces, worth, (300, 300), longest_m=2500, seed=5, tries=1) for _ in range(2))

    assert first.legs["piece"].tolist() == second.legs["piece"].tolist()
    assert first.worth == second.worth


def test_the_order_of_the_streets_does_not_make_a_walk_longer_than_wished() -> None:
    pieces = lattice(6, 6)
    worth = np.random.default_rng(3).uniform(0, 9, len(pieces))
    order = np.random.default_rng(4).permutation(len(pieces))

    walk = plan_walk(pieces.iloc[order], worth[order], (200, 200), longest_m=2000, tries=1)
    other = plan_walk(pieces, worth, (200, 200), longest_m=2000, tries=1)

    check_closed(walk, 2000)
    assert walk.worth == pytest.approx(other.worth, rel=0.1)


def test_where_nothing_is_worth_walking_the_walk_is_empty() -> None:
    walk = plan_walk(lattice(3, 3), np.zeros(12), (0, 0), longest_m=1000)

    assert (walk.metres, walk.worth, len(walk.legs)) == (0.0, 0.0, 0)
    assert walk.line.is_empty


def test_streets_that_are_too_far_for_the_walk_leave_it_empty() -> None:
    pieces = streets([(0, 0), (400, 0)], [(400, 0), (800, 0)])

    walk = plan_walk(pieces, [0, 1], (0, 0), longest_m=700)

    assert walk.worth == 0.0


def test_an_island_of_streets_nobody_can_walk_to_is_left_out() -> None:
    pieces = streets([(0, 0), (100, 0)], [(0, 60), (10, 60)])

    walk = plan_walk(pieces, [1, 100], (5, 35), longest_m=1000)

    assert walk.legs["piece"].unique().tolist() == [0]


def test_two_streets_between_the_same_junctions_are_both_walked() -> None:
    pieces = streets([(0, 0), (100, 0)], [(0, 0), (50, 40), (100, 0)])

    walk = plan_walk(pieces, [1, 1], (0, 0), longest_m=300)

    assert walk.worth == 2.0
    assert walk.metres == pytest.approx(pieces.length.sum())


def test_a_start_in_another_town_is_refused() -> None:
    with pytest.raises(CannotPlan, match="5000 m from the nearest street"):
        plan_walk(lattice(3, 3), np.ones(12), (5200, 0), longest_m=1000)


def test_no_streets_at_all_are_refused() -> None:
    with pytest.raises(CannotPlan, match="Import the streets first"):
        plan_walk(streets(), [], (0, 0), longest_m=1000)


def test_degrees_and_shapes_that_are_no_lines_are_refused() -> None:
    with pytest.raises(WrongCrs):
        plan_walk(lattice(3, 3).set_crs(4326, allow_override=True), np.ones(12), (0, 0), longest_m=1000)
    with pytest.raises(BadGeometry, match="single lines"):
        plan_walk(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=CRS), [1], (0, 0), longest_m=1000)


@settings(max_examples=12, deadline=None)
@given(worth=st.lists(st.integers(0, 9), min_size=12, max_size=12), longest=st.integers(2, 9))
def test_on_a_few_streets_the_walk_is_the_best_there_is(worth: list[int], longest: int) -> None:
    pieces = lattice(3, 3)

    walk = plan_walk(pieces, worth, (100, 100), longest_m=100.0 * longest + 1, tries=1)

    assert walk.worth == best_by_trying(pieces, worth, (100.0, 100.0), longest)
    if walk.metres:
        check_closed(walk, 100.0 * longest + 1)
