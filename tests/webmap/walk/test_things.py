"""What a volunteer's phone sends: each thing once, with its own answer, whoever asks twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import own_phone
from flask import Flask
from own_phone import thing
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from visit import NOW

from data.models import Consent, Incident, Patrol, PatrolSource, User, Walk, WalkEnd
from webmap.phones.deriver import Deriver

HOUR = timedelta(hours=1)


def test_a_walk_begins_with_consent_and_ends_at_its_stop(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    walk = own_phone.new_key()
    first = thing("start", NOW - HOUR, walk=walk)

    refused = phone.send(first)
    taken = phone.send(
        thing("consent", NOW - 2 * HOUR, version=1), first, thing("stop", NOW - HOUR / 2, walk=walk), first
    )

    assert (refused[0]["status"], refused[0]["code"], refused[0]["again"]) == ("refused", "consent-needed", True)
    assert [one["status"] for one in taken] == ["stored", "stored", "stored", "known"]
    stored = rows.scalars(select(Walk)).one()
    assert (stored.started_at, stored.ended_at, stored.ended_by) == (NOW - HOUR, NOW - HOUR / 2, WalkEnd.PERSON)
    assert rows.scalars(select(Consent)).one().given_at == NOW - 2 * HOUR


def test_a_report_becomes_an_incident_with_a_number_once(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    report = thing("report", NOW - HOUR, words="井盖破损", lon=116.3005, lat=40.0005, accuracy_m=6)

    first, again = phone.send(report)[0], phone.send(report)[0]

    assert (first["status"], again["status"], first["number"] == again["number"]) == ("stored", "known", True)
    incident = rows.scalars(select(Incident).where(Incident.number == first["number"])).one()
    assert (incident.description, incident.found_at) == ("井盖破损", NOW - HOUR)


def test_drawn_and_typed_walks_are_patrols_marked_by_their_source(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 3 * HOUR)
    street = phone.get("/walk/kit").json["streets"]["features"][0]["id"]

    taken = phone.send(
        thing(
            "drawn_walk",
            NOW,
            began=(NOW - HOUR).isoformat(),
            minutes=20,
            line=[[116.3001, 40.0002], [116.3029, 40.0002]],
        ),
        thing("paper_walk", NOW, date="2026-11-22", **{"from": "08:00", "to": "09:00"}, streets=[street]),
    )

    assert [one["status"] for one in taken] == ["stored", "stored"], taken
    drawn, paper = rows.scalars(select(Patrol).where(Patrol.source != PatrolSource.FILE).order_by(Patrol.id))
    assert (drawn.source, paper.source) == (PatrolSource.DRAWN, PatrolSource.PAPER)
    assert 230 < drawn.metres < 250
    assert abs(sum(one.metres for one in drawn.credits) - drawn.metres) < 0.01
    assert paper.minutes == 60


def test_fixes_between_start_and_stop_become_the_walks_patrol(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 3 * HOUR)
    walk = own_phone.new_key()
    phone.send(thing("start", NOW - HOUR, walk=walk), thing("stop", NOW - HOUR / 2, walk=walk))

    answer = phone.fixes(*own_phone.north(NOW - 2 * HOUR, 100))
    Deriver(both.extensions["gridpatrol.engine"], lambda: NOW).derive(now=True)

    assert (answer.status_code, answer.json) == (200, {"result": "ok"})
    patrol = rows.scalars(select(Patrol).where(Patrol.source == PatrolSource.PHONE)).one()
    assert (patrol.started_at, patrol.ended_at) == (NOW - HOUR, NOW - HOUR / 2)
    assert patrol.fixes_kept == 181


def test_what_cannot_be_used_is_refused_by_name_and_stops_nothing_behind_it(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - HOUR)
    good = thing("report", NOW, words="路灯不亮", lon=116.3005, lat=40.0005)
    bad = [
        "nothing",
        {"id": "7", "kind": "report", "at": NOW.isoformat()},
        thing("dance", NOW),
        good | {"id": own_phone.new_key(), "at": "2026-11-22 09:30"},
        good | {"id": own_phone.new_key(), "lon": "116"},
        good | {"id": own_phone.new_key(), "lat": 91},
        good | {"id": own_phone.new_key(), "words": "x" * 2001},
        good | {"id": own_phone.new_key(), "words": "a\u0000b"},
        good | {"id": own_phone.new_key(), "words": ["a"]},
        good | {"id": own_phone.new_key(), "category": 2**31},
        good | {"id": own_phone.new_key(), "category": 99},
        good | {"id": own_phone.new_key(), "photos": [own_phone.new_key() for _ in range(7)]},
        thing("report", NOW),
        thing("start", NOW),
        thing("stop", NOW, walk=own_phone.new_key()),
        thing("consent", NOW, version=9),
        thing("check_in", NOW),
        thing("drawn_walk", NOW, began=NOW.isoformat(), minutes=10, line=[[116.3, 40.0], [116.301, 40.0]]),
        thing("drawn_walk", NOW, began=(NOW - HOUR).isoformat(), minutes=10, line=[[116.3, 40.0], [117.301, 40.0]]),
        thing("drawn_walk", NOW, began=(NOW - HOUR).isoformat(), minutes=10, line=[[116.3, 40.0]]),
        thing("drawn_walk", NOW, began=(NOW - HOUR).isoformat(), minutes=10, line=[116.3, 40.0]),
        thing("drawn_walk", NOW, began=(NOW - HOUR).isoformat(), minutes=10, line=[[110.3, 30.0], [110.301, 30.0]]),
        thing("paper_walk", NOW, date="2026-09-22", **{"from": "08:00", "to": "09:00"}, streets=[1]),
        thing("paper_walk", NOW, date="2026-11-21", **{"from": "8 o'clock", "to": "09:00"}, streets=[1]),
        thing("paper_walk", NOW, date="2026-11-21", **{"from": "08:00", "to": "09:00"}, streets=[]),
        thing("paper_walk", NOW, date="2026-11-21", **{"from": "08:00", "to": "09:00"}, streets=[999]),
    ]
    before = [rows.scalar(select(func.count()).select_from(one)) for one in (Incident, Patrol, Walk)]

    answers = phone.send(*bad, good)

    assert [one["status"] for one in answers] == ["refused"] * len(bad) + ["stored"]
    assert all(one["code"] and one["reason"] for one in answers[:-1]), answers
    assert not [one for one in answers if one.get("code") == "our-fault"]
    rows.rollback()
    after = [rows.scalar(select(func.count()).select_from(one)) for one in (Incident, Patrol, Walk)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 0, 0]


def test_reasons_are_in_the_persons_own_language(both: Flask, rows: Session) -> None:
    rows.scalars(select(User).where(User.login == "worker")).one().language = "zh"
    rows.commit()
    phone = own_phone.enrol(both)

    told = phone.get("/walk/kit").json

    assert told["consent"]["text"].startswith("我同意")
    assert told["check_lists"][0]["title"] == "四必"


def test_a_phones_wrong_clock_is_put_right_by_what_it_says_when_it_sends(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 3 * HOUR)
    slow, walk = 5 * HOUR, own_phone.new_key()

    phone.send(
        thing("start", NOW - HOUR - slow, walk=walk),
        thing("report", NOW - HOUR - slow, words="路灯不亮", lon=116.3005, lat=40.0005),
        now=NOW - slow,
    )

    begun = rows.scalars(select(Walk)).one()
    assert begun.started_at == NOW - HOUR
    assert begun.started_ms == int((NOW - HOUR - slow).timestamp() * 1000)
    assert rows.scalars(select(Incident.found_at).where(Incident.description == "路灯不亮")).one() == NOW - HOUR


def test_the_same_thing_sent_by_two_tabs_at_once_is_one_thing(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    things = [thing("report", NOW, words="路灯不亮", lon=116.3005, lat=40.0005) for _ in range(5)]
    tabs = [own_phone.OwnPhone(both.test_client(), phone.token, {}) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda tab: tab.send(*things), tabs))

    statuses = [one["status"] for answer in answers for one in answer]
    assert sorted(statuses) == ["known"] * 15 + ["stored"] * 5
    assert len({tuple(one["number"] for one in answer) for answer in answers}) == 1
    assert len({one["number"] for one in answers[0]}) == 5


def test_an_old_consent_that_comes_after_a_withdrawal_does_not_bring_it_back(both: Flask) -> None:
    phone = own_phone.enrol(both, agreed=NOW - 5 * HOUR)
    phone.send(thing("withdraw", NOW - 2 * HOUR))

    late, walk, new = phone.send(
        thing("consent", NOW - 3 * HOUR, version=1),
        thing("start", NOW - HOUR, walk=own_phone.new_key()),
        thing("consent", NOW - HOUR / 2, version=1),
    )

    assert (late["status"], late["code"]) == ("refused", "consent-outdated")
    assert (walk["status"], walk["code"]) == ("refused", "consent-needed")
    assert new["status"] == "stored"


def test_too_much_at_once_is_refused_as_a_whole(both: Flask) -> None:
    phone = own_phone.enrol(both)

    many = phone.post([thing("withdraw", NOW)] * 201)
    large = phone.post([{"x": "y" * 2**20}])
    broken = phone.browser.post("/walk/things", data=b"{", headers=phone.headers())

    assert [one.status_code for one in (many, large, broken)] == [422, 413, 422]
