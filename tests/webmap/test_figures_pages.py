"""The page of figures and its files: which period, for whom, and that one can go on to the next."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from awaited import JSON, PATIENCE_S, begun, fetched, waited
from flask import Flask, has_request_context
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, text
from visit import AWAY, HOME

from data.database import open_session
from data.models import Role
from geo.errors import N_
from patrols.errors import NoEditionInForce
from webmap.documents import making

Signed = Callable[[Role], FlaskClient]
FILE = "/figures/file?kind=monthly&day=2026-11-20"


@pytest.fixture
def boss(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


@dataclass
class Held:
    """Counting beside the requests, which waits to be let on."""

    begun: Event = field(default_factory=Event)
    goes_on: Event = field(default_factory=Event)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Sheets that are made beside the requests wait while they are counted; those of pages do not."""
    count, made = making.periodic.sheet, Held()

    def waits(*given: Any) -> Any:
        if not has_request_context():
            made.begun.set()
            assert made.goes_on.wait(PATIENCE_S)
        return count(*given)

    monkeypatch.setattr(making.periodic, "sheet", waits)
    yield made
    made.goes_on.set()


def headed(browser: FlaskClient, address: str) -> str:
    """Which period the page is about."""
    found = re.search(r'<p class="lead">([^<]+)</p>', browser.get(address).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("asked", "period"),
    [
        ("", "Week 47 of 2026 (2026-11-16 to 2026-11-22)"),
        ("?kind=daily", "Sunday 22 November 2026"),
        ("?kind=monthly&day=2026-10-31", "October 2026"),
        ("?kind=quarterly", "4th quarter 2026"),
        ("?kind=yearly&day=2025-01-01", "2025"),
        ("?kind=weekly&day=2027-02-01", "Week 47 of 2026 (2026-11-16 to 2026-11-22)"),
    ],
)
def test_a_page_is_of_the_period_in_which_the_day_lies(boss: FlaskClient, asked: str, period: str) -> None:
    assert headed(boss, f"/figures{asked}").replace(",", "") == period


def test_on_a_monday_the_week_that_is_over_comes_first(as_role: Signed, clock: list[datetime]) -> None:
    clock[0] += timedelta(days=1)
    boss = as_role(Role.OFFICIAL)

    assert headed(boss, "/figures").startswith("Week 47")
    assert headed(boss, "/figures?day=2026-11-23").startswith("Week 48")


def test_one_goes_from_period_to_period_but_not_into_the_future(boss: FlaskClient) -> None:
    now, before = boss.get("/figures").text, boss.get("/figures?day=2026-11-10").text

    assert 'rel="next"' not in now
    (address,) = re.findall(r'rel="next" href="([^"]+)"', before)
    assert headed(boss, address.replace("&amp;", "&")).startswith("Week 47")


@pytest.mark.parametrize("asked", ["?kind=hourly", "?day=yesterday", "?day=0001-01-01"])
def test_what_is_no_period_is_refused(boss: FlaskClient, asked: str) -> None:
    assert boss.get(f"/figures{asked}").status_code == 422


def test_a_neighbour_s_figures_are_out_of_reach(boss: FlaskClient) -> None:
    assert boss.get(f"/figures?community={AWAY}").status_code == 403
    assert boss.get(f"/figures/file?community={AWAY}").status_code == 403


def test_volunteers_see_no_figures(as_role: Signed) -> None:
    assert as_role(Role.GRID_WORKER).get("/figures").status_code == 403


@pytest.mark.parametrize(
    ("ending", "begins"), [(".pdf", b"%PDF"), (".docx", b"PK"), (".xlsx", b"PK"), (".html", b"\n<!doctype html>")]
)
def test_a_file_is_called_by_its_community_kind_and_day(boss: FlaskClient, ending: str, begins: bytes) -> None:
    answer = fetched(boss, f"/figures/file?kind=monthly&day=2026-11-20&format={ending}")

    assert answer.status_code == 200
    assert answer.data.lstrip(b"\n").startswith(begins.lstrip(b"\n"))
    assert f"figures-{HOME}-monthly-2026-11-01{ending}" in answer.headers["Content-Disposition"]


def test_an_unknown_kind_of_file_is_refused(boss: FlaskClient) -> None:
    assert boss.get("/figures/file?format=.odt").status_code == 422


def test_a_page_without_scripts_is_led_to_the_file_and_waits_there(boss: FlaskClient, held: Held) -> None:
    led = boss.get(f"{FILE}&format=.html")
    assert held.begun.wait(PATIENCE_S)
    page = boss.get(led.location)
    held.goes_on.set()
    waited(boss, led.location)

    assert (led.status_code, page.status_code) == (303, 202)
    assert page.headers["Refresh"] == "2"
    assert "Counting" in page.text
    assert f'href="/figures?community={HOME}&amp;kind=monthly&amp;day=2026-11-01"' in page.text
    assert boss.get(led.location, buffered=True).data.lstrip().startswith(b"<!doctype html>")


def test_a_file_tells_how_far_it_has_come(boss: FlaskClient, held: Held) -> None:
    address = begun(boss, FILE)
    assert held.begun.wait(PATIENCE_S)
    early = boss.get(address, headers=JSON)
    held.goes_on.set()

    assert (early.status_code, early.json) == (202, {"doing": "Counting", "share": 0.1})
    assert waited(boss, address).json["to"].startswith("/figures/made/")


def test_a_second_click_and_a_page_loaded_again_find_the_file_that_is_being_made(boss: FlaskClient, held: Held) -> None:
    address = begun(boss, FILE)

    assert begun(boss, FILE) == address
    assert f'data-making="{address}"'.replace("&", "&amp;") in boss.get("/figures?kind=monthly&day=2026-11-20").text


def test_a_file_that_was_taken_is_made_anew_when_it_is_asked_for_again(boss: FlaskClient) -> None:
    first = begun(boss, FILE)
    boss.get(waited(boss, first).json["to"], buffered=True)
    second = begun(boss, FILE)

    assert second != first
    assert "data-making" not in boss.get("/figures?kind=weekly").text
    assert boss.get(first, buffered=True).status_code == 200


def test_only_who_asked_for_a_file_gets_it(boss: FlaskClient, as_role: Signed) -> None:
    address = begun(boss, FILE)
    waited(boss, address)

    other = as_role(Role.ADMINISTRATOR).get(address)
    assert (other.status_code, "no longer kept" in other.text) == (404, True)


def test_a_file_that_was_thrown_away_says_so(boss: FlaskClient, app: Flask) -> None:
    address = begun(boss, FILE)
    waited(boss, address)
    for made in (app.config["WEB"].storage.instance / "made").iterdir():
        made.unlink()

    assert boss.get(address).status_code == 404


def test_who_answers_for_less_meanwhile_gets_no_file_of_before(
    boss: FlaskClient, held: Held, town_engine: Engine
) -> None:
    address = begun(boss, FILE)
    with open_session(town_engine, writing=True) as session:
        session.execute(text("DELETE FROM user_scope"))
        session.commit()

    assert begun(boss, FILE) != address


def test_what_goes_wrong_beside_the_request_reaches_the_page(
    boss: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise NoEditionInForce(N_("No grids of %(community)s are in force."), community="here")

    monkeypatch.setattr(making.periodic, "sheet", fails)
    told = waited(boss, begun(boss, FILE))

    assert (told.status_code, told.json["detail"]) == (409, "No grids of here are in force.")


def test_the_page_and_the_workbook_tell_the_same(boss: FlaskClient) -> None:
    page = boss.get("/figures").text
    book = load_workbook(BytesIO(fetched(boss, "/figures/file?format=.xlsx").data), data_only=True)

    shown = len(re.findall(r'<h3 id="table-', page))
    # Besides the tables: the overview, and the figures that charts are drawn from.
    assert shown == len(book.sheetnames) - 2 > 5


def test_charts_reach_the_page_as_data_that_nothing_runs(boss: FlaskClient) -> None:
    page = boss.get("/figures?kind=monthly").text

    assert 'data-chart="{&#34;' in page
    assert "<script>alert" not in page
