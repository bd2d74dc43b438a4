"""Teams on the website: founding, joining, leaving, the members' sheet, and who reads whose phone."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, send

from data.database import open_session
from data.models import AuditRow, Role, Team, TeamMember

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def manager(as_role: Signed) -> FlaskClient:
    return as_role(Role.GRID_MANAGER)


def actions(engine: Engine) -> list[str]:
    with open_session(engine) as session:
        return [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]


def test_a_manager_founds_a_team_lets_somebody_lead_it_and_leave_it(manager: FlaskClient, town_engine: Engine) -> None:
    founded = send(manager, "/teams", community=HOME, name="阳光小喇叭 <b>", kind="little_horn")
    team = founded.headers["Location"]
    send(manager, f"{team}/members", person="P001", role="leader", on="2026-05-01")
    page = manager.get(team).text

    assert "阳光小喇叭 &lt;b&gt;" in page
    assert "王秀英" in page
    assert "team leader" in page
    assert 'href="tel:13800000001"' in page
    with open_session(town_engine) as session:
        member = session.scalars(select(TeamMember).order_by(TeamMember.id.desc())).first()
        assert member is not None
        person = member.person_id
    send(manager, f"{team}/members/{person}/leave", on="2026-11-22")
    assert "Nobody belongs to this team yet" in manager.get(team).text
    assert actions(town_engine)[-3:] == ["team.added", "team.joined", "team.left"]


def test_a_team_is_renamed_and_dissolved(manager: FlaskClient) -> None:
    send(manager, "/teams/1", name="西片小红帽", kind="lei_feng")
    assert "西片小红帽" in manager.get("/teams").text

    send(manager, "/teams/1/end", on="2026-11-22")

    assert "Dissolved teams" in manager.get("/teams").text
    assert "dissolved on" in manager.get("/teams/1").text


def test_kinds_of_teams_are_rows_that_the_office_changes(manager: FlaskClient) -> None:
    send(manager, "/teams/kinds", community=HOME, kind="dragon", zh="舞龙队", en="Dragon dancers")
    assert "Dragon dancers" in manager.get("/teams").text

    send(manager, "/teams/kinds/drop", community=HOME, kind="dragon")
    refused = send(manager, "/teams/kinds/drop", community=HOME, kind="red_cap")

    assert "Dragon dancers" not in manager.get("/teams").text
    assert refused.status_code == 409


def test_members_come_as_a_sheet_and_a_bad_row_is_told_by_its_row(manager: FlaskClient, town_engine: Engine) -> None:
    def upload(text: str) -> str:
        file = (io.BytesIO(text.encode("utf-8-sig")), "队员.csv")
        return send(manager, "/import", community=HOME, kind="members", file=file).text

    refused = upload("队伍,编号,姓名,角色\n西片小红帽,V1,李桂兰,队长\n西片小红帽,V2,,队员\n")
    taken = upload("队伍,编号,姓名,角色\n西片小红帽,V1,李桂兰,队长\n西片小红帽,P001,,队员\n")

    assert "give a name as well" in refused
    assert "What became of the file" in taken
    with open_session(town_engine) as session:
        team = session.scalars(select(Team).where(Team.name == "西片小红帽")).one()
        assert len(team.members) == 2


def test_a_volunteer_sees_the_own_team_without_forms_and_no_other(as_role: Signed, manager: FlaskClient) -> None:
    foreign = send(manager, "/teams", community=HOME, name="西片小红帽", kind="red_cap").headers["Location"]
    worker = as_role(Role.GRID_WORKER)

    listing, own = worker.get("/teams").text, worker.get("/teams/1").text

    assert "东片小红帽" in listing
    assert "西片小红帽" not in listing
    assert "<form" not in own.split("<main")[1]
    assert worker.get(foreign).status_code == 403


def test_an_official_reads_names_but_no_phone(as_role: Signed) -> None:
    page = as_role(Role.OFFICIAL).get("/teams/1").text

    assert "王秀英" in page
    assert "13800000001" not in page


def test_effort_hides_what_fewer_than_three_walked(as_role: Signed) -> None:
    page = as_role(Role.OFFICIAL).get("/teams/effort?period=2026-11").text

    assert "fewer than 3 walkers: not shown" in page
    assert "王秀英" not in page


@pytest.mark.parametrize("period", ["2026", "2026-Q4", "2026-12"])
def test_effort_is_told_by_month_quarter_and_year(manager: FlaskClient, period: str) -> None:
    assert manager.get(f"/teams/effort?period={period}").status_code == 200


@pytest.mark.parametrize("period", ["2026-13", "26", "2026-Q5", "x"])
def test_a_time_that_is_none_is_refused_with_how_to_write_it(manager: FlaskClient, period: str) -> None:
    answer = manager.get(f"/teams/effort?period={period}")

    assert answer.status_code == 422
    assert "2026-Q4" in answer.text


def test_a_manager_founds_no_team_where_they_answer_for_nothing(manager: FlaskClient) -> None:
    assert send(manager, "/teams", community=AWAY, name="别处", kind="red_cap").status_code == 403
