"""The compiled moves of blocks between grids."""

import numpy as np
import pytest

from geo.anneal import (
    QUARREL,
    Aim,
    State,
    Town,
    draw_number,
    grid_score,
    lay_desk,
    move,
    price_anew,
    stays_connected,
    try_pair,
    weigh,
)

AIM = Aim(low=10.0, high=20.0, per_mean=1 / 15, even=0.1, shape=1.0, border=0.5)


def a_row_of_four(foes=()):
    """Four unit squares side by side, five households each; foes are pairs in both directions, in order."""
    one = np.array([0, 1, 1, 2, 2, 3])
    other = np.array([1, 0, 2, 1, 3, 2])
    first = np.searchsorted(one, np.arange(5))
    foes = np.array(foes, dtype=np.int64).reshape(-1, 2)
    sizes = np.full(4, 5.0), np.ones(4), np.full(4, 4.0)
    return Town(
        first, one, other, np.ones(6), np.ones(6), *sizes, np.searchsorted(foes[:, 0], np.arange(5)), foes[:, 1]
    )


def two_and_two():
    """The row in two grids of two blocks each."""
    totals = np.array([[10.0, 2.0, 6.0]] * 2)
    scores = np.array([grid_score(*row, AIM, 6.0) for row in totals])
    return State(np.array([0, 0, 1, 1]), totals, scores, np.array([6.0]), np.ones(1, dtype=np.uint64))


def weigh_and_move(block, goal, state, town):
    found = np.zeros(4)
    change = weigh(block, goal, state, town, AIM, found)
    move(block, goal, state, town, found)
    return change


def connected_without(block, labels):
    scratch = np.zeros(4, dtype=np.int64), 1, np.zeros(5, dtype=np.int64)
    return stays_connected(block, np.array(labels), a_row_of_four(), *scratch)


def test_a_square_scores_four_and_leaving_the_band_costs_more_than_its_shape():
    assert grid_score(15.0, 100.0, 40.0, AIM, 6.0) == pytest.approx(4.0)
    assert grid_score(9.0, 100.0, 40.0, AIM, 6.0) > grid_score(10.0, 100.0, 40.0, AIM, 6.0) + 5
    assert grid_score(21.0, 100.0, 40.0, AIM, 6.0) > grid_score(20.0, 100.0, 40.0, AIM, 6.0) + 5


@pytest.mark.parametrize(
    ("block", "labels", "connected"),
    [(0, [0, 0, 0, 1], True), (1, [0, 0, 0, 1], False), (2, [0, 0, 0, 1], True), (3, [0, 0, 0, 1], False)],
    ids=["an end", "the middle", "the other end", "the only one"],
)
def test_taking_a_block_away_must_leave_its_grid_in_one_piece(block, labels, connected):
    assert connected_without(block, labels) is connected


def test_a_move_and_back_changes_nothing():
    town, state = a_row_of_four(), two_and_two()
    there = weigh_and_move(1, 1, state, town)
    assert state.totals.tolist() == [[5.0, 1.0, 4.0], [15.0, 3.0, 8.0]]
    assert state.labels.tolist() == [0, 1, 1, 1]
    back = weigh_and_move(1, 0, state, town)
    assert there == pytest.approx(-back)
    assert state.totals.tolist() == [[10.0, 2.0, 6.0]] * 2
    assert state.scores.tolist() == two_and_two().scores.tolist()


def test_blocks_wished_apart_repel_each_other():
    free, foes = a_row_of_four(), a_row_of_four([(1, 2), (2, 1)])
    apart = weigh_and_move(1, 1, two_and_two(), foes) - weigh_and_move(1, 1, two_and_two(), free)
    assert apart == pytest.approx(QUARREL)


def test_random_numbers_cover_their_range_and_repeat_with_their_seed():
    def draws():
        state = np.array([88172645463325252], dtype=np.uint64)
        return [draw_number(state, 6) for _ in range(200)]

    assert set(draws()) == set(range(6))
    assert draws() == draws()


def scores_of(state, strain):
    return [grid_score(*row, AIM, strain) for row in state.totals]


def test_a_thread_costs_more_than_its_perimeter_alone():
    """A strip of 1 : 13 is none, one of 1 : 15 is."""
    fair, thread = (float(grid_score(15.0, wide, 2 * wide + 2, AIM, 6.0)) for wide in (11.0, 15.0))
    assert thread > fair + 1


def test_a_pair_that_would_break_a_grid_is_put_back_to_the_last_figure():
    town, state = a_row_of_four(), two_and_two()
    desk = lay_desk(state, town)
    before = [part.copy() for part in state[:3]]
    for seed in range(1, 200):
        state.random[0] = seed
        price = weigh(1, 1, state, town, AIM, desk.found)
        assert try_pair(1, 2, price, -100.0, state, town, AIM, desk) == 0.0
        assert all((new == old).all() for new, old in zip(state[:3], before, strict=True))


def a_ladder():
    """Two rows of three unit squares, in two grids of three: 0 0 1 above 0 1 1."""
    pairs = [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)]
    one, other = np.array(sorted(pairs + [(b, a) for a, b in pairs])).T
    sizes = np.full(6, 5.0), np.ones(6), np.full(6, 4.0)
    none = np.zeros(7, dtype=np.int64), np.empty(0, dtype=np.int64)
    town = Town(np.searchsorted(one, np.arange(7)), one, other.copy(), np.ones(14), np.ones(14), *sizes, *none)
    state = State(
        np.array([0, 0, 1, 0, 1, 1]),
        np.array([[15.0, 3.0, 8.0]] * 2),
        np.array([grid_score(15.0, 3.0, 8.0, AIM, 6.0)] * 2),
        np.array([6.0]),
        np.ones(1, dtype=np.uint64),
    )
    return town, state


def test_a_pair_is_moved_when_both_together_cost_little_enough():
    ends = set()
    for seed in range(1, 200):
        town, state = a_ladder()
        desk = lay_desk(state, town)
        state.random[0] = seed * 7919 << 20
        price = weigh(1, 1, state, town, AIM, desk.found)
        change = try_pair(1, 4, price, 100.0, state, town, AIM, desk)
        ends.add((tuple(state.labels.tolist()), change != 0.0))
        assert state.scores == pytest.approx(scores_of(state, 6.0))
    assert ends == {((0, 0, 1, 0, 1, 1), False), ((0, 1, 1, 1, 1, 1), True)}


def test_unequal_loads_grow_dearer_while_they_are_more_unequal_than_wanted_else_cheaper():
    town, even = a_row_of_four(), two_and_two()
    uneven = even._replace(totals=np.array([[5.0, 1.0, 4.0], [15.0, 3.0, 8.0]]), strain=np.array([6.0]))
    even = even._replace(totals=np.array([[15.0, 2.0, 6.0]] * 2))
    for state in (even, uneven):
        price_anew(state, AIM, lay_desk(state, town))
    assert even.strain[0] < 6.0 < uneven.strain[0]
    assert uneven.scores == pytest.approx(scores_of(uneven, uneven.strain[0]))
