"""The commands that work with the database, on the way from nothing to a served town."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from data.database import open_engine, open_session
from data.models import Building, GridEdition, Street, User
from webmap.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
CODE = "110108999001"
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, spatialite_url: str, tmp_path: Path) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    monkeypatch.setenv("GRIDPATROL_INSTANCE", str(tmp_path / "instance"))
    return lambda *words, **more: CliRunner().invoke(main, [str(word) for word in words], **more)


@pytest.fixture
def ground(run: Run) -> Run:
    """The sample's ground, imported."""
    for kind, more in (
        ("outline", ["--code", CODE, "--name", "清华园社区"]),
        ("streets", []),
        ("compounds", []),
        ("buildings", []),
    ):
        answer = run("import", kind, SAMPLE / f"{kind}.geojson", *more)
        assert answer.exit_code == 0, answer.output
    return run


def count(url: str, model: type) -> int:
    engine = open_engine(url)
    with open_session(engine) as session:
        found = session.scalar(select(func.count()).select_from(model))
    engine.dispose()
    return found or 0


def test_a_new_database_is_made_checked_and_left_alone_the_second_time(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'town.sqlite'}"

    first = run("db", "init", "--database", url)
    second = run("db", "upgrade", "--database", url)
    check = run("db", "check", "--database", url)

    assert [first.exit_code, second.exit_code, check.exit_code] == [0, 0, 0], first.output + check.output
    assert "in order" in check.output


def test_a_database_that_is_none_is_said_to_be_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Dear office, this is a letter and no database. " * 50, encoding="utf-8")

    answer = run("db", "check", "--database", f"sqlite:///{tmp_path / 'letter.sqlite'}")

    assert answer.exit_code in (1, 2)
    assert "Traceback" not in answer.output + answer.stderr
    assert (tmp_path / "letter.sqlite").read_text(encoding="utf-8").startswith("Dear office")


def test_a_building_is_handed_to_another_grid_and_back(ground: Run, spatialite_url: str) -> None:
    ground("grids", "draw")
    ground("grids", "adopt", "--filing", "1")
    engine = open_engine(spatialite_url)
    with open_session(engine) as session:
        key = session.scalars(select(Building.source_key).order_by(Building.id)).first()
    engine.dispose()
    grids = ("--grid", f"{CODE}001", "--by", f"{CODE}002")

    added = ground("grids", "override", "add", "--building", key, *grids, "--reason", "就近服务")
    again = ground("grids", "override", "add", "--building", key, *grids)
    both = ground("grids", "override", "add", "--building", key, "--compound", key, *grids)
    unknown = ground("grids", "override", "add", "--compound", "没有", *grids)
    ended = ground("grids", "override", "end", "1", "--until", "2100-01-01")
    listed = ground("grids", "override", "list")

    assert f"is served by grid {CODE}002" in added.output
    assert [added.exit_code, again.exit_code, both.exit_code, unknown.exit_code] == [0, 2, 2, 2]
    assert "end that first" in again.output
    assert "没有 alone means" in unknown.output
    assert "holds until before 2100-01-01" in ended.output
    assert f"{CODE}001 -> {CODE}002" in listed.output
    assert "就近服务" in listed.output


def test_from_ground_to_grids_in_force(ground: Run, tmp_path: Path) -> None:
    drawn = ground("grids", "draw", "--json")
    adopted = ground("grids", "adopt", "--filing", "社字〔2026〕1号")
    checked = ground("grids", "check")
    listed = ground("grids", "list")
    exported = ground("grids", "export", "--out", tmp_path / "grids.geojson")
    ground("export", "grids", "--out", tmp_path / "again.geojson")

    assert [one.exit_code for one in (drawn, adopted, checked, listed, exported)] == [0] * 5, adopted.output
    figures = json.loads(drawn.output.splitlines()[-1])
    grids = gpd.read_file(tmp_path / "grids.geojson")
    assert len(grids) == figures["grids"]
    assert grids["grid_code"].str.startswith(CODE).all()
    assert gpd.read_file(tmp_path / "again.geojson").equals(grids)
    assert "社字〔2026〕1号" in listed.output


def test_an_edition_is_adopted_once(ground: Run) -> None:
    ground("grids", "draw")
    ground("grids", "adopt", "--filing", "1")

    again = ground("grids", "adopt", "--filing", "2", "--edition", "1")

    assert again.exit_code == 2
    assert "Error" in again.stderr


def test_a_map_of_the_town_is_one_file_that_fetches_nothing(ground: Run, tmp_path: Path) -> None:
    ground("grids", "draw")
    ground("grids", "adopt", "--filing", "1")

    for about in ("heat", "responsibility", "coverage"):
        answer = ground("map", about, "--out", tmp_path / f"{about}.html")
        assert answer.exit_code == 0, answer.output
        page = (tmp_path / f"{about}.html").read_text(encoding="utf-8")
        assert 'src="http' not in page
        assert "default-src 'none'" in page


def test_a_file_with_a_bad_row_stores_nothing_and_says_which(ground: Run, spatialite_url: str, tmp_path: Path) -> None:
    lines = [
        "编号,发现时间,经度,纬度,描述",
        "A-1,2026-11-01 09:00,116.3265,40.0035,路灯不亮",
        "A-2,昨天,116.3265,40.0035,井盖松动",
        "A-3,2026-11-01 09:00,2.35,48.85,在巴黎",
    ]
    (tmp_path / "incidents.csv").write_text("\n".join(lines), encoding="gbk")
    ground("grids", "draw")
    ground("grids", "adopt", "--filing", "1")

    refused = ground("import", "incidents", tmp_path / "incidents.csv")

    assert refused.exit_code == 2
    assert "incidents.csv:3:发现时间" in refused.stderr
    assert "incidents.csv:4" in refused.stderr
    assert ground("import", "incidents", tmp_path / "incidents.csv", "--skip-bad").exit_code == 1


def test_several_files_are_stored_together_or_not_at_all(run: Run, spatialite_url: str, tmp_path: Path) -> None:
    run("import", "outline", SAMPLE / "outline.geojson", "--code", CODE)
    (tmp_path / "broken.geojson").write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")

    answer = run("import", "streets", SAMPLE / "streets.geojson", tmp_path / "broken.geojson")

    assert answer.exit_code == 2
    assert "broken.geojson" in answer.stderr
    assert count(spatialite_url, Street) == 0


def test_the_same_file_twice_is_stored_once(ground: Run, spatialite_url: str) -> None:
    before = count(spatialite_url, Building)

    answer = ground("import", "buildings", SAMPLE / "buildings.geojson")

    assert answer.exit_code == 0
    assert count(spatialite_url, Building) == before > 600


def test_without_a_community_an_import_says_what_comes_first(run: Run) -> None:
    answer = run("import", "streets", SAMPLE / "streets.geojson")

    assert answer.exit_code == 2
    assert "outline" in answer.stderr


def test_a_sign_in_is_added_with_its_scope(ground: Run, spatialite_url: str) -> None:
    weak = ground(
        "user", "add", "wang", "--role", "grid_manager", "--community", CODE, "--password-stdin", input="short\n"
    )
    added = ground("user", "add", "wang", "--role", "grid_manager", "--community", CODE)
    twice = ground("user", "add", "WANG", "--role", "grid_manager", "--community", CODE)
    astray = ground("user", "add", "li", "--role", "grid_manager", "--community", "999999999999")

    assert [weak.exit_code, added.exit_code, twice.exit_code, astray.exit_code] == [2, 0, 2, 2]
    engine = open_engine(spatialite_url)
    with open_session(engine) as session:
        (user,) = session.scalars(select(User))
        assert (user.login, len(user.scopes), user.scopes[0].grid_code) == ("wang", 1, None)
    engine.dispose()
    assert user.password_hash not in added.output


def test_serving_needs_a_secret_key_and_a_database_in_order(run: Run, tmp_path: Path) -> None:
    no_key = run("serve", "--port", "1")
    assert no_key.exit_code == 2

    answer = CliRunner().invoke(
        main,
        ["serve", "--port", "8765", "--database", f"sqlite:///{tmp_path / 'empty.sqlite'}"],
        env={"GRIDPATROL_SECRET_KEY": "0123456789abcdef0123456789abcdef"},
    )
    assert answer.exit_code == 2
    assert "db init" in answer.stderr


def test_a_demo_killed_while_building_is_built_whole_the_next_time(tmp_path: Path) -> None:
    env = {**os.environ, "GRIDPATROL_INSTANCE": str(tmp_path), "GRIDPATROL_LANGUAGE": "en"}
    command = [str(Path(sys.executable).with_name("gridpatrol")), "demo", "--build-only"]
    building = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert building.stdout is not None
    assert "Ground" in building.stdout.readline()
    time.sleep(0.2)
    building.send_signal(signal.SIGKILL)
    building.wait()
    building.stdout.close()
    assert not (tmp_path / "demo" / "card.json").exists()

    again = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert again.returncode == 0, again.stderr
    assert "3000 incidents" in again.stdout
    url = f"sqlite:///{tmp_path / 'demo' / 'town.sqlite'}"
    assert count(url, GridEdition) == 1
    assert CliRunner().invoke(main, ["db", "check", "--database", url]).exit_code == 0
    assert oct((tmp_path / "demo" / "card.json").stat().st_mode & 0o777) == "0o600"
