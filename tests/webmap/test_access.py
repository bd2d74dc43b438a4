"""Every address tried with every role: who gets in, who does not, and that a page without a rule is shut."""

from collections.abc import Callable, Iterator
from datetime import date, time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, BOARD, HOME, LOGINS, NOW, PASSWORD, Town, send
from werkzeug.routing import IntegerConverter, Rule

from data.audit import find_broken_seal
from data.database import open_session
from data.models import AuditRow, Community, Person, Role
from patrols import check_points, plan
from webmap.access import BY_TOKEN, OPEN, ROLES, SIGNED_IN, May, rule_of

Signed = Callable[[Role], FlaskClient]

UNGUARDED = {"static", "openapi.spec"}
VALUES = {
    **{"code": f"{HOME}001", "community": HOME, "edition": 1, "token": BOARD, "filename": "css/tokens.css"},
    "ending": "csv",
}


@pytest.fixture(autouse=True)
def plan_of_patrols(town_engine: Engine) -> None:
    """Something for the pages of the plan to show: window 1 and check-point 1, in grid 1."""
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        when = plan.When((1,), time(8), time(10), date(2026, 11, 1))
        plan.plan(session, place, session.scalars(select(Person)).one(), when, plan.Where(f"{HOME}001"))
        check_points.add(session, place, "北门", (116.3005, 40.0015), at=NOW)
        session.commit()


def rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.endpoint not in UNGUARDED)


def address(app: Flask, rule: Rule, number: str) -> str:
    with app.test_request_context():
        whole = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
        values: dict[str, object] = {name: 1 if name in whole else VALUES.get(name, number) for name in rule.arguments}
        if rule.rule.startswith("/api/drafts/<code>"):
            values["code"] = HOME
        return app.url_for(rule.endpoint, **values)


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    for rule in rules(app):
        assert rule_of(app.view_functions[rule.endpoint]) in {OPEN, SIGNED_IN, BY_TOKEN, *May}, rule.endpoint


def test_only_these_addresses_are_open_to_all(app: Flask) -> None:
    opened = {rule.rule for rule in rules(app) if rule_of(app.view_functions[rule.endpoint]) == OPEN}

    walk = {"/walk", "/walk/manifest.webmanifest", "/walk/worker.js", "/walk/form", "/walk/enrol"}
    door = {"/r/<token>", "/r/<token>/report", "/q", "/q/<code>", "/q/<code>/rate", "/q/<code>/forget-me"}
    assert opened == {"/sign-in", "/language", "/healthz", "/readyz"} | walk | door


def test_what_goes_by_a_phones_token_is_shut_to_sign_ins(app: Flask, as_role: Signed, town: Town) -> None:
    browser = as_role(Role.ADMINISTRATOR)
    by_token = [rule for rule in rules(app) if rule_of(app.view_functions[rule.endpoint]) == BY_TOKEN]

    for rule in by_token:
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT"}):
            answer = browser.open(address(app, rule, town.in_grid_1), method=method)
            assert answer.status_code == 401, (method, rule.rule)
            assert answer.json is not None
            assert answer.json["type"] == "urn:gridpatrol:problem:phone-unknown"
    assert len(by_token) == 5


def test_without_a_sign_in_nothing_is_shown(app: Flask, client: FlaskClient, town: Town) -> None:
    for rule in rules(app):
        if rule_of(app.view_functions[rule.endpoint]) == OPEN:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = client.open(address(app, rule, town.in_grid_1), method=method)
            assert answer.status_code in {302, 401}, (method, rule.rule)
            assert town.in_grid_1 not in answer.text.replace(address(app, rule, town.in_grid_1), "")


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_the_roles_that_have_the_right_and_for_no_other(
    app: Flask, as_role: Signed, town: Town, role: Role
) -> None:
    browser = as_role(role)
    number = town.handed_over if role is Role.HANDLER else town.in_grid_1
    for rule in rules(app):
        right = rule_of(app.view_functions[rule.endpoint])
        if "GET" not in (rule.methods or ()) or rule.rule in {"/sign-in", "/api/responsible"} or right == BY_TOKEN:
            continue
        answer = browser.get(address(app, rule, number))
        allowed = right in {OPEN, SIGNED_IN} or right in ROLES[role]
        # The grids in force were never a draft: whoever may draw is told so, nobody else.
        shown = {200, 409} if rule.rule.startswith("/api/drafts/<code>") else {200}
        # Nobody has taken a photo in this town; tests/webmap/walk/test_photos.py says who sees one.
        shown = {404} if rule.rule.startswith("/photos/") else shown
        # Nobody has told of anything at a board; tests/webmap/test_door.py says who follows it.
        shown = {404} if rule.rule.startswith("/q/") else shown
        # Whoever neither answers for walks nor leads a team sees none but their own: tests/webmap/test_live_pages.py.
        if rule.rule.startswith("/patrols/live") or rule.rule.endswith("/replay"):
            own = rule.rule.endswith("/replay") and role is Role.GRID_WORKER
            allowed = allowed and (own or May.SEE_WALKERS in ROLES[role])
        assert answer.status_code in (shown if allowed else {403}), (rule.rule, answer.text[:2000])


@pytest.mark.parametrize("role", list(Role))
def test_every_form_is_shut_to_roles_without_the_right(app: Flask, as_role: Signed, town: Town, role: Role) -> None:
    browser = as_role(role)
    for rule in rules(app):
        right = rule_of(app.view_functions[rule.endpoint])
        if "POST" in (rule.methods or ()) and right in set(May) - ROLES[role]:
            answer = send(browser, address(app, rule, town.in_grid_1))
            assert answer.status_code == 403, rule.rule


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
