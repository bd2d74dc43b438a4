"""The map on a wall: it shows the ground alone, turns by itself, and lets one back to where one was."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from seen_map import ready
from served import Site


def test_to_the_big_screen_and_back_the_view_is_kept(enter, site: Site) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/map?since=2026-10-01&until=2026-10-31&layers=heat,words")
    ready(page)

    page.click(".gp-to-screen")
    page.wait_for_url("**screen=1*")
    ready(page)
    page.focus(".gp-screen-end")
    page.keyboard.press("Enter")

    page.wait_for_function("!location.search.includes('screen')")
    ready(page)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["since"], asked["layers"]) == (["2026-10-01"], ["heat,words"])


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_a_big_screen_shows_the_ground_alone_and_turns_by_itself(enter, site: Site, width: int, height: int) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": width, "height": height})
    page.clock.install()
    page.goto(f"{site.address}/map?screen=1")
    ready(page)
    first = page.locator(".gp-scene").text_content()

    page.clock.run_for(21_000)

    assert page.locator(".gp-scene").text_content() != first
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator(".gp-layers label:visible")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    size = float(page.locator(".gp-keys dd b").first.evaluate("(one) => one.getBoundingClientRect().height"))
    assert size >= height / 30
