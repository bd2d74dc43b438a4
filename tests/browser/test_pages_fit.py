"""Every page on the screens that people have: nothing sticks out, is cut, too small to press, or left in English."""

from collections.abc import Callable, Iterator

import pytest
from fitting import cut, left_english, too_small, unclear
from linked_pages import one_of_each, read_on, views_of
from playwright.sync_api import Page
from served import Site
from werkzeug.routing import MapAdapter

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

FEWEST = {"admin": 45, "redcap": 20}
"""Fewer kinds of pages than these are not all that somebody sees: the links between them are broken."""


@pytest.fixture(scope="module")
def addresses(site: Site) -> Iterator[MapAdapter]:
    with views_of(site) as found:
        yield found


@pytest.fixture
def walk(
    enter: Callable[..., Page], site: Site, addresses: MapAdapter
) -> Iterator[Callable[..., Iterator[tuple[str, Page]]]]:
    """Walk over all pages that somebody sees, in a language."""
    used: list[Page] = []

    def start(login: str, language: str) -> Iterator[tuple[str, Page]]:
        page = enter(site, "/", login)
        used.append(page)
        read_on(page, site, language)
        page.set_viewport_size(DESK)
        for at in one_of_each(page, addresses, set(), until="load"):
            yield at, page

    yield start
    for page in used:
        read_on(page, site, "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_fits_a_desk_and_a_phone(walk: Callable[..., Iterator[tuple[str, Page]]], language: str) -> None:
    found = {}
    for at, page in walk("admin", language):
        found[at] = unclear(page) + (left_english(page) if language == "zh" else [])
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            found[at] += [f"{size['width']} px: {one}" for one in cut(page)]
        page.set_viewport_size(DESK)

    assert len(found) >= FEWEST["admin"]
    assert {at: told for at, told in found.items() if told} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_volunteers_press_with_the_whole_thumb(walk: Callable[..., Iterator[tuple[str, Page]]], language: str) -> None:
    found = {}
    for at, page in walk("redcap", language):
        page.set_viewport_size(PHONE)
        found[at] = cut(page) + too_small(page)

    assert len(found) >= FEWEST["redcap"]
    assert {at: told for at, told in found.items() if told} == {}


@pytest.mark.parametrize(("path", "action"), [("/patrols", "上传轨迹"), ("/import", "导入"), ("/draw", "新建草案")])
def test_the_main_action_is_reached_with_the_tab_key_alone(
    enter: Callable[..., Page], site: Site, path: str, action: str
) -> None:
    page = enter(site, path, "admin")
    focused = page.locator(":focus-visible")

    for _ in range(60):
        page.keyboard.press("Tab")
        if focused.text_content() == action and focused.evaluate("one => one.matches('main *')"):
            break

    assert focused.text_content() == action
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


def test_what_does_not_fit_would_be_found(enter: Callable[..., Page], site: Site) -> None:
    page = enter(site, "/account", "manager")
    page.set_viewport_size(PHONE)
    assert [*cut(page), *left_english(page), *too_small(page)] == []
    page.evaluate("""() => document.querySelector("main").insertAdjacentHTML("afterbegin",
        `<p style="width: 500px">wide</p>
        <p style="width: 60px; overflow: hidden; white-space: nowrap">一二三四五六七八九十</p>
        <button style="width: 30px; min-height: 0; padding: 0; overflow-wrap: anywhere">Menu</button>`)""")

    told = " ".join(cut(page))
    assert "wider than the screen" in told
    assert "cut: 一二三" in told
    assert "broken: Menu" in told
    assert any("Menu" in one for one in too_small(page))
    assert left_english(page) == ["Menu"]
