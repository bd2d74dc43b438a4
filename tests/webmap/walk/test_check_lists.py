"""Check-lists: a community's own rows in versions, changed on a page, ticked on a phone."""

from datetime import timedelta

import own_phone
from flask import Flask
from own_phone import thing
from sqlalchemy import select
from sqlalchemy.orm import Session
from visit import LOGINS, NOW, send, sign_in

from data.models import CheckListAnswer, CheckListMark, Role
from webmap.pages.check_lists import items_in

HOUR = timedelta(hours=1)


def test_a_list_is_changed_in_versions_and_old_answers_keep_theirs(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 2 * HOUR)
    manager = both.test_client()
    sign_in(manager, LOGINS[Role.GRID_MANAGER])
    old = phone.get("/walk/kit").json["check_lists"][1]
    marks = [{"item": one["id"], "ok": number != 1} for number, one in enumerate(old["items"])]

    changed = send(manager, f"/check-lists/{old['code']}", version=1, zh="路平灯亮", en="", items="路平 | even\n灯亮\n")
    late = send(manager, f"/check-lists/{old['code']}", version=1, zh="别的", items="一项")
    taken = phone.send(thing("check_list", NOW - HOUR, list=old["id"], marks=marks, lon=116.3005, lat=40.0005))
    new = phone.get("/walk/kit").json["check_lists"][1]

    assert (changed.status_code, late.status_code, taken[0]["status"]) == (302, 409, "stored")
    assert (old["version"], new["version"], [one["title"] for one in new["items"]]) == (1, 2, ["even", "灯亮"])
    answer = rows.scalars(select(CheckListAnswer)).one()
    assert (answer.check_list.version, answer.grid_code) == (1, "110108001001004")
    assert [one.ok for one in rows.scalars(select(CheckListMark).order_by(CheckListMark.item_id))].count(False) == 1


def test_an_answer_that_does_not_fit_is_refused_with_a_reason(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    first, second = phone.get("/walk/kit").json["check_lists"]
    item = {"item": first["items"][0]["id"], "ok": True}

    answers = phone.send(
        thing("check_list", NOW, list=second["id"], marks=[item]),
        thing("check_list", NOW, list=9999, marks=[item]),
        thing("check_list", NOW, list=first["id"], marks=[item, item]),
        thing("check_list", NOW, list=first["id"], marks=[]),
        thing("check_list", NOW, list=first["id"], marks=[{"item": item["item"], "ok": "yes"}]),
        thing("check_list", NOW, list=first["id"], marks=[item]),
    )

    assert [one["status"] for one in answers] == ["refused"] * 5 + ["stored"]
    assert all(one["reason"] for one in answers[:5])
    assert len(rows.scalars(select(CheckListAnswer)).all()) == 1


def test_without_consent_a_check_list_says_not_where_it_was_ticked(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    first = phone.get("/walk/kit").json["check_lists"][0]

    phone.send(
        thing(
            "check_list",
            NOW,
            list=first["id"],
            marks=[{"item": first["items"][0]["id"], "ok": True}],
            lon=116.3005,
            lat=40.0005,
        )
    )

    answer = rows.scalars(select(CheckListAnswer)).one()
    assert (answer.lon, answer.lat, answer.grid_code) == (None, None, None)


def test_a_list_that_is_offered_no_more_is_gone_from_phones_and_comes_back_when_changed(both: Flask) -> None:
    phone = own_phone.enrol(both)
    manager = both.test_client()
    sign_in(manager, LOGINS[Role.GRID_MANAGER])

    send(manager, "/check-lists/four_musts/withdraw")
    without = [one["code"] for one in phone.get("/walk/kit").json["check_lists"]]
    own_phone.enrol(both, phone=phone.key)
    send(manager, "/check-lists/four_musts", version=1, zh="四必", items="必访")
    send(manager, "/check-lists", zh="防汛", items="排水口\n地下室")
    phone = own_phone.enrol(both, phone=phone.key)
    again = [one["title"] for one in phone.get("/walk/kit").json["check_lists"]]

    assert without == ["five_goods"]
    assert again == ["四必", "Even, lit, flowing, clean, safe", "防汛"]


def test_the_page_shows_what_was_not_right(both: Flask) -> None:
    phone = own_phone.enrol(both)
    first = phone.get("/walk/kit").json["check_lists"][0]
    marks = [{"item": one["id"], "ok": False} for one in first["items"]]
    phone.send(thing("check_list", NOW, list=first["id"], marks=marks))
    manager = both.test_client()
    sign_in(manager, LOGINS[Role.GRID_MANAGER])

    page = manager.get("/check-lists").text

    assert page.count('<span class="chip bad">1</span>') == 5


def test_items_are_read_one_a_line_with_english_behind_a_bar() -> None:
    assert [tuple(one) for one in items_in("路平｜even\r\n\r\n  灯亮  \n水畅 | a | b")] == [
        ("路平", "even"),
        ("灯亮", ""),
        ("水畅", "a | b"),
    ]
