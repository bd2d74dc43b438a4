"""Tables come as text with the rows that people count; codes stay codes."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from data.errors import UnreadableFile
from data.exchange.tables import read_table, rename

CODE = "620102001001"


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def cells(frame: Any, column: str) -> list[Any]:
    return frame[column].tolist()


def test_codes_stay_text_and_rows_are_counted_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    reading = read_table(written(tmp_path / "a.csv", f"编码,名称\n{CODE},甲\n\n007,乙\n"))

    assert cells(reading.frame, "编码") == [CODE, "007"]
    assert cells(reading.frame, "source_row") == [2, 4]
    assert reading.refusals == []


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["名称", "备注"]) + "\n" + delimiter.join(["甲", '"一,二;三"']) + "\n"

    assert cells(read_table(written(tmp_path / "a.csv", text)).frame, "备注") == ["一,二;三"]


def test_a_code_that_a_spreadsheet_shortened_is_refused_with_its_row_and_column(tmp_path: Path) -> None:
    reading = read_table(written(tmp_path / "a.csv", f"编码,名称\n{CODE},甲\n6.20102E+11,乙\n"))

    assert cells(reading.frame, "名称") == ["甲"]
    assert [(refusal.row, refusal.column) for refusal in reading.refusals] == [(3, "编码")]
    assert "Format the column as text" in str(reading.refusals[0])


def test_a_row_with_more_cells_than_headings_is_refused(tmp_path: Path) -> None:
    reading = read_table(written(tmp_path / "a.csv", "a,b\n1,2\n1,2,3\n4\n5,6,\n"))

    assert cells(reading.frame, "a") == ["1", "4", "5"]
    assert [refusal.row for refusal in reading.refusals] == [3]


def test_a_title_above_the_headings_is_passed_over(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["某社区事件台账"], ["2026年5月"], ["编号", "类别"], ["1", "噪音"])

    reading = read_table(path)

    assert list(reading.frame.columns) == ["编号", "类别", "source_row"]
    assert cells(reading.frame, "source_row") == [4]


def test_headings_that_occur_twice_or_not_at_all_get_names_of_their_own(tmp_path: Path) -> None:
    frame = read_table(written(tmp_path / "a.csv", "名称,,名称,\n甲,1,乙,\n")).frame

    assert list(frame.columns) == ["名称", "column_2", "名称_2", "source_row"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n\n", "holds no rows"),
        ('{"type": "FeatureCollection"}', "holds JSON"),
        ("<html><table></table></html>", "is no table of text"),
        ("PK\x03\x04....", "Excel workbook"),
        ("a," * 600 + "\n1", "more than 500 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read_table(written(tmp_path / "a.csv", text))


def test_an_old_workbook_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))

    with pytest.raises(UnreadableFile, match=r"save it as \.xlsx"):
        read_table(tmp_path / "a.xlsx")


def test_cells_of_a_workbook_come_as_a_person_would_type_them(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        ["编码", "户数", "时间", "经度", "是否"],
        [int(CODE), 12.0, datetime(2026, 5, 1, 8, 30), 104.0667, True],  # noqa: DTZ001 - sheets know no zones
    )

    row = read_table(path).frame.iloc[0].tolist()

    assert row == [CODE, "12", "2026-05-01 08:30:00", "104.0667", "true", 2]


def test_a_number_of_eighteen_digits_is_refused_because_excel_lost_the_last(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["部门编码", "名称"], [123456789012345678, "甲"], ["123456789012345678", "乙"])

    reading = read_table(path)

    assert cells(reading.frame, "名称") == ["乙"]
    assert [(refusal.row, refusal.column) for refusal in reading.refusals] == [(2, "A")]


def test_errors_and_formulas_never_computed_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["名称", "户数"], ["甲", "#REF!"], ["乙", "=1+1"], ["丙", 3])

    reading = read_table(path)

    assert cells(reading.frame, "名称") == ["丙"]
    assert [(refusal.row, refusal.column) for refusal in reading.refusals] == [(2, "B"), (3, "B")]


def test_the_first_visible_sheet_that_holds_something_is_read_and_the_others_are_mentioned(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "空"
    hidden = book.create_sheet("隐藏")
    hidden.append(["不要", "读"])
    hidden.sheet_state = "hidden"
    book.create_sheet("人员").append(["姓名", "电话"])
    book["人员"].append(["张三", "13800000000"])
    book.create_sheet("说明").append(["无"])
    book.save(tmp_path / "a.xlsx")

    reading = read_table(tmp_path / "a.xlsx")

    assert cells(reading.frame, "姓名") == ["张三"]
    assert "说明" in str(reading.frame.attrs["notes"][0])


def test_a_cell_in_the_last_corner_of_a_sheet_is_refused_at_once(tmp_path: Path) -> None:
    book = Workbook()
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "a.xlsx")

    with pytest.raises(UnreadableFile, match="more than 500 columns"):
        read_table(tmp_path / "a.xlsx")


def test_headings_are_found_whatever_people_call_them() -> None:
    wanted = {"grid_code": ("网格编码",), "lon": ("经度", "longitude")}

    assert rename(["*网格编码 (15位)", "LONGITUDE", "备注"], wanted) == {
        "*网格编码 (15位)": "grid_code",
        "LONGITUDE": "lon",
    }


def test_the_heading_that_stands_first_wins_and_the_other_column_stays() -> None:
    assert rename(["经度", "longitude"], {"lon": ("经度", "longitude")}) == {"经度": "lon"}


def test_two_columns_that_could_both_be_meant_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="经度, 经度 "):
        rename(["经度", "经度 "], {"lon": ("经度",)})
