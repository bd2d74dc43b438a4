"""The office's report form in a real browser: a category is found by a few letters and asks what it asks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from served import Site

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def report_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town, in which the office reports."""
    return serve(Path(tmp_path_factory.mktemp("report")) / "town.sqlite")


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_office_reports_by_the_keyboard_alone(
    enter: Callable[..., Page], page: Page, report_site: Site, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    enter(report_site, "/incidents/new", "manager")
    page.locator("input[type=search]").fill("jgqs")

    expect(page.locator("select[name=category] option:checked")).to_have_text("井盖缺损")
    page.locator("select[name=ask_kind]:visible").select_option("雨水")
    page.locator("select[name=ask_fenced]:visible").select_option("1")
    page.locator("textarea[name=description]").fill("井盖没了")
    page.locator("button.big").click()

    expect(page.locator("dl.pairs")).to_contain_text("雨水")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_list_is_whole_again_when_nothing_is_looked_for(
    enter: Callable[..., Page], page: Page, report_site: Site
) -> None:
    enter(report_site, "/incidents/new", "manager")
    options, finder = page.locator("select[name=category] option"), page.locator("input[type=search]")
    whole = options.count()

    finder.fill("ludeng")
    found = options.count()
    finder.fill("ludengbuliangle")
    none = options.count()
    finder.fill("")

    assert (found, none) == (2, 1), "what was found, and the line for those who do not know"
    assert options.count() == whole > 100
    assert page.locator("fieldset.asked:visible").count() == 0
