"""What people type to take data away."""

from collections.abc import Callable
from pathlib import Path

import ezdxf
import geopandas as gpd
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select
from visit import HOME

from data.database import open_session
from data.exchange.tables import read_table
from data.exchange.vector import read_features
from data.models import AuditRow
from webmap.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, town_engine: Engine, tmp_path: Path) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", str(town_engine.url))
    return lambda *words: CliRunner().invoke(main, ["export", *(str(word) for word in words), "--community", HOME])


def audited(engine: Engine) -> list[tuple[str, dict[str, object]]]:
    with open_session(engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("%.exported"))).all()
        return [(row.action, row.facts) for row in rows]


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".kml", ".shp", ".zip", ".fgb", ".parquet", ".csv", ".xlsx"])
def test_grids_go_out_in_every_format_and_the_rows_are_counted(run: Run, tmp_path: Path, ending: str) -> None:
    answer = run("grids", "--out", tmp_path / f"grids{ending}")

    assert answer.exit_code == 0, answer.output
    assert "6 grids of edition 1" in answer.output
    assert len(read_features(tmp_path / f"grids{ending}").frame) == 6


def test_the_survey_office_gets_a_drawing_in_local_metres(run: Run, tmp_path: Path) -> None:
    assert run("grids", "--out", tmp_path / "grids.dxf").exit_code == 0

    document = ezdxf.readfile(tmp_path / "grids.dxf")
    layers = {entity.dxf.layer for entity in document.modelspace()}
    assert {"GP_GRID", "GP_STREET", "GP_STREET_NAME", "GP_OUTLINE"} <= layers
    first = next(iter(document.modelspace().query("LWPOLYLINE[layer=='GP_GRID']")))
    x, y = next(iter(first.vertices()))
    assert (400_000 < x < 500_000, 4_400_000 < y < 4_450_000) == (True, True)


def test_a_shapefile_in_metres_and_gbk_is_explained_beside_it(run: Run, tmp_path: Path) -> None:
    assert run("grids", "--metres", "--encoding", "gbk", "--out", tmp_path / "grids.shp").exit_code == 0

    assert gpd.read_file(tmp_path / "grids.shp").crs.is_projected
    assert (tmp_path / "grids.cpg").read_text() == "GBK"
    assert "community_code  code of the community" in (tmp_path / "grids.txt").read_text(encoding="utf-8-sig")


def test_grids_of_a_day_before_any_were_in_force_are_refused(run: Run, tmp_path: Path) -> None:
    before = run("grids", "--on", "2025-12-31", "--out", tmp_path / "grids.gpkg")
    later = run("grids", "--on", "2026-05-01", "--out", tmp_path / "grids.gpkg")

    assert (before.exit_code, later.exit_code) == (2, 0)
    assert "2025-12-31" in before.output
    assert run("grids", "--on", "2026-05-01", "--edition", "1", "--out", tmp_path / "a.gpkg").exit_code == 2


def test_incidents_are_named_only_for_a_reason_which_is_kept(run: Run, tmp_path: Path, town_engine: Engine) -> None:
    plain = run("incidents", "--out", tmp_path / "plain.xlsx")
    named = run("incidents", "--reason", "hand-over to the county", "--out", tmp_path / "named.xlsx")

    assert "3 rows" in plain.output
    assert "reporter_name" not in read_table(tmp_path / "plain.xlsx").frame
    assert read_table(tmp_path / "named.xlsx").frame["reporter_name"].tolist() == ["李小明"] * 3
    assert named.exit_code == 0
    assert audited(town_engine) == [
        ("incidents.exported", {"rows": 3, "reason": "", "file": ".xlsx"}),
        ("incidents.exported", {"rows": 3, "reason": "hand-over to the county", "file": ".xlsx"}),
    ]


def test_patrols_of_some_days(run: Run, tmp_path: Path) -> None:
    some = run("patrols", "--since", "2026-11-22", "--until", "2026-11-22", "--out", tmp_path / "some.gpkg")
    none = run("patrols", "--since", "2026-11-23", "--out", tmp_path / "none.gpkg")

    assert "1 rows" in some.output
    assert "0 rows" in none.output


def test_fixes_are_given_out_for_a_reason_only(run: Run, tmp_path: Path) -> None:
    assert run("fixes", "--out", tmp_path / "a.csv").exit_code == 2
    assert run("fixes", "--reason", " ", "--out", tmp_path / "a.csv").exit_code == 2
    assert not (tmp_path / "a.csv").exists()
    assert run("fixes", "--reason", "the walker asked", "--out", tmp_path / "a.csv").exit_code == 0


def test_a_file_that_cannot_be_written_leaves_no_word_in_the_audit(
    run: Run, tmp_path: Path, town_engine: Engine
) -> None:
    answer = run("incidents", "--out", tmp_path / "a.doc")

    assert answer.exit_code == 2
    assert ".xlsx" in answer.output
    assert audited(town_engine) == []
