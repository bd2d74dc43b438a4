"""Who is out now, and a patrol over again, in a real browser: what happens appears by itself, on desk and phone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from served import AT, Site
from sqlalchemy import func, select

from data import fix_store
from data.database import open_engine, open_session
from data.fix_store import FixRow, Sending
from data.models import Community, Fix, Person
from patrols import devices

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def live_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town, in which people set out."""
    return serve(tmp_path_factory.mktemp("live") / "town.sqlite")


def set_out(file: Path, name: str) -> str:
    """Somebody is out, half a kilometre from where the walk began; what they are called."""
    engine = open_engine(f"sqlite:///{file}")
    with open_session(engine, writing=True) as session:
        place = session.scalars(select(Community)).one()
        person = Person(community_id=place.id, number=name, name=name)
        session.add(person)
        session.flush()
        device, _ = devices.add(session, place, at=AT, person=person)
        session.flush()
        middle = session.execute(select(func.avg(Fix.lon), func.avg(Fix.lat))).one()
        for minutes, north in ((20, -5000), (1, 0)):
            ms = int((AT - timedelta(minutes=minutes)).timestamp() * 1000)
            fix = FixRow(ms, round(middle[1] * 1e6) + north, round(middle[0] * 1e6), 5.0, battery_percent=64.0)
            fix_store.store(session.connection(), [Sending(device.token_hash, None, "osmand", ms, [fix])])
        session.commit()
    engine.dispose()
    return name


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_whoever_sets_out_appears_by_itself_and_is_on_the_map_for_a_reason(
    enter: Callable[..., Page], page: Page, live_site: Site, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    enter(live_site, "/patrols/live", "manager")
    page.wait_for_selector(".live-state.on")

    name = set_out(live_site.file, f"某{size['width']}")
    row = page.locator(".live-list li", has_text=name)
    row.wait_for(timeout=30_000)

    assert "64 %" in row.inner_text()
    expect(page.locator(".live-many")).not_to_have_count(0)
    expect(page.locator(".live-dot")).to_have_count(0)
    page.fill("input[name=reason]", "暴雨, 请大家回来")
    page.press("input[name=reason]", "Enter")
    expect(page.locator(".live-dot")).not_to_have_count(0)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_a_patrol_is_played_again_with_the_slider_and_by_itself(
    enter: Callable[..., Page], page: Page, live_site: Site, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    engine = open_engine(f"sqlite:///{live_site.file}")
    with open_session(engine) as session:
        most = select(Fix.patrol_id).group_by(Fix.patrol_id).order_by(func.count(Fix.dropped_by).desc())
        number = session.scalars(most).first()
    engine.dispose()

    enter(live_site, f"/patrols/{number}/replay", "manager")
    page.fill("input[name=reason]", "核对投诉")
    page.press("input[name=reason]", "Enter")
    page.wait_for_selector(".replay-mark.walker")
    time = page.locator("[data-part=time]")
    at_first = time.inner_text()
    page.locator(".replay-line input").press("End")
    at_last = time.inner_text()
    page.click("[data-do=play]")
    page.wait_for_function("(last) => document.querySelector('[data-part=time]').textContent !== last", arg=at_last)
    playing = page.locator("[data-do=play]").get_attribute("aria-pressed")

    assert len({at_first, at_last}) == 2
    assert playing == "true"
    # Of the fixes left out, those at no place at all cannot be drawn.
    assert page.locator(".replay-map path").count() > 3
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
