"""The plan and check-points on the command line; sheets read back as a phone would."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import make
import pypdfium2
import pytest
import shapely
import zxingcpp
from click.testing import CliRunner, Result
from sqlalchemy import select

from data.database import open_engine, open_session
from data.exchange.tables import read_table
from data.models import AuditRow, CheckPoint, PatrolWindow, Team
from webmap.cli import main

Run = Callable[..., Result]
GRID = "110108001001004"
PLACE = ("--at", 116.3005, 40.0005)
ADDRESS = ("--address", "https://grid.example.org")


@pytest.fixture
def run(spatialite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``gridpatrol patrols`` on a town of six grids with a lane, a team and a person."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        make.street(session, place, shapely.LineString([(116.3001, 40.0005), (116.3029, 40.0005)]), name="磨坊巷")
        make.add(session, Team(community_id=place.id, name="小红帽"))
        make.person(session, place)
        session.commit()
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, ["patrols", *(str(word) for word in words)])


def rows(url: str, model: type) -> list:
    engine = open_engine(url)
    with open_session(engine) as session:
        found = list(session.scalars(select(model).order_by(model.id)))
    engine.dispose()
    return found


def add(run: Run, *words: object) -> Result:
    asked = ("--team", "小红帽", "--days", "周一、周三", "--between", "08:00", "10:00", "--first", "2026-10-01")
    return run("plan", "add", *asked, *words)


def test_windows_are_added_listed_and_dropped(run: Run, spatialite_url: str) -> None:
    added = add(run, "--grid", GRID, "--last", "2099-12-31")
    listed = run("plan", "list", "--from", "2026-11-16")
    dropped = run("plan", "drop", 1, 2)

    assert (added.exit_code, listed.exit_code, dropped.exit_code) == (0, 0, 0), added.output + listed.output
    assert listed.output.count("小红帽") == 2
    first, second = rows(spatialite_url, PatrolWindow)
    assert (first.weekday, second.weekday, first.valid_from) == (1, 3, date(2026, 10, 1))
    assert first.valid_until < date(2099, 1, 1)
    actions = [row.action for row in rows(spatialite_url, AuditRow)]
    assert actions == ["plan.windows_added", "plan.window_taken_back", "plan.window_taken_back"]


def test_a_person_walks_streets(run: Run, spatialite_url: str) -> None:
    asked = ("--person", "P001", "--days", "daily", "--between", "22:00", "01:00", "--streets", "磨坊巷")

    assert run("plan", "add", *asked).exit_code == 0
    found = rows(spatialite_url, PatrolWindow)
    assert (len(found), found[0].streets, found[0].grid_code) == (7, ["磨坊巷"], "")


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "add", "--days", "daily", "--between", "08:00", "09:00", "--grid", GRID),
        ("plan", "add", "--team", "没有", "--days", "daily", "--between", "08:00", "09:00", "--grid", GRID),
        ("plan", "add", "--team", "小红帽", "--days", "someday", "--between", "08:00", "09:00", "--grid", GRID),
        ("plan", "add", "--team", "小红帽", "--days", "daily", "--between", "08:00", "noon", "--grid", GRID),
        ("plan", "add", "--team", "小红帽", "--days", "daily", "--between", "08:00", "09:00", "--grid", "5"),
        ("plan", "add", "--team", "小红帽", "--days", "daily", "--between", "08:00", "09:00"),
        ("plan", "drop", 99),
        ("check-points", "close", 9),
        ("check-points", "add", "北门", "--at", 200, 40),
        ("check-points", "print", *ADDRESS, "--out", "sheet.docx"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, words: tuple[object, ...]) -> None:
    answer = run(*words)

    assert answer.exit_code == 2, answer.output


def test_a_week_tells_what_was_missed_and_is_a_finding(run: Run, tmp_path: Path) -> None:
    add(run, "--grid", GRID)

    told = run("plan", "week", "--from", "2026-11-16")
    figures = json.loads(run("plan", "week", "--from", "2026-11-16", "--json").stdout)
    run("plan", "week", "--from", "2026-11-16", "--out", tmp_path / "week.csv")

    assert told.exit_code == 1
    assert "0 windows kept, 0 partly, 2 missed" in told.output
    assert (figures["missed"], len(figures["windows"])) == (2, 2)
    assert list(read_table(tmp_path / "week.csv").frame["Kept?"]) == ["missed", "missed"]


def test_a_plan_goes_out_and_comes_in_again(run: Run, tmp_path: Path, spatialite_url: str) -> None:
    add(run, "--grid", GRID, "--last", "2026-12-31")
    run("plan", "list", "--from", "2026-11-16", "--out", tmp_path / "plan.xlsx")

    answer = run("plan", "import", tmp_path / "plan.xlsx")

    assert "0 windows are new, 2 were there already." in answer.output, answer.output
    assert len(rows(spatialite_url, PatrolWindow)) == 2


def test_bad_rows_are_named_and_the_good_ones_taken_if_wished(run: Run, tmp_path: Path, spatialite_url: str) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(
        f"星期,开始时间,结束时间,队伍,网格\n每天,8:00,9:00,小红帽,{GRID}\n每天,8:00,9:00,小红帽,5\n", "utf-8"
    )

    refused = run("plan", "import", file)
    skipped = run("plan", "import", file, "--skip-bad")

    assert (refused.exit_code, skipped.exit_code) == (2, 1)
    assert "The community has no grid 5." in refused.output + refused.stderr
    assert len(rows(spatialite_url, PatrolWindow)) == 7


def test_check_points_are_hung_listed_moved_and_closed(run: Run, spatialite_url: str) -> None:
    assert "Check-point 1 hangs: 北门" in run("check-points", "add", "北门", *PLACE).output
    run("check-points", "move", 1, "--at", 116.3015, 40.0005)
    told = json.loads(run("check-points", "list", "--json").stdout)["check_points"][0]
    assert "1 of them not visited" in run("check-points", "list").output
    assert run("check-points", "close", 1, "--why", "拆了").exit_code == 0

    assert (told["number"], told["grid_code"], told["visits_7d"]) == (1, "110108001001005", 0)
    assert rows(spatialite_url, CheckPoint)[0].closed_why == "拆了"


@pytest.mark.parametrize(("paper", "pages"), [("a4", 5), ("a6", 5), ("a6-on-a4", 2)])
def test_every_sheet_says_its_name_and_its_code_is_read_from_paper(
    run: Run, tmp_path: Path, spatialite_url: str, paper: str, pages: int
) -> None:
    for number in range(5):
        run("check-points", "add", f"第{number}小学北门对面的消防栓旁边", *PLACE)

    answer = run("check-points", "print", *ADDRESS, "--paper", paper, "--out", tmp_path / "sheets.pdf")

    assert f"5 check-points on {pages} pages" in answer.output, answer.output
    with pypdfium2.PdfDocument(tmp_path / "sheets.pdf") as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        images = [page.render(scale=2).to_pil() for page in document]
    found = {code.text for image in images for code in zxingcpp.read_barcodes(image)}
    assert found == {f"https://grid.example.org/walk?check={one.code}" for one in rows(spatialite_url, CheckPoint)}
    assert text.count("北门对面的消防栓旁边") == 5
    assert "Patrol check-point" in text


def test_one_sheet_is_printed_alone(run: Run, tmp_path: Path) -> None:
    for name in ("北门", "南门"):
        run("check-points", "add", name, *PLACE)

    answer = run("check-points", "print", *ADDRESS, "--number", 2, "--out", tmp_path / "sheet.pdf")

    assert "1 check-points on 1 pages" in answer.output
