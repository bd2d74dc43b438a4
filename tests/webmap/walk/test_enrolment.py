"""Whose phone a browser is: enrolled by a sign-in, shared by a team, left, shut out."""

from datetime import timedelta

import own_phone
import pytest
from flask import Flask
from own_phone import thing
from sqlalchemy import select
from sqlalchemy.orm import Session
from visit import LOGINS, NOW, PASSWORD, hashed, send, sign_in

from data.models import AuditRow, Category, Community, Device, Person, PhoneFix, Role, Team, TeamMember, User
from webmap.walk.bearer import REQUESTS_A_MINUTE

HOUR = timedelta(hours=1)


@pytest.fixture
def team(rows: Session) -> Team:
    """A team with the worker and two others of them; a fourth walker is in no team."""
    worker = rows.scalars(select(Person)).first()
    assert worker is not None
    made = Team(community_id=worker.community_id, name="小红帽一队")
    rows.add(made)
    rows.flush()
    people = [worker, *(_person(rows, worker.community_id, number) for number in range(3))]
    for person in people[:3]:
        rows.add(TeamMember(team_id=made.id, person_id=person.id, valid_from=NOW.date() - timedelta(days=9)))
    rows.commit()
    return made


def _person(rows: Session, community_id: int, number: int) -> Person:
    person = Person(community_id=community_id, number=f"W{number}", name=f"红帽{number}")
    rows.add(person)
    rows.flush()
    rows.add(
        User(
            login=f"w{number}",
            password_hash=hashed(PASSWORD),
            role=Role.GRID_WORKER,
            person_id=person.id,
            created_at=NOW,
            language="zh",
        )
    )
    return person


def test_who_is_signed_in_enrols_the_browser_and_the_token_outlives_the_sign_in(both: Flask) -> None:
    browser = both.test_client()
    sign_in(browser, LOGINS[Role.GRID_WORKER])
    form = browser.get("/walk/form").json
    answer = browser.post("/walk/enrol", json={"phone": own_phone.new_key()}, headers={"X-CSRFToken": form["csrf"]})
    phone = own_phone.OwnPhone(browser, answer.json["token"], answer.json)
    send(browser, "/sign-out")

    assert form["signed_in"]["login"] == "worker"
    assert phone.get("/walk/kit").status_code == 200
    assert browser.get("/walk/form").json["signed_in"] is None


def test_enrolling_needs_the_pages_own_form_and_a_right_password(both: Flask, rows: Session) -> None:
    browser, key = both.test_client(), own_phone.new_key()

    without = browser.post("/walk/enrol", json={"phone": key, "login": "worker", "password": PASSWORD})
    wrong = own_phone.ask(browser, key, password="something else 1")
    nobody = own_phone.ask(browser, key, login="")
    no_person = own_phone.ask(browser, key, login="official")
    no_key = own_phone.ask(browser, "my phone")

    codes = [one.status_code for one in (without, wrong, nobody, no_person, no_key)]
    assert codes == [400, 403, 401, 409, 422]
    assert "belongs to no person" in no_person.json["detail"]
    assert rows.scalars(select(AuditRow).where(AuditRow.action == "sign_in.refused")).one().facts["why"] == "password"
    assert rows.scalars(select(Device)).all() == []


def test_several_of_a_team_share_one_browser_and_a_stranger_does_not(both: Flask, team: Team) -> None:
    first = own_phone.enrol(both)
    second = own_phone.enrol(both, "w0", phone=first.key)
    stranger = own_phone.ask(both.test_client(), first.key, login="w2")

    members = second.get("/walk/members").json["members"]
    assert [(one["person"]["number"], one["me"]) for one in members] == [("P001", False), ("W0", True)]
    assert "小红帽一队" in {one["name"] for one in first.told["teams"]}
    assert first.get("/walk/kit").json["members"][0]["me"] is True
    assert stranger.status_code == 409
    assert "红帽2" in stranger.json["detail"]


def test_enrolling_again_gives_a_new_token_and_what_was_not_sent_yet_is_still_taken_once(both: Flask) -> None:
    former = own_phone.enrol(both)
    report = thing("report", NOW, words="路灯不亮", lon=116.3005, lat=40.0005)
    number = former.send(report)[0]["number"]

    phone = own_phone.enrol(both, phone=former.key)
    other = own_phone.enrol(both)

    assert former.post([]).status_code == 401
    assert [one.send(report)[0] for one in (phone, other)] == [
        {"id": report["id"], "status": "known", "number": number}
    ] * 2
    assert len(phone.get("/walk/members").json["members"]) == 1


def test_a_phone_that_was_shut_out_is_told_what_to_do_in_its_persons_language(
    both: Flask, rows: Session, team: Team
) -> None:
    phone = own_phone.enrol(both, "w0")
    manager = both.test_client()
    sign_in(manager, LOGINS[Role.GRID_MANAGER])
    send(manager, f"/devices/{phone.told['device']}/revoke")

    answers = [phone.post([thing("withdraw", NOW)]), phone.get("/walk/kit"), phone.photo(own_phone.new_key(), b"")]
    again = own_phone.enrol(both, "w0", phone=phone.key)

    assert [one.status_code for one in answers] == [403, 403, 403]
    assert {one.json["type"] for one in answers} == {"urn:gridpatrol:problem:phone-revoked"}
    assert phone.fixes((NOW, 116.3, 40.0)).status_code == 403
    assert again.get("/walk/kit").status_code == 200
    assert [one["me"] for one in again.get("/walk/members").json["members"]] == [True]


def test_who_leaves_a_browser_leaves_what_was_sent(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 2 * HOUR)
    walk = own_phone.new_key()
    phone.send(thing("start", NOW - HOUR, walk=walk))
    phone.fixes(*own_phone.north(NOW - HOUR, 10))

    left = phone.browser.post("/walk/leave", headers=phone.headers())

    assert left.status_code == 204
    assert phone.get("/walk/kit").status_code == 401
    assert phone.fixes((NOW, 116.3, 40.0)).status_code == 404
    assert len(rows.scalars(select(PhoneFix)).all()) == 61
    assert rows.scalars(select(Device)).one().stale_since_ms is not None


def test_a_sign_in_that_is_switched_off_switches_its_phones_off(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    rows.scalars(select(User).where(User.login == "worker")).one().active = False
    rows.commit()

    assert phone.get("/walk/kit").status_code == 403


def test_what_is_taken_along_is_sent_once_until_it_changes(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    first = phone.get("/walk/kit")

    same = phone.get("/walk/kit", **{"If-None-Match": first.headers["ETag"]})
    rows.scalars(select(Community)).first().rules = {"longest_walk_s": 3600}  # type: ignore[union-attr]
    rows.commit()
    other = phone.get("/walk/kit", **{"If-None-Match": first.headers["ETag"]})

    kit = first.json
    assert (first.status_code, same.status_code, other.status_code) == (200, 304, 200)
    assert (kit["limits"]["longest_walk_s"], other.json["limits"]["longest_walk_s"]) == (14_400, 3600)
    assert kit["community"]["outline"]["type"] in {"Polygon", "MultiPolygon"}
    assert [one["properties"]["name"] for one in kit["streets"]["features"]] == ["学院路"]
    assert (kit["categories"][0]["initials"], kit["categories"][0]["name"]) == ("bllj", "litter")


def test_the_category_reported_last_comes_first(both: Flask, rows: Session) -> None:
    rows.add(Category(family="sample", kind="part", code="02", zh="路灯不亮", en="dark lamp"))
    rows.commit()
    phone = own_phone.enrol(both)
    second = phone.get("/walk/kit").json["categories"][1]["id"]

    phone.send(thing("report", NOW, words="", category=second, lon=116.3005, lat=40.0005))

    assert [(one["id"] == second, one["recent"]) for one in phone.get("/walk/kit").json["categories"]] == [
        (True, True),
        (False, False),
    ]


def test_a_phone_that_asks_without_end_is_told_to_wait(both: Flask) -> None:
    phone = own_phone.enrol(both)

    codes = [phone.get("/walk/members").status_code for _ in range(REQUESTS_A_MINUTE + 1)]
    last = phone.get("/walk/members")

    assert (set(codes[:-1]), codes[-1]) == ({200}, 429)
    assert 0 < int(last.headers["Retry-After"]) <= 60
