"""Points on the website: the office's pages, my points on a phone, claims, rules, goods and files."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import make
import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from visit import AWAY, HOME, LOGINS, PASSWORD, send, sign_in
from werkzeug.test import TestResponse

from data.audit import find_broken_seal
from data.database import open_session
from data.models import AuditRow, Community, MemberRole, PointsEntry, PointsGood, Role, Team, User
from patrols import teams
from patrols.points import goods

Signed = Callable[[Role], FlaskClient]
KEY = "a key of a form 01"


@pytest.fixture
def manager(as_role: Signed) -> FlaskClient:
    return as_role(Role.GRID_MANAGER)


def held(engine: Engine) -> int:
    with open_session(engine) as session:
        return session.scalar(select(func.sum(PointsEntry.points))) or 0


def carry_over(manager: FlaskClient, points: int = 20) -> TestResponse:
    return send(manager, "/points/1/opening", area="civility", points=points, note="2025年纸质台账")


def good_of(engine: Engine) -> PointsGood:
    with open_session(engine) as session:
        return session.scalars(select(PointsGood)).one()


def stock_of(engine: Engine) -> int:
    with open_session(engine) as session:
        return goods.stock(session, session.scalars(select(PointsGood)).one())


def test_goods_are_set_handed_out_and_taken_back_and_the_pages_add_up(
    manager: FlaskClient, town_engine: Engine
) -> None:
    carry_over(manager)
    send(manager, "/points/goods", community=HOME, name="雨伞 <i>", points=8, pieces=3)
    good = good_of(town_engine)

    for _ in range(2):
        send(manager, "/points/1/redeem", good=f"{good.id}@8", quantity=2, key=KEY)
    page = manager.get("/points/1").text
    assert (held(town_engine), stock_of(town_engine)) == (4, 1)
    assert "雨伞 &lt;i&gt; × 2" in page

    with open_session(town_engine) as session:
        line = session.scalars(select(PointsEntry.id).where(PointsEntry.points < 0)).one()
    send(manager, f"/points/1/entries/{line}/reverse", reason="破损")

    assert (held(town_engine), stock_of(town_engine)) == (20, 3)
    assert re.search(r"all areas</td>.*?<b>20</b>", manager.get("/points").text, re.DOTALL)
    with open_session(town_engine) as session:
        assert find_broken_seal(session) is None


def test_a_price_that_changed_meanwhile_is_told_and_nothing_is_handed_out(
    manager: FlaskClient, town_engine: Engine
) -> None:
    carry_over(manager)
    send(manager, "/points/goods", community=HOME, name="雨伞", points=8, pieces=3)
    good = good_of(town_engine)
    send(manager, "/points/goods", community=HOME, name="雨伞", points=9)

    answer = send(manager, "/points/1/redeem", good=f"{good.id}@8", quantity=1, key=KEY)

    assert answer.status_code == 409
    assert "costs 9 points by now" in answer.text
    assert held(town_engine) == 20


def test_too_few_points_are_told_and_nothing_happens(manager: FlaskClient, town_engine: Engine) -> None:
    carry_over(manager, 5)
    send(manager, "/points/goods", community=HOME, name="雨伞", points=8, pieces=3)

    answer = send(manager, "/points/1/redeem", good=f"{good_of(town_engine).id}@8", quantity=1, key=KEY)

    assert answer.status_code == 409
    assert "only 5 are there for it" in answer.text
    assert (held(town_engine), stock_of(town_engine)) == (5, 3)


def test_a_volunteer_claims_on_the_phone_and_the_office_confirms(
    as_role: Signed, manager: FlaskClient, town_engine: Engine
) -> None:
    worker = as_role(Role.GRID_WORKER)
    key = re.search(r'name="key" value="([^"]+)"', worker.get("/my-points").text)
    assert key is not None
    for _ in range(2):
        send(worker, "/my-points/claims", rule="meeting", on="2026-11-20", note="三号楼议事", key=key[1])
    assert "waits to be confirmed" in worker.get("/my-points").text
    assert "Confirm 1 claim" in manager.get("/points").text

    own = send(worker, "/points/claims/1", decision="confirm")
    done = send(manager, "/points/claims/1", decision="confirm")

    assert (own.status_code, done.status_code, held(town_engine)) == (409, 302, 3)
    mine = worker.get("/my-points").text
    assert "confirmed" in mine
    assert "+3" in mine
    assert "Nothing waits for you" in manager.get("/points/claims").text


def test_a_leader_confirms_on_the_phone_what_a_member_did(
    as_role: Signed, manager: FlaskClient, town_engine: Engine
) -> None:
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        boss = make.person(session, place, "P009", name="赵队长")
        team = session.scalars(select(Team)).one()
        teams.join(session, team, boss, on=date(2026, 3, 1), role=MemberRole.LEADER)
        session.scalars(select(User).where(User.login == LOGINS[Role.HANDLER])).one().person_id = boss.id
        session.commit()
    worker, leader = as_role(Role.GRID_WORKER), as_role(Role.HANDLER)
    send(worker, "/my-points/claims", rule="clean_up", on="2026-11-20", note="西门清扫", key=KEY)

    assert "西门清扫" in leader.get("/points/claims").text
    assert "Confirm 1 claim" in leader.get("/my-points").text
    send(leader, "/points/claims/1", decision="confirm")

    assert held(town_engine) == 5


def test_patrols_earn_when_the_office_says_so_and_once(
    as_role: Signed, town_engine: Engine, clock: list[datetime]
) -> None:
    clock[0] += timedelta(days=1)
    manager = as_role(Role.GRID_MANAGER)
    for _ in range(2):
        send(manager, "/points/earn", community=HOME)

    assert held(town_engine) == 2


def test_rules_are_changed_from_a_day_on_and_the_older_version_stays_readable(manager: FlaskClient) -> None:
    terms = {"code": "tree", "area": "civility", "zh": "植树", "en": "Planting a tree", "points": 5, "for_persons": 1}
    send(manager, "/points/rules", community=HOME, **terms)
    send(manager, "/points/rules", community=HOME, **(terms | {"points": 7, "on": "2026-12-01"}))
    page = manager.get("/points/rules").text

    assert "Planting a tree" in page
    assert "Earlier and coming versions" in page
    send(manager, "/points/areas", community=HOME, area="civility", zh="文明家风", en="Good manners")
    assert "Good manners" in manager.get("/points/rules").text


def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(manager: FlaskClient) -> None:
    terms = {"code": "x", "area": "civility", "zh": "好事", "points": 5, "cap_day": 2, "for_persons": 1}

    answer = send(manager, "/points/rules", community=HOME, **terms)

    assert answer.status_code == 409
    assert "would never let it earn" in answer.text


def test_households_and_shops_get_accounts_by_number_and_name(manager: FlaskClient) -> None:
    shop = send(manager, "/points/accounts", community=HOME, kind="shop", number="S1", name="面馆 <b>")
    again = send(manager, "/points/accounts", community=HOME, kind="shop", number="S1", name="面馆")

    assert "面馆 &lt;b&gt;" in manager.get(shop.headers["Location"]).text
    assert again.status_code == 409
    assert "面馆 &lt;b&gt;" in manager.get("/points?kind=shop&q=面").text
    assert "面馆" not in manager.get("/points?kind=household").text


def test_a_statement_is_taken_away_as_a_sheet_that_computes_nothing(manager: FlaskClient, town_engine: Engine) -> None:
    send(manager, "/points/1/opening", area="civility", points=7, note="=1+1")

    sheet = send(manager, "/points/1/statement", format=".xlsx")
    text = send(manager, "/points/1/statement", format=".csv")

    rows = list(openpyxl.load_workbook(io.BytesIO(sheet.data)).active.values)
    assert rows[1][rows[0].index("note")] == "=1+1"
    assert rows[1][rows[0].index("balance")] == 7
    assert "'=1+1" in text.text
    with open_session(town_engine) as session:
        assert session.scalars(select(AuditRow.action).order_by(AuditRow.id.desc())).first() == "points.exported"


def test_an_official_sees_what_the_areas_come_to_but_no_account(as_role: Signed, manager: FlaskClient) -> None:
    carry_over(manager)
    official = as_role(Role.OFFICIAL)

    page = official.get("/points").text

    assert "Civility" in page
    assert "王秀英" not in page
    assert official.get("/points/1").status_code == 403


def test_a_volunteer_sees_the_own_points_and_nobody_elses(as_role: Signed, manager: FlaskClient) -> None:
    carry_over(manager)
    worker = as_role(Role.GRID_WORKER)

    assert "<b>20</b>" in worker.get("/my-points").text
    assert [worker.get(page).status_code for page in ("/points", "/points/1", "/points/goods")] == [403] * 3
    assert send(worker, "/my-points/statement", format=".csv").status_code == 200


def test_who_is_on_no_roster_is_told_so(as_role: Signed) -> None:
    assert "belongs to nobody in the roster" in as_role(Role.OFFICIAL).get("/my-points").text


def test_a_community_without_points_is_asked_to_begin(client: FlaskClient, town_engine: Engine) -> None:
    sign_in(client, LOGINS[Role.ADMINISTRATOR], PASSWORD)
    assert "No points yet" in client.get(f"/points?community={AWAY}").text
    send(client, "/points/begin", community=AWAY)

    assert "Volunteering" in client.get(f"/points/rules?community={AWAY}").text
