"""The page of heat in a real browser: it shows, follows hand and keyboard, and its address brings everything back."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from looked_at import faults
from playwright.sync_api import BrowserContext, Page, expect
from served import Site

DESK, PHONE, WALL = (1440, 900), (390, 844), (3840, 2160)


def heat(enter: Callable[..., Page], page: Page, site: Site, query: str = "", size: tuple[int, int] = DESK) -> Page:
    """Open the page and wait until the ground, the numbers and the legend are there."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(site, f"/heat{query}")
    return ready(page)


def ready(page: Page) -> Page:
    """Wait until everything that was asked for has come."""
    expect(page.locator(".heat.ready[aria-busy=false]")).to_be_visible(timeout=30_000)
    expect(page.locator(".heat-legend h2")).to_be_visible()
    return page


def asked(page: Page) -> dict[str, str]:
    """The fields of the page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def total(page: Page) -> int:
    """How many incidents the page says it shows."""
    return int(page.locator(".heat").get_attribute("data-total") or -1)


@pytest.mark.parametrize("size", [PHONE, DESK, WALL])
def test_the_page_fits_every_screen_and_shows_picture_legend_and_time(
    enter: Callable[..., Page], page: Page, site: Site, size: tuple[int, int]
) -> None:
    heat(enter, page, site, size=size)

    expect(page.locator(".heat-picture")).to_have_count(1)
    assert total(page) > 1000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("query", ["", "?show=count", "?show=chance", "?against=before"])
def test_the_page_of_heat_has_no_fault_for_those_who_listen_to_it(
    enter: Callable[..., Page], page: Page, site: Site, query: str, width: int
) -> None:
    heat(enter, page, site, query, size=(width, 900))
    if width == 390:
        page.click(".heat-fold")

    assert faults(page) == []


def test_the_table_has_no_fault_either_and_is_sorted_by_a_press(
    enter: Callable[..., Page], page: Page, site: Site
) -> None:
    heat(enter, page, site, "?show=count")
    page.click("[data-do=table]")
    page.click(".heat-table thead th:nth-child(2) button")

    counts = [int(text.replace(",", "")) for text in page.locator(".heat-table td:nth-child(2)").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) <= total(page)
    assert faults(page) == []


def test_an_end_of_the_time_moves_by_keyboard(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site)
    before, days = total(page), page.input_value("[name=since]")

    page.focus(".time-since")
    for _ in range(3):
        page.keyboard.press("PageUp")
    ready(page)

    assert page.input_value("[name=since]") > days
    assert asked(page)["since"] == page.input_value("[name=since]")
    assert total(page) < before


def test_the_time_is_dragged_with_its_handle_and_as_a_whole(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site, "?since=2026-06-01&until=2026-08-30")
    handle, bar = page.locator(".time-until").bounding_box(), page.locator(".time-bar").bounding_box()
    assert handle is not None
    assert bar is not None
    middle = bar["y"] + 20

    page.mouse.move(handle["x"] + handle["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(bar["x"] + bar["width"], middle, steps=4)
    page.mouse.up()
    ready(page)
    longer = asked(page)
    window = page.locator(".time-move").bounding_box()
    assert window
    page.mouse.move(window["x"] + window["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(window["x"] + window["width"] / 2 - 80, middle, steps=4)
    page.mouse.up()
    ready(page)

    assert longer["since"] == "2026-06-01"
    assert longer["until"] > "2026-08-30"
    assert asked(page)["since"] < "2026-06-01"
    assert asked(page)["until"] < longer["until"]


def test_hours_and_days_are_picked_by_keyboard_and_taken_back(
    enter: Callable[..., Page], page: Page, site: Site
) -> None:
    heat(enter, page, site)
    before = total(page)

    page.focus(".heat-week [tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    ready(page)
    picked, narrowed = asked(page), total(page)
    page.keyboard.press("Escape")
    ready(page)

    assert picked["hours"] == "9,10"
    assert picked["weekdays"] == "1,2"
    assert 0 < narrowed < before
    assert "hours" not in asked(page)
    assert total(page) == before


def test_a_category_and_a_source_narrow_and_say_so_in_the_legend(
    enter: Callable[..., Page], page: Page, site: Site
) -> None:
    heat(enter, page, site)
    before = total(page)
    first = page.locator("[data-part=categories] button").first
    name, count = first.locator("span").inner_text(), int(first.locator("b").inner_text().replace(",", ""))

    first.click()
    ready(page)

    assert total(page) == count < before
    expect(page.locator(".heat-legend")).to_contain_text(name)
    page.locator("[data-part=sources] button").first.click()
    ready(page)
    assert total(page) < count
    assert {"category", "source"} <= asked(page).keys()


@pytest.mark.parametrize("show", ["count", "per_households", "per_km", "per_hour", "chance"])
def test_every_way_to_show_grids_has_a_legend_that_counts_all_of_them(
    enter: Callable[..., Page], page: Page, site: Site, show: str
) -> None:
    heat(enter, page, site)

    page.check(f"[name=show][value={show}]", force=True)
    ready(page)

    classes = page.locator(".legend-classes li:not(:has(.legend-hatch)) em").all_inner_texts()
    counts = [int("".join(letter for letter in text if letter.isdigit())) for text in classes]
    assert sum(counts) == page.locator("path.heat-grid").count() >= 20
    assert asked(page)["show"] == show
    expect(page.locator(".heat-picture")).to_have_count(0)


def test_two_times_are_compared_and_the_legend_names_both(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site, "?since=2026-09-01&until=2026-11-22&show=count")

    page.select_option("#heat-against", "before")
    ready(page)

    legend = page.locator(".heat-legend")
    expect(legend).to_contain_text("2026-09-01")
    expect(legend).to_contain_text("2026-06-10")
    assert asked(page)["against"] == "before"
    assert page.locator(".legend-classes li").count() >= 5


def test_a_view_can_be_passed_on_by_its_address(
    enter: Callable[..., Page], page: Page, site: Site, context: BrowserContext
) -> None:
    heat(enter, page, site, "?since=2026-03-02&until=2026-08-30&hours=18-21&weekdays=6-7&source=resident&show=count")
    page.locator(".heat-map").hover()
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(600)
    ready(page)
    address, shown = page.url, total(page)

    other = context.new_page()
    other.goto(address)
    ready(other)

    assert asked(other) == asked(page)
    assert "at" in asked(other)
    assert total(other) == shown
    assert other.is_checked("[name=show][value=count]")


def test_time_plays_to_its_end_and_can_be_stopped(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site, "?since=2026-10-01&until=2026-11-04")

    page.click("[data-do=play]")
    page.wait_for_function("() => document.querySelector('[name=until]').value > '2026-11-04'")
    page.click("[data-do=play]")
    ready(page)

    assert page.locator("[data-do=play]").get_attribute("aria-pressed") == "false"
    assert "2026-11-04" < asked(page)["until"] <= "2026-11-22"


def test_a_grid_says_its_numbers_when_it_is_pressed(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site, "?show=count")

    page.locator("path.heat-grid").nth(12).click()

    expect(page.locator(".heat-card dt").first).to_be_visible()
    expect(page.locator(".heat-card a")).to_have_attribute("href", "/grids/110108999001013")


def test_nothing_found_says_so_and_draws_nothing(enter: Callable[..., Page], page: Page, site: Site) -> None:
    heat(enter, page, site, "?since=2001-01-01&until=2001-12-31")

    assert total(page) == 0
    expect(page.locator(".heat-picture")).to_have_count(0)
