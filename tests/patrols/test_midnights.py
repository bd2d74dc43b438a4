"""Walks past midnight: each day has its own stretch, and nothing is lost between them."""

from zoneinfo import ZoneInfo

import make
import numpy as np
import pandas as pd
import pytest

from patrols.midnights import by_day
from patrols.tracks import to_lines

CHINA = ZoneInfo("Asia/Shanghai")


def fixes(start: str, count: int, name: str = "walk", step_s: int = 10) -> pd.DataFrame:
    """Fixes going east by 10 m each."""
    at = pd.Timestamp(start, tz=CHINA) + pd.to_timedelta(np.arange(count) * step_s, unit="s")
    return pd.DataFrame({"patrol": name, "at": at.tz_convert("UTC"), "x": np.arange(count) * 10.0, "y": 0.0})


def test_a_walk_within_one_day_stays_one() -> None:
    lines = to_lines(fixes("2026-11-21 08:00:00", 7), crs=make.METRES)

    days = by_day(lines, CHINA)

    assert days.index.tolist() == ["walk"]
    assert days.geometry.iloc[0].equals(lines.geometry.iloc[0])
    assert days[["metres", "minutes"]].to_numpy()[0] == pytest.approx([60.0, 1.0])


def test_a_walk_past_midnight_is_cut_where_it_was_then() -> None:
    lines = to_lines(fixes("2026-11-21 23:59:25", 8), crs=make.METRES)

    days = by_day(lines, CHINA)

    assert days.index.tolist() == ["walk", "walk"]
    assert days["metres"].tolist() == pytest.approx([35.0, 35.0])
    assert days["minutes"].tolist() == pytest.approx([35 / 60, 35 / 60])
    assert days["started_at"].dt.tz_convert(CHINA).dt.day.tolist() == [21, 22]
    assert [len(each) for each in days["seconds"]] == [5, 5]


def test_a_fix_at_midnight_itself_belongs_to_the_new_day() -> None:
    days = by_day(to_lines(fixes("2026-11-21 23:59:30", 7), crs=make.METRES), CHINA)

    assert days["metres"].tolist() == pytest.approx([30.0, 30.0])
    assert days["minutes"].tolist() == pytest.approx([0.5, 0.5])


def test_many_walks_keep_their_order_and_their_totals() -> None:
    walks = [fixes("2026-11-21 08:00", 5, "a"), fixes("2026-11-21 23:58", 30, "b"), fixes("2026-11-22 00:00", 4, "c")]
    lines = to_lines(pd.concat(walks, ignore_index=True), crs=make.METRES)

    days = by_day(lines, CHINA)

    assert days.index.tolist() == ["a", "b", "b", "c"]
    totals = days.groupby(level=0)[["metres", "minutes"]].sum()
    np.testing.assert_allclose(totals, lines[["metres", "minutes"]], rtol=0, atol=1e-9)


def test_no_walks_have_no_days() -> None:
    lines = to_lines(fixes("2026-11-21 08:00", 5), crs=make.METRES).iloc[:0]

    assert by_day(lines, CHINA).empty
