"""Printed pages, read back as a printer and a phone would: rendered, their text taken out, their codes scanned."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select
from visit import HOME

from data.database import open_session
from data.models import Community, NoticeBoard
from webmap.cli import main
from webmap.printing.paper import ELLIPSIS, SIZES, Paper, shortened, use_fonts, width_of, wrapped

Run = Callable[..., Result]
ADDRESS = "https://grid.example.org"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, town_engine: Engine) -> Run:
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", str(town_engine.url))
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


class Printed:
    """A PDF that was printed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pages(self) -> Iterator[pypdfium2.PdfPage]:
        with pypdfium2.PdfDocument(self.path) as document:
            yield from document

    def texts(self) -> list[str]:
        return [page.get_textpage().get_text_bounded() for page in self.pages()]

    def codes(self) -> list[str]:
        images = [page.render(scale=2).to_pil() for page in self.pages()]
        return [code.text for image in images for code in zxingcpp.read_barcodes(image)]


def test_the_atlas_has_an_overview_a_list_and_a_page_a_grid(run: Run, tmp_path: Path) -> None:
    answer = run("atlas", "--community", HOME, "--out", tmp_path / "atlas.pdf")

    texts = Printed(tmp_path / "atlas.pdf").texts()
    assert "6 grids on 8 pages" in answer.output
    assert len(texts) == 8
    assert "Grid atlas of 民悦社区" in texts[0]
    assert re.findall(r"\b00[1-6]\b", texts[1]) == [f"00{i}" for i in range(1, 7)]
    assert [f"{HOME}00{i}" in texts[i + 1] for i in range(1, 7)] == [True] * 6
    assert "王秀英" in texts[2]
    assert "8 of 8" in texts[7]


def test_the_code_on_an_atlas_page_opens_its_grid(run: Run, tmp_path: Path) -> None:
    run("atlas", "--community", HOME, "--address", f"{ADDRESS}/", "--out", tmp_path / "atlas.pdf")

    assert Printed(tmp_path / "atlas.pdf").codes() == [f"{ADDRESS}/grids/{HOME}00{i}" for i in range(1, 7)]


def test_an_atlas_of_chosen_grids_has_only_these_and_without_an_address_no_code(run: Run, tmp_path: Path) -> None:
    run("atlas", "--community", HOME, "--grid", f"{HOME}002", "--out", tmp_path / "atlas.pdf")

    printed = Printed(tmp_path / "atlas.pdf")
    assert len(printed.texts()) == 3
    assert printed.codes() == []


def test_the_same_atlas_is_the_same_file(run: Run, tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        run("atlas", "--community", HOME, "--out", tmp_path / name)

    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_a_board_says_who_answers_and_its_code_leads_to_its_page(run: Run, tmp_path: Path, town_engine: Engine) -> None:
    run("board", "office-phone", "0930-8321234", "--community", HOME)
    answer = run("board", "grids", "--community", HOME, "--address", ADDRESS, "--out", tmp_path / "boards.pdf")

    printed = Printed(tmp_path / "boards.pdf")
    with open_session(town_engine) as session:
        hung = session.scalars(
            select(NoticeBoard).where(NoticeBoard.grid_code.is_not(None)).order_by(NoticeBoard.grid_code)
        ).all()
        tokens = [board.token for board in hung]
    first = printed.texts()[0]
    assert "6 notice boards" in answer.output
    assert printed.codes() == [f"{ADDRESS}/r/{token}" for token in tokens]
    assert "王秀英" in first
    assert "0930-8321234" in first
    assert "13800000001" not in first


def test_numbers_of_staff_stand_on_a_board_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    common = ["--community", HOME, "--grid", f"{HOME}001", "--address", ADDRESS, "--out", tmp_path / "board.pdf"]
    run("board", "grids", "--staff-phones", *common)

    assert "13800000001" in Printed(tmp_path / "board.pdf").texts()[0]


@pytest.mark.parametrize(("paper", "wide"), [("a3-landscape", 1190.55), ("a4-landscape", 841.89)])
def test_boards_come_in_two_sizes(run: Run, tmp_path: Path, paper: str, wide: float) -> None:
    out = tmp_path / "board.pdf"
    run(
        "board",
        "grids",
        "--community",
        HOME,
        "--grid",
        f"{HOME}001",
        "--address",
        ADDRESS,
        "--paper",
        paper,
        "--out",
        out,
    )

    printed = Printed(out)
    assert [page.get_width() for page in printed.pages()] == [pytest.approx(wide, abs=0.01)]
    assert len(printed.codes()) == 1


def test_a_board_that_could_not_be_written_was_not_put_up(run: Run, tmp_path: Path, town_engine: Engine) -> None:
    before = _boards(town_engine)
    answer = run("board", "grids", "--community", HOME, "--address", ADDRESS, "--out", tmp_path / "no" / "board.pdf")

    assert answer.exit_code == 2
    assert _boards(town_engine) == before


def test_wrong_endings_and_addresses_are_named(run: Run, tmp_path: Path) -> None:
    assert ".doc" in run("atlas", "--community", HOME, "--out", tmp_path / "atlas.doc").output
    answer = run("board", "grids", "--community", HOME, "--address", "grid.example.org", "--out", tmp_path / "a.pdf")
    assert "https://grid.example.org" in answer.output


def test_a_board_is_taken_down_by_the_address_in_its_code(run: Run, tmp_path: Path) -> None:
    run("board", "grids", "--community", HOME, "--address", ADDRESS, "--out", tmp_path / "boards.pdf")
    listed = run("board", "list", "--community", HOME).output.splitlines()

    down = run("board", "take-down", f"{ADDRESS}{listed[0].split()[0]}")

    assert down.exit_code == 0
    assert run("board", "list", "--community", HOME).output.splitlines() == listed[1:]
    assert run("board", "take-down", listed[0].split()[0]).exit_code == 2


def test_names_that_mean_something_elsewhere_mean_nothing_on_paper(
    run: Run, tmp_path: Path, town_engine: Engine
) -> None:
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        place.name = "<b>民悦</b> (社区) \\ %(x)s"
        session.commit()

    run("atlas", "--community", HOME, "--out", tmp_path / "atlas.pdf")

    assert "<b>民悦</b> (社区) \\ %(x)s" in Printed(tmp_path / "atlas.pdf").texts()[0]


def test_only_the_letters_used_travel_inside_the_file() -> None:
    target = BytesIO()
    paper = Paper(target, size=SIZES["a4"], title="一")
    paper.text("网格公示牌", 50, 700, 20)
    paper.turn()

    assert paper.close() == 1
    assert len(target.getvalue()) < 40_000
    assert b"NotoSansSC" in target.getvalue()


def test_lines_break_between_chinese_characters_and_between_words() -> None:
    use_fonts()
    wide = width_of("网格长网", 10)

    assert wrapped("网格长网格员楼栋长", wide, 10) == ["网格长网", "格员楼栋", "长"]
    assert wrapped("a grid is kept", width_of("a grid is", 10) + 1, 10) == ["a grid is", "kept"]
    assert wrapped("网格长，网格", width_of("网格长", 10) + 1, 10) == ["网格", "长，网", "格"]
    assert wrapped("", 100, 10) == []


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    use_fonts()

    assert shortened("网格", 100, 10) == "网格"
    assert shortened("清华园社区", width_of("清华", 10) + width_of(ELLIPSIS, 10), 10) == f"清华{ELLIPSIS}"


def _boards(engine: Engine) -> int:
    with open_session(engine) as session:
        return len(session.scalars(select(NoticeBoard)).all())


def test_an_atlas_of_a_grid_that_is_not_there_is_refused_and_leaves_no_file(run: Run, tmp_path: Path) -> None:
    answer = run("atlas", "--community", HOME, "--grid", f"{HOME}999", "--out", tmp_path / "atlas.pdf")

    assert answer.exit_code == 2
    assert "has no grid" in answer.output
    assert not (tmp_path / "atlas.pdf").exists()


def test_a_printed_map_names_its_sources_and_its_review_number(run: Run, tmp_path: Path) -> None:
    said = run("board", "sources", "某市规划局  审图号：京S(2026)001号", "--community", HOME)
    too_long = run("board", "sources", "图" * 300, "--community", HOME)
    run("atlas", "--community", HOME, "--grid", f"{HOME}001", "--out", tmp_path / "atlas.pdf")

    assert "某市规划局 审图号：京S(2026)001号" in said.output
    assert too_long.exit_code == 2
    assert "京S(2026)001号" in Printed(tmp_path / "atlas.pdf").texts()[0]
