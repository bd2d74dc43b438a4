"""Phones on the website: who waits, who counts, and the code that sets a new one up."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, NOW, send

from data.database import open_session
from data.models import AuditRow, Device, DeviceStage, Role
from patrols import devices
from patrols.communities import find_community

Signed = Callable[[Role], FlaskClient]
FIX = "lat=40.001&lon=116.302"


@pytest.fixture
def manager(as_role: Signed) -> FlaskClient:
    return as_role(Role.GRID_MANAGER)


def only(engine: Engine) -> Device:
    with open_session(engine) as session:
        return session.scalars(select(Device)).one()


def token_in(text: str) -> str:
    found = re.search(r"/track/(gp-[\w-]+)<", text)
    assert found is not None
    return found[1]


def test_an_empty_page_says_what_to_do_first(manager: FlaskClient) -> None:
    answer = manager.get("/devices")

    assert answer.status_code == 200
    assert "No phone sends here yet" in answer.text


def test_a_new_phone_shows_its_token_once_and_sends_with_it(
    manager: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    answer = send(manager, "/devices", community=HOME, person="P001", label="old <b>Nokia</b>")
    token = token_in(answer.text)

    assert client.get(f"/track/{token}?{FIX}").status_code == 200
    listing = manager.get("/devices").text
    assert token not in listing
    assert "old &lt;b&gt;Nokia" in listing
    assert (only(town_engine).stage, only(town_engine).fixes_sent) == (DeviceStage.ACCEPTED, 1)


def test_the_link_sets_traccar_client_up_for_a_patrol_on_foot(manager: FlaskClient) -> None:
    answer = send(manager, "/devices", community=HOME)

    link = re.search(r'href="(org\.traccar\.client://[^"]+)"', answer.text)
    assert link is not None
    fields = parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)
    assert fields["url"] == [f"http://localhost/track/{token_in(answer.text)}"]
    assert (fields["interval"], fields["distance"], fields["buffer"]) == (["10"], ["10"], ["true"])
    assert '<svg class="qr"' in answer.text


def test_a_phone_that_waits_is_shown_and_accepted_and_its_fixes_are_due(
    manager: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    client.get(f"/track?id=902064&{FIX}")
    assert "902064" in manager.get("/devices").text

    answer = send(manager, f"/devices/{only(town_engine).id}/accept", community=HOME, person="P001", datum="gcj02")

    device = only(town_engine)
    assert answer.status_code == 302
    assert (device.stage, device.datum) == (DeviceStage.ACCEPTED, "gcj02")
    assert device.person_id is not None
    assert device.stale_from_ms is not None


def test_a_revoked_phone_is_refused_and_may_be_accepted_again(
    manager: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    token = token_in(send(manager, "/devices", community=HOME).text)
    number = only(town_engine).id

    send(manager, f"/devices/{number}/revoke")
    assert client.get(f"/track/{token}?{FIX}").status_code == 403
    send(manager, f"/devices/{number}/accept", community=HOME)
    assert client.get(f"/track/{token}?{FIX}").status_code == 200


def test_a_new_code_ends_the_old_one(manager: FlaskClient, client: FlaskClient, town_engine: Engine) -> None:
    old = token_in(send(manager, "/devices", community=HOME).text)

    new = token_in(send(manager, f"/devices/{only(town_engine).id}/token").text)

    assert client.get(f"/track/{old}?{FIX}").status_code == 404
    assert client.get(f"/track/{new}?{FIX}").status_code == 200


def test_what_is_done_to_phones_is_in_the_audit_without_the_token(manager: FlaskClient, town_engine: Engine) -> None:
    token = token_in(send(manager, "/devices", community=HOME).text)
    send(manager, f"/devices/{only(town_engine).id}/revoke")

    with open_session(town_engine) as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [row.action for row in rows if row.object_kind == "device"] == ["device.added", "device.revoked"]
    assert token not in str([row.facts for row in rows])


@pytest.mark.parametrize("fields", [{"datum": "mars"}, {"speed_unit": "warp"}, {"person": "nobody"}, {"team": "none"}])
def test_what_cannot_be_is_refused_and_nothing_is_enrolled(
    manager: FlaskClient, town_engine: Engine, fields: dict[str, str]
) -> None:
    answer = send(manager, "/devices", community=HOME, **fields)

    assert answer.status_code in {404, 409}
    with open_session(town_engine) as session:
        assert session.scalars(select(Device)).all() == []


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_others_may_not_see_phones(as_role: Signed, role: Role) -> None:
    assert as_role(role).get("/devices").status_code == 403


def test_a_manager_may_not_touch_a_neighbours_phone(manager: FlaskClient, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        place = find_community(session, AWAY, on=NOW.date())
        number = devices.add(session, place, at=NOW, label="theirs")[0].id
        session.commit()

    assert "theirs" not in manager.get("/devices").text
    assert send(manager, f"/devices/{number}/revoke").status_code == 403
    assert send(manager, f"/devices/{number}/token").status_code == 403
