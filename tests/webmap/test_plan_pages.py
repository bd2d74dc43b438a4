"""The plan on pages: who sees which windows, who changes them, what goes in and out as a table, what warns at home."""

import io
from collections.abc import Callable
from datetime import date, time

import make
import openpyxl
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, Town, send

from data.database import open_session
from data.models import AuditRow, Community, PatrolWindow, Person, Role, Team, TeamMember
from patrols import plan
from patrols.plan import When, Where
from webmap.access import ROLES, May

Signed = Callable[[Role], FlaskClient]
EVIL = "<script>alert(1)</script>"
SUNDAY = date(2026, 11, 22)
"""The day it is in the small town, 14:30; its week began on the 16th."""

FORM = {"community": HOME, "weekday": ["1", "3"], "begins": "08:00", "ends": "10:00", "grid": f"{HOME}002"}


@pytest.fixture
def planned(town_engine: Engine, town: Town) -> Town:
    """Two teams, one with the worker in it, a window each on Saturday in grids 2 and 3; nobody walked."""
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        mine, others = (make.add(session, Team(community_id=place.id, name=name)) for name in ("小红帽", EVIL))
        worker = session.scalars(select(Person)).first()
        make.add(session, TeamMember(team_id=mine.id, person_id=worker.id, valid_from=date(2026, 1, 1)))
        for team, number in ((mine, 2), (others, 3)):
            when = When((6,), time(8), time(10), date(2026, 11, 1))
            plan.plan(session, place, team, when, Where(f"{HOME}{number:03d}"))
        session.commit()
    return town


def windows(engine: Engine) -> list[PatrolWindow]:
    with open_session(engine) as session:
        return list(session.scalars(select(PatrolWindow).order_by(PatrolWindow.id)))


def audited(engine: Engine) -> list[str]:
    with open_session(engine) as session:
        return list(session.scalars(select(AuditRow.action)))


@pytest.mark.usefixtures("planned")
def test_the_office_sees_all_windows_of_a_week_and_the_rule(as_role: Signed) -> None:
    page = as_role(Role.GRID_MANAGER).get("/patrols/plan").text

    assert "小红帽" in page
    assert "&lt;script&gt;" in page
    assert EVIL not in page
    assert page.count('class="window kept-missed"') == 2
    assert "at least 50% of the street metres that were due" in page
    assert "08:00–10:00" in page
    assert "outside of every window" in page


@pytest.mark.usefixtures("planned")
def test_a_volunteer_sees_the_windows_of_their_team_only_and_may_change_nothing(as_role: Signed) -> None:
    browser = as_role(Role.GRID_WORKER)

    page = browser.get("/patrols/plan").text

    assert "My plan" in page
    assert page.count('class="window ') == 1
    assert "script&gt;" not in page
    assert "/patrols/plan/windows/" not in page
    assert browser.get("/patrols/plan/new").status_code == 403
    assert browser.get("/patrols/plan/kept.xlsx").status_code == 403
    assert send(browser, "/patrols/plan/windows", **FORM).status_code == 403


def test_only_the_office_plans() -> None:
    may = {role for role, rights in ROLES.items() if May.PLAN_PATROLS in rights}

    assert may == {Role.ADMINISTRATOR, Role.GRID_MANAGER}


def test_without_a_plan_the_page_says_what_to_do_first(as_role: Signed) -> None:
    assert "Nothing is planned in these days" in as_role(Role.OFFICIAL).get("/patrols/plan").text


@pytest.mark.usefixtures("planned")
def test_a_window_is_planned_changed_and_taken_back(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    team = windows(town_engine)[0].team_id

    answer = send(browser, "/patrols/plan/windows", walker=f"team-{team}", **FORM)

    assert answer.status_code == 302, answer.text
    new = windows(town_engine)[2:]
    assert [(row.weekday, row.grid_code, row.valid_from) for row in new] == [
        (1, f"{HOME}002", SUNDAY),
        (3, f"{HOME}002", SUNDAY),
    ]
    assert "Take out of the plan" in browser.get(f"/patrols/plan/windows/{new[0].id}").text
    changed = {**FORM, "weekday": "5", "ends": "11:30", "valid_from": SUNDAY.isoformat(), "valid_until": "2026-12-31"}
    assert send(browser, f"/patrols/plan/windows/{new[0].id}", **changed).status_code == 302
    row = windows(town_engine)[2]
    assert (row.weekday, row.ends, row.valid_until) == (5, time(11, 30), date(2027, 1, 1))
    assert send(browser, f"/patrols/plan/windows/{new[1].id}", take_back="1").status_code == 302
    assert len(windows(town_engine)) == 3
    assert {"plan.windows_added", "plan.window_changed", "plan.window_taken_back"} <= set(audited(town_engine))


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"walker": "team-999"}, "Choose a team or a person."),
        ({"walker": "dog-1"}, "Choose a team or a person."),
        ({"weekday": []}, "Say on which weekdays"),
        ({"ends": "noon"}, "must be a time of day"),
        ({"grid": f"{HOME}999"}, "The community has no grid"),
        ({"grid": "", "streets": "不存在的路"}, "no street called"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_what_to_do(
    as_role: Signed, town_engine: Engine, wrong: dict, said: str
) -> None:
    team = windows(town_engine)[0].team_id

    answer = send(as_role(Role.GRID_MANAGER), "/patrols/plan/windows", **{"walker": f"team-{team}", **FORM, **wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert len(windows(town_engine)) == 2


@pytest.mark.usefixtures("planned")
def test_the_plan_goes_out_as_a_table_and_comes_in_again(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    answer = browser.get("/patrols/plan/windows.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:4] == ["Weekday", "Begins at", "Ends at", "Team"]
    assert rows[1][:4] == ["Sat", "08:00", "10:00", "小红帽"]

    again = send(browser, "/patrols/plan/import", community=HOME, file=(io.BytesIO(answer.data), "plan.xlsx"))

    assert again.status_code == 302, again.text
    assert len(windows(town_engine)) == 2


@pytest.mark.usefixtures("planned")
def test_a_table_with_a_bad_row_is_refused_whole_with_row_and_column(as_role: Signed, town_engine: Engine) -> None:
    table = (
        f"星期,开始时间,结束时间,队伍,网格编码\n周一至周五,8:00,9:30,小红帽,{HOME}002\n周八,8:00,9:00,没有,{HOME}002\n"
    )

    answer = send(
        as_role(Role.GRID_MANAGER),
        "/patrols/plan/import",
        community=HOME,
        file=(io.BytesIO(table.encode()), "plan.csv"),
    )

    assert answer.status_code == 422
    assert "周八 is no day of the week" in answer.text
    assert "There is no team called 没有" in answer.text
    assert len(windows(town_engine)) == 2


@pytest.mark.usefixtures("planned")
def test_what_was_kept_goes_out_as_a_table(as_role: Signed) -> None:
    text = as_role(Role.OFFICIAL).get("/patrols/plan/kept.csv").data.decode("utf-8-sig")

    head, *rows = text.splitlines()
    assert head.startswith("Day,Begins at,Ends at,Team")
    assert [row.split(",")[0] for row in rows] == ["2026-11-21", "2026-11-21"]
    assert all("missed" in row for row in rows)
    assert as_role(Role.OFFICIAL).get("/patrols/plan/kept.exe").status_code == 422


@pytest.mark.usefixtures("planned")
def test_home_warns_of_missed_windows_and_cold_streets_and_leads_there(as_role: Signed) -> None:
    home = as_role(Role.GRID_MANAGER).get("/").text
    mine = as_role(Role.GRID_WORKER).get("/").text

    assert "2 windows of the plan were missed yesterday or today" in home
    assert "1 window of the plan was missed yesterday or today" in mine
    assert "of street is red" in home
    assert f"/patrols/plan?community={HOME}&amp;from=2026-11-21" in home
    assert "/patrols/next-walk" in home


def test_home_of_a_town_without_a_plan_does_not_speak_of_windows(as_role: Signed) -> None:
    assert "window" not in as_role(Role.OFFICIAL).get("/").text.lower()


def test_another_communitys_plan_is_not_shown(as_role: Signed) -> None:
    assert as_role(Role.GRID_MANAGER).get("/patrols/plan?community=110108001002").status_code == 403


def test_streets_alone_are_planned_by_who_holds_the_whole_community(
    as_role: Signed, town_engine: Engine, planned: Town
) -> None:
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        make.street(session, place, shapely.LineString([(116.3, 40.0005), (116.301, 40.0005)]), name="磨坊巷")
        session.commit()
    team = windows(town_engine)[0].team_id
    fields = {**FORM, "walker": f"team-{team}", "grid": "", "streets": "磨坊巷", "weekday": "1"}

    assert send(as_role(Role.GRID_MANAGER), "/patrols/plan/windows", **fields).status_code == 302
    assert windows(town_engine)[-1].streets == ["磨坊巷"]
