"""What residents do at a notice board without a sign-in: tell of something, once, as people and not as programs."""

import io
from collections.abc import Callable
from datetime import timedelta

from at_the_door import FORM, Resident, reports, told_last
from flask import Flask
from flask.testing import FlaskClient
from pictures import photo
from sqlalchemy import Engine, select
from visit import BOARD, HOME, send
from werkzeug.test import TestResponse

from data.database import open_session
from data.models import Category, IncidentSource, KnockCount, Role, Stage
from patrols.categories import ICONS
from webmap.door.pictures import TABLE, picture_of, table

Signed = Callable[[Role], FlaskClient]


def test_whoever_scans_a_board_can_tell_of_something_there(resident: Resident, town_engine: Engine) -> None:
    assert f'href="{FORM}"' in resident.browser.get(f"/r/{BOARD}").text

    code = resident.told(category="1", description="门口的垃圾没人收", address="三层")

    row = told_last(town_engine)
    assert (row.source, row.grid_code, row.stage) == (IncidentSource.RESIDENT, f"{HOME}001", Stage.REPORTED)
    assert (row.description, row.category_id, row.reporter_name) == ("门口的垃圾没人收", 1, "")
    assert row.address.endswith(" · 三层")
    assert code.replace("-", "") not in str(vars(row))


def test_the_same_form_sent_twice_is_one_report_with_one_code(resident: Resident, town_engine: Engine) -> None:
    fields = resident.fields()

    first, second = (resident.send(fields, category="1") for _ in range(2))

    assert first.location == second.location
    assert reports(town_engine) == 1
    other = resident.send(category="1")
    assert other.location != first.location
    assert reports(town_engine) == 2


def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(resident: Resident, town_engine: Engine) -> None:
    nothing = resident.send(category="")
    broken = resident.send(description="路灯坏了", photo=(io.BytesIO(b"no picture"), "a.jpg"))
    many = resident.send(photo=[(io.BytesIO(photo(size=(9, 9))), "a.jpg")] * 4)
    long = resident.send(description="长" * 1001)

    assert [one.status_code for one in (nothing, broken, many, long)] == [422] * 4
    assert "Take a photo, choose what it is, or say it in a few words." in nothing.text
    assert "路灯坏了</textarea>" in broken.text
    assert "This is no picture" in broken.text
    assert "At most 3 photos" in many.text
    assert reports(town_engine) == 0


def test_programs_are_told_to_send_it_once_more(resident: Resident, town_engine: Engine) -> None:
    filled = resident.send(category="1", homepage="http://example.org")
    hasty = send(resident.browser, FORM, page=f"/r/{BOARD}", category="1", **resident.fields())
    made_up = resident.send({"ticket": "WyJrZXkiLDEsMF0.made-up"}, category="1")
    other_board = resident.send({}, category="1")

    assert [one.status_code for one in (filled, hasty, made_up, other_board)] == [422] * 4
    assert reports(town_engine) == 0


def test_a_form_that_lay_open_for_a_day_is_sent_again_with_what_was_typed(
    resident: Resident, town_engine: Engine
) -> None:
    fields = resident.fields()
    resident.clock[0] += timedelta(hours=25)

    late = resident.send(fields, description="井盖松了")

    assert late.status_code == 422
    assert "井盖松了</textarea>" in late.text
    assert "open for too long" in late.text


def test_whoever_sends_too_much_waits_an_hour_and_the_next_board_is_open(
    resident: Resident, town_engine: Engine, app: Flask
) -> None:
    sent = [send_at_once(resident) for _ in range(11)]

    assert [one.status_code for one in sent] == [303] * 10 + [429]
    assert "Try again in an hour" in sent[-1].text
    assert reports(town_engine) == 10
    resident.clock[0] += timedelta(hours=1)
    assert resident.send(category="1").status_code == 303
    with open_session(town_engine) as session:
        names = session.scalars(select(KnockCount.name)).all()
    assert names
    assert not any("127.0.0.1" in name for name in names)


def send_at_once(resident: Resident) -> TestResponse:
    answer = resident.send(category="1")
    resident.clock[0] -= timedelta(minutes=1)
    return answer


def test_a_board_that_was_taken_down_takes_no_reports(resident: Resident, town_engine: Engine, as_role: Signed) -> None:
    fields = resident.fields()
    send(as_role(Role.GRID_MANAGER), f"/boards/{BOARD}/take-down")

    assert resident.browser.get(FORM).status_code == 404
    assert send(resident.browser, FORM, page="/sign-in", category="1", **fields).status_code == 404


def test_another_site_cannot_make_a_browser_tell_or_rate(resident: Resident) -> None:
    code = resident.told(category="1")

    assert resident.browser.post(FORM, data={**resident.fields(), "category": "1"}).status_code == 400
    assert resident.browser.post(f"/q/{code}/rate", data={"rating": "1"}).status_code == 400


def test_every_row_of_the_table_of_pictures_is_read() -> None:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("  [/")]

    assert len(table()) == len(lines) > 20
    assert picture_of(Category(zh="井盖缺失", en="Manhole cover missing")).startswith("M12 3a9")
    assert picture_of(Category(zh="其他", en="Other")) == ""
    assert picture_of(Category(zh="其他", en="Other", icon="dog")) == picture_of(Category(zh="遛犬", en="Dogs"))
    assert len(ICONS) == len(table())
