from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from visit import HOME, send

from data.exchange.sources import read_table
from data.models import Role
from patrols.extracts import MEANINGS
from patrols.intake.grid_sheet import GRIDS
from patrols.intake.incidents import INCIDENTS
from patrols.intake.sheet import Headings
from webmap.excel_headings import CHINESE

ONLY_FIXES = {"at", "accuracy_m", "dropped_by"}
"""Columns of fixes, which are too many for Excel and are not taken away into it."""


@pytest.fixture
def chinese(as_role: Callable[[Role], FlaskClient]) -> FlaskClient:
    browser = as_role(Role.GRID_MANAGER)
    send(browser, "/language", language="zh", next="/")
    return browser


def headings(content: bytes, folder: Path) -> list[str]:
    (folder / "taken.xlsx").write_bytes(content)
    return [cell.value for cell in load_workbook(folder / "taken.xlsx").worksheets[0][1]]


def test_every_column_that_is_taken_away_has_a_chinese_heading_of_its_own() -> None:
    assert set(MEANINGS) - set(CHINESE) == ONLY_FIXES
    assert len(set(CHINESE.values())) == len(CHINESE)


@pytest.mark.parametrize("wanted", [GRIDS, INCIDENTS])
def test_what_was_taken_away_can_be_brought_back(wanted: Headings) -> None:
    meant = {spelling: column for column, spellings in wanted.items() for spelling in spellings}
    taken = {column: meant[said] for column, said in CHINESE.items() if said in meant and column in wanted}

    # A category has a family in its own right, which incidents call by a longer name.
    assert {column for column, found in taken.items() if found != column} == set()
    assert len(taken) >= 8


def test_a_chinese_office_reads_chinese_headings_in_excel_and_codes_are_text(
    chinese: FlaskClient, tmp_path: Path
) -> None:
    grids = chinese.get("/downloads/grids?format=.xlsx").data

    assert headings(grids, tmp_path)[:5] == ["网格编码", "名称", "类型", "户数", "人口"]
    assert read_table(tmp_path / "taken.xlsx").frame["网格编码"].iloc[0] == f"{HOME}001"
    incidents = send(chinese, "/downloads/incidents", page="/downloads", format=".xlsx").data
    assert "发现时间" in headings(incidents, tmp_path)


def test_files_for_programs_keep_the_names_of_the_columns(chinese: FlaskClient, tmp_path: Path) -> None:
    answer = send(chinese, "/downloads/incidents", page="/downloads", format=".csv")

    (tmp_path / "taken.csv").write_bytes(answer.data)
    assert {"grid_code", "found_at"} <= set(read_table(tmp_path / "taken.csv").frame.columns)
