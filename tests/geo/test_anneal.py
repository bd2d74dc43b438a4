"""The compiled moves of blocks between grids."""

import numpy as np
import pytest

from geo.anneal import Aim, Town, draw_number, flip, grid_score, stays_connected

AIM = Aim(low=10.0, high=20.0, mean=15.0, spread=1.0, border=0.5)


def a_row_of_four():
    """Four unit squares side by side, five households each."""
    one = np.array([0, 1, 1, 2, 2, 3])
    other = np.array([1, 0, 2, 1, 3, 2])
    first = np.searchsorted(one, np.arange(5))
    return Town(first, other, np.ones(6), np.ones(6), np.full(4, 5.0), np.ones(4), np.full(4, 4.0))


def connected_without(block, labels):
    scratch = np.zeros(4, dtype=np.int64), 1, np.zeros(5, dtype=np.int64)
    return stays_connected(block, np.array(labels), a_row_of_four(), *scratch)


def test_a_square_scores_four_and_leaving_the_band_costs_more_than_its_shape():
    assert grid_score(15.0, 100.0, 40.0, AIM) == pytest.approx(4.0)
    assert grid_score(9.0, 100.0, 40.0, AIM) > grid_score(10.0, 100.0, 40.0, AIM) + 5
    assert grid_score(21.0, 100.0, 40.0, AIM) > grid_score(20.0, 100.0, 40.0, AIM) + 5


@pytest.mark.parametrize(
    ("block", "labels", "connected"),
    [(0, [0, 0, 0, 1], True), (1, [0, 0, 0, 1], False), (2, [0, 0, 0, 1], True), (3, [0, 0, 0, 1], False)],
    ids=["an end", "the middle", "the other end", "the only one"],
)
def test_taking_a_block_away_must_leave_its_grid_in_one_piece(block, labels, connected):
    assert connected_without(block, labels) is connected


def test_a_move_and_back_changes_nothing():
    town, labels = a_row_of_four(), np.array([0, 0, 1, 1])
    totals = np.array([[10.0, 2.0, 6.0]] * 2)
    there = flip(1, 1, labels, town, totals, AIM)
    assert totals.tolist() == [[5.0, 1.0, 4.0], [15.0, 3.0, 8.0]]
    back = flip(1, 0, labels, town, totals, AIM)
    assert there == pytest.approx(-back)
    assert totals.tolist() == [[10.0, 2.0, 6.0]] * 2


def test_random_numbers_cover_their_range_and_repeat_with_their_seed():
    def draws():
        state = np.array([88172645463325252], dtype=np.uint64)
        return [draw_number(state, 6) for _ in range(200)]

    assert set(draws()) == set(range(6))
    assert draws() == draws()
