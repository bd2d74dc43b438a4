"""Check-points on pages: hanging up, moving, taking down, printing; who may, and where."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, send

from data.database import open_session
from data.models import AuditRow, CheckPoint, Community, Person, Role, User, UserScope
from patrols import check_points

Signed = Callable[[Role], FlaskClient]
EVIL = "<script>alert(1)</script>"
FIRST, SECOND = (116.3005, 40.0015), (116.3015, 40.0015)
"""The middles of grids 1 and 2 of the small town."""


def hang(browser: FlaskClient, name: str = EVIL, place: tuple[float, float] = FIRST) -> None:
    answer = send(browser, "/patrols/check-points", community=HOME, name=name, lon=place[0], lat=place[1])
    assert answer.status_code == 302, answer.text


def points(engine: Engine) -> list[CheckPoint]:
    with open_session(engine) as session:
        return list(session.scalars(select(CheckPoint).order_by(CheckPoint.number)))


def test_a_check_point_is_hung_up_and_listed_with_its_grid_and_visits(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    hang(browser)
    with open_session(town_engine, writing=True) as session:
        walker = session.scalars(select(Person)).first()
        point = session.scalars(select(CheckPoint)).one()
        check_points.check_in(session, walker, key="k", at=NOW, heard_at=NOW, code=point.code)
        session.commit()

    page = browser.get("/patrols/check-points").text

    assert "&lt;script&gt;" in page
    assert EVIL not in page
    assert re.search(r'title="110108001001001">\s*001', page)
    assert "1 check-point" in page
    assert "just now" in page
    assert points(town_engine)[0].code not in page


def test_without_check_points_the_page_says_what_they_are(as_role: Signed) -> None:
    assert "No check-points yet" in as_role(Role.OFFICIAL).get("/patrols/check-points").text


def test_a_place_has_to_be_said(as_role: Signed) -> None:
    answer = send(as_role(Role.GRID_MANAGER), "/patrols/check-points", community=HOME, name="北门")

    assert answer.status_code == 422
    assert "Say where" in answer.text


def test_a_volunteer_sees_the_points_of_their_grid_and_changes_none(as_role: Signed) -> None:
    manager, worker = as_role(Role.GRID_MANAGER), as_role(Role.GRID_WORKER)
    hang(manager, "北门", FIRST)
    hang(manager, "南门", SECOND)

    page = worker.get("/patrols/check-points").text

    assert "北门" in page
    assert "南门" not in page
    assert worker.get("/patrols/check-points/1").status_code == 403
    assert send(worker, "/patrols/check-points", name="东门", lon=FIRST[0], lat=FIRST[1]).status_code == 403
    assert send(worker, "/patrols/check-points/print", community=HOME).status_code == 403


def test_a_manager_of_one_grid_hangs_moves_and_takes_down_in_it_alone(as_role: Signed, town_engine: Engine) -> None:
    manager = as_role(Role.GRID_MANAGER)
    hang(manager, "南门", SECOND)
    with open_session(town_engine, writing=True) as session:
        user = session.scalars(select(User).where(User.login == "manager")).one()
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        user.scopes = [UserScope(community_id=place.id, grid_code=f"{HOME}001")]
        session.commit()
    there, here = ({"community": HOME, "lon": one[0], "lat": one[1]} for one in (SECOND, FIRST))

    hang(manager, "北门", FIRST)

    assert send(manager, "/patrols/check-points", name="东门", **there).status_code == 403
    assert send(manager, "/patrols/check-points/1", **here).status_code == 403
    assert send(manager, "/patrols/check-points/1", community=HOME, take_down="1").status_code == 403
    assert send(manager, "/patrols/check-points/2", **there).status_code == 403
    assert [one.closed_at for one in points(town_engine)] == [None, None]


def test_a_point_is_moved_with_its_history_and_taken_down_for_good(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    hang(browser, "北门")

    moved = send(browser, "/patrols/check-points/1", community=HOME, lon=SECOND[0], lat=SECOND[1])
    page = browser.get("/patrols/check-points/1").text
    down = send(browser, "/patrols/check-points/1", community=HOME, take_down="1", why="拆了")

    assert (moved.status_code, down.status_code) == (302, 302)
    assert "116.300500" in page
    assert "116.301500" in page
    row = points(town_engine)[0]
    assert (row.closed_at, row.closed_why) == (NOW, "拆了")
    assert "拆了" in browser.get("/patrols/check-points").text
    assert "Hang it elsewhere" not in browser.get("/patrols/check-points/1").text
    with open_session(town_engine) as session:
        actions = set(session.scalars(select(AuditRow.action)))
    assert {"check_point.added", "check_point.moved", "check_point.closed"} <= actions


@pytest.mark.parametrize(("paper", "pages"), [("a4", 5), ("a6", 5), ("a6-on-a4", 2)])
def test_sheets_are_printed_one_a_page_or_four(as_role: Signed, paper: str, pages: int) -> None:
    browser = as_role(Role.GRID_MANAGER)
    for number in range(5):
        hang(browser, f"{number}号门")

    answer = send(browser, "/patrols/check-points/print", community=HOME, paper=paper)

    assert answer.mimetype == "application/pdf"
    assert len(re.findall(rb"/Type /Page\b", answer.data)) == pages


def test_one_sheet_is_printed_alone_and_none_where_there_is_none(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    nothing = send(browser, "/patrols/check-points/print", community=HOME)
    hang(browser, "北门")
    hang(browser, "南门")

    one = send(browser, "/patrols/check-points/print", community=HOME, number="2")

    assert nothing.status_code == 422
    assert len(re.findall(rb"/Type /Page\b", one.data)) == 1
    assert send(browser, "/patrols/check-points/print", community=HOME, paper="a5").status_code == 422
