"""An edition on its way into force from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import make
import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import select

from data import users
from data.database import open_engine, open_session
from data.models import AuditRow, EditionStage, IncidentSource, Role, User
from patrols import incidents
from webmap.cli import main

Run = Callable[..., Result]
CODE = "110108001001"
AHEAD = datetime.now(UTC).date() + timedelta(days=2)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, spatialite_url: str, tmp_path: Path) -> Run:
    """Commands on a small town with a draft in which two of six grids are one."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    monkeypatch.setenv("GRIDPATROL_INSTANCE", str(tmp_path / "instance"))
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        make.building(session, place, shapely.Point(116.3015, 40.0015).buffer(0.00005), households=12)
        now = datetime.now(UTC)
        incidents.report(
            session, place, at=now, source=IncidentSource.OFFICE, description="井盖", point=(116.3015, 40.0015)
        )
        users.add_user(session, login="boss", password_hash="x", role=Role.ADMINISTRATOR, at=now)
        shapes = {"001": make.degrees_square(0, 1).union(make.degrees_square(1, 1)), "003": make.degrees_square(2, 1)}
        shapes |= {f"00{n + 4}": make.degrees_square(n) for n in range(3)}
        grids = {f"{CODE}{code}": shape for code, shape in shapes.items()}
        make.edition(session, place, grids, number=2, stage=EditionStage.DRAFT, valid_from=None)
        session.commit()
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_a_draft_is_submitted_reviewed_adopted_and_recalled(run: Run) -> None:
    submitted = run("grids", "submit", "--void", f"{CODE}002=merged into 001", "--note", "two in one")
    back = run("grids", "return", "--note", "not yet")
    again = run("grids", "submit")
    reviewed = run("grids", "review", "--by", "boss")
    adopted = run("grids", "adopt", "--by", "boss", "--filing", "2", "--from", AHEAD)
    recalled = run("grids", "recall", "--note", "later")
    listed = run("grids", "list")

    told = [submitted, back, again, reviewed, adopted, recalled]
    assert [one.exit_code for one in told] == [0] * 6, [one.output for one in told]
    assert "Edition 2 of 民悦社区 is submitted." in submitted.output
    assert "is a draft again" in back.output
    assert f"is in force from {AHEAD}" in adopted.output
    assert "is reviewed and may be adopted" in recalled.output
    assert "   2  reviewed" in listed.output


def test_somebody_who_is_named_adopts_only_what_was_reviewed(run: Run) -> None:
    refused = run("grids", "adopt", "--by", "boss", "--filing", "2")
    unknown = run("grids", "adopt", "--by", "nobody", "--filing", "2")
    by_the_program = run("grids", "adopt", "--filing", "2")

    assert [refused.exit_code, unknown.exit_code, by_the_program.exit_code] == [2, 2, 0]
    assert "Edition 2 is draft" in refused.output
    assert "there is no sign-in nobody" in unknown.output


def test_a_draft_is_discarded_and_brought_back_and_the_audit_says_by_whom(run: Run, spatialite_url: str) -> None:
    discarded = run("grids", "discard", "--by", "boss", "--note", "试划", "--seen", 0)
    gone = run("grids", "submit")
    listed = run("grids", "list")
    back = run("grids", "bring-back")
    submitted = run("grids", "submit", "--void", f"{CODE}002=merged into 001")

    assert [one.exit_code for one in (discarded, gone, back, submitted)] == [0, 2, 0, 0], submitted.output
    assert "bring-back --edition 2" in discarded.output
    assert "has no draft" in gone.output
    assert "   2  discarded" in listed.output
    assert "is a draft again" in back.output
    engine = open_engine(spatialite_url)
    with open_session(engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("grids.%")).order_by(AuditRow.id)).all()
        boss = session.scalars(select(User.id)).one()
        told = [(row.action, row.user_id, row.facts) for row in rows]
    engine.dispose()
    assert told[0] == ("grids.discarded", boss, {"edition": 2})
    assert [one[0] for one in told[1:]] == ["grids.brought_back", "grids.submitted"]


def test_what_was_changed_since_somebody_looked_at_it_is_not_reviewed_by_them(run: Run) -> None:
    run("grids", "submit", "--void", f"{CODE}002=merged into 001")

    stale = run("grids", "review", "--seen", 4)
    seen = run("grids", "review", "--seen", 0)

    assert [stale.exit_code, seen.exit_code] == [2, 0]
    assert "changed the draft first" in stale.output


def test_an_adopted_edition_is_not_discarded(run: Run) -> None:
    run("grids", "adopt", "--filing", "2", "--from", AHEAD)

    answer = run("grids", "discard", "--edition", 2)

    assert answer.exit_code == 2
    assert "Edition 2 is adopted" in answer.output


def test_a_comparison_says_what_moves_as_text_and_as_json(run: Run) -> None:
    text = run("grids", "compare")
    figures = json.loads(run("grids", "compare", "--edition", 1, "--with", 2, "--json").output)

    assert "Edition 2 against edition 1: 2 grids change, 4 stay as they are." in text.output
    assert f"{CODE}002 -> {CODE}001: 12 households, 1 open incidents" in text.output
    assert (figures["edition"], figures["against"]) == (1, 2)
    assert figures["moves"][0]["from_code"] == f"{CODE}001"
    assert figures["totals"]["households"] == {"before": 12, "after": 12}


def test_what_is_not_due_does_not_begin(run: Run) -> None:
    run("grids", "adopt", "--filing", "2", "--from", AHEAD)

    begun = run("grids", "begin")

    assert (begun.exit_code, begun.output) == (0, "")


def test_torn_grids_are_imported_as_a_draft_and_mended(run: Run, tmp_path: Path) -> None:
    x, y = make.ORIGIN
    torn = [shapely.box(x, y, x + 0.0014, y + 0.002), shapely.box(x + 0.0016, y, x + 0.003, y + 0.002)]
    path = tmp_path / "测绘.kml"
    gpd.GeoDataFrame({"Name": ["西片", "东片"]}, geometry=torn, crs=4326).to_file(path, driver="KML")

    refused = run("import", "grids", path)
    told = run("import", "grids", path, "--draft")
    mended = run("import", "grids", path, "--draft", "--repair")
    checked = run("grids", "check", "--edition", 4)
    wrong = run("import", "streets", path, "--repair")

    assert [one.exit_code for one in (refused, told, mended, checked, wrong)] == [2, 0, 0, 0, 2], checked.output
    assert "belong to no grid" in told.output
    assert "were mended" in mended.output
    assert "0 flaws" in checked.output


def test_an_adoption_without_a_filing_number_is_refused(run: Run) -> None:
    answer = run("grids", "adopt", "--filing", " ")

    assert answer.exit_code == 2
    assert "filed under some number" in answer.output


def test_grids_that_lie_in_another_country_are_no_draft(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.geojson"
    gpd.GeoDataFrame({"name": ["一"]}, geometry=[shapely.box(0, 0, 0.01, 0.01)], crs=4326).to_file(path)

    answer = run("import", "grids", path, "--draft")

    assert answer.exit_code == 2
    assert "Check --crs and --datum" in answer.output
    assert "elsewhere" not in run("grids", "list").output


def test_a_layer_that_a_file_has_not_is_refused_with_those_that_it_has(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "grids.gpkg"
    x, y = make.ORIGIN
    gpd.GeoDataFrame(geometry=[shapely.box(x, y, x + 0.003, y + 0.002)], crs=4326).to_file(path, layer="网格")

    refused = run("import", "grids", path, "--draft", "--layer", "none")
    taken = run("import", "grids", path, "--draft", "--layer", "网格")

    assert [refused.exit_code, taken.exit_code] == [2, 0], taken.output
    assert "has no layer none. It has: 网格." in refused.output
