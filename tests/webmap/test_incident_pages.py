"""Incidents on pages: the list, one of them, the next step, and reporting."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from visit import HOME, Town, send

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def test_the_list_shows_what_is_open_and_counts_it(as_role: Signed, town: Town) -> None:
    page = as_role(Role.GRID_MANAGER).get("/incidents").text

    assert "3 incidents" in page
    assert page.index(town.in_grid_2) < page.index(town.handed_over)
    assert town.away not in page.replace(town.handed_over, "")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("grid=110108001001001", 1),
        ("q=%E8%B7%AF%E7%81%AF", 1),
        ("show=triaged", 1),
        ("show=reported,accepted", 2),
        ("show=overdue", 0),
        ("show=all&since=2026-11-21&until=2026-11-21", 3),
        ("show=all&until=2026-11-20", 0),
        ("category=1", 3),
        ("source=patrol", 0),
        ("page=7", 3),
    ],
)
def test_filters_narrow_the_list(as_role: Signed, query: str, count: int) -> None:
    page = as_role(Role.GRID_MANAGER).get(f"/incidents?{query}")

    assert page.status_code == 200
    assert page.text.count('class="first"') == count
    assert ("Nothing fits these filters" in page.text) == (count == 0)


@pytest.mark.parametrize(
    "query",
    [
        "show=everything",
        "since=yesterday",
        "until=0001-01-01",
        "page=-1",
        "category=x",
        "source=dream",
        "q=" + "x" * 101,
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_reason(as_role: Signed, query: str) -> None:
    page = as_role(Role.GRID_MANAGER).get(f"/incidents?{query}")

    assert page.status_code == 422
    assert query.partition("=")[0] in page.text


def test_text_of_people_is_shown_as_text(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_MANAGER)

    for address in ("/incidents", f"/incidents/{town.in_grid_2}", f"/grids/{HOME}002"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_incident_says_who_answers_and_by_which_rule(as_role: Signed, town: Town) -> None:
    page = as_role(Role.GRID_MANAGER).get(f"/incidents/{town.in_grid_1}").text

    assert "lies inside the grid" in page
    assert "王秀英" in page
    assert "vacant" in page
    assert '<svg class="sketch"' in page


def test_the_next_step_is_done_and_told(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = send(browser, f"/incidents/{town.in_grid_1}/steps", kind="accept", seen="1")

    assert answer.status_code == 302
    page = browser.get(answer.headers["Location"]).text
    assert "Done: Accept." in page
    assert "accepted" in page


def test_two_people_at_once_do_not_overwrite_each_other(as_role: Signed, town: Town) -> None:
    here, there = as_role(Role.GRID_MANAGER), as_role(Role.ADMINISTRATOR)
    send(here, f"/incidents/{town.in_grid_1}/steps", kind="accept", seen="1")

    answer = send(there, f"/incidents/{town.in_grid_1}/steps", kind="void", note="twice", seen="1")

    assert answer.status_code == 409
    assert "Somebody else changed incident" in answer.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "close"}, 409),
        ({"kind": "void"}, 409),
        ({"kind": "dance"}, 422),
        ({}, 422),
        ({"kind": "accept", "rating": "9"}, 422),
        ({"kind": "accept", "note": "x" * 2001}, 422),
    ],
)
def test_a_step_that_may_not_follow_changes_nothing(
    as_role: Signed, town: Town, fields: dict[str, str], status: int
) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = send(browser, f"/incidents/{town.in_grid_1}/steps", **fields)

    assert answer.status_code == status
    assert browser.get(f"/api/incidents/{town.in_grid_1}").json["stage"] == "reported"


def test_a_handler_resolves_what_was_handed_over(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.HANDLER)

    answer = send(browser, f"/incidents/{town.handed_over}/steps", kind="resolve", note="已疏通")

    assert answer.headers["Location"] == f"/incidents/{town.handed_over}"
    assert as_role(Role.GRID_MANAGER).get(f"/api/incidents/{town.handed_over}").json["stage"] == "resolved"


def test_a_volunteer_reports_from_the_street_and_is_told_the_number(as_role: Signed) -> None:
    browser = as_role(Role.GRID_WORKER)

    answer = send(
        browser, "/incidents/new", description="井盖松动", lon="116.3005", lat="40.0015", accuracy="8", source="leader"
    )

    page = browser.get(answer.headers["Location"]).text
    assert "Received. Its number is 20261122-0001." in page
    told = browser.get("/api/incidents/20261122-0001").json
    assert (told["source"], told["grid_code"], told["grid_rule"]) == ("patrol", f"{HOME}001", "inside")


def test_a_report_from_another_grid_is_taken_too(as_role: Signed) -> None:
    browser = as_role(Role.GRID_WORKER)

    answer = send(browser, "/incidents/new", description="井盖松动", lon="116.3025", lat="40.0005")

    assert answer.headers["Location"] == "/"
    assert "Received." in browser.get("/").text


@pytest.mark.parametrize(
    "fields", [{"description": " "}, {"description": "x", "lon": "abc", "lat": "1"}, {"description": "x", "lat": "91"}]
)
def test_a_report_without_words_or_with_a_broken_place_is_refused(as_role: Signed, fields: dict[str, str]) -> None:
    browser = as_role(Role.GRID_WORKER)

    assert send(browser, "/incidents/new", **fields).status_code == 422
    assert browser.get("/api/incidents").json["total"] == 1


def test_an_unknown_number_is_not_found(as_role: Signed) -> None:
    page = as_role(Role.GRID_MANAGER).get("/incidents/20200101-9999")

    assert page.status_code == 404
    assert "There is no incident 20200101-9999." in page.text


def test_half_an_hour_asked_for_is_told_and_filled_in_as_half_an_hour(as_role: Signed, town: Town) -> None:
    page = f"/incidents/{town.handed_over}"
    fields = {"kind": "ask_longer", "note": "等配件", "amount": "0.5", "unit": "working_hours"}

    send(as_role(Role.HANDLER), f"{page}/steps", page=page, **fields)

    shown = as_role(Role.GRID_MANAGER).get(page).text
    assert "More time is asked for: 0.5 working hour." in shown
    assert 'value="0.5"' in shown[shown.index('value="extend"') :]


def test_a_handler_asks_for_more_time_and_the_manager_finds_it_filled_in(as_role: Signed, town: Town) -> None:
    handler, manager = as_role(Role.HANDLER), as_role(Role.GRID_MANAGER)
    page = f"/incidents/{town.handed_over}"
    fields = {"kind": "ask_longer", "note": "等配件", "amount": "3", "unit": "working_days"}

    asked = send(handler, f"{page}/steps", page=page, **fields)
    shown = manager.get(page).text
    granted = send(manager, f"{page}/steps", page=page, **{**fields, "kind": "extend", "note": "同意"})

    assert (asked.status_code, granted.status_code) == (302, 302)
    assert "More time is asked for: 3 working days." in shown
    assert 'value="3"' in shown[shown.index('value="extend"') :]
    assert "More time is asked for" not in manager.get(page).text
    assert send(handler, f"{page}/steps", page=page, **{**fields, "kind": "extend"}).status_code == 409
