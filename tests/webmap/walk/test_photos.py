"""Photos of a volunteer's phone: before or after their report, once, open to who may see them."""

from datetime import timedelta

import own_phone
import pictures
from flask import Flask
from flask.testing import FlaskClient
from own_phone import thing
from sqlalchemy import select
from sqlalchemy.orm import Session
from visit import LOGINS, NOW, send, sign_in

from data.models import AuditRow, Category, Device, Incident, Person, Photo, PhotoRole, Role, User
from data.photo_store import PhotoStore
from patrols import photos

HOUR = timedelta(hours=1)
IN_GRID_1, IN_GRID_2 = {"lon": 116.3005, "lat": 40.0005}, {"lon": 116.3015, "lat": 40.0005}


def signed_in(app: Flask, role: Role) -> FlaskClient:
    browser = app.test_client()
    assert sign_in(browser, LOGINS[role]).status_code == 302
    return browser


def reported(phone: own_phone.OwnPhone, *keys: str, where: dict[str, float] = IN_GRID_1, **more: object) -> str:
    answer = phone.send(thing("report", NOW - HOUR, words="井盖破损", photos=list(keys), **where, **more))[0]
    assert answer["status"] == "stored", answer
    return str(answer["number"])


def test_a_photo_may_come_before_or_after_its_report_and_comes_once(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    early, late = own_phone.new_key(), own_phone.new_key()

    first = phone.photo(early, pictures.photo())
    number = reported(phone, early, {"id": late, "role": "before"})
    second, again = phone.photo(late, pictures.photo("PNG")), phone.photo(late, b"something else")

    assert [one.status_code for one in (first, second, again)] == [201, 201, 200]
    assert [one.json["status"] for one in (first, second, again)] == ["stored", "stored", "known"]
    incident = rows.scalars(select(Incident).where(Incident.number == number)).one()
    kept = photos.of_incident(rows, incident)
    assert [(one.key, one.role) for one in kept] == [(late, PhotoRole.BEFORE), (early, PhotoRole.SCENE)]
    assert all(one.file is not None and one.width == 1200 for one in kept)


def test_what_is_no_picture_or_too_large_is_never_taken(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)

    answers = [
        phone.photo(own_phone.new_key(), content)
        for content in (b"<script>alert(1)</script>", pictures.bomb(), b"\xff\xd8" + b"0" * photos.MOST_BYTES)
    ]
    nameless = phone.photo("../../etc/passwd", pictures.photo())

    assert [one.status_code for one in answers] == [415, 415, 413]
    assert "no picture" in answers[0].json["detail"]
    assert nameless.status_code == 404
    assert rows.scalars(select(Photo)).all() == []


def test_a_photo_is_open_to_its_reporter_and_to_who_may_see_the_incident(both: Flask) -> None:
    phone = own_phone.enrol(both)
    key = own_phone.new_key()
    phone.photo(key, pictures.photo())
    reported(phone, key, where=IN_GRID_2)
    addresses = ("/photos/1", "/photos/1/small")

    seen = {
        role: [signed_in(both, role).get(address).status_code for address in addresses]
        for role in (Role.GRID_WORKER, Role.GRID_MANAGER, Role.OFFICIAL, Role.HANDLER)
    }
    nobody = [both.test_client().get(address).status_code for address in addresses]

    # The worker answers for another grid, but reported it; to the handler it was not handed.
    assert seen == {
        Role.GRID_WORKER: [200, 200],
        Role.GRID_MANAGER: [200, 200],
        Role.OFFICIAL: [200, 200],
        Role.HANDLER: [403, 403],
    }
    assert nobody == [302, 302]
    answer = signed_in(both, Role.GRID_MANAGER).get("/photos/1")
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert pictures.WHERE not in answer.data


def test_photos_of_a_sensitive_category_are_hidden_from_leaders_screens_and_looks_are_written_down(
    both: Flask, rows: Session
) -> None:
    category = rows.scalars(select(Category)).one()
    category.sensitive = True
    rows.commit()
    phone = own_phone.enrol(both)
    key = own_phone.new_key()
    phone.photo(key, pictures.photo())
    reported(phone, key, category=category.id)

    seen = {role: signed_in(both, role).get("/photos/1").status_code for role in (Role.OFFICIAL, Role.GRID_MANAGER)}

    assert seen == {Role.OFFICIAL: 403, Role.GRID_MANAGER: 200}
    rows.rollback()
    looks = rows.execute(select(AuditRow.action, User.login).join(User).where(AuditRow.action == "photo.seen")).all()
    assert [tuple(one) for one in looks] == [("photo.seen", "manager")]


def test_a_deleted_photo_is_gone_from_the_disk_and_why_is_in_the_audit(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    keys = [own_phone.new_key() for _ in range(2)]
    for key in keys:
        phone.photo(key, pictures.photo())
    reported(phone, *keys)
    manager = signed_in(both, Role.GRID_MANAGER)
    store = PhotoStore(both.config["WEB"].storage.instance)
    file = rows.scalars(select(Photo.file)).first() or ""

    without = send(manager, "/photos/1/delete")
    first = send(manager, "/photos/1/delete", why="a face")
    shared = store.path(file).exists()
    second = send(manager, "/photos/2/delete", why="the same face")

    assert (without.status_code, first.status_code, second.status_code) == (422, 302, 302)
    assert (shared, store.path(file).exists()) == (True, False)
    assert manager.get("/photos/1").status_code == 404
    rows.rollback()
    why = [row.facts["why"] for row in rows.scalars(select(AuditRow).where(AuditRow.action == "photo.deleted"))]
    assert why == ["a face", "the same face"]


def test_a_photo_of_somebody_else_cannot_be_named_and_the_report_is_not_half_taken(both: Flask, rows: Session) -> None:
    mine = own_phone.enrol(both)
    key = own_phone.new_key()
    mine.photo(key, pictures.photo())
    other = rows.scalars(select(Photo)).one()
    other.device_id = _strangers_phone(rows)
    rows.commit()
    before = len(rows.scalars(select(Incident)).all())

    answer = mine.send(thing("report", NOW - HOUR, words="井盖破损", photos=[key], **IN_GRID_1))[0]

    assert (answer["status"], answer["code"]) == ("refused", "photo-refused")
    assert len(rows.scalars(select(Incident)).all()) == before


def test_photos_whose_report_never_came_go_after_a_month(both: Flask, rows: Session) -> None:
    phone = own_phone.enrol(both)
    alone, named = own_phone.new_key(), own_phone.new_key()
    phone.photo(alone, pictures.photo())
    phone.photo(named, pictures.photo(size=(300, 300)))
    reported(phone, named)
    device = rows.scalars(select(Device)).one()
    assert device.community is not None

    early = photos.forget(rows, device.community, at=NOW + timedelta(days=29))
    late = photos.forget(rows, device.community, at=NOW + timedelta(days=31))

    assert (len(early), len(late)) == (0, 1)
    assert [(one.key, one.file is None) for one in rows.scalars(select(Photo).order_by(Photo.id))] == [
        (alone, True),
        (named, False),
    ]


def _strangers_phone(rows: Session) -> int:
    mine = rows.scalars(select(Device)).one()
    stranger = Person(community_id=mine.community_id, number="P9", name="别人")
    device = Device(stage=mine.stage, enrolled_at=NOW, person=stranger, community_id=mine.community_id)
    rows.add(device)
    rows.flush()
    return device.id
