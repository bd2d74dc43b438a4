"""``gridpatrol map``: pictures of maps for a report."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import Engine
from visit import HOME

from webmap.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, town_engine: Engine) -> Run:
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", str(town_engine.url))
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("about", ["open", "heat", "coverage"])
def test_a_map_is_written_as_a_picture_and_as_a_page(run: Run, tmp_path: Path, about: str) -> None:
    for ending in ("png", "pdf"):
        answer = run("map", about, "--community", HOME, "--out", tmp_path / f"map.{ending}")
        assert answer.exit_code == 0, answer.output

    with Image.open(BytesIO((tmp_path / "map.png").read_bytes())) as read:
        assert read.size == (1754, 1241)
    with pypdfium2.PdfDocument(tmp_path / "map.pdf") as document:
        said = document[0].get_textpage().get_text_bounded()
    assert "民悦社区" in said
    assert ("For use inside the office" in said) is (about == "open")
    assert "王秀英" not in said


@pytest.mark.parametrize(("about", "ending"), [("responsibility", "png"), ("heat", "gif"), ("open", "docx")])
def test_a_map_is_not_written_as_what_it_cannot_be(run: Run, tmp_path: Path, about: str, ending: str) -> None:
    answer = run("map", about, "--community", HOME, "--out", tmp_path / f"map.{ending}")

    assert answer.exit_code == 2
    assert f".{ending}" in answer.output
    assert not (tmp_path / f"map.{ending}").exists()
