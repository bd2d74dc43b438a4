"""The time and the kinds of incidents that the map shows are chosen, and everything follows."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect
from seen_map import part, ready
from served import Site


def test_the_time_is_dragged_and_everything_follows(enter, site: Site) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/map")
    ready(page)
    expect(page.locator(".gp-bars-in")).to_be_visible()
    whole = page.locator(".gp-time-said").text_content()
    bars = page.locator(".gp-time-bars").bounding_box()
    assert bars

    page.mouse.move(bars["x"] + 0.6 * bars["width"], bars["y"] + 20)
    page.mouse.down()
    page.mouse.move(bars["x"] + 0.7 * bars["width"], bars["y"] + 20, steps=4)
    page.mouse.up()

    page.wait_for_url("**since=*")
    assert page.locator(".gp-time-said").text_content() != whole
    expect(page.locator("[data-note=open]")).not_to_have_text("…")
    asked = parse_qs(urlsplit(page.url).query)
    incidents = part(page, "incidents")["incidents"]["number"]
    assert "2026-06" < asked["since"][0] < asked["until"][0] < "2026-09"
    assert 0 < len(incidents) < 600


def test_the_ends_of_the_time_are_moved_with_the_keyboard_alone(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    end = page.locator(".gp-time-to")
    before = end.get_attribute("aria-valuetext")

    end.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowLeft")

    page.wait_for_url("**until=*")
    assert before
    assert end.get_attribute("aria-valuetext") == "2026-11-14"
    page.locator(".gp-time-all").click()
    page.wait_for_function("!location.search.includes('until')")


def test_only_one_category_is_shown_and_the_address_says_so(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    page.click(".gp-filters summary")

    page.select_option("select[data-filter=source]", "hotline")

    page.wait_for_url("**source=hotline*")
    page.reload()
    ready(page)
    expect(page.locator("select[data-filter=source]")).to_have_value("hotline")


def test_key_figures_say_how_they_changed_in_words_too(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))

    expect(page.locator(".gp-keys dl > div")).to_have_count(7)
    assert page.locator(".gp-trend .gp-hidden").count() >= 3
