"""What residents do at a notice board without a sign-in: tell, follow, rate; and what nobody else learns of it."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pictures import WHERE, photo
from sqlalchemy import Engine, func, select
from visit import BOARD, HOME, NOW, Town, send
from werkzeug.test import TestResponse

from data import names
from data.database import open_session
from data.models import (
    AuditRow,
    Category,
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    KnockCount,
    Organisation,
    Photo,
    ResidentReport,
    Role,
    Stage,
    StepKind,
    User,
)
from patrols import incidents
from patrols.categories import ICONS
from webmap.door.knocker import network_of
from webmap.door.pictures import TABLE, picture_of, table

Signed = Callable[[Role], FlaskClient]
FORM = f"/r/{BOARD}/report"
CODE = re.compile(r'<p class="door-code">([0-9A-Z-]{14})</p>')
NAME, PHONE = "赵反映", "13900001234"


class Resident:
    """Somebody with a phone, who is not in a hurry."""

    def __init__(self, browser: FlaskClient, clock: list[datetime]) -> None:
        self.browser, self.clock = browser, clock

    def fields(self) -> dict[str, str]:
        """What the form holds that nobody types."""
        page = self.browser.get(FORM).text
        found = re.search(r'name="ticket" value="([^"]+)"', page)
        assert found is not None, page
        return {"ticket": found[1]}

    def send(self, fields: dict[str, str] | None = None, **said: object) -> TestResponse:
        """Send the form after a minute; without other fields, a fresh one."""
        fields = self.fields() if fields is None else fields
        self.clock[0] += timedelta(minutes=1)
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.browser.get("/q").text)
        assert token is not None
        return self.browser.post(FORM, data={"csrf_token": token[1], **fields, **said})

    def told(self, **said: object) -> str:
        """Tell of something; the code."""
        answer = self.send(**said)
        assert answer.status_code == 303, answer.text
        found = CODE.search(self.browser.get(answer.location).text)
        assert found is not None
        return found[1]


@pytest.fixture
def resident(client: FlaskClient, clock: list[datetime]) -> Resident:
    return Resident(client, clock)


def told_last(engine: Engine) -> Incident:
    with open_session(engine) as session:
        return session.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()


def reports(engine: Engine) -> int:
    with open_session(engine) as session:
        return session.scalar(select(func.count()).select_from(ResidentReport)) or 0


def take(engine: Engine, at: datetime, *steps: StepKind, note: str = "", number: str | None = None) -> None:
    """The office does some steps with what was told last."""
    with open_session(engine, writing=True) as session:
        wanted = select(Incident).order_by(Incident.id.desc()).limit(1)
        incident = session.scalars(
            wanted if number is None else select(Incident).where(Incident.number == number)
        ).one()
        office = session.scalars(select(Organisation)).first()
        admin = session.scalars(select(User).where(User.login == "admin")).one()
        for place, kind in enumerate(steps):
            incidents.step(
                session,
                incident,
                kind,
                by=admin,
                at=at + timedelta(minutes=place),
                note=note,
                to_organisation=office if kind is StepKind.TRIAGE else None,
            )
        session.commit()


CLOSED = (StepKind.ACCEPT, StepKind.TRIAGE, StepKind.RESOLVE, StepKind.CLOSE)


def test_whoever_scans_a_board_can_tell_of_something_there(resident: Resident, town_engine: Engine) -> None:
    assert f'href="{FORM}"' in resident.browser.get(f"/r/{BOARD}").text

    code = resident.told(category="1", description="门口的垃圾没人收", address="三层")

    row = told_last(town_engine)
    assert (row.source, row.grid_code, row.stage) == (IncidentSource.RESIDENT, f"{HOME}001", Stage.REPORTED)
    assert (row.description, row.category_id, row.reporter_name) == ("门口的垃圾没人收", 1, "")
    assert row.address.endswith(" · 三层")
    assert code.replace("-", "") not in str(vars(row))


def test_the_photo_loses_where_it_was_taken(resident: Resident, town_engine: Engine, app: Flask) -> None:
    resident.told(photo=(io.BytesIO(photo(size=(300, 200))), "door.jpg"))

    with open_session(town_engine) as session:
        kept = session.scalars(select(Photo)).one()
    assert (kept.by_user_id, kept.device_id, kept.incident_id) == (None, None, told_last(town_engine).id)
    files = list((app.config["WEB"].storage.instance / "photos").rglob("*.jpg"))
    assert len(files) == 2
    assert all(WHERE not in file.read_bytes() and b"Exif" not in file.read_bytes() for file in files)


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


def test_households_of_one_network_count_together_and_an_address_is_never_kept() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::2") != network_of("2001:db8:0:1::1")
    assert network_of("203.0.113.9") != network_of("203.0.113.8")
    assert network_of("a socket") == "a socket"


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


def rate(resident: Resident, code: str, rating: int | str, words: str = "") -> str:
    """Send the form of the rating, and read the page after it."""
    answer = send(resident.browser, f"/q/{code}/rate", page=f"/q/{code}", rating=rating, words=words)
    assert answer.status_code == 303
    return resident.browser.get(answer.location).text


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
