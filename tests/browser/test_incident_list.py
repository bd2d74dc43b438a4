"""The list of incidents in a real browser: many are passed on by the keyboard alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from looked_at import faults
from playwright.sync_api import Page, expect
from served import Site

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def list_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town, in which the office passes incidents on."""
    return serve(Path(tmp_path_factory.mktemp("list")) / "town.sqlite")


def test_a_manager_passes_incidents_on_by_the_keyboard_alone(
    enter: Callable[..., Page], page: Page, list_site: Site
) -> None:
    page.set_viewport_size(DESK)
    enter(list_site, "/incidents?show=reported,accepted,parked", "manager")
    boxes, office = page.locator("input[name=pick]"), page.locator("select[name=organisation]")
    before = boxes.count()

    for key in ("j", "Space", "Shift+ArrowDown", "ArrowDown", "t"):
        page.keyboard.press(key)
    expect(office).to_be_focused()
    expect(page.locator("[data-picked]")).to_have_text("(2)")
    assert faults(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Enter")

    expect(page.locator(".notice.good")).to_be_visible()
    expect(page).to_have_url(f"{list_site.address}/incidents?show=reported%2Caccepted%2Cparked")
    assert boxes.count() == before - 2


def test_keys_that_are_typed_into_a_field_pick_nothing(enter: Callable[..., Page], page: Page, list_site: Site) -> None:
    enter(list_site, "/incidents?show=parked", "manager")

    page.locator("input[name=note]").press_sequentially("ajk")

    assert page.locator("input[name=note]").input_value() == "ajk"
    assert page.locator("input[name=pick]:checked").count() == 0


def test_the_box_above_picks_the_whole_page_and_the_phone_shows_it(
    enter: Callable[..., Page], page: Page, list_site: Site
) -> None:
    page.set_viewport_size(PHONE)
    enter(list_site, "/incidents?show=parked", "manager")
    boxes = page.locator("input[name=pick]")

    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])

    assert page.locator("input[name=pick]:checked").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert faults(page) == []
