"""Cold streets, wishes and the next walk on the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import make
import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import select

from data.database import open_engine, open_session
from data.exchange import gpx
from data.models import AuditRow, StreetClass
from webmap.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(spatialite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``gridpatrol patrols`` on a town of six grids with a lane and a road that nobody walked."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        lane = shapely.LineString([(116.3001, 40.0005), (116.3029, 40.0005), (116.3029, 40.0015)])
        make.street(session, place, lane, name="磨坊巷", street_class=StreetClass.BACK_STREET)
        road = shapely.LineString([(116.3001, 40.0005), (116.3001, 40.0015), (116.3029, 40.0015)])
        make.street(session, place, road)
        session.commit()
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, ["patrols", *(str(word) for word in words)])


def test_red_streets_are_listed_and_are_a_finding(run: Run) -> None:
    answer = run("cold")

    assert answer.exit_code == 1, answer.output
    assert "0 m yellow" in answer.output
    assert "磨坊巷" in answer.output
    assert "branch" in answer.output


def test_cold_streets_as_json(run: Run) -> None:
    answer = run("cold", "--json")

    told = json.loads(answer.stdout)
    assert told["metres"]["fresh"] == 0
    assert {row["name"] for row in told["streets"]} == {"磨坊巷", ""}


def test_a_wish_is_kept_listed_and_taken_back(run: Run, spatialite_url: str) -> None:
    assert "   2  back_street  *" in run("wish", 2, "--class", "back_street").output
    assert "No wishes of its own" in run("wish", "--class", "back_street", "--drop").output
    engine = open_engine(spatialite_url)
    with open_session(engine) as session:
        assert session.scalars(select(AuditRow.action)).all() == ["frequency.wished"] * 2
    engine.dispose()


@pytest.mark.parametrize("words", [("wish",), ("wish", 3, "--drop"), ("wish", 99), ("walk", "--out", "walk.kml")])
def test_what_cannot_be_meant_is_refused(run: Run, words: tuple[object, ...]) -> None:
    assert run(*words).exit_code == 2


def test_the_next_walk_is_written_as_gpx_and_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "walk.gpx"

    answer = run("walk", "--km", 2, "--start", 116.3001, 40.0005, "--out", file, "--json")

    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["metres"] == pytest.approx(700, abs=5)
    assert told["red"] == told["metres"]
    assert told["turns"][-1] == "You are back at the start"
    assert len(gpx.read_tracks(file).frame) >= 5
    assert datetime.now(UTC).strftime("%Y-%m-%d") in file.read_text(encoding="utf-8")
