"""Cells on their way in: headings, times, numbers, words."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from data.errors import Refusal, RowsRefused
from data.exchange.reading import Reading
from data.models import GridKind
from patrols.intake.sheet import Sheet

BEIJING = "Asia/Shanghai"


def sheet(values: list[Any], heading: str = "value", refusals: tuple[Refusal, ...] = ()) -> Sheet:
    frame = pd.DataFrame({heading: pd.Series(values), "source_row": range(2, len(values) + 2)})
    frame.attrs = {"file": "t.csv", "notes": []}
    return Sheet(Reading(frame, list(refusals)), {"value": ("数值", "Value of it")})


@pytest.mark.parametrize("heading", ["value", "VALUE", " 数值 ", "value_of_it", "Value Of It"])
def test_headings_are_found_whatever_their_case_and_spaces(heading: str) -> None:
    assert sheet(["x"], heading).text("value", longest=5).tolist() == ["x"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-09-01 14:30", datetime(2026, 9, 1, 6, 30, tzinfo=UTC)),
        ("2026/9/1 14:30:05", datetime(2026, 9, 1, 6, 30, 5, tzinfo=UTC)),
        ("2026年9月1日 14:30", datetime(2026, 9, 1, 6, 30, tzinfo=UTC)),
        ("2026年9月1日", datetime(2026, 8, 31, 16, 0, tzinfo=UTC)),
        ("2026.9.1 8:05", datetime(2026, 9, 1, 0, 5, tzinfo=UTC)),
        ("2026-09-01T14:30:00+08:00", datetime(2026, 9, 1, 6, 30, tzinfo=UTC)),
        ("2026-09-01T06:30:00Z", datetime(2026, 9, 1, 6, 30, tzinfo=UTC)),
        ("2026-09-01T06:30:00.250Z", datetime(2026, 9, 1, 6, 30, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_local_unless_they_name_a_zone(written: str, meant: datetime) -> None:
    taken = sheet([written, ""])

    assert taken.moment("value", BEIJING)[0] == pd.Timestamp(meant)
    assert taken.refusals == []


def test_times_of_both_kinds_may_stand_in_one_column() -> None:
    found = sheet(["2026-09-01 14:30", "2026-09-01T06:30:00Z", None]).moment("value", BEIJING)

    assert found[0] == found[1]
    assert pd.isna(found[2])


def test_times_that_a_reader_has_understood_are_left_alone() -> None:
    aware = pd.Series(pd.to_datetime(["2026-09-01T06:30:00Z"]))
    naive = aware.dt.tz_convert(BEIJING).dt.tz_localize(None)

    for column in (aware, naive):
        assert sheet(list(column)).moment("value", BEIJING)[0] == aware[0]


@pytest.mark.parametrize("written", ["2026-13-01 08:00", "31/12/2026 25:00", "soon"])
def test_times_that_nobody_can_read_are_refused(written: str) -> None:
    taken = sheet([written])
    taken.moment("value", BEIJING)

    assert [str(one) for one in taken.refusals] == [
        f"t.csv:2:value: {written} is not a date and time. Write it like 2026-11-22 14:30."
    ]


def test_an_hour_that_the_clock_skips_is_the_next_one() -> None:
    skipped = sheet(["2026-03-29 02:30"]).moment("value", "Europe/Berlin")

    assert skipped[0] == pd.Timestamp("2026-03-29T01:00:00Z")


@pytest.mark.parametrize(
    "written", ["2026-01-31", "2026/1/31", "2026年1月31日", "2026-01-31 08:00:00", date(2026, 1, 31)]
)
def test_days_are_read_in_the_ways_offices_write_them(written: Any) -> None:
    assert sheet([written]).day("value").tolist() == [date(2026, 1, 31)]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ([12.0, None], ["12", ""]),
        ([12.5, 3.0], ["12.5", "3"]),
        ([110108001001001], ["110108001001001"]),
        (["  a ", None], ["a", ""]),
    ],
)
def test_figures_become_text_as_they_were_written(cells: list[Any], text: list[str]) -> None:
    assert sheet(cells).text("value", longest=20).tolist() == text


@pytest.mark.parametrize("cells", [["3", "", "7"], [3, None, 7], [3.0, float("nan"), 7.0]])
def test_whole_numbers_may_come_as_text_or_figures(cells: list[Any]) -> None:
    assert sheet(cells).whole("value", default=-1).tolist() == [3, -1, 7]


@pytest.mark.parametrize("cell", ["inf", "1e400", "12 m", "-5", True])
def test_what_is_no_count_is_refused(cell: Any) -> None:
    taken = sheet([cell])
    taken.whole("value")

    assert len(taken.refusals) == 1


def test_words_may_be_written_in_chinese_and_stay_words() -> None:
    taken = sheet(["综合", "special", "SPECIAL", "", "moon"])

    found = taken.word("value", GridKind, {"综合": GridKind.GENERAL}, default=GridKind.GENERAL)

    assert found.tolist()[:4] == [GridKind.GENERAL, GridKind.SPECIAL, GridKind.SPECIAL, GridKind.GENERAL]
    assert all(isinstance(one, GridKind) for one in found)
    assert [str(one) for one in taken.refusals] == ["t.csv:6:value: moon is not one of general, special."]


def test_what_the_reader_refused_is_refused_here_too() -> None:
    earlier = Refusal("t.csv", 9, None, "This row has more cells than headings.")
    taken = sheet(["x"], refusals=(earlier,))

    with pytest.raises(RowsRefused, match="more cells than headings"):
        taken.accept(skip_bad=False)
    assert taken.accept(skip_bad=True).tolist() == [True]


def test_refusals_come_in_the_order_of_the_rows() -> None:
    taken = sheet(["x" * 9, "1", ""])
    taken.number("value")
    taken.text("value", longest=5, required=True)

    assert [one.row for one in taken.refusals] == [2, 2, 4]
