"""Which metres of street were walked along."""

import geopandas as gpd
import numpy as np
import pytest
from make import METRES, frame
from shapely import LineString, MultiLineString, Point, box

from geo.errors import BadGeometry, WrongCrs
from geo.streets import cut_streets
from patrols.coverage import coverage, street_share_seen
from patrols.rules import Rules


def streets(*lines: object) -> gpd.GeoDataFrame:
    return frame(list(lines))


def shares(track: object, *lines: object, **also: float) -> list[float]:
    return [round(share, 2) for share in street_share_seen(track, streets(*lines), **also)]


EAST = LineString([(0, 0), (100, 0)])
NORTH = LineString([(50, -60), (50, 60)])


def test_a_street_walked_along_is_seen_and_one_crossed_is_not() -> None:
    assert shares(LineString([(0, 3), (100, 3)]), EAST, NORTH) == [1.0, 0.0]


def test_walked_backwards_a_street_is_seen_as_well() -> None:
    assert shares(LineString([(100, -4), (0, -4)]), EAST) == [1.0]


def test_half_a_street_walked_is_half_a_street_seen() -> None:
    assert shares(LineString([(0, 2), (50, 2)]), EAST)[0] == pytest.approx(0.57, abs=0.1)


def test_a_corner_is_turned_without_seeing_the_streets_that_go_on() -> None:
    seen = shares(LineString([(0, 0), (50, 0), (50, 60)]), EAST, NORTH)

    assert seen[0] == pytest.approx(0.5, abs=0.12)
    assert seen[1] == pytest.approx(0.5, abs=0.12)


def test_what_is_out_of_sight_is_not_seen() -> None:
    assert shares(LineString([(0, 16), (100, 16)]), EAST) == [0.0]
    assert shares(LineString([(0, 16), (100, 16)]), EAST, sight_m=20) == [1.0]


def test_the_lane_behind_is_not_seen_from_the_street() -> None:
    assert shares(LineString([(0, 1), (100, 1)]), EAST, LineString([(0, 12), (100, 12)])) == [1.0, 0.0]


def test_a_street_of_two_lines_is_seen_from_its_middle() -> None:
    assert shares(LineString([(0, 3), (100, 3)]), EAST, LineString([(0, 7), (100, 7)])) == [1.0, 1.0]


def test_standing_at_a_corner_sees_nothing() -> None:
    rng = np.random.default_rng(5)
    wobble = LineString(np.array([50, 0]) + rng.normal(0, 4, (200, 2)))

    assert shares(wobble, EAST, NORTH) == [0.0, 0.0]


def test_a_phone_that_scatters_still_sees_the_street() -> None:
    rng = np.random.default_rng(6)
    steps = np.column_stack([np.arange(0, 300, 6.0), np.zeros(50)]) + rng.normal(0, 4, (50, 2))
    long_street, branch = LineString([(0, 0), (300, 0)]), LineString([(150, 0), (150, 100)])

    seen = shares(LineString(steps), long_street, branch)

    assert seen[0] > 0.95
    assert seen[1] == 0.0


def test_a_signal_gap_is_not_seen() -> None:
    track = MultiLineString([[(0, 2), (30, 2)], [(70, 2), (100, 2)]])

    assert 0.6 <= shares(track, EAST)[0] <= 0.85


def test_several_walks_see_together() -> None:
    walks = gpd.GeoSeries([LineString([(0, 2), (50, 2)]), None, LineString([(100, 2), (50, 2)])], crs=METRES)

    assert shares(walks, EAST) == [1.0]


def test_a_short_lane_needs_to_be_walked_for_half_of_it() -> None:
    lane = LineString([(0, 0), (10, 0)])

    assert shares(LineString([(0, 1), (30, 1)]), lane) == [1.0]


def test_nothing_walked_is_nothing_seen_and_no_street_has_no_share() -> None:
    nobody = gpd.GeoSeries([None, LineString()], crs=METRES)

    assert shares(nobody, EAST) == [0.0]
    assert street_share_seen(EAST, streets()).empty
    assert shares(EAST, LineString([(5, 0), (5, 0)]), LineString(), None) == [0.0, 0.0, 0.0]


def test_shares_carry_the_index_of_the_streets() -> None:
    named = streets(EAST, NORTH).set_axis(["east", "north"], axis=0)

    assert street_share_seen(EAST, named).to_dict() == {"east": 1.0, "north": 0.0}


def test_what_is_no_line_or_on_another_map_is_refused() -> None:
    with pytest.raises(BadGeometry, match="is a Point"):
        street_share_seen(Point(0, 0), streets(EAST))
    with pytest.raises(WrongCrs, match="track are in"):
        street_share_seen(gpd.GeoSeries([EAST], crs=4549), streets(EAST))
    with pytest.raises(WrongCrs, match="convert them to local metres"):
        street_share_seen(EAST, streets(EAST).set_crs(4326, allow_override=True))


def test_a_border_street_counts_for_both_grids_and_once_for_itself() -> None:
    grids = frame([box(0, -50, 100, 0), box(0, 0, 100, 50)], grid_code=["S", "N"])
    lanes = streets(EAST, LineString([(20, -40), (80, -40)]))

    per_grid, per_piece = coverage(gpd.GeoSeries([LineString([(0, 2), (100, 2)])], crs=METRES), lanes, grids)

    assert per_grid.round(6).to_numpy().tolist() == [["S", 160.0, 100.0], ["N", 100.0, 100.0]]
    assert per_piece[["street_id", "metres", "metres_seen"]].round(6).to_numpy().tolist() == [[0, 100, 100], [1, 60, 0]]
    assert per_piece["grid_codes"].tolist() == [("N", "S"), ("S",)]


def test_every_grid_has_its_row_even_without_a_street() -> None:
    grids = frame([box(0, -50, 100, 50), box(100, -50, 200, 50)], grid_code=["B", "A"])

    per_grid, _ = coverage(gpd.GeoSeries([], crs=METRES), streets(LineString([(10, 5), (60, 5)])), grids)

    assert per_grid.round(6).to_numpy().tolist() == [["B", 50.0, 0.0], ["A", 0.0, 0.0]]


def test_pieces_cut_before_give_the_same_figures() -> None:
    grids = frame([box(0, -70, 45, 70), box(45, -70, 100, 70)], grid_code=["A", "B"])
    walk = gpd.GeoSeries([LineString([(0, 2), (52, 2), (52, 60)])], crs=METRES)
    town = streets(EAST, NORTH)

    fresh, fresh_pieces = coverage(walk, town, grids)
    ready, ready_pieces = coverage(walk, cut_streets(town, grids), grids)

    assert fresh.equals(ready)
    assert fresh_pieces.equals(ready_pieces)


def test_metres_seen_never_exceed_metres_and_walking_twice_changes_nothing() -> None:
    rng = np.random.default_rng(8)
    town = streets(*[LineString(rng.uniform(0, 400, (3, 2))) for _ in range(40)])
    grids = frame([box(x, y, x + 200, y + 200) for x in (0, 200) for y in (0, 200)], grid_code=list("ABCD"))
    walk = gpd.GeoSeries([LineString(rng.uniform(0, 400, (30, 2)))], crs=METRES)

    once, pieces = coverage(walk, town, grids)
    twice, _ = coverage(gpd.GeoSeries([walk[0], walk[0]], crs=METRES), town, grids)

    assert (pieces["metres_seen"] <= pieces["metres"] + 1e-9).all()
    assert 0 < pieces["metres_seen"].sum() < pieces["metres"].sum()
    np.testing.assert_allclose(pieces["metres"].sum(), town.length.sum(), rtol=0, atol=1e-6)
    assert twice.equals(once)


def test_a_walk_there_sees_what_the_walk_back_sees() -> None:
    rng = np.random.default_rng(9)
    town = [
        *(LineString([(0, y), (400, y)]) for y in (0, 80, 160)),
        *(LineString([(x, 0), (x, 160)]) for x in (0, 400)),
    ]
    way = LineString([(20, 0), (400, 0), (400, 80), (0, 80), (0, 160), (300, 160)])
    there = LineString([way.interpolate(at).coords[0] + rng.normal(0, 3, 2) for at in np.arange(0, way.length, 7)])

    assert shares(there, *town) == pytest.approx(shares(there.reverse(), *town), abs=0.03)


def test_a_communitys_own_sight_is_used() -> None:
    grids = frame([box(0, -50, 100, 50)], grid_code=["A"])
    walk = gpd.GeoSeries([LineString([(0, 18), (100, 18)])], crs=METRES)

    near, _ = coverage(walk, streets(EAST), grids)
    far, _ = coverage(walk, streets(EAST), grids, Rules(sight_m=20.0))

    assert (near["street_metres_seen"].item(), far["street_metres_seen"].item()) == (0.0, pytest.approx(100.0))
