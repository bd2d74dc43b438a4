"""``gridpatrol points``: earning, totals, accounts, statements and taking back from the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import make
import openpyxl
import pytest
from click.testing import CliRunner, Result

from data.audit import find_broken_seal
from data.database import open_engine, open_session
from data.models import Patrol, PatrolSource
from webmap.cli import main


@pytest.fixture
def run(spatialite_url: str, monkeypatch: pytest.MonkeyPatch):
    """Call the command on a database with a walker and two patrols of three days ago."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place = make.community(session)
        walker = make.person(session, place)
        for hours in (72, 80):
            began = datetime.now(UTC) - timedelta(hours=hours)
            walked = Patrol(community_id=place.id, person_id=walker.id, source=PatrolSource.FILE, started_at=began)
            walked.source_key, walked.minutes, walked.ended_at = str(hours), 40.0, began + timedelta(minutes=40)
            make.add(session, walked)
        session.commit()

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["points", *words])

    yield call
    with open_session(engine) as session:
        assert find_broken_seal(session) is None
    engine.dispose()


def test_the_whole_way_from_beginning_to_a_statement_and_back(run, tmp_path: Path) -> None:
    # Rules hold from the day they were begun: what was before earns nothing.
    assert run("begin").output == "Points have begun.\n"
    assert "already" in run("begin").output
    earned = json.loads(run("earn", "--json").output)
    assert (earned["entries"], earned["points"]) == (0, 0)

    assert run("open", "shop", "S1", "--name", "面馆").output == "Account S1 is open.\n"
    assert "P001 is open" in run("open", "person", "P001").output
    listed = json.loads(run("accounts", "--json").output)
    assert [(row["number"], row["name"], row["points"]) for row in listed] == [("P001", "王秀英", 0), ("S1", "面馆", 0)]

    out = tmp_path / "明细.xlsx"
    assert "0 lines" in run("statement", "S1", "--out", str(out)).output
    assert next(openpyxl.load_workbook(out).active.values)[0] == "account"
    told = json.loads(run("totals", "--json").output)
    assert (len(told["areas"]), told["all"]["left"]) == (3, 0)
    assert run("goods", "--json").output == "[]\n"


def test_what_makes_no_sense_ends_with_2_and_the_reason(run) -> None:
    for words in (
        ("reverse", "S1", "1", "--reason", "更正"),
        ("statement", "S1", "--out", "x.csv"),
        ("open", "shop", "S1"),
    ):
        answer = run(*words)
        assert answer.exit_code == 2, words
        assert "S1" in answer.output or "number and a name" in answer.output
