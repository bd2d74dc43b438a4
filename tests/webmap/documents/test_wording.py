from datetime import UTC, date, datetime

import made_sheet
import pytest
from spoken import speaking

from patrols.periodic import Kind, Named, PeriodKind, Said, period
from patrols.rates import Rate
from webmap.documents.document import Document
from webmap.documents.wording import Wording, numbered, period_said, rate_said, rounded


def test_every_kind_of_cell_is_said_in_its_own_way(made: Document):
    (table, _) = made.tables()

    assert table.rows[0][2:] == [
        *("7", "1,235", "2.3", "41.4%", "93.72%", "2026-11-19", "2026-11-21 06:30", "56,667 m", "−12.3%"),
    ]
    assert table.rows[1] == ["002", "old dormitory", "0", "–", "–", "–", "–", "–", "–", "12.50%", "+3.13 points"]
    assert table.rows[2][-2:] == ["4", "0"]


def test_a_heading_says_the_unit_of_its_figures_and_a_total_leaves_open_what_cannot_be_added_up(made: Document):
    (table, _) = made.tables()

    assert table.headings[:5] == ["Grid", "Name", "Sent up", "Walked (m)", "Time (h)"]
    assert table.total == ["Total", "", "10", "99,999", "", "", "93.72%", "", "", "", ""]


def test_what_says_nothing_is_left_out(made: Document):
    assert [part.heading for part in made.parts] == ["1. Grids"]
    assert [name for table in made.tables() for name, _ in table.figures] == ["Figure 1", "Figure 2"]


def test_facts_in_a_sentence_are_said_as_in_a_table(made: Document):
    assert made.parts[0].sentences == ["1,234 came."]


def test_a_grid_of_another_community_keeps_its_whole_code(made: Document):
    assert made.wording.short("220108001001002") == "220108001001002"


def test_a_share_of_exactly_a_half_is_rounded_up():
    assert rate_said(Rate(1, 800)) == "0.13%"
    assert str(rounded(2.675, 2)) == "2.68"


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        (PeriodKind.DAY, "Sunday 22 November 2026", "2026年11月22日星期日"),
        (PeriodKind.MONTH, "November 2026", "2026年11月"),
        (PeriodKind.QUARTER, "4th quarter 2026", "2026年第4季度"),
        (PeriodKind.YEAR, "2026", "2026年"),
    ],
)
def test_a_period_is_headed_as_offices_do(kind: PeriodKind, english: str, chinese: str):
    asked = period(kind, date(2026, 11, 22))

    assert period_said(asked).replace(",", "") == english
    with speaking("zh").app_context():
        assert period_said(asked) == chinese


def test_sections_are_counted_in_the_reader_s_numerals():
    with speaking("zh").app_context():
        assert [numbered(i) for i in (1, 9, 10, 11, 20, 21)] == ["一、", "九、", "十、", "十一、", "二十、", "二十一、"]


def test_a_name_is_said_in_the_reader_s_language(made: Document):
    with speaking("zh").app_context():
        assert Wording(made.sheet).cell(Named("老宿舍", "old dormitory")) == "老宿舍"


def test_a_moment_within_a_sentence_is_told_by_the_clock_of_the_community(made: Document):
    said = made.wording.said(Said("at %(at)s", {"at": datetime(2026, 11, 20, 16, 0, tzinfo=UTC)}))

    assert said == "at 2026-11-21 00:00"
    assert made.wording.cell(float("nan"), Kind.HOURS) == "–"
    assert made.wording.cell(made_sheet.HOSTILE) == made_sheet.HOSTILE.replace("\x07", " ")
