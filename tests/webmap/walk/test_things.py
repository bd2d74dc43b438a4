"""What a volunteer's phone sends: each thing once, with its own answer, whoever asks twice."""

from datetime import timedelta

import own_phone
from flask import Flask
from own_phone import thing
from sqlalchemy import select
from sqlalchemy.orm import Session
from visit import NOW

from data.models import Consent, Incident, Patrol, PatrolSource, Walk, WalkEnd

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
