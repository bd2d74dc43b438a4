"""The list of incidents at work: many are passed on at once, filters are kept, and the clock has a colour."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, Town, send
from werkzeug.test import TestResponse

from data.database import open_session
from data.models import Community, Incident, Organisation, Role, Stage, StepKind
from patrols import incident_lists, incidents
from patrols.scope import EVERYTHING

Signed = Callable[[Role], FlaskClient]


def picks(page: str) -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', page)


def pass_on(browser: FlaskClient, *picked: str, **fields: object) -> TestResponse:
    how = {"organisation": "1", "amount": "2", "unit": "working_days", "query": "show=open"}
    return send(browser, "/incidents/triage", page="/incidents", pick=list(picked), **{**how, **fields})


def stored(engine: Engine, number: str) -> Incident:
    with open_session(engine) as session:
        return incident_lists.get(session, EVERYTHING, number)


def test_a_manager_passes_on_all_that_were_picked_and_reported_ones_are_accepted_on_the_way(
    as_role: Signed, town: Town, town_engine: Engine
) -> None:
    browser = as_role(Role.GRID_MANAGER)
    picked = picks(browser.get("/incidents").text)
    assert len(picked) == 2, "what an office has is not picked"

    answer = pass_on(browser, *picked, note="请尽快")

    assert answer.status_code == 200
    assert "2 incidents passed on to 环卫所." in answer.text
    for number in (town.in_grid_1, town.in_grid_2):
        row = stored(town_engine, number)
        assert [step.kind for step in row.steps] == [StepKind.REPORT, StepKind.ACCEPT, StepKind.TRIAGE]
        assert (row.stage, row.steps[-1].note) == (Stage.TRIAGED, "请尽快")
        assert row.steps[-1].said == {"limit": [2.0, "working_days"]}


def test_a_conflict_is_told_by_number_and_stops_no_other(as_role: Signed, town: Town, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    picked = picks(browser.get("/incidents").text)
    with open_session(town_engine, writing=True) as session:
        row = incident_lists.get(session, EVERYTHING, town.in_grid_1)
        incidents.step(session, row, StepKind.ACCEPT, by=None, at=NOW)
        session.commit()

    answer = pass_on(browser, *picked)

    assert "1 incident passed on to 环卫所." in answer.text
    assert "1 was not passed on:" in answer.text
    assert f"Somebody else changed incident {town.in_grid_1} first" in answer.text
    assert len(re.findall(r'name="pick"[^>]* checked', answer.text)) == 1, "it stays picked, with its new last step"
    assert stored(town_engine, town.in_grid_1).stage is Stage.ACCEPTED
    assert stored(town_engine, town.in_grid_2).stage is Stage.TRIAGED
    again = pass_on(browser, *re.findall(r'name="pick" value="([^"]+)"[^>]* checked', answer.text))
    assert "1 incident passed on" in again.text


def test_sending_the_same_form_again_does_nothing_twice(as_role: Signed, town: Town, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    picked = picks(browser.get("/incidents").text)

    pass_on(browser, *picked)
    again = pass_on(browser, *picked)

    assert "2 were not passed on:" in again.text
    assert len(stored(town_engine, town.in_grid_1).steps) == 3


def test_what_lies_elsewhere_or_goes_to_anothers_office_is_refused_one_by_one(
    as_role: Signed, town: Town, town_engine: Engine
) -> None:
    with open_session(town_engine, writing=True) as session:
        away = session.scalars(select(Incident).where(Incident.description == "别人的事")).one().id
        place = session.scalars(select(Community).where(Community.code != HOME)).one()
        theirs = Organisation(community_id=place.id, name="邻家单位", code="2" * 18)
        session.add(theirs)
        session.commit()
        office = theirs.id
    manager, admin = as_role(Role.GRID_MANAGER), as_role(Role.ADMINISTRATOR)
    (mine, _) = picks(manager.get("/incidents").text)

    assert "This lies outside" in pass_on(manager, f"{away}-1").text
    assert pass_on(manager, mine, organisation=office).status_code == 403
    assert "邻家单位 is no office of the incident" in pass_on(admin, mine, organisation=office).text
    assert "There is no incident 99999" in pass_on(manager, "99999-1").text
    assert stored(town_engine, town.in_grid_1).stage is Stage.REPORTED


@pytest.mark.parametrize("fields", [{"organisation": ""}, {"pick": "x"}, {"pick": "1-"}, {"organisation": "77777"}])
def test_a_form_without_office_or_incidents_is_refused(as_role: Signed, fields: dict[str, str]) -> None:
    how = {"organisation": "1", "pick": "1-1", **fields}

    assert send(as_role(Role.GRID_MANAGER), "/incidents/triage", page="/incidents", **how).status_code == 422


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_others_pick_nothing(as_role: Signed, town: Town, town_engine: Engine, role: Role) -> None:
    browser = as_role(role)
    key = stored(town_engine, town.in_grid_1).id

    assert picks(browser.get("/incidents").text) == []
    assert "1 was not passed on:" in pass_on(browser, f"{key}-1").text
    assert stored(town_engine, town.in_grid_1).stage is Stage.REPORTED


def test_a_list_is_kept_under_a_name_for_its_own_person_and_dropped(as_role: Signed) -> None:
    mine, other = as_role(Role.GRID_MANAGER), as_role(Role.OFFICIAL)
    query = "show=open&grid=110108001001001&page=3&strange=1"

    kept = send(mine, "/incidents/lists", page="/incidents", name=" 一号 网格 ", query=query)
    page = mine.get(kept.headers["Location"]).text

    assert kept.headers["Location"].endswith("/incidents?show=open&grid=110108001001001")
    assert 'aria-current="page">一号 网格</a>' in page
    assert "一号 网格" not in other.get("/incidents").text
    key = re.search(r"/incidents/lists/(\d+)/drop", page)
    assert key is not None
    assert send(other, key[0], page="/incidents").status_code == 404
    assert send(mine, key[0], page="/incidents").status_code == 302
    assert "kept no more" in mine.get("/account").text
    assert 'class="buttons kept"' not in mine.get("/incidents").text


def test_the_same_name_again_replaces_a_list_and_there_is_an_end_to_them(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    for number in range(20):
        send(browser, "/incidents/lists", page="/incidents", name=f"清单{number}", query="show=all")
    again = send(browser, "/incidents/lists", page="/incidents", name="清单3", query="show=overdue")
    one_more = send(browser, "/incidents/lists", page="/incidents", name="又一个", query="show=all")

    assert again.headers["Location"].endswith("?show=overdue")
    assert one_more.status_code == 422
    assert browser.get("/incidents").text.count('class="button quiet" href="/incidents?') >= 20


@pytest.mark.parametrize(("name", "query"), [("", "show=all"), ("x" * 33, "show=all"), ("x", "show=dreams")])
def test_a_list_that_cannot_be_kept_is_refused(as_role: Signed, name: str, query: str) -> None:
    answer = send(as_role(Role.GRID_MANAGER), "/incidents/lists", page="/incidents", name=name, query=query)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("hours", "shown"), [(30, ""), (2, "chip soon"), (-1, "chip bad")], ids=["plenty of time", "warned", "over"]
)
def test_the_clock_has_a_colour(as_role: Signed, town: Town, town_engine: Engine, hours: int, shown: str) -> None:
    with open_session(town_engine, writing=True) as session:
        row = incident_lists.get(session, EVERYTHING, town.in_grid_1)
        row.due_at, row.warn_at = NOW + timedelta(hours=hours), NOW + timedelta(hours=hours - 12)
        session.commit()

    listed = as_role(Role.GRID_MANAGER).get("/incidents?grid=110108001001001").text

    found = re.findall(r'<td><(?:time|span class="(chip (?:soon|bad))")', listed.split("tbody")[1])
    assert found[-1:] == [shown]
