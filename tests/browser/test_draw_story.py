"""The whole way of a redraw in a real browser: the manager draws, the administrator adopts, the next day it answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn_on import Desk, opened, sign_in
from playwright.sync_api import Browser, Page, expect
from served import AT, Site

TODAY, TOMORROW = AT.date(), AT.date() + timedelta(days=1)
EARLIER = f"/figures?kind=daily&day={TODAY - timedelta(days=1)}"


class Calendar:
    """The clock of the office; the test turns its page."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def office(serve: Callable[..., Site], calendar: Calendar, tmp_path: Path) -> Site:
    """A sample town of its own, because adopting changes it for everybody."""
    return serve(tmp_path / "town.sqlite", calendar.now)


@pytest.fixture
def administrator(browser: Browser, browser_context_args: dict[str, Any], cookies: Any, office: Site) -> Any:
    context = browser.new_context(**browser_context_args)
    context.add_cookies(cookies(office, "admin"))
    yield context.new_page()
    context.close()


def told(page: Page, address: str, part: str = "main") -> str:
    """What a page says, without what is said around it."""
    page.goto(address)
    return page.locator(part).inner_text()


def codes_on_the_map(page: Page, office: Site) -> set[str]:
    page.goto(f"{office.address}/map")
    expect(page.locator(".gp-ready")).to_be_visible()
    return set(page.evaluate("() => JSON.parse(document.querySelector(\"script[type='application/json']\").textContent)"
                             ".grids.code"))  # fmt: skip


def draw(desk: Desk) -> tuple[str, str, str]:
    """Paint, merge, cut, move a border, and take something back; the grids that stays, that goes, and that is new."""
    before = desk.households()
    (grows, shrinks), *others = desk.neighbours()
    busy = desk.page.evaluate("() => [...gridpatrol.drawing.draft.rows.values()].filter((row) => row.open_incidents)"
                              ".map((row) => row.code)")  # fmt: skip
    stays, goes = next(pair for pair in others if pair[1] in busy)
    desk.take("paint")
    desk.tap(desk.spot(grows))
    desk.tap(desk.block(desk.blocks(shrinks)[0]))
    desk.settle()
    desk.merge(stays, goes)
    whole = next(code for code in others[-1] if code not in (stays, goes))
    corners = desk.corners(whole)
    west, east = min(one["x"] for one in corners), max(one["x"] for one in corners)
    middle = desk.spot(whole)[1]
    desk.take("cut")
    desk.tap((west - 20, middle))
    desk.tap((east + 20, middle))
    desk.page.keyboard.press("Enter")
    desk.settle()
    (new,) = set(desk.households()) - set(before)
    move_a_corner(desk, grows, shrinks)
    drawn = desk.households()
    desk.merge(grows, shrinks)
    desk.page.keyboard.press("Control+z")
    desk.settle()
    assert desk.households() == drawn == desk.stored()
    assert sum(drawn.values()) == sum(before.values())
    return stays, goes, new


def move_a_corner(desk: Desk, one: str, other: str) -> None:
    desk.look(one)
    corner = desk.run(one, other)[1]
    desk.take("vertex")
    desk.page.uncheck("[data-snap]")
    desk.page.mouse.move(corner["x"], corner["y"])
    desk.page.mouse.down()
    desk.page.mouse.move(corner["x"] + 9, corner["y"] + 8, steps=4)
    desk.page.mouse.up()
    desk.settle()
    desk.page.click("[data-do=all]")
    desk.page.wait_for_function("() => !gridpatrol.drawing.map._animatingZoom")


def test_what_the_manager_draws_is_adopted_and_answers_from_its_day_on_and_the_past_stays(
    enter: Callable[..., Page], office: Site, calendar: Calendar, administrator: Page
) -> None:
    page = enter(office, EARLIER, "manager")
    page.set_viewport_size({"width": 1440, "height": 900})
    past = told(page, office.address + EARLIER, "#incidents")
    page.goto(f"{office.address}/draw")
    page.click("button[value=in_force]")
    desk = opened(page)
    preview = desk.address.replace("/draw/", "/editions/")
    stays, goes, new = draw(desk)
    page.goto(f"{office.address}/incidents?grid={goes}")
    incident = page.locator("a[href*='/incidents/2']").first.get_attribute("href")
    assert goes in told(page, office.address + str(incident))

    page.goto(desk.address)
    opened(page).page.click(".draw-side header a.button")
    page.wait_for_url("**/editions/**")
    page.click("form:has(input[value=submit]) button")
    expect(page.locator(".chip.edition-submitted")).to_be_visible()

    administrator.goto(preview)
    expect(administrator.locator(".change-voided")).to_have_count(1)
    administrator.click("form:has(input[value=review]) button")
    form = administrator.locator("form:has(input[value=adopt])")
    form.locator("input[name=valid_from]").fill(TOMORROW.isoformat())
    form.locator("input[name=filing_number]").fill("街办〔2026〕7号")
    form.locator("button").click()
    # Adopted beside the request: a page that asks again every two seconds leads back here.
    expect(administrator.locator(".chip.edition-adopted")).to_be_visible(timeout=30_000)

    before = codes_on_the_map(page, office)
    assert goes in before
    assert new not in before
    calendar.at = AT + timedelta(days=1)
    sign_in(page, office, "manager")
    there = codes_on_the_map(page, office)
    assert goes not in there
    assert {stays, new} <= there
    listed = told(page, f"{office.address}/grids")
    assert "街办〔2026〕7号" in listed
    assert goes not in listed
    assert {stays, new} <= set(listed.split())
    history = told(page, office.address + str(incident))
    assert f"{goes} → {stays}" in history
    assert told(page, office.address + EARLIER, "#incidents") == past

    page.goto(desk.address)
    opened(page)
    page.click("button[data-tool=merge]")
    expect(page.locator("button[data-tool=choose]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-do=undo]")).to_be_disabled()
