"""``gridpatrol privacy`` and ``gridpatrol fixes expire``."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import make
import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import select

from data.database import open_engine, open_session
from data.models import AuditRow, Fix, Patrol, PatrolSource
from webmap.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(spatialite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a small town with one walker (P001), who walked 100 days ago and yesterday."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        walker = make.person(session, place)
        for days in (1, 100):
            began = datetime.now(UTC) - timedelta(days=days)
            row = Patrol(community_id=place.id, person_id=walker.id, source=PatrolSource.FILE, source_key=f"{days}")
            row.started_at, row.ended_at = began, began + timedelta(minutes=40)
            row.track = shapely.MultiLineString([[(116.3, 40.0), (116.32, 40.0), (116.3, 40.0)]])
            make.add(session, row)
            make.add(session, Fix(patrol_id=row.id, at=began, lon=116.3, lat=40.0))
        session.commit()
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def actions(url: str) -> list[str]:
    engine = open_engine(url)
    with open_session(engine) as session:
        found = list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))
    engine.dispose()
    return found


def test_old_fixes_expire_once(run: Run, spatialite_url: str) -> None:
    first, second = run("fixes", "expire", "--json"), run("fixes", "expire")

    assert json.loads(first.stdout) == {"fixes": 1, "phone_fixes": 0, "patrols": 1, "strangers": 0, "photos": 0}
    assert second.stdout == "0 fixes of 0 patrols are deleted; their totals stay.\n"
    assert actions(spatialite_url) == ["fixes.expired", "fixes.expired"]


def test_a_text_is_shown_replaced_agreed_to_and_withdrawn(run: Run, tmp_path: Path, spatialite_url: str) -> None:
    zh, en = tmp_path / "zh.txt", tmp_path / "en.txt"
    zh.write_text("我同意。", encoding="utf-8")
    en.write_text("I agree.", encoding="utf-8")

    ours, theirs = run("privacy", "text"), run("privacy", "text", "--zh", zh, "--en", en)
    old, signed = (run("privacy", "agree", "P001", "--version", version) for version in (1, 2))
    ended = run("privacy", "withdraw", "P001")

    assert ours.stdout.startswith("Version 1\n\n我同意社区在我巡逻期间记录我的位置")
    assert theirs.stdout == "Version 2\n\n我同意。\n\nI agree.\n"
    assert (old.exit_code, signed.exit_code, ended.exit_code) == (2, 0, 0)
    assert run("privacy", "text", "--zh", zh).exit_code == 2
    assert actions(spatialite_url) == ["consent.text", "consent.given", "consent.withdrawn"]


def test_own_data_are_written_listed_and_deleted(run: Run, tmp_path: Path, spatialite_url: str) -> None:
    out = tmp_path / "own.zip"

    named = run("export", "patrols", "--reason", "yearly audit", "--out", tmp_path / "all.csv")
    written, looks = run("privacy", "export", "P001", "--out", out), run("privacy", "looks", "P001", "--json")
    asked, deleted = run("privacy", "delete", "P001"), run("privacy", "delete", "P001", "--yes")

    assert named.exit_code == 0, named.output
    assert "2 patrols, 2 fixes" in written.stdout
    assert sorted(zipfile.ZipFile(out).namelist()) == ["about.json", "fixes.csv", "patrols.geojson"]
    assert [one["reason"] for one in json.loads(looks.stdout)] == ["yearly audit"]
    assert "yearly audit" in run("privacy", "looks", "P001").stdout
    assert asked.exit_code == 1
    assert deleted.stdout == "2 patrols belong to nobody now; 2 fixes are deleted.\n"
    assert actions(spatialite_url) == ["patrols.exported", "own_data.exported", "own_data.deleted"]


def test_ends_of_older_tracks_are_hidden_on_demand(run: Run) -> None:
    assert [run("privacy", "hide").stdout for _ in range(2)] == [
        "1 doors are hidden now.\n",
        "0 doors are hidden now.\n",
    ]


def test_nobody_under_that_number_is_an_error(run: Run) -> None:
    assert run("privacy", "looks", "P999").exit_code == 2
