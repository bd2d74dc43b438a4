"""Who sees what of whose ground; test_every_route.py walks all addresses with all roles."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, LOGINS, PASSWORD, Town, send

from data.audit import find_broken_seal
from data.database import open_session
from data.models import AuditRow, Role

Signed = Callable[[Role], FlaskClient]


def test_a_volunteer_does_not_open_another_grids_incident_by_its_address(
    as_role: Signed, town: Town, town_engine: Engine
) -> None:
    browser = as_role(Role.GRID_WORKER)

    page, data = browser.get(f"/incidents/{town.in_grid_2}"), browser.get(f"/api/incidents/{town.in_grid_2}")

    assert page.status_code == data.status_code == 403
    assert "路灯不亮" not in page.text + data.text
    assert data.json is not None
    assert data.json["type"] == "urn:gridpatrol:problem:out-of-scope"
    with open_session(town_engine) as session:
        refused = session.scalars(select(AuditRow).where(AuditRow.action == "request.refused")).all()
        assert [row.object_key for row in refused] == [
            f"/incidents/{town.in_grid_2}",
            f"/api/incidents/{town.in_grid_2}",
        ]
        assert {row.facts["kind"] for row in refused} == {"out-of-scope"}
        assert find_broken_seal(session) is None


def test_a_volunteer_cannot_step_another_grids_incident(as_role: Signed, town: Town) -> None:
    answer = send(as_role(Role.GRID_WORKER), f"/incidents/{town.in_grid_2}/steps", kind="settle_on_the_spot", seen="1")

    assert answer.status_code == 403


def test_a_volunteers_lists_hold_only_the_own_grid(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_WORKER)

    assert [row["number"] for row in browser.get("/api/incidents").json["items"]] == [town.in_grid_1]
    assert [row["id"] for row in browser.get("/api/grids").json["features"]] == [f"{HOME}001"]
    grids = browser.get("/grids").text
    assert f"{HOME}001" in grids
    assert f"{HOME}002" not in grids
    assert browser.get(f"/grids/{HOME}002").status_code == 403


@pytest.mark.parametrize("role", [Role.GRID_MANAGER, Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_the_neighbour_community_is_out_of_reach(as_role: Signed, role: Role) -> None:
    browser = as_role(role)

    for page in (
        f"/grids?community={AWAY}",
        f"/map?community={AWAY}",
        f"/api/grids?community={AWAY}",
        f"/grids/{AWAY}001",
    ):
        assert browser.get(page).status_code == 403, page
    assert browser.get("/api/responsible?lon=116.3105&lat=40.0005").status_code == 403
    assert AWAY not in browser.get("/api/communities").text


def test_a_handler_sees_only_what_was_handed_over_and_no_reporter(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.HANDLER)

    assert [row["number"] for row in browser.get("/api/incidents").json["items"]] == [town.handed_over]
    page = browser.get(f"/incidents/{town.handed_over}")
    assert page.status_code == 200
    assert "李" not in page.text
    assert "5678" not in page.text
    assert browser.get(f"/incidents/{town.in_grid_1}").status_code == 403


def test_the_reporter_is_covered_until_a_manager_says_why(as_role: Signed, town: Town, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    covered = browser.get(f"/incidents/{town.in_grid_1}").text
    assert "李**" in covered
    assert "139****5678" in covered
    assert "13912345678" not in covered

    assert send(browser, f"/incidents/{town.in_grid_1}/reporter", why="").status_code == 422
    shown = send(browser, f"/incidents/{town.in_grid_1}/reporter", why="to ask which staircase")

    assert "13912345678" in shown.text
    with open_session(town_engine) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "reporter.seen")).one()
        assert (row.object_key, row.facts) == (town.in_grid_1, {"why": "to ask which staircase"})


def test_an_official_sees_patrols_without_the_walkers_name_and_people_with_covered_phones(as_role: Signed) -> None:
    browser = as_role(Role.OFFICIAL)

    assert "王秀英" not in browser.get("/patrols").text
    people = browser.get("/people").text
    assert "138****0001" in people
    assert "13800000001" not in people


def test_a_program_signs_in_with_each_request(client: FlaskClient, town: Town) -> None:
    right, wrong = ("manager", PASSWORD), ("manager", "not this one 1")

    assert client.get("/api/communities", auth=right).status_code == 200
    refused = client.get("/api/communities", auth=wrong)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert refused.mimetype == "application/problem+json"
    assert client.get("/incidents", auth=right).status_code == 302


def test_a_program_needs_no_token_but_a_browser_does(client: FlaskClient, as_role: Signed) -> None:
    told = {"description": "井盖松动"}

    assert client.post("/api/incidents", json=told, auth=("manager", PASSWORD)).status_code == 201
    assert as_role(Role.GRID_MANAGER).post("/api/incidents", json=told).status_code == 400


def test_a_user_without_any_place_sees_nothing(app: Flask, client: FlaskClient, town_engine: Engine) -> None:
    from data.users import find_user

    with open_session(town_engine, writing=True) as session:
        user = find_user(session, LOGINS[Role.GRID_MANAGER])
        assert user is not None
        user.scopes = []
        session.commit()
    auth = (LOGINS[Role.GRID_MANAGER], PASSWORD)

    assert client.get("/api/communities", auth=auth).json == []
    assert client.get("/api/incidents", auth=auth).json["total"] == 0
    assert client.get("/api/grids", auth=auth).status_code == 404
