"""The page of figures and its files: which period, for whom, and that one can go on to the next."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from visit import AWAY, HOME

from data.models import Role

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def boss(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


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
    answer = boss.get(f"/figures/file?kind=monthly&day=2026-11-20&format={ending}")

    assert answer.status_code == 200
    assert answer.data.lstrip(b"\n").startswith(begins.lstrip(b"\n"))
    assert f"figures-{HOME}-monthly-2026-11-01{ending}" in answer.headers["Content-Disposition"]


def test_an_unknown_kind_of_file_is_refused(boss: FlaskClient) -> None:
    assert boss.get("/figures/file?format=.odt").status_code == 422


def test_a_file_tells_how_far_it_has_come(boss: FlaskClient) -> None:
    word = "0123456789abcdef"
    boss.get("/figures/file?format=.html", headers={"X-Progress": word})

    assert boss.get(f"/figures/progress/{word}").json == {"doing": "Writing the file", "share": 1.0}
    assert boss.get("/figures/progress/fedcba9876543210").json == {}


def test_the_page_and_the_workbook_tell_the_same(boss: FlaskClient) -> None:
    page = boss.get("/figures").text
    book = load_workbook(BytesIO(boss.get("/figures/file?format=.xlsx").data), data_only=True)

    shown = len(re.findall(r'<h3 id="table-', page))
    # Besides the tables: the overview, and the figures that charts are drawn from.
    assert shown == len(book.sheetnames) - 2 > 5


def test_charts_reach_the_page_as_data_that_nothing_runs(boss: FlaskClient) -> None:
    page = boss.get("/figures?kind=monthly").text

    assert 'data-chart="{&#34;' in page
    assert "<script>alert" not in page
