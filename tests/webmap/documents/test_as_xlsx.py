import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from made_sheet import HOSTILE
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from webmap.documents import as_xlsx
from webmap.documents.document import Document
from webmap.documents.excel_paper import LINE, Paper


@pytest.fixture
def book(made: Document, tmp_path: Path) -> Workbook:
    as_xlsx.write(made, tmp_path / "week.xlsx")
    return load_workbook(tmp_path / "week.xlsx")


@pytest.fixture
def leaf(book: Workbook) -> Worksheet:
    return book.worksheets[1]


def test_each_table_has_a_page_and_the_first_one_leads_to_them(book: Workbook):
    assert book.sheetnames == ["Overview", "1 By grid   all", "2 Nothing", "Data of charts"]
    links = {cell.value: cell.hyperlink.location for row in book["Overview"] for cell in row if cell.hyperlink}
    assert links == {"Table 1 By grid: [all]/*?": "'1 By grid   all'!A1", "Table 2 Nothing": "'2 Nothing'!A1"}


def test_codes_are_text_and_whole_and_nothing_that_people_wrote_is_reckoned(leaf: Worksheet):
    assert [(cell.value, cell.data_type, cell.number_format) for cell in leaf["A"][4:7]] == [
        (f"11010800100100{i}", "s", "@") for i in (1, 2, 3)
    ]
    assert (leaf["B5"].value, leaf["B5"].data_type) == (HOSTILE.replace("\x07", " "), "s")


def test_figures_are_what_a_spreadsheet_takes_for_such(leaf: Worksheet):
    row = {cell.column_letter: (cell.value, cell.number_format) for cell in leaf[5]}

    assert row["C"] == (7, "#,##0")
    assert row["D"] == (1234.5, "#,##0")
    assert row["F"] == (0.4136, "0.0%")
    assert row["G"] == (0.9372, "0.00%")
    assert row["H"] == (datetime(2026, 11, 19), "yyyy-mm-dd")  # noqa: DTZ001  Excel knows no time zones
    assert row["I"] == (datetime(2026, 11, 21, 6, 30), "yyyy-mm-dd hh:mm")  # noqa: DTZ001  as above
    assert row["J"] == (56667.4, '#,##0" m"')
    assert row["K"] == (-0.123, "+0.0%;−0.0%;0.0%")
    assert leaf["G6"].value == "–"


def test_a_total_that_is_a_sum_is_a_formula_and_keeps_what_it_comes_to(leaf: Worksheet, tmp_path: Path):
    kept = load_workbook(tmp_path / "week.xlsx", data_only=True).worksheets[1]

    assert leaf["A8"].value == "Total"
    assert (leaf["C8"].value, kept["C8"].value) == ("=SUM(C5:C7)", 10)


def test_a_total_that_is_not_the_sum_of_its_column_is_no_formula(leaf: Worksheet):
    assert leaf["D8"].value == 99999


def test_headings_stay_in_sight_and_on_every_printed_page(leaf: Worksheet):
    assert leaf.freeze_panes == "B5"
    assert leaf.print_title_rows == "$4:$4"
    assert leaf.auto_filter.ref == "A4:K7"
    assert leaf.column_dimensions["A"].width >= 15


def test_formulas_and_notes_stand_below_the_table(leaf: Worksheet):
    assert [leaf[f"A{row}"].value for row in (10, 11)] == ["closed = a / b", "1,234 are not told."]


def test_charts_are_drawn_by_excel_from_figures_of_their_own_page_and_maps_are_pictures(book: Workbook):
    leaf, data = book.worksheets[1], book["Data of charts"]
    (chart,) = leaf._charts
    (picture,) = leaf._images

    assert [[cell.value for cell in row] for row in data["A1:B4"]] == [
        *(["Sent up by grid", "Sent up"], ["001", 7], ["002", 0], ["003", 3]),
    ]
    assert chart.series[0].val.numRef.f == "'Data of charts'!$B$2:$B$4"
    assert picture.anchor._from.row > chart.anchor._from.row > 10


def test_a_workbook_holds_no_time_but_that_of_the_sheet(book: Workbook, tmp_path: Path):
    assert zipfile.ZipFile(tmp_path / "week.xlsx").testzip() is None
    assert book.properties.title == "民悦社区 Weekly meeting Week 47 of 2026 (2026-11-16 to 2026-11-22)"


def test_a_chart_that_would_be_torn_begins_a_sheet_of_paper():
    page = Workbook().worksheets[0]
    paper = Paper(page, [20.0, 10.0])

    paper.keep_whole(10, 30)
    paper.keep_whole(40, 70)
    paper.keep_whole(71, 80)

    assert [one.id for one in page.row_breaks.brk] == [39]


def test_long_notes_are_broken_into_lines_as_wide_as_the_sheet():
    page = Workbook().worksheets[0]
    paper = Paper(page, [9.0, 9.0])

    paper.say(5, "一" * 120, Font())

    assert str(page.merged_cells) == f"A5:{get_column_letter(paper.columns)}5"
    assert page.row_dimensions[5].height == 3 * LINE


@pytest.mark.parametrize(
    ("widths", "across"), [([9.0] * 8, "portrait"), ([9.0] * 9, "landscape"), ([42.0] * 5, "landscape")]
)
def test_wide_tables_are_laid_across_and_nothing_beside_the_table_is_printed(widths: list[float], across: str):
    page = Workbook().worksheets[0]
    paper = Paper(page, widths)
    paper.lay("for the office only", 12)

    assert (page.page_setup.orientation, page.sheet_properties.pageSetUpPr.fitToPage) == (across, True)
    assert page.print_area == f"'Sheet'!$A$1:${get_column_letter(paper.columns)}$12"
