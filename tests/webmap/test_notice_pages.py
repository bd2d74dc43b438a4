"""Notices on pages: one's own, and the ways of a community's people."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from visit import Town, send

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def test_i_see_what_i_was_told_until_i_have_read_it(as_role: Signed, town: Town) -> None:
    manager = as_role(Role.GRID_MANAGER)
    address = f"/incidents/{town.in_grid_1}"
    send(manager, f"{address}/steps", page=address, kind="accept")
    send(manager, f"{address}/steps", page=address, kind="dispatch", person="1")
    worker = as_role(Role.GRID_WORKER)

    page = worker.get("/notices").text
    assert f"<strong>Incident {town.in_grid_1} is handed to you</strong>" in page
    assert '<span class="chip bad">1</span>' in page
    send(worker, "/notices/read", page="/notices")

    page = worker.get("/notices").text
    assert f"Incident {town.in_grid_1} is handed to you" in page
    assert "<strong>Incident" not in page


def test_a_way_is_added_shown_in_part_and_ended(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    fields = {"person": "1", "kind": "mail", "to": "wang.xiuying@example.org", "secret": "never shown"}

    assert send(browser, "/notices/ways", page="/notices/ways", **fields).status_code == 302
    page = browser.get("/notices/ways").text
    assert "w…@example.org" in page
    assert "wang.xiuying" not in page
    assert "never shown" not in page
    assert send(browser, "/notices/ways", page="/notices/ways", **fields).status_code == 409
    assert send(browser, "/notices/ways/1/end", page="/notices/ways").status_code == 302
    assert send(browser, "/notices/ways/1/end", page="/notices/ways").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"person": "1", "kind": "pigeon", "to": "x@example.org"},
        {"person": "99", "kind": "mail", "to": "x@example.org"},
        {"person": "1", "kind": "mail", "to": "nowhere"},
        {"person": "1", "kind": "wecom", "to": "javascript:alert(1)"},
    ],
)
def test_a_way_that_leads_nowhere_is_refused(as_role: Signed, fields: dict[str, str]) -> None:
    assert send(as_role(Role.GRID_MANAGER), "/notices/ways", page="/notices/ways", **fields).status_code == 422


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_ways_are_the_managers(as_role: Signed, role: Role) -> None:
    assert as_role(role).get("/notices/ways").status_code == 403
