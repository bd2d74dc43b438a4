"""Which fixes are part of a walk, and the line that they make."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from make import METRES, frame, square

from geo.lines import credit_lines
from patrols.rules import Rules
from patrols.tracks import clean_fixes, drawable, to_lines

START = pd.Timestamp("2026-11-01T08:00:00Z")


def walk(*places: tuple[float, float, float], patrol: object = "p") -> pd.DataFrame:
    """Fixes from (seconds, x, y)."""
    seconds, x, y = np.array(places, dtype=float).reshape(-1, 3).T
    at = START + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({"patrol": [patrol] * len(x), "at": at, "x": x, "y": y, "accuracy_m": 8.0})


def stroll(count: int, *, every: float = 5.0, patrol: object = "p") -> pd.DataFrame:
    """A walk eastwards at 1.2 m/s."""
    return walk(*[(n * every, n * every * 1.2, 0.0) for n in range(count)], patrol=patrol)


def dropped(fixes: pd.DataFrame, **also: object) -> dict[object, object]:
    by = clean_fixes(fixes, **also)["dropped_by"]  # type: ignore[arg-type]
    return by[by.notna()].to_dict()


def test_a_steady_walk_keeps_every_fix() -> None:
    assert dropped(stroll(100)) == {}


def test_a_fix_without_time_or_position_is_named() -> None:
    fixes = stroll(5)
    fixes.loc[1, "at"] = pd.NaT
    fixes.loc[2, "x"] = np.nan
    fixes.loc[3, "y"] = np.inf

    assert dropped(fixes) == {1: "no_time", 2: "no_position", 3: "no_position"}


def test_a_phone_that_says_zero_zero_does_not_know() -> None:
    fixes = stroll(5).assign(lon=116.3, lat=40.0)
    fixes.loc[[1, 2], ["lon", "lat"]] = 0.0
    fixes.loc[2, ["x", "y"]] = np.inf

    assert dropped(fixes) == {1: "zero", 2: "zero"}


def test_a_bad_accuracy_drops_a_fix_and_an_unknown_one_does_not() -> None:
    fixes = stroll(5)
    fixes["accuracy_m"] = [50.0, 50.1, 0.0, np.nan, -1.0]

    assert dropped(fixes) == {1: "accuracy"}


def test_an_accuracy_column_is_not_needed() -> None:
    assert dropped(stroll(5).drop(columns="accuracy_m")) == {}


def test_of_two_fixes_at_one_moment_the_more_accurate_stays() -> None:
    fixes = walk((0, 0, 0), (5, 6, 0), (5, 7, 0), (5, 8, 0), (10, 12, 0))
    fixes["accuracy_m"] = [8, 0, 9, 9, 8]

    assert dropped(fixes) == {1: "duplicate", 3: "duplicate"}


def test_the_same_fix_of_another_patrol_is_no_duplicate() -> None:
    assert dropped(pd.concat([stroll(3, patrol="a"), stroll(3, patrol="b")], ignore_index=True)) == {}


def test_fixes_before_and_after_the_time_that_makes_sense_are_named() -> None:
    late = START + pd.Timedelta(seconds=10)

    assert dropped(stroll(4), not_before=START + pd.Timedelta(seconds=5), not_after=late) == {
        0: "out_of_time",
        3: "out_of_time",
    }


def test_a_fix_in_another_county_is_named() -> None:
    fixes = stroll(9)
    fixes.loc[4, "x"] += 60_000

    assert dropped(fixes) == {4: "far_off"}


def test_a_single_jump_there_and_back_is_dropped() -> None:
    fixes = stroll(20)
    fixes.loc[7, "y"] = 400

    assert dropped(fixes) == {7: "jump"}


def test_a_phone_lost_for_several_fixes_in_one_place_is_dropped() -> None:
    fixes = stroll(20)
    fixes.loc[7:10, "y"] = 400

    assert dropped(fixes) == dict.fromkeys(range(7, 11), "jump")


def test_jumps_to_several_places_in_a_row_are_dropped() -> None:
    fixes = stroll(20)
    fixes.loc[[7, 8, 9], "y"] = [900.0, -900.0, 1900.0]

    assert dropped(fixes) == dict.fromkeys((7, 8, 9), "jump")


def test_a_wrong_first_idea_of_the_place_is_dropped() -> None:
    fixes = stroll(20)
    fixes.loc[0, "y"] = 700

    assert dropped(fixes) == {0: "jump"}


def test_a_wrong_last_idea_of_the_place_is_dropped() -> None:
    fixes = stroll(20)
    fixes.loc[18:, "y"] = 700

    assert dropped(fixes) == {18: "jump", 19: "jump"}


def test_what_lasts_longer_than_a_phones_error_is_kept_and_the_line_broken() -> None:
    fixes = stroll(60)
    fixes.loc[20:40, "y"] = 700

    clean = clean_fixes(fixes)

    assert clean["dropped_by"].isna().all()
    assert len(to_lines(clean).geometry.iloc[0].geoms) == 3


def test_the_scatter_of_a_phone_is_no_jump() -> None:
    rng = np.random.default_rng(3)
    fixes = stroll(500, every=1.0)
    fixes["y"] += rng.normal(0, 5, 500)

    assert dropped(fixes) == {}


@pytest.mark.parametrize("speed", [9.0, 20.0])
def test_a_ride_is_no_patrol(speed: float) -> None:
    fixes = stroll(60)
    fixes["x"] += np.clip(np.arange(60) - 20, 0, 30) * 5 * (speed - 1.2)

    found = dropped(fixes)

    assert set(found.values()) == {"speed"}
    assert set(range(21, 50)) <= set(found)
    assert not {0, 10, 13, 57, 59} & set(found)


def test_a_ride_with_a_fix_every_minute_is_no_patrol_either() -> None:
    fixes = walk(*[(n * 60, n * 60 * 12.0, 0) for n in range(10)])

    assert dropped(fixes) == dict.fromkeys(range(10), "speed")


def test_a_slow_return_after_a_long_silence_is_no_jump() -> None:
    assert dropped(walk((0, 0, 0), (5, 6, 0), (3600, 4000, 0), (3605, 4006, 0))) == {}


def stay(seconds: float, *, every: float = 5.0, at: float = 0.0, drift_m: float = 5.0) -> pd.DataFrame:
    """A phone that stands for so long, and its error going round in a circle meanwhile."""
    times = np.arange(0, seconds, every)
    return walk(*[(at + t, drift_m * np.cos(t / 7), drift_m * np.sin(t / 7)) for t in times])


def test_the_drift_of_a_phone_that_stands_is_no_walk_but_its_time_counts() -> None:
    fixes = stay(600)

    clean = clean_fixes(fixes)

    assert set(clean["dropped_by"].dropna()) == {"drift"}
    assert clean["dropped_by"].iloc[[0, -1]].isna().all()
    lines, raw = to_lines(clean), to_lines(fixes)
    assert raw.loc["p", "metres"] > 400
    assert lines.loc["p", "metres"] < 100
    assert [lines.loc["p", "minutes"], raw.loc["p", "minutes"]] == pytest.approx([595 / 60, 595 / 60])
    assert lines.loc["p", "moving_minutes"] < 0.5
    assert len(lines.loc["p", "geometry"].geoms) == 1


def test_a_stay_on_the_way_is_told_from_walking() -> None:
    before, after = stroll(20), stroll(20)
    after[["x"]] += 120.0
    after["at"] += pd.Timedelta(seconds=400)
    fixes = pd.concat([before, stay(295, at=100).assign(x=lambda rows: rows["x"] + 120), after], ignore_index=True)

    row = to_lines(clean_fixes(fixes)).loc["p"]

    assert row["minutes"] == pytest.approx(495 / 60)
    assert row["moving_minutes"] == pytest.approx(195 / 60, abs=0.7)
    assert row["metres"] == pytest.approx(240, abs=60)


def test_a_slow_walker_and_a_short_wait_are_no_stay() -> None:
    slow = walk(*[(n * 10, n * 4.0, 0.0) for n in range(60)])

    assert dropped(slow) == {}
    assert dropped(stay(80)) == {}
    assert to_lines(slow).loc["p", "moving_minutes"] == to_lines(slow).loc["p", "minutes"]


def test_a_phone_that_was_silent_for_long_has_not_stood_there() -> None:
    fixes = walk((0, 0, 0), (30, 1, 0), (60, 0, 1), (1000, 1, 1), (1030, 0, 0), (1060, 1, 0))

    assert dropped(fixes) == {}


def test_a_community_may_say_that_nobody_stands() -> None:
    assert dropped(stay(600), rules=Rules(stand_m=0.0)) == {}


def test_rows_keep_their_order_and_index_and_columns() -> None:
    fixes = pd.concat([stroll(30, patrol=2), stroll(30, patrol=1)], ignore_index=True).assign(battery=80)
    fixes.loc[[5, 40], "y"] = 500.0
    shuffled = fixes.sample(frac=1, random_state=4)

    clean = clean_fixes(shuffled)

    pd.testing.assert_frame_equal(clean.drop(columns="dropped_by"), shuffled)
    assert set(clean.index[clean["dropped_by"] == "jump"]) == {5, 40}


def test_cleaning_is_the_same_for_many_patrols_together_and_each_alone() -> None:
    rng = np.random.default_rng(9)
    patrols = [stroll(80, patrol=number) for number in range(12)]
    for fixes in patrols:
        stray = rng.integers(0, 80, 10)
        fixes.loc[stray, ["x", "y"]] += rng.normal(0, 400, (10, 2))[: len(fixes.loc[stray])]
    together = clean_fixes(pd.concat(patrols, ignore_index=True))

    alone = pd.concat([clean_fixes(fixes) for fixes in patrols], ignore_index=True)

    pd.testing.assert_frame_equal(together, alone)


def test_no_fixes_make_no_lines() -> None:
    assert to_lines(clean_fixes(stroll(0)), crs=METRES).empty
    assert drawable(to_lines(stroll(0), crs=METRES)).empty


def test_a_line_has_the_metres_and_minutes_of_its_fixes() -> None:
    lines = to_lines(stroll(11), crs=METRES)

    row = lines.loc["p"]
    assert row["metres"] == pytest.approx(60.0)
    assert row["minutes"] == pytest.approx(50 / 60)
    assert (row["fixes_kept"], row["fixes_dropped"]) == (11, 0)
    assert (row["started_at"], row["ended_at"]) == (START, START + pd.Timedelta(seconds=50))
    np.testing.assert_array_equal(row["seconds"], np.arange(11) * 5.0)
    assert lines.crs == METRES


def test_a_line_is_broken_where_the_signal_was_gone() -> None:
    fixes = walk((0, 0, 0), (60, 60, 0), (180.5, 120, 0), (240, 180, 0), (361, 240, 0))

    row = to_lines(fixes).loc["p"]

    assert [part.length for part in row["geometry"].geoms] == [60.0, 60.0]
    assert row["metres"] == 120.0
    assert row["minutes"] == pytest.approx((60 + 59.5) / 60)
    np.testing.assert_array_equal(row["seconds"], [0, 60, 180.5, 240])


def test_a_gap_just_short_enough_is_drawn_across() -> None:
    row = to_lines(walk((0, 0, 0), (120, 100, 0))).loc["p"]

    assert row["metres"] == 100.0


def test_dropped_fixes_are_counted_but_not_walked() -> None:
    fixes = stroll(20)
    fixes.loc[7, "y"] = 400

    row = to_lines(clean_fixes(fixes)).loc["p"]

    assert row["metres"] == pytest.approx(19 * 6.0)
    assert (row["fixes_kept"], row["fixes_dropped"]) == (19, 1)


def test_a_patrol_of_which_nothing_is_left_keeps_its_row() -> None:
    fixes = pd.concat([stroll(2, patrol="seen"), stroll(1, patrol="one"), stroll(2, patrol="bad").assign(x=np.nan)])

    lines = to_lines(clean_fixes(fixes.reset_index(drop=True)))

    assert lines.index.tolist() == ["seen", "one", "bad"]
    assert lines.geometry.isna().tolist() == [False, True, True]
    assert lines["fixes_kept"].tolist() == [2, 1, 0]
    assert pd.isna(lines.loc["bad", "started_at"])
    assert lines.loc["one", "started_at"] == START
    assert lines["metres"].tolist() == [6.0, 0.0, 0.0]


def test_standing_still_has_time_but_nothing_to_draw() -> None:
    stood = walk((0, 5, 5), (60, 5, 5), (100, 5, 5))

    lines = to_lines(stood, crs=METRES)

    assert lines.loc["p", "minutes"] == pytest.approx(100 / 60)
    assert drawable(lines).tolist() == [None]


def test_only_the_parts_that_moved_are_drawn() -> None:
    lines = to_lines(walk((0, 0, 0), (60, 60, 0), (300, 70, 0), (360, 70, 0)), crs=METRES)

    assert shapely.get_num_geometries(lines.geometry.array).tolist() == [2]
    assert drawable(lines).to_wkt().tolist() == ["MULTILINESTRING ((0 0, 60 0))"]


places = st.lists(st.tuples(st.integers(1, 200), st.integers(-5, 25), st.integers(-5, 15)), min_size=0, max_size=25)


@settings(deadline=None, max_examples=60)
@given(outings=st.lists(places, min_size=1, max_size=4))
def test_what_the_grids_earn_is_what_the_line_has(outings: list[list[tuple[int, int, int]]]) -> None:
    grids = frame([square(0, 0, 10), square(10, 0, 10)], grid_code=["A", "B"])
    gaps_and_places = [np.array(outing, dtype=float).reshape(-1, 3) for outing in outings]
    timed = [np.column_stack([each[:, 0].cumsum(), each[:, 1:]]) for each in gaps_and_places]
    fixes = pd.concat([walk(*each, patrol=key) for key, each in enumerate(timed)], ignore_index=True)

    lines = to_lines(clean_fixes(fixes), Rules(), crs=METRES)
    credits = credit_lines(lines, grids).groupby("line")[["metres", "minutes"]].sum().reindex(lines.index, fill_value=0)

    np.testing.assert_allclose(credits["metres"], lines["metres"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(credits["minutes"], lines["minutes"], rtol=0, atol=1e-6)
    assert (lines["fixes_kept"] + lines["fixes_dropped"]).sum() == len(fixes)
    np.testing.assert_allclose(lines.geometry.length.fillna(0), lines["metres"], rtol=0, atol=1e-6)


PLACE = st.tuples(
    st.sampled_from([0, 0, 500, 1000, 5000, 30_000, 61_234, 130_000]),
    st.sampled_from([-200, -6, 0, 6, 6, 20, 300]),
    st.sampled_from([-6, 0, 6, 250]),
    st.sampled_from([np.nan, 5.0, 5.0, 12.0, 80.0]),
)


@settings(deadline=None, max_examples=80)
@given(outings=st.lists(st.lists(PLACE, max_size=40), min_size=1, max_size=3), seed=st.integers(0, 2**16))
def test_however_the_fixes_come_in_the_same_are_dropped_and_the_same_line_is_left(outings: list, seed: int) -> None:
    tables = []
    for key, steps in enumerate(outings):
        passed_ms, x, y, accuracy = np.array(steps, dtype=float).reshape(-1, 4).T
        at = START + pd.to_timedelta(passed_ms.cumsum(), unit="ms")
        tables.append(pd.DataFrame({"patrol": key, "at": at, "x": x.cumsum(), "y": y.cumsum(), "accuracy_m": accuracy}))
    fixes = pd.concat(tables, ignore_index=True)
    shuffled = fixes.sample(frac=1, random_state=seed)

    first, again = clean_fixes(fixes), clean_fixes(shuffled)

    left = [one.sort_values(list(fixes.columns), ignore_index=True) for one in (first, again)]
    # Which of two fixes that are alike in everything is called the second tells nothing.
    by = [
        one.groupby(list(fixes.columns), dropna=False)["dropped_by"].agg(lambda some: sorted(map(str, some)))
        for one in left
    ]
    assert by[0].equals(by[1])
    lines = [to_lines(one, crs=METRES).sort_index() for one in (first, again)]
    for name in ("metres", "minutes", "moving_minutes", "started_at", "ended_at", "fixes_kept", "fixes_dropped"):
        assert lines[0][name].equals(lines[1][name]), name
    assert lines[0].geometry.geom_equals_exact(lines[1].geometry, 0).where(lines[0].geometry.notna(), True).all()


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(PLACE, min_size=1, max_size=40))
def test_a_patrol_is_cleaned_the_same_alone_and_behind_another(steps: list) -> None:
    passed_ms, x, y, accuracy = np.array(steps, dtype=float).T
    at = START + pd.to_timedelta(passed_ms.cumsum(), unit="ms")
    alone = pd.DataFrame({"patrol": "b", "at": at, "x": x.cumsum(), "y": y.cumsum(), "accuracy_m": accuracy})
    before = stroll(50, every=7.77, patrol="a")

    together = clean_fixes(pd.concat([before, alone], ignore_index=True)).iloc[50:]

    assert together["dropped_by"].tolist() == clean_fixes(alone)["dropped_by"].tolist()
