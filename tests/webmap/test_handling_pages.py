"""Rules of handling on pages, and what an incident's page does with them."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image
from visit import HOME, Town, send

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def keep_rule(browser: FlaskClient, **fields: object) -> None:
    page = send(browser, "/handling/rules", page="/handling", **fields)
    assert page.status_code == 302, page.text


def test_a_rule_gives_what_is_reported_next_its_limit(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    keep_rule(browser, category="", organisation="", amount="2", unit="working_days")
    assert "2 working days" in browser.get("/handling").text

    send(browser, "/incidents/new", page="/incidents/new", description="井盖破损", community=HOME)

    page = browser.get("/incidents?show=reported").text
    assert page.count(" left") >= 1


def test_a_rule_without_a_time_is_taken_away(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    keep_rule(browser, category="", organisation="", amount="2", unit="working_days")
    keep_rule(browser, category="", organisation="", amount="", unit="working_days")

    assert "No rule yet" in browser.get("/handling").text


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/handling/rules", {"category": "99", "amount": "2"}),
        ("/handling/rules", {"amount": "1.5", "unit": "working_days"}),
        ("/handling/rules", {"amount": "0", "unit": "urgent_hours"}),
        ("/handling/rules", {"amount": "2", "unit": "moons"}),
        ("/handling/offices", {"name": ""}),
        ("/handling/offices", {"name": "物业", "code": "9 1"}),
        ("/handling/offices", {"name": "物业", "organisation": "99999"}),
        ("/handling/offices", {"name": "环卫所"}),
        ("/handling/groups", {"zh": ""}),
        ("/handling/groups", {"zh": "谁都不是"}),
        ("/handling/groups", {"zh": "月球", "duties": "moon"}),
        ("/handling/groups", {"position": "9", "what": "drop"}),
        ("/handling/hours", {"hours": "from nine to five"}),
        ("/handling/days", {"day": "tomorrow"}),
        ("/handling/days", {}),
        ("/handling/emergency", {"reason": ""}),
        ("/handling/emergency", {"end": "1"}),
    ],
)
def test_what_makes_no_sense_is_refused(as_role: Signed, address: str, fields: dict[str, str]) -> None:
    page = send(as_role(Role.GRID_MANAGER), address, page="/handling", **fields)

    assert page.status_code in (404, 409, 422)


def test_an_office_is_entered_and_moved_above_the_community(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert send(browser, "/handling/offices", page="/handling", name="和园物业", level="inside").status_code == 302
    page = browser.get("/handling").text
    row = page[page.index('<td class="first">和园物业') :]
    assert row.index("inside the community") < row.index("</tr>")
    key = re.findall(r'name="organisation" value="(\d+)"', row)[0]
    send(browser, "/handling/offices", page="/handling", organisation=key, name="电力所", code="9" * 18, level="above")

    page = browser.get("/handling").text
    assert "和园物业" not in page
    assert "9" * 18 in page


def test_groups_of_reporters_are_named_by_the_community_and_the_usual_ones_come_back(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    assert "Residents and the hotline" in browser.get("/handling").text

    how = {"position": "4", "zh": "群众", "en": "The public", "sources": ["resident", "hotline"]}
    assert send(browser, "/handling/groups", page="/handling", **how).status_code == 302
    assert send(browser, "/handling/groups", page="/handling", position="1", what="drop").status_code == 302

    page = browser.get("/handling").text
    assert "3. The public" in page
    assert "Residents and the hotline" not in page
    assert send(browser, "/handling/groups", page="/handling", what="usual").status_code == 302
    assert "4. Residents and the hotline" in browser.get("/handling").text


def test_an_emergency_is_begun_once_and_ended(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert send(browser, "/handling/emergency", page="/handling", reason="暴雨").status_code == 302
    assert "in emergency mode" in browser.get("/handling").text
    assert send(browser, "/handling/emergency", page="/handling", reason="暴雨").status_code == 409
    assert send(browser, "/handling/emergency", page="/handling", end="1").status_code == 302
    assert "works as usual" in browser.get("/handling").text


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_the_rules_are_the_managers(as_role: Signed, role: Role) -> None:
    browser = as_role(role)

    assert browser.get("/handling").status_code == 403
    assert send(browser, "/handling/hours", hours="09:00-17:00").status_code == 403


def test_an_incident_is_settled_with_a_photo_of_how_it_looks_now(as_role: Signed, town: Town) -> None:
    browser, picture = as_role(Role.GRID_MANAGER), io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "JPEG")
    picture.seek(0)
    address = f"/incidents/{town.in_grid_1}"

    send(browser, f"{address}/steps", page=address, kind="settle_on_the_spot", photo=(picture, "after.jpg"))

    page = browser.get(address).text
    assert "/small" in page
    with browser.get(page.split('img src="')[-1].split('"')[0]) as small:
        assert small.mimetype == "image/jpeg"


def test_what_is_no_picture_is_refused_and_no_step_is_taken(as_role: Signed, town: Town) -> None:
    browser, address = as_role(Role.GRID_MANAGER), f"/incidents/{town.in_grid_1}"

    text = (io.BytesIO(b"not a picture"), "after.jpg")
    page = send(browser, f"{address}/steps", page=address, kind="settle_on_the_spot", photo=text)

    assert page.status_code == 415
    assert "Settle on the spot</strong>" not in browser.get(address).text


def test_an_incident_told_twice_is_merged(as_role: Signed, town: Town) -> None:
    browser, address = as_role(Role.GRID_MANAGER), f"/incidents/{town.in_grid_1}"

    page = send(browser, f"{address}/steps", page=address, kind="merge", other=town.in_grid_2)

    assert page.status_code == 302
    assert town.in_grid_2 in browser.get(address).text
    assert town.in_grid_1 in browser.get(f"/incidents/{town.in_grid_2}").text
    assert send(browser, f"{address}/steps", page=address, kind="merge", other="no-such").status_code == 404


def test_an_official_supervises_and_takes_no_other_step(as_role: Signed, town: Town) -> None:
    browser, address = as_role(Role.OFFICIAL), f"/incidents/{town.in_grid_1}"

    assert send(browser, f"{address}/steps", page=address, kind="supervise", note="限期办理").status_code == 302
    assert "supervised" in browser.get(address).text
    assert send(browser, f"{address}/steps", page=address, kind="accept").status_code == 409
