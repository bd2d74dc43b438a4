"""Downloads on the website: each file by right and scope, and a word in the audit where people are in it."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, send
from werkzeug.test import TestResponse

from data.database import open_session
from data.exchange.tables import read_table
from data.exchange.vector import read_features
from data.models import AuditRow, EditionStage, GridEdition, Role

Signed = Callable[[Role], FlaskClient]
ENDINGS = [".gpkg", ".geojson", ".kml", ".zip", ".dxf", ".xlsx"]


def kept(answer: TestResponse, folder: Path, ending: str) -> Path:
    assert answer.status_code == 200, answer.text
    path = folder / f"file{ending}"
    path.write_bytes(answer.data)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_grids_are_downloaded_in_every_format_that_is_offered(as_role: Signed, tmp_path: Path, ending: str) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = browser.get("/downloads/grids", query_string={"format": ending, "encoding": "gbk"})

    assert f'value="{ending}"' in browser.get("/downloads").text
    assert answer.headers["Content-Disposition"] == f"attachment; filename=grids-{HOME}-1-6-rows{ending}"
    path = kept(answer, tmp_path, ending)
    if ending != ".dxf":
        assert len(read_features(path).frame) == 6


def test_a_volunteer_downloads_the_own_grid_only(as_role: Signed, tmp_path: Path) -> None:
    answer = as_role(Role.GRID_WORKER).get("/downloads/grids?format=.geojson")

    frame = read_features(kept(answer, tmp_path, ".geojson")).frame
    assert frame["grid_code"].tolist() == [f"{HOME}001"]


def test_another_community_or_a_wrong_format_is_refused(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert browser.get(f"/downloads/grids?community={AWAY}").status_code == 403
    assert browser.get("/downloads/grids?format=.exe").status_code == 422
    assert browser.get("/downloads/grids?encoding=big5").status_code == 422
    assert browser.get("/downloads/grids?edition=7").status_code == 404


def test_a_draft_is_for_those_who_draw(as_role: Signed, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        first = session.scalars(select(GridEdition).where(GridEdition.number == 1).limit(1)).one()
        draft = GridEdition(
            community_id=first.community_id, number=2, stage=EditionStage.DRAFT, created_at=first.created_at
        )
        session.add(draft)
        session.commit()

    assert as_role(Role.OFFICIAL).get("/downloads/grids?edition=2").status_code == 422
    assert as_role(Role.GRID_MANAGER).get("/downloads/grids?edition=2&format=.xlsx").status_code == 200


def test_an_edition_without_grids_cannot_be_drawn_or_printed(as_role: Signed, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        first = session.scalars(select(GridEdition).where(GridEdition.number == 1).limit(1)).one()
        session.add(GridEdition(community_id=first.community_id, number=2, created_at=first.created_at))
        session.commit()
    browser = as_role(Role.GRID_MANAGER)

    for address in ("/downloads/grids?edition=2&format=.dxf", "/downloads/atlas?edition=2"):
        assert browser.get(address).status_code == 422


def test_incidents_name_reporters_only_for_a_reason_and_only_to_those_who_may_know(
    as_role: Signed, tmp_path: Path, town_engine: Engine
) -> None:
    manager, official = as_role(Role.GRID_MANAGER), as_role(Role.OFFICIAL)

    plain = send(manager, "/downloads/incidents", page="/downloads", format=".xlsx")
    named = send(manager, "/downloads/incidents", page="/downloads", format=".csv", reason="hand-over")
    refused = send(official, "/downloads/incidents", page="/downloads", format=".csv", reason="curious")

    assert plain.headers["Content-Disposition"].endswith("-3-rows.xlsx")
    assert "reporter_name" not in read_table(kept(plain, tmp_path, ".xlsx")).frame
    assert read_table(kept(named, tmp_path, ".csv")).frame["reporter_name"].tolist() == ["李小明"] * 3
    assert refused.status_code == 422
    with open_session(town_engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "incidents.exported")).all()
        assert [row.facts for row in rows] == [
            {"rows": 3, "reason": "", "file": ".xlsx"},
            {"rows": 3, "reason": "hand-over", "file": ".csv"},
        ]


def test_a_handler_downloads_only_what_was_handed_over(as_role: Signed, tmp_path: Path) -> None:
    answer = send(as_role(Role.HANDLER), "/downloads/incidents", page="/downloads", format=".csv")

    assert read_table(kept(answer, tmp_path, ".csv")).frame["description"].tolist() == ["下水道堵塞"]


def test_patrols_come_without_walkers_unless_there_is_a_reason(as_role: Signed, tmp_path: Path) -> None:
    manager = as_role(Role.GRID_MANAGER)

    plain = send(manager, "/downloads/patrols", page="/downloads", format=".csv", since="2026-11-22")
    named = send(manager, "/downloads/patrols", page="/downloads", format=".csv", reason="a complaint")

    assert "王秀英" not in plain.text
    assert read_table(kept(named, tmp_path, ".csv")).frame["walker"].tolist() == ["王秀英"]


def test_the_atlas_opens_in_the_browser_with_a_page_for_each_grid_in_scope(as_role: Signed) -> None:
    answer = as_role(Role.OFFICIAL).get("/downloads/atlas")

    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline")
    with pypdfium2.PdfDocument(BytesIO(answer.data)) as document:
        assert len(document) == 8
