import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from docx import Document
from sqlalchemy import Engine
from visit import HOME

from webmap.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, town_engine: Engine) -> Run:
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", str(town_engine.url))
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, ["figures", *map(str, words), "--community", HOME])


def test_a_sheet_is_written_as_its_ending_says(run: Run, tmp_path: Path) -> None:
    answer = run("monthly", "--day", "2026-11-22", "--out", tmp_path / "month.docx")

    assert answer.exit_code == 0, answer.output
    assert "民悦社区" in answer.output
    assert "November 2026" in answer.output
    assert len(Document(str(tmp_path / "month.docx")).tables) > 5


def test_what_was_written_is_told_as_json(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "quarter.html"
    answer = run("quarterly", "--day", "2026-08-01", "--out", out, "--json")

    told = json.loads(answer.output)
    assert told.pop("tables") > 5
    assert told == {
        **{"file": str(out), "community": HOME, "kind": "quarterly"},
        **{"first": "2026-07-01", "last": "2026-09-30"},
    }


def test_another_ending_is_refused_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    answer = run("weekly", "--out", tmp_path / "week.odt")

    assert answer.exit_code == 2
    assert ".docx" in answer.output
    assert list(tmp_path.glob("*.odt")) == []


def test_a_period_that_has_not_begun_is_refused(run: Run, tmp_path: Path) -> None:
    answer = run("yearly", "--day", "2999-01-01", "--out", tmp_path / "year.pdf")

    assert answer.exit_code == 2
    assert list(tmp_path.glob("*.pdf")) == []
