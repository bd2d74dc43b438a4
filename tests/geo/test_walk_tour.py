from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geo.walk_tour import tour
from geo.walk_turns import tell_turns, turn_at


def toured(edges: list[tuple[tuple[int, int], tuple[int, int]]], start: tuple[int, int]) -> list[tuple[int, int]]:
    """The places that the tour of straight edges between points passes."""
    points = sorted({point for edge in edges for point in edge})
    number = {point: at for at, point in enumerate(points)}
    one, two = (np.array([number[edge[end]] for edge in edges]) for end in (0, 1))
    there = np.array([np.subtract(edge[1], edge[0]) for edge in edges], dtype=float)
    leaving = np.stack([np.arctan2(there[:, 1], there[:, 0]), np.arctan2(-there[:, 1], -there[:, 0])], axis=1)
    order = tour(one, two, leaving, number[start])
    assert sorted(order >> 1) == list(range(len(edges)))
    return [start, *(edges[code >> 1][0 if code & 1 else 1] for code in order.tolist())]


def test_a_tour_crosses_a_junction_instead_of_turning_at_it() -> None:
    east = [((0, 0), (2, 0)), ((2, 0), (2, 2)), ((2, 2), (0, 2)), ((0, 2), (0, 0))]
    west = [((0, 0), (-2, 0)), ((-2, 0), (-2, -2)), ((-2, -2), (0, -2)), ((0, -2), (0, 0))]

    places = toured(east + west, (2, 2))

    crossing = [places[at - 1 : at + 2] for at in range(1, len(places) - 1) if places[at] == (0, 0)]
    assert all(before[0] == -after[0] and before[1] == -after[1] for before, _, after in crossing)


def test_a_tour_turns_back_in_dead_ends_only() -> None:
    road = [((0, 0), (1, 0)), ((1, 0), (2, 0)), ((0, 0), (1, 0)), ((1, 0), (2, 0))]

    assert toured(road, (0, 0)) == [(0, 0), (1, 0), (2, 0), (1, 0), (0, 0)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=12, unique=True),
)
def test_every_edge_of_a_connected_walk_is_toured_once(steps: list[tuple[int, int, bool]]) -> None:
    # Each edge twice: every place then has an even number of ends. Only what hangs together with the start is kept.
    edges = [((x, y), (x + 1, y) if flat else (x, y + 1)) for x, y, flat in steps]
    here, kept = {edges[0][0]}, []
    while more := [edge for edge in edges if edge not in kept and (edge[0] in here or edge[1] in here)]:
        kept += more
        here |= {point for edge in more for point in edge}

    places = toured(kept + kept, edges[0][0])

    assert places[0] == places[-1]
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1 for a, b in pairwise(places))


def test_turns_are_told_as_a_walker_sees_them() -> None:
    here = LineString([(0, 0), (50, 0)])

    def ahead(x: float, y: float) -> str:
        return turn_at(here, LineString([(50, 0), (50 + x, y)]))

    assert ahead(50, 0) == "on"
    assert ahead(50, 20) == "on"
    assert ahead(0, 50) == "left"
    assert ahead(0, -50) == "right"
    assert ahead(-30, 30) == "left"
    assert ahead(-50, -1) == "back"


def test_going_on_along_the_same_street_is_no_step_and_into_another_is_one() -> None:
    lines = [LineString([(x, 0), (x + 40, 0)]) for x in (0, 40, 80)]

    steps = tell_turns(lines, ["Mill Lane", "Mill Lane", "Long Street"])

    assert [(step.turn, step.name, step.metres, step.after_m) for step in steps] == [
        ("go", "Mill Lane", 80.0, 0.0),
        ("on", "Long Street", 40.0, 80.0),
        ("arrive", "", 0.0, 120.0),
    ]


def test_the_compass_is_told_to_an_eighth() -> None:
    directions = {"n": (0, 9), "ne": (9, 9), "e": (9, 0), "s": (0, -9), "sw": (-9, -9), "nw": (-9, 9)}

    for point, (x, y) in directions.items():
        assert tell_turns([LineString([(0, 0), (x, y)])], [""])[0].point == point


def test_a_walk_without_streets_has_no_turns() -> None:
    assert tell_turns([], []) == []


def test_the_steps_add_up_to_the_walk() -> None:
    random = np.random.default_rng(2)
    corners = np.cumsum(random.uniform(-40, 40, (30, 2)), axis=0)
    lines = list(shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1)))

    steps = tell_turns(lines, [""] * len(lines))

    assert np.isclose(sum(step.metres for step in steps), shapely.length(lines).sum())
    assert sum(step.legs for step in steps) == len(lines)
