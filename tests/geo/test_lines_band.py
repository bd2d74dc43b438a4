"""Whose metre it is along a shared border: jitter flips nothing, and a walk across is still cut at the line."""

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPolygon, Polygon, box

from geo.errors import BadGeometry
from geo.lines import credit_lines
from geo.locate import GridLocator

BAND = 10.0
TURN = np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])


def grids_of(shapes: dict[str, object], **columns: object) -> gpd.GeoDataFrame:
    return make.frame(list(shapes.values()), grid_code=list(shapes), **columns)


def halves() -> gpd.GeoDataFrame:
    """A west of x = 0, B east of it."""
    return grids_of({"A": box(-500, -500, 0, 1500), "B": box(0, -500, 500, 1500)})


def walks(*lines: object) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(lines), crs=make.METRES)


def metres(line: object, grids: gpd.GeoDataFrame, band_m: float = BAND, **rest: object) -> dict[object, float]:
    credits = credit_lines(walks(line), grids, band_m=band_m, **rest)
    return {code: round(value, 6) for code, value in credits[["grid_code", "metres"]].to_numpy()}


def zigzag(x: float, wide: float, south: float, north: float, count: int = 41) -> list[tuple[float, float]]:
    """A walk north along x, so far to either side by turns."""
    return [(x + wide * (-1) ** n, y) for n, y in enumerate(np.linspace(south, north, count))]


def turned(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoDataFrame | gpd.GeoSeries:
    moved = shapely.transform(frame.geometry.to_numpy(), lambda places: places @ TURN + (440_000.0, 4_430_000.0))
    return (
        frame.set_geometry(gpd.GeoSeries(moved, crs=frame.crs))
        if isinstance(frame, gpd.GeoDataFrame)
        else walks(*moved)
    )


@pytest.mark.parametrize("angle", [30, 45, 90, 120, 150])
def test_a_walk_across_a_border_is_still_divided_at_the_border(angle: float) -> None:
    far = 200 * np.array([np.cos(np.radians(angle - 90)), np.sin(np.radians(angle - 90))])

    assert metres(LineString([-far, far]), halves()) == {"A": 200.0, "B": 200.0}


@pytest.mark.parametrize("wide", [0.5, 3.0, 9.0])
def test_jitter_along_a_border_earns_one_grid_by_rule(wide: float) -> None:
    way = LineString(zigzag(0, wide, 0, 400))

    assert set(metres(way, halves(), band_m=0)) == {"A", "B"}
    assert metres(way, halves()) == {"A": round(way.length, 6)}


@pytest.mark.parametrize(("home", "code"), [(-200, "A"), (200, "B")])
def test_who_comes_from_a_grid_and_goes_back_never_left_it(home: float, code: str) -> None:
    way = LineString([(home, 0), *zigzag(0, 4, 0, 400), (home, 400)])

    assert metres(way, halves()) == {code: round(way.length, 6)}


def test_an_excursion_deeper_than_the_band_is_credited_from_line_to_line() -> None:
    way = LineString([(-100, 0), (30, 0), (30, 50), (-100, 50)])

    assert metres(way, halves()) == {"A": 200.0, "B": 110.0}


@pytest.mark.parametrize("side", [-4.0, 0.0, 4.0])
def test_from_one_grid_along_its_border_into_the_other_the_border_goes_by_rule(side: float) -> None:
    along = zigzag(side, 2, 0, 400)
    way = LineString([(-200, 0), *along, (200, 400)])

    earned = metres(way, halves())

    border = LineString(along).length
    assert earned["A"] == pytest.approx(200 + border, abs=12 + BAND)
    assert sum(earned.values()) == pytest.approx(way.length, abs=1e-6)


def test_jitter_where_a_border_is_crossed_changes_little() -> None:
    way = LineString([(-100, 0), (2, 0), (-2, 3), (2, 6), (100, 6)])

    earned = metres(way, halves())

    assert earned["A"] == pytest.approx(100, abs=13)
    assert sum(earned.values()) == pytest.approx(way.length, abs=1e-6)


def test_a_walk_that_stays_on_its_side_keeps_it_however_near_the_border() -> None:
    assert metres(LineString([(3, 0), (4, 200), (3, 400)]), halves()) == {"B": round(2 * np.hypot(1, 200), 6)}


def test_the_general_grid_is_preferred_along_its_border_and_codes_decide_among_equals() -> None:
    grids = halves().assign(kind=["special", "general"])
    way = LineString(zigzag(0, 3, 0, 400))

    assert set(metres(way, grids)) == {"B"}
    assert set(credit_lines(walks(way), GridLocator(grids, precedence="special"), band_m=BAND)["grid_code"]) == {"A"}


def test_a_special_grid_on_general_ground_draws_no_border() -> None:
    grids = grids_of({"G": box(0, 0, 400, 400), "A": box(100, 100, 300, 300)}, kind=["general", "special"])
    way = LineString(zigzag(100, 4, 120, 280))

    assert metres(way, grids) == {"G": round(way.length, 6)}


def test_along_the_outer_border_a_walk_belongs_to_the_grid() -> None:
    grids = grids_of({"A": box(0, 0, 400, 400)})
    way = LineString(zigzag(0, 4, 20, 380))

    assert metres(way, grids) == {"A": round(way.length, 6)}
    assert metres(LineString([(-100, 200), (100, 200)]), grids) == {"A": 100.0, None: 100.0}


def test_a_corner_cut_by_less_than_the_band_is_not_visited_and_a_deep_one_is() -> None:
    grids = grids_of({"A": box(-300, -300, 0, 300), "B": box(0, 0, 300, 300), "C": box(0, -300, 300, 0)})
    shallow, deep = LineString([(-100, 104), (104, -100)]), LineString([(-100, 160), (160, -100)])

    assert set(metres(shallow, grids, band_m=0)) == {"A", "B", "C"}
    assert set(metres(shallow, grids)) == {"A", "C"}
    assert metres(deep, grids) == metres(deep, grids, band_m=0)


@pytest.mark.parametrize("wide", [6.0, 15.0, 30.0])
def test_a_grid_narrower_than_the_band_is_credited_to_who_crosses_it(wide: float) -> None:
    half = wide / 2
    grids = grids_of({"A": box(-500, 0, -half, 400), "S": box(-half, 0, half, 400), "B": box(half, 0, 500, 400)})

    assert metres(LineString([(-200, 200), (200, 200)]), grids) == {"A": 200 - half, "B": 200 - half, "S": wide}


def test_a_grid_crossed_without_a_fix_inside_is_credited_with_its_share() -> None:
    grids = grids_of({"A": box(-300, 0, -30, 400), "B": box(-30, 0, 30, 400), "C": box(30, 0, 300, 400)})
    way = LineString([(-90, 200), (90, 200)])

    credits = credit_lines(walks(way), grids, band_m=BAND, times=[[0, 180]])

    assert credits["grid_code"].tolist() == ["A", "B", "C"]
    np.testing.assert_allclose(credits["metres"], 60.0)
    np.testing.assert_allclose(credits["minutes"], 1.0)


def test_a_concave_grid_and_an_exclave_keep_what_was_walked_in_them() -> None:
    horseshoe = Polygon([(0, 0), (300, 0), (300, 300), (200, 300), (200, 100), (100, 100), (100, 300), (0, 300)])
    grids = grids_of(
        {
            "A": MultiPolygon([horseshoe, box(400, 0, 500, 300)]),
            "B": box(100, 100, 200, 300),
            "C": box(300, 0, 400, 300),
        }
    )

    assert metres(LineString([(20, 200), (480, 200)]), grids) == {"A": 260.0, "B": 100.0, "C": 100.0}


def test_standing_at_the_border_earns_its_minutes_where_the_walk_is() -> None:
    stood = LineString([(200, 0), (3, 0), (-3, 0), (-3, 0), (3, 0), (200, 0)])

    credits = credit_lines(walks(stood), halves(), band_m=BAND, times=[[0, 200, 206, 1406, 1412, 1612]])

    assert credits["grid_code"].tolist() == ["B"]
    assert credits["minutes"].tolist() == pytest.approx([1612 / 60])


def test_a_signal_gap_ends_what_is_known_of_the_side() -> None:
    way = MultiLineString([[(200, 0), (3, 0)], zigzag(0, 3, 100, 400)])

    earned = metres(way, halves())

    assert earned == {"A": round(shapely.get_parts(way)[1].length, 6), "B": 197.0}


def test_the_band_may_differ_by_line() -> None:
    way = LineString([(200, 0), *zigzag(0, 4, 0, 400), (200, 400)])

    credits = credit_lines(walks(way, way, way), halves(), band_m=[0.0, 2.0, 10.0])

    assert credits.groupby("line")["grid_code"].agg("".join).tolist() == ["AB", "AB", "B"]


@pytest.mark.parametrize("band_m", [-1.0, np.nan, np.inf, [1.0, 2.0], [[1.0]]])
def test_a_band_that_is_no_length_is_refused(band_m: object) -> None:
    with pytest.raises(BadGeometry, match="0 m or more"):
        credit_lines(walks(LineString([(0, 0), (1, 1)])), halves(), band_m=band_m)


def test_gaps_and_overlaps_of_a_few_centimetres_along_a_border_do_no_harm() -> None:
    grids = grids_of({"A": box(-500, 0, -0.02, 400), "B": box(0.02, 0, 500, 400), "C": box(-0.3, 400, 500, 800)})
    grids = pd.concat([grids, grids_of({"D": box(-500, 400, 0, 800)})], ignore_index=True)
    way = LineString([(-200, 20), *zigzag(0, 3, 20, 780, 77), (-200, 780)])

    earned = metres(way, grids)

    assert set(earned) == {"A", "D"} or set(earned) == {"A", "C", "D"}
    assert sum(earned.values()) == pytest.approx(way.length, abs=1e-6)


def town() -> gpd.GeoDataFrame:
    """Wavy grids of some 100 m that share every vertex, with a hole in the middle."""
    random = np.random.default_rng(5)
    seeds = shapely.multipoints(random.uniform(0, 1000, (80, 2)))
    square = box(0, 0, 1000, 1000)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square)), square)
    wavy = shapely.transform(shapely.segmentize(cells, 12), lambda c: np.round(c + 3 * np.sin(c[:, ::-1] / 9), 3))
    frame = make.frame(list(wavy), grid_code=[f"{n:03d}" for n in range(len(wavy))])
    return frame[~frame.intersects(shapely.Point(500, 500))].reset_index(drop=True)


def tracks(count: int, seed: int, fixes: int = 60, step: float = 8.0) -> gpd.GeoSeries:
    random = np.random.default_rng(seed)
    ways = random.normal(0, step, (count, fixes, 2)).cumsum(axis=1) + random.uniform(-50, 1050, (count, 1, 2))
    return walks(*shapely.linestrings(ways))


@pytest.mark.parametrize("band_m", [0.0, 10.0])
def test_ten_thousand_tracks_lose_neither_a_metre_nor_a_minute(band_m: float) -> None:
    ways = tracks(10_000, 6, fixes=30)
    times = np.random.default_rng(7).integers(0, 60, (10_000, 30)).cumsum(axis=1)

    credits = credit_lines(ways, town(), times=list(times), band_m=band_m)

    total = credits.groupby("line")[["metres", "minutes"]].sum()
    np.testing.assert_allclose(total["metres"], ways.length, rtol=0, atol=1e-6)
    np.testing.assert_allclose(total["minutes"], (times[:, -1] - times[:, 0]) / 60, rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), band_m=st.sampled_from([2.0, 10.0, 25.0]))
def test_no_metre_goes_to_a_grid_farther_away_than_the_band(seed: int, band_m: float) -> None:
    grids, ways = town(), tracks(12, seed)

    credits = credit_lines(ways, grids, band_m=band_m).dropna(subset="grid_code")

    shapes = grids.set_index("grid_code").geometry[credits["grid_code"]].to_numpy()
    reached = shapely.intersection(ways[credits["line"]].to_numpy(), shapely.buffer(shapes, band_m, quad_segs=64))
    assert (credits["metres"].to_numpy() <= shapely.length(reached) * 1.001 + 1e-6).all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_direction_place_and_order_change_nothing(seed: int) -> None:
    grids, ways = town(), tracks(12, seed)

    there = credit_lines(ways, grids, band_m=BAND)
    others = [
        credit_lines(ways.reverse(), grids, band_m=BAND),
        credit_lines(turned(ways), turned(grids), band_m=BAND),
        credit_lines(ways, grids.sample(frac=1.0, random_state=1), band_m=BAND),
    ]

    for other in others:
        pd.testing.assert_frame_equal(there, other, check_exact=False, rtol=0, atol=1e-5)


def test_a_band_lets_fewer_grids_share_a_walk_and_moves_few_metres() -> None:
    grids, ways = town(), tracks(500, 8)

    exact, held = credit_lines(ways, grids), credit_lines(ways, grids, band_m=5.0)

    assert held.groupby("line").size().le(exact.groupby("line").size()).all()
    both = exact.merge(held, on=["line", "grid_code"], how="outer").fillna(0.0)
    assert (both["metres_x"] - both["metres_y"]).abs().sum() / 2 < 0.2 * ways.length.sum()
