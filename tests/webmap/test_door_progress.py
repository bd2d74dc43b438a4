"""What residents follow by their code: the five steps, the answers, and their rating."""

from collections.abc import Callable
from datetime import timedelta

from at_the_door import CLOSED, NAME, PHONE, Resident, rate, take, told_last
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, Town, send

from data.database import open_session
from data.models import Community, Role, Stage, StepKind

Signed = Callable[[Role], FlaskClient]


def test_by_the_code_one_sees_the_five_steps_and_the_answers_and_nobodys_name(
    resident: Resident, town_engine: Engine
) -> None:
    code = resident.told(category="1", name=NAME, phone=PHONE)
    before = resident.browser.get(f"/q/{code}").text
    take(town_engine, NOW + timedelta(hours=1), StepKind.ACCEPT, StepKind.TRIAGE, note="内部：找老王")
    take(town_engine, NOW + timedelta(hours=2), StepKind.REPLY, note="明天上午来收")
    take(town_engine, NOW + timedelta(hours=3), StepKind.RESOLVE, StepKind.CLOSE, note="内部结论")

    after = resident.browser.get(f"/q/{code}").text

    assert before.count('<li class="done">') == 2
    assert after.count('<li class="done">') == 4
    assert "明天上午来收" in after
    for hidden in ("老王", "内部", "环卫所", NAME, PHONE, "admin"):
        assert hidden not in after


def test_a_code_may_be_typed_as_it_is_heard(resident: Resident) -> None:
    code = resident.told(category="1")
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    asked = resident.browser.get("/q", query_string={"code": typed}, follow_redirects=True)

    assert asked.status_code == 200
    assert code in asked.text


def test_guessing_codes_is_shut_off_and_then_right_ones_are_not_told_either(resident: Resident) -> None:
    code = resident.told(category="1")
    tries = [resident.browser.get(f"/q/0000-0000-{place:04d}").status_code for place in range(21)]

    assert tries == [404] * 20 + [429]
    assert resident.browser.get(f"/q/{code}").status_code == 429
    resident.clock[0] += timedelta(hours=1)
    assert resident.browser.get(f"/q/{code}").status_code == 200


def test_a_rating_is_taken_once(resident: Resident, town_engine: Engine) -> None:
    code = resident.told(category="1")
    early = rate(resident, code, 5)
    take(town_engine, NOW + timedelta(hours=1), *CLOSED)
    resident.clock[0] = NOW + timedelta(hours=2)

    first, second = rate(resident, code, 4, "很快"), rate(resident, code, 1)

    assert "not settled yet" in early
    assert "Your rating is kept" in first
    assert "It was rated already" in second
    row = told_last(town_engine)
    assert (row.rating, row.stage) == (4, Stage.CLOSED)
    assert "It was rated: 4 of 5." in resident.browser.get(f"/q/{code}").text


def test_a_bad_rating_opens_it_again_once_and_the_manager_sees_why(
    resident: Resident, town_engine: Engine, as_role: Signed
) -> None:
    code = resident.told(category="1")
    take(town_engine, NOW + timedelta(hours=1), *CLOSED)
    resident.clock[0] = NOW + timedelta(hours=2)

    bad = rate(resident, code, 1, "还是没收")

    assert "looks at it again" in bad
    row = told_last(town_engine)
    assert (row.stage, row.rating) == (Stage.ACCEPTED, None)
    page = as_role(Role.GRID_MANAGER).get(f"/incidents/{row.number}").text
    assert "1/5 还是没收" in page
    take(town_engine, NOW + timedelta(hours=3), *CLOSED[1:])
    resident.clock[0] = NOW + timedelta(hours=4)
    assert "Your rating is kept" in rate(resident, code, 2, "还行吧")
    assert told_last(town_engine).stage is Stage.CLOSED


def test_a_community_that_wants_it_so_is_not_opened_again_by_a_rating(resident: Resident, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        session.scalars(select(Community).where(Community.code == HOME)).one().rules = {"reopening_rating": 0}
        session.commit()
    code = resident.told(category="1")
    take(town_engine, NOW + timedelta(hours=1), *CLOSED)
    resident.clock[0] = NOW + timedelta(hours=2)

    rate(resident, code, 1)

    assert told_last(town_engine).stage is Stage.CLOSED


def test_no_rating_and_no_number_are_no_rating(resident: Resident, town_engine: Engine) -> None:
    code = resident.told(category="1")
    take(town_engine, NOW + timedelta(hours=1), *CLOSED)
    resident.clock[0] = NOW + timedelta(hours=2)

    assert "Choose how content you are." in rate(resident, code, "")
    assert "must be a whole number" in rate(resident, code, 6)
    assert told_last(town_engine).rating is None


def test_what_was_merged_follows_the_one_that_is_worked_on(
    resident: Resident, town_engine: Engine, town: Town, as_role: Signed
) -> None:
    code = resident.told(category="1")
    number = told_last(town_engine).number
    merged = send(as_role(Role.GRID_MANAGER), f"/incidents/{number}/steps", kind="merge", other=town.in_grid_1)
    assert merged.status_code == 302
    take(town_engine, NOW + timedelta(hours=1), StepKind.ACCEPT, StepKind.TRIAGE, number=town.in_grid_1)
    take(town_engine, NOW + timedelta(hours=2), StepKind.REPLY, note="两家都说了，一起办", number=town.in_grid_1)

    page = resident.browser.get(f"/q/{code}").text

    assert "Others told of the same" in page
    assert page.count('<li class="done">') == 3
    assert "两家都说了，一起办" in page
    for hidden in (town.in_grid_1, "楼道堆放杂物", "李小明"):
        assert hidden not in page
