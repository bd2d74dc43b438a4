"""Walks matched to streets: the likeliest way through the net, and across the ground between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString
from shapely.affinity import rotate, translate

from geo.match import beside, match_walks
from geo.network import Network, make_network

LADDER = [
    *(LineString([(0, y), (300, y)]) for y in (0, 60)),
    *(LineString([(x, 0), (x, 60)]) for x in (0, 100, 200, 300)),
]


def net(*lines: object) -> Network:
    return make_network(np.array([*lines, None], dtype=object)[:-1])


def shares(network: Network, *walks: object, sight_m: float = 15.0) -> list[float]:
    """The share of each street that was walked."""
    went = match_walks(np.array([*walks, None], dtype=object)[:-1], network, sight_m=sight_m)
    cells = network.cells
    metres = np.bincount(cells.owner, cells.metres)
    return [round(share, 2) for share in np.bincount(cells.owner, cells.metres * went) / metres]


def drifting(line: LineString, noise_m: float, seed: int, every_m: float = 6.0) -> LineString:
    """A walk as a phone tells it: errors that last for some forty metres."""
    rng = np.random.default_rng(seed)
    true = np.array([line.interpolate(at).coords[0] for at in np.arange(0, line.length, every_m)])
    keep = np.exp(-every_m / 40)
    error = rng.normal(0, noise_m, true.shape)
    for at in range(1, len(error)):
        error[at] = keep * error[at - 1] + np.sqrt(1 - keep**2) * error[at]
    return LineString(true + error)


def test_a_walk_round_the_block_sees_its_four_sides() -> None:
    walk = LineString([(100, 3), (200, 3), (197, 57), (103, 57), (100, 3)])

    assert shares(net(*LADDER), walk) == pytest.approx([1 / 3, 1 / 3, 0, 1, 1, 0], abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_a_drifting_phone_does_not_lead_into_side_streets(seed: int) -> None:
    walk = drifting(LineString([(0, 0), (300, 0), (300, 60), (0, 60)]), 8.0, seed)

    seen = shares(net(*LADDER), walk)

    assert min(seen[0], seen[1], seen[5]) > 0.8
    assert max(seen[2], seen[3], seen[4]) < 0.35


def test_a_phone_that_drifts_sideways_for_a_while_does_not_take_its_walker_up_a_side_street_and_back() -> None:
    steps = np.column_stack([np.arange(0, 301, 6.0), np.zeros(51)])
    steps[15:25, 1] += 24 * np.sin(np.linspace(0, np.pi, 10))
    dead_end = LineString([(100, 0), (100, 40)])

    seen = shares(net(LineString([(0, 0), (300, 0)]), dead_end), LineString(steps))

    assert seen[0] > 0.9
    assert seen[1] < 0.3


def test_a_line_drawn_by_hand_is_followed_however_far_apart_its_corners_are() -> None:
    drawn = LineString([(5, 2), (20, 2), (290, 2), (298, 30), (298, 58), (230, 58), (210, 58), (20, 58)])
    begun_by_a_phone = LineString([*((x, 2) for x in range(5, 290, 6)), *drawn.coords[2:]])

    for line in (drawn, begun_by_a_phone):
        seen = shares(net(*LADDER), line)
        assert min(seen[0], seen[1], seen[5]) > 0.85
        assert max(seen[2], seen[3], seen[4]) == 0.0


def test_fixes_that_are_lost_for_a_minute_leave_no_hole_where_the_way_is_plain() -> None:
    along = [*np.arange(0, 100, 6.0), *np.arange(170, 300, 6.0)]

    assert shares(net(LineString([(0, 0), (300, 0)])), LineString([(at, 3) for at in along]))[0] > 0.98


def test_walks_together_are_each_judged_by_their_own_pace() -> None:
    slow = drifting(LineString([(0, 0), (300, 0)]), 5.0, 1, every_m=1.2)
    quick = drifting(LineString([(300, 60), (0, 60)]), 5.0, 2, every_m=12.0)
    network = net(*LADDER)

    together = match_walks(np.array([slow, quick]), network, sight_m=15.0)

    alone = [match_walks(np.array([walk]), network, sight_m=15.0) for walk in (slow, quick)]
    assert (together == alone[0] | alone[1]).all()


def test_a_short_cut_across_a_courtyard_sees_no_street_on_its_way() -> None:
    walk = LineString([(50, 0), (100, 0), (140, 22), (180, 44), (200, 60), (250, 60)])

    seen = shares(net(*LADDER), walk)

    assert seen == pytest.approx([50 / 300, 50 / 300, 0, 0, 0, 0], abs=0.15)


def test_the_phones_own_noise_decides_how_far_off_a_street_may_be() -> None:
    street = net(LineString([(0, 0), (300, 0)]))

    assert shares(street, LineString([(0, 20), (300, 20)])) == [0.0]
    assert shares(street, drifting(LineString([(0, 6), (300, 6)]), 10.0, 2))[0] > 0.8


def test_a_turn_in_the_middle_of_a_street_leaves_the_rest_unseen() -> None:
    assert shares(net(*LADDER), LineString([(0, 2), (60, 2), (0, -2)]))[0] == pytest.approx(0.2, abs=0.03)


def test_the_signal_gap_between_two_parts_is_not_walked() -> None:
    walk = MultiLineString([[(0, 2), (90, 2)], [(210, 2), (300, 2)]])

    assert shares(net(*LADDER), walk)[0] == pytest.approx(0.6, abs=0.05)


def test_walks_far_away_and_of_a_single_place_see_nothing() -> None:
    walks = [LineString([(9e5, 9e5), (9e5, 9.1e5)]), LineString([(50, 0), (50, 0)]), LineString(), None]

    assert shares(net(*LADDER), *walks) == [0.0] * 6


def test_walks_together_see_what_each_sees_alone() -> None:
    network = net(*LADDER)
    walks = [drifting(LineString([(0, 0), (300, 0)]), 8.0, 1), drifting(LineString([(0, 60), (200, 60)]), 3.0, 2)]
    alone = [match_walks(np.array([walk], dtype=object), network, sight_m=15.0) for walk in walks]

    together = match_walks(np.array(walks, dtype=object), network, sight_m=15.0)

    assert (together == alone[0] | alone[1]).all()


def test_more_walks_than_are_matched_at_once_see_the_same() -> None:
    network = net(*LADDER)
    walks = np.array([drifting(LineString([(0, 0), (300, 0), (300, 60)]), 6.0, seed) for seed in range(5)] * 300)

    many = match_walks(walks, network, sight_m=15.0)

    assert (many == match_walks(walks[:5], network, sight_m=15.0)).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.sampled_from([0, 90, 180, 270]))
def test_moving_or_turning_the_whole_town_changes_nothing(east: float, north: float, degrees: int) -> None:
    walk = drifting(LineString([(0, 4), (200, 4), (200, 60), (20, 60)]), 5.0, 3)

    def moved(line: LineString) -> LineString:
        return translate(rotate(line, degrees, origin=(0, 0)), east, north)

    there = shares(net(*map(moved, LADDER)), moved(walk))

    assert there == pytest.approx(shares(net(*LADDER), walk), abs=0.02)


def test_lanes_are_side_by_side_only_beside_each_other() -> None:
    network = net(*(LineString(line) for line in ([(0, 0), (40, 0)], [(44, 0), (80, 0)], [(0, 8), (80, 8)])))

    found = beside(network.cells.owner == 0, network, apart_m=12.0)

    share = np.bincount(network.cells.owner, found) / np.bincount(network.cells.owner)
    assert share == pytest.approx([1.0, 0.0, 0.5], abs=0.06)
