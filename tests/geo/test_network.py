"""Streets as cells that lead on to each other."""

import numpy as np
import shapely
from shapely import LineString, MultiLineString

from geo.network import Network, make_network, street_cells


def net(*lines: object) -> Network:
    return make_network(np.array([*lines, None], dtype=object)[:-1])


def reached(network: Network, start: int) -> set[int]:
    """All steps that one gets to from a step, in whatever time."""
    ahead: dict[int, list[int]] = {}
    for step in range(2 * len(network.cells.owner)):
        for come in network.leads[network.before[step] : network.before[step + 1]]:
            ahead.setdefault(int(come), []).append(step)
    met, waiting = {start}, [start]
    while waiting:
        for step in ahead.get(waiting.pop(), []):
            if step not in met:
                met.add(step)
                waiting.append(step)
    return met


def streets_reached(network: Network, start: int) -> set[int]:
    return {int(network.cells.owner[step // 2]) for step in reached(network, start)}


def test_cells_are_equal_along_a_line_at_most_four_metres_and_add_up() -> None:
    lines = [LineString([(0, 0), (5, 0), (5, 5)]), MultiLineString([[(9, 0), (9, 3)], [(20, 0), (20, 9)]])]

    cells = street_cells(np.array([*lines, None, LineString()], dtype=object))

    assert cells.metres.round(3).tolist() == [3.333] * 3 + [3.0] * 4
    assert cells.owner.tolist() == [0] * 3 + [1] * 4
    assert cells.part.tolist() == [0] * 3 + [1] + [2] * 3
    np.testing.assert_allclose(np.hypot(*cells.direction.T), 1.0)


def test_a_cell_round_a_corner_lies_at_the_corner() -> None:
    cells = street_cells(np.array([LineString([(0, 0), (2, 0), (2, 2)])], dtype=object))

    np.testing.assert_allclose(cells.middle, [[2, 0]])
    np.testing.assert_allclose(cells.direction, [[np.sqrt(0.5), np.sqrt(0.5)]])


def test_a_cell_round_a_hairpin_still_has_a_direction() -> None:
    cells = street_cells(np.array([LineString([(0, 0), (1.5, 0), (0, 0.01)])], dtype=object))

    np.testing.assert_allclose(np.hypot(*cells.direction.T), 1.0)


def test_streets_that_cross_lead_into_each_other_and_others_do_not() -> None:
    network = net(LineString([(0, 0), (40, 0)]), LineString([(20, -20), (20, 20)]), LineString([(0, 9), (15, 9)]))

    assert streets_reached(network, 0) == {0, 1}


def test_ends_that_miss_each_other_by_centimetres_are_joined() -> None:
    network = net(LineString([(0, 0), (10, 0)]), LineString([(10.03, 0), (10.03, 30)]), LineString([(0, 1), (0, 9)]))

    assert streets_reached(network, 0) == {0, 1}


def test_one_turns_off_at_a_junction_into_either_direction_but_not_back() -> None:
    network = net(LineString([(0, 0), (20, 0)]), LineString([(20, -20), (20, 20)]))

    ahead = reached(network, 0)

    assert not any(step % 2 and step // 2 < 5 for step in ahead)
    assert {step for step in ahead if step // 2 >= 5} == {
        *(10 + 2 * cell + 1 for cell in range(5)),
        *(10 + 2 * cell for cell in range(5, 10)),
    } | {step for step in ahead if step // 2 in (9, 10)}


def test_a_street_that_comes_round_leads_into_itself() -> None:
    ring = net(LineString([(0, 0), (20, 0), (20, 20), (0, 20), (0, 0)]))

    assert len(reached(ring, 0)) == 20


def test_turns_work_both_ways() -> None:
    rng = np.random.default_rng(4)
    network = net(*[LineString(rng.uniform(0, 200, (4, 2))) for _ in range(20)])
    to = np.repeat(np.arange(len(network.before) - 1), np.diff(network.before))

    there = set(zip(network.leads.tolist(), to.tolist(), strict=True))

    assert {(b ^ 1, a ^ 1) for a, b in there} == there


def test_every_cell_is_in_one_box_even_where_a_street_is_far_from_all_others() -> None:
    network = net(LineString([(0, 0), (100, 0)]), LineString([(900_000, 0), (900_000, 50)]))

    boxes = network.boxes

    assert sorted(boxes.cells.tolist()) == list(range(len(network.cells.owner)))
    assert len(boxes.first) == boxes.shape.prod() + 1
    assert len(boxes.first) <= 8 * len(network.cells.owner) + 8


def test_no_streets_make_an_empty_net() -> None:
    empty = make_network(np.array([None, LineString()], dtype=object))

    assert len(empty.cells.owner) == len(empty.leads) == 0
    assert shapely.length(np.array([None])).size == len(empty.before) == 1
