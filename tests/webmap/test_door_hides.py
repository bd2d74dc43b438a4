"""What nobody else learns of whoever told something at a notice board."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from at_the_door import NAME, PHONE, Resident, take, told_last
from flask import Flask
from flask.testing import FlaskClient
from pictures import WHERE, photo
from sqlalchemy import Engine, select
from visit import NOW, send

from data import names
from data.database import open_session
from data.models import AuditRow, IncidentStep, Photo, Role, StepKind
from webmap.door.knocker import network_of

Signed = Callable[[Role], FlaskClient]


def test_the_photo_loses_where_it_was_taken(resident: Resident, town_engine: Engine, app: Flask) -> None:
    resident.told(photo=(io.BytesIO(photo(size=(300, 200))), "door.jpg"))

    with open_session(town_engine) as session:
        kept = session.scalars(select(Photo)).one()
    assert (kept.by_user_id, kept.device_id, kept.incident_id) == (None, None, told_last(town_engine).id)
    files = list((app.config["WEB"].storage.instance / "photos").rglob("*.jpg"))
    assert len(files) == 2
    assert all(WHERE not in file.read_bytes() and b"Exif" not in file.read_bytes() for file in files)


def test_households_of_one_network_count_together_and_an_address_is_never_kept() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::2") != network_of("2001:db8:0:1::1")
    assert network_of("203.0.113.9") != network_of("203.0.113.8")
    assert network_of("a socket") == "a socket"


@pytest.mark.parametrize("role", [Role.HANDLER, Role.OFFICIAL, Role.GRID_WORKER])
def test_whoever_told_is_hidden_from_all_but_the_managers(
    resident: Resident, town_engine: Engine, as_role: Signed, role: Role
) -> None:
    resident.told(category="1", name=NAME, phone=PHONE, photo=(io.BytesIO(photo(size=(60, 40))), "a.jpg"))
    number = told_last(town_engine).number
    take(town_engine, NOW + timedelta(hours=1), StepKind.ACCEPT, StepKind.TRIAGE)
    browser = as_role(role)

    pages = [
        browser.get(address)
        for address in (f"/incidents/{number}", f"/api/incidents/{number}", "/incidents", "/api/incidents", "/")
    ]

    for page in pages:
        assert page.status_code == 200
        assert NAME not in page.text
        assert PHONE not in page.text
    picture = re.search(r"/photos/\d+", pages[0].text)
    assert picture is not None
    assert WHERE not in browser.get(picture[0]).data


def test_whoever_told_may_have_their_name_deleted(resident: Resident, town_engine: Engine) -> None:
    code = resident.told(category="1", name=NAME, phone=PHONE)
    assert "Delete my name and number" in resident.browser.get(f"/q/{code}").text

    send(resident.browser, f"/q/{code}/forget-me", page=f"/q/{code}")

    row = told_last(town_engine)
    assert (row.reporter_name, row.reporter_phone) == ("", "")
    assert "Delete my name and number" not in resident.browser.get(f"/q/{code}").text


def test_nothing_in_the_audit_leads_from_a_report_to_an_address(resident: Resident, town_engine: Engine) -> None:
    resident.told(category="1")

    with open_session(town_engine) as session:
        assert session.scalars(select(AuditRow)).all() == []


@pytest.mark.parametrize(("role", "told"), [(Role.GRID_MANAGER, True), (Role.HANDLER, False), (Role.OFFICIAL, False)])
def test_the_history_tells_only_managers_which_volunteer_reported_it(
    as_role: Signed, town_engine: Engine, role: Role, told: bool
) -> None:
    reported = send(as_role(Role.GRID_WORKER), "/incidents/new", description="井盖松了", category="1")
    assert reported.status_code == 302
    with open_session(town_engine) as session:
        step = session.scalars(select(IncidentStep).order_by(IncidentStep.id.desc()).limit(1)).one()
        worker = names.users(session, [step.by_user_id])[step.by_user_id or 0]
    take(town_engine, NOW + timedelta(hours=1), StepKind.ACCEPT, StepKind.TRIAGE)

    page = as_role(role).get(f"/incidents/{told_last(town_engine).number}").text

    history = page[page.index('<ol class="history">') :]
    assert (worker in history) is told
