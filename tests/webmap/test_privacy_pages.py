"""My data on the website, and the look at a named track."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import NOW, PASSWORD, Town, send

from data.database import open_session
from data.models import AuditRow, Consent, Fix, Patrol, Role

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def walked(town: Town, town_engine: Engine) -> int:
    """The number of the volunteer's patrol, of which a fix is kept."""
    with open_session(town_engine, writing=True) as session:
        patrol = session.scalars(select(Patrol)).one()
        patrol.metres = 1720.0
        session.add(Fix(patrol_id=patrol.id, at=NOW - timedelta(hours=5), lon=116.3, lat=40.0))
        session.commit()
        return patrol.id


def audited(engine: Engine, action: str) -> list[AuditRow]:
    with open_session(engine) as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.id)))


def test_a_volunteer_reads_agrees_and_withdraws(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_WORKER)
    asked = browser.get("/my-data").text

    send(browser, "/my-data/consent", version=1)
    agreed = browser.get("/my-data").text
    send(browser, "/my-data/withdraw")
    withdrawn = browser.get("/my-data").text

    assert "not agreed yet" in asked
    assert "Only patrols: from when I press start" in asked
    assert '<span class="chip good">agreed</span>' in agreed
    assert '<span class="chip bad">withdrawn</span>' in withdrawn
    assert [row.action for kind in ("given", "withdrawn") for row in audited(town_engine, f"consent.{kind}")] == [
        "consent.given",
        "consent.withdrawn",
    ]
    with open_session(town_engine) as session:
        assert session.scalars(select(Consent.withdrawn_at)).all() == [NOW]


def test_an_old_version_cannot_be_agreed_to(as_role: Signed) -> None:
    assert send(as_role(Role.GRID_WORKER), "/my-data/consent", version=7).status_code == 409


def test_somebody_outside_the_roster_is_told_so(as_role: Signed) -> None:
    browser = as_role(Role.OFFICIAL)

    assert "belongs to nobody in the roster" in browser.get("/my-data").text
    for address in ("consent", "withdraw", "export"):
        assert send(browser, f"/my-data/{address}", version=1).status_code == 422
    assert send(browser, "/my-data/delete", password=PASSWORD).status_code == 422


def test_a_manager_sees_a_named_track_for_a_reason_and_the_volunteer_reads_it(
    as_role: Signed, walked: int, town_engine: Engine
) -> None:
    manager = as_role(Role.GRID_MANAGER)

    before = manager.get(f"/patrols/{walked}/track").text
    refused = send(manager, f"/patrols/{walked}/track", reason="  ")
    shown = send(manager, f"/patrols/{walked}/track", reason="Complaint of 3 November").text

    assert "王秀英" not in before
    assert refused.status_code == 409
    assert "王秀英" in shown
    assert 'class="track"' in shown
    assert [row.facts for row in audited(town_engine, "track.looked_at")] == [
        {"patrol": walked, "reason": "Complaint of 3 November"}
    ]
    mine = as_role(Role.GRID_WORKER).get("/my-data").text
    assert "Complaint of 3 November" in mine
    assert "manager" in mine


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.GRID_WORKER, Role.HANDLER])
def test_nobody_else_looks_at_named_tracks(as_role: Signed, walked: int, role: Role) -> None:
    assert send(as_role(role), f"/patrols/{walked}/track", reason="curious").status_code == 403


def test_a_named_download_is_a_look_too(as_role: Signed, walked: int) -> None:
    send(as_role(Role.GRID_MANAGER), "/downloads/patrols", format=".csv", reason="Yearly audit")

    assert "Yearly audit" in as_role(Role.GRID_WORKER).get("/my-data").text


def test_my_data_come_as_one_archive(as_role: Signed, walked: int) -> None:
    answer = send(as_role(Role.GRID_WORKER), "/my-data/export")

    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    about, lines = json.loads(archive.read("about.json")), json.loads(archive.read("patrols.geojson"))
    assert about["name"] == "王秀英"
    assert [one["properties"]["metres"] for one in lines["features"]] == [1720.0]
    assert lines["features"][0]["geometry"]["type"] == "MultiLineString"
    assert len(archive.read("fixes.csv").decode("utf-8-sig").splitlines()) == 2


def test_deleting_needs_the_password_and_leaves_totals(as_role: Signed, walked: int, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_WORKER)

    refused = send(browser, "/my-data/delete", password="wrong")
    with open_session(town_engine) as session:
        still = session.get_one(Patrol, walked).track is not None
    done = send(browser, "/my-data/delete", password=PASSWORD)

    assert (refused.status_code, still, done.status_code) == (422, True, 302)
    with open_session(town_engine) as session:
        patrol = session.get_one(Patrol, walked)
        assert (patrol.person_id, patrol.track, patrol.metres) == (None, None, 1720.0)
        assert session.scalars(select(Fix)).all() == []
    assert [row.facts for row in audited(town_engine, "own_data.deleted")] == [{"patrols": 1, "fixes": 1}]


def test_others_see_rounded_numbers_of_a_patrol_and_the_manager_exact_ones(as_role: Signed, walked: int) -> None:
    official, manager = (as_role(role).get("/patrols").text for role in (Role.OFFICIAL, Role.GRID_MANAGER))

    assert "1.7 km" in manager
    assert "<div>240" in manager
    assert "1.7 km" not in official
    assert "1.5 km" in official
    assert "<div>240" not in official
    assert f"/patrols/{walked}/track" in manager
    assert "/track" not in official


def test_programs_of_others_get_round_numbers_too(as_role: Signed, town: Town) -> None:
    exact, rough = (as_role(role).get("/api/patrols").json["items"][0] for role in (Role.GRID_MANAGER, Role.OFFICIAL))

    assert (exact["metres"], exact["credits"][0]["metres"]) == (1520.0, 1520.0)
    assert (rough["metres"], rough["minutes"]) == (1500.0, 60.0)
    assert rough["credits"] == [{"grid_code": exact["credits"][0]["grid_code"], "metres": None, "minutes": None}]
