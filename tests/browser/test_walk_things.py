"""What volunteers do besides walking: check-ins, lists, walks told afterwards, several of them on one phone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from drawn_on import forgive
from playwright.sync_api import BrowserContext, Page, expect
from served import AT, Site, Watch
from sqlalchemy import select
from walked_phone import PHONE, Volunteer, along, rows
from werkzeug.security import generate_password_hash

from data import users
from data.database import open_engine, open_session
from data.models import Community, Person, Role, Team, TeamMember, User
from patrols import check_lists, check_points

pytestmark = pytest.mark.browser_context_args(**PHONE)

GATE = (116.3271, 40.0009)
NIGHT = "a second password 2"


@pytest.fixture
def office(serve: Callable[..., Site], tmp_path: Path) -> Site:
    """A town with a check-point, check-lists, and a second member of the first one's team who has a sign-in."""
    site = serve(tmp_path / "town.sqlite", lambda: max(datetime.now(UTC), AT))
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine, writing=True) as session:
        community = session.scalars(select(Community)).one()
        check_points.add(session, community, "东门岗亭", GATE, at=AT - timedelta(days=3))
        check_lists.begin(session, community, at=AT - timedelta(days=3))
        walker = session.scalars(select(User).where(User.login == "redcap")).one().person_id
        team = session.scalars(select(Team).join(TeamMember).where(TeamMember.person_id == walker)).first()
        other = session.scalars(
            select(Person).join(TeamMember).where(TeamMember.team_id == team.id, Person.id != walker)
        ).first()
        users.add_user(
            session,
            login="second",
            password_hash=generate_password_hash(NIGHT),
            role=Role.GRID_WORKER,
            at=AT,
            places=[(community.id, None)],
            person_id=other.id,
        )
        session.commit()
    engine.dispose()
    site.passwords["second"] = NIGHT
    return site


@pytest.fixture
def helper(watch: Watch, context: BrowserContext, page: Page, office: Site) -> Volunteer:
    return Volunteer(context, page, office)


def test_check_ins_by_place_and_by_the_printed_address(helper: Volunteer, office: Site) -> None:
    helper.begin()
    helper.start()
    helper.play([GATE])
    helper.press("check_in")
    expect(helper.page.locator("[data-part=near]")).to_contain_text("东门岗亭")
    helper.press("by-place")
    helper.is_at("walking")
    ((code,),) = rows(office, "SELECT code FROM check_point WHERE name = '东门岗亭'")
    helper.open(f"/walk?check={code}")
    helper.is_at("check_in")
    expect(helper.page.locator("[name=code]")).to_have_value(code)
    helper.page.click("form[data-form=code] button")
    helper.is_at("walking")
    helper.all_sent()

    found = (
        "SELECT said_by, counts FROM check_in JOIN check_point ON check_point.id = check_point_id "
        "WHERE name = '东门岗亭' ORDER BY at"
    )
    assert rows(office, found) == [("position", 1), ("code", 1)]
    helper.stop()
    helper.all_sent()


def test_a_check_list_is_handed_in_point_by_point(helper: Volunteer, office: Site) -> None:
    helper.begin()
    helper.start()
    helper.press("check_list")
    titles = helper.page.locator(".item legend").all_inner_texts()
    helper.page.click("form[data-form=check_list] .foot button")
    expect(helper.page.locator("form[data-form=check_list] .wrong")).not_to_be_empty()

    items = helper.page.locator(".item")
    for number in range(len(titles) - 1):
        items.nth(number).locator("input[value=yes]").check(force=True)
    items.last.locator("input[value=no]").check(force=True)
    items.last.locator(".note input").fill("the lamp is out")
    helper.page.click("form[data-form=check_list] .foot button")
    helper.is_at("walking")
    helper.stop()
    helper.all_sent()

    assert len(titles) >= 3
    assert rows(office, "SELECT count(*) FROM walk_thing WHERE kind = 'check_list'") == [(1,)]
    (told,) = rows(office, "SELECT note FROM check_list_mark WHERE ok = 0")
    assert told == ("the lamp is out",)


def test_a_walk_is_drawn_by_hand_without_dragging_and_another_typed_in(helper: Volunteer, office: Site) -> None:
    helper.begin()
    helper.press("draw")
    box = helper.page.locator("[data-part=draw-map]").bounding_box()
    assert box is not None
    for x, y in ((0.4, 0.4), (0.5, 0.42), (0.5, 0.6), (0.2, 0.2)):
        helper.page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
    helper.press("take-corner")
    helper.press("set-corner")
    expect(helper.page.locator("[data-part=drawn-length]")).to_contain_text("4")
    helper.page.click("form[data-form=drawn] .foot button")
    helper.is_at("ready")

    helper.press("type")
    helper.page.fill("[name=date]", (datetime.now(UTC) + timedelta(hours=8) - timedelta(days=1)).date().isoformat())
    helper.page.fill("[name=from]", "08:00")
    helper.page.fill("[name=to]", "07:00")
    helper.page.locator(".ticks input").first.check()
    helper.page.click("form[data-form=paper] .foot button")
    expect(helper.page.locator("form[data-form=paper] .wrong")).not_to_be_empty()
    helper.page.fill("[name=to]", "09:10")
    helper.page.click("form[data-form=paper] .foot button")
    helper.is_at("ready")
    helper.all_sent()

    told = "SELECT kind FROM walk_thing WHERE kind IN ('drawn_walk', 'paper_walk') AND made_id IS NOT NULL ORDER BY 1"
    assert rows(office, told) == [("drawn_walk",), ("paper_walk",)]


def test_two_members_share_one_phone_and_each_walks_for_themselves(helper: Volunteer, office: Site) -> None:
    helper.begin()
    helper.press("members")
    helper.page.click("summary:visible")
    helper.enrol("second")
    helper.is_at("asked")
    helper.press("agree")
    helper.is_at("ready")
    helper.start()
    helper.play(along(helper.street(), 5, 3))
    helper.reload()
    helper.is_at("walking")
    helper.stop()
    helper.press("back")
    helper.press("members")
    expect(helper.page.locator("[data-part=members] li")).to_have_count(2)
    helper.page.locator("[data-part=members] [aria-pressed=false]").click()
    helper.is_at("ready")
    helper.start()
    helper.stop()
    helper.all_sent()

    whose = (
        "SELECT user.login FROM walk JOIN walk_phone USING (device_id) JOIN user ON user.id = user_id ORDER BY walk.id"
    )
    assert rows(office, whose) == [("second",), ("redcap",)]
    assert rows(office, "SELECT count(DISTINCT browser), count(*) FROM walk_phone") == [(1, 2)]


def test_kinds_are_found_by_the_first_letters_of_their_pinyin(helper: Volunteer) -> None:
    helper.begin()
    helper.press("report")
    tiles = helper.page.locator(".tiles button")
    expect(tiles).to_have_count(6)

    helper.page.fill("form[data-form=report] [name=find]", "ldbl")
    expect(tiles).to_have_text(["路灯不亮"])
    helper.page.fill("form[data-form=report] [name=find]", "jinggai")
    expect(tiles).to_have_text(["井盖缺损"])
    helper.page.fill("form[data-form=report] [name=find]", "灯")
    expect(tiles).to_have_count(2)
    helper.page.fill("form[data-form=report] [name=find]", "qqqq")
    expect(tiles).to_have_count(0)
    expect(helper.page.locator("[data-part=no-tile]")).to_be_visible()


def test_a_wrong_password_is_said_beside_the_form(helper: Volunteer, watch: Watch) -> None:
    helper.open()
    form = helper.page.locator("form[data-form=enrol]:visible")
    form.locator("[name=login]").fill("redcap")
    form.locator("[name=password]").fill("not the password")
    form.locator("button").click()

    expect(form.locator(".wrong")).not_to_be_empty()
    helper.is_at("nobody")
    forgive(watch, "403")


def test_a_phone_that_was_shut_out_keeps_everything_and_says_what_to_do(
    helper: Volunteer, watch: Watch, office: Site
) -> None:
    helper.begin()
    helper.start()
    helper.all_sent()
    helper.context.set_offline(True)
    helper.play(along(helper.street(), 5, 4))
    engine = open_engine(f"sqlite:///{office.file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE device SET stage = 'revoked'")
    engine.dispose()
    helper.context.set_offline(False)
    helper.press("end")
    helper.press("stop")
    helper.is_at("over")
    why = "async () => (await gridpatrol.phone.queue.all('members'))[0].unknown"
    helper.until(lambda: bool(helper.page.evaluate(why)))
    helper.press("unsent")
    expect(helper.page.locator("[data-part=unsent-rows] .wrong").first).not_to_be_empty()
    assert helper.unsent() >= 5

    helper.press("back")
    helper.press("members")
    helper.page.click("summary:visible")
    helper.enrol()
    helper.all_sent()

    assert rows(office, "SELECT count(*) FROM walk WHERE ended_by = 'person'") == [(1,)]
    watch.shouted[:] = [one for one in watch.shouted if "403" not in one and "DISCONNECTED" not in one]
