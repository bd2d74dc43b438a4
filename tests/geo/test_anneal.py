"""The compiled moves of blocks between grids."""

import numpy as np
import pytest

from geo.anneal import (
    QUARREL,
    THREAD,
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
    return Town(first, one, other, np.ones(6), np.ones(6), *sizes, np.searchsorted(foes[:, 0], np.arange(5)), foes[:, 1])


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
