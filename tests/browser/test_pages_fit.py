"""Every page on the screens that people have: nothing sticks out, is cut, too small to press, or left in English."""

from collections.abc import Callable, Iterator

import pytest
from fitting import cut, left_english, too_small, unclear
from linked_pages import PATIENCE_MS, one_of_each, read_on, views_of
from playwright.sync_api import Page
from served import AT, Site, Watch
from sqlalchemy import select
from werkzeug.routing import MapAdapter

from data.database import open_engine, open_session
from data.models import Community
from patrols import boards, redraw, residents

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

Walk = Callable[..., Iterator[tuple[str, Page]]]


@pytest.fixture(scope="module")
def addresses(site: Site) -> Iterator[MapAdapter]:
    with views_of(site) as found:
        yield found


@pytest.fixture(scope="module")
def ways() -> dict[str, list[tuple[str, str]]]:
    """Each login's way over the website, once walked: the same links lead to the same pages in every language."""
    return {}


@pytest.fixture
def walk(
    enter: Callable[..., Page], site: Site, addresses: MapAdapter, ways: dict[str, list[tuple[str, str]]]
) -> Iterator[Walk]:
    """Walk over the pages that somebody sees, in a language, but for those that `seen` has in all their parts."""
    used: list[str] = []

    def start(login: str, language: str, seen: dict[str, set[str]]) -> Iterator[tuple[str, Page]]:
        page = enter(site, "/", login)
        used.append(login)
        read_on(page, site, language)
        page.set_viewport_size(DESK)
        way = []
        for at, address in ways.get(login, []):
            page.goto(address, wait_until="load", timeout=PATIENCE_MS)
            yield at, page
        if login not in ways:
            for at in one_of_each(page, addresses, seen, login=login, until="load"):
                way.append((at, page.url))
                yield at, page
            ways[login] = way

    yield start
    for login in used:
        read_on(enter(site, "/", login), site, "zh")


@pytest.fixture(scope="module")
def doors(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[str]]:
    """A site with a notice board of a grid and of a building, and what residents open there by themselves."""
    site = serve(tmp_path_factory.mktemp("doors") / "town.sqlite")
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine, writing=True) as session:
        place = session.scalars(select(Community)).one()
        grid = redraw.require_edition(session, place, AT).grids[0].code
        hung = boards.put_up(
            session, place, at=AT, grid_codes=[grid], building_ids=boards.buildings(session, place)[:1]
        )
        shown = boards.show(session, hung, at=AT)
        told = residents.tell(session, shown[0], "a form's own key", at=AT, description="楼道灯不亮了")
        paths = ["/sign-in", "/q", f"/q/{told.code}", *(f"/r/{one.token}" for one in hung)]
        session.commit()
    engine.dispose()
    return site, paths


def misfits(page: Page, language: str) -> list[str]:
    """What is wrong with a page at a desk and on a phone."""
    found = unclear(page) + (left_english(page) if language == "zh" else [])
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        found += [f"{size['width']} px: {one}" for one in cut(page)]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_every_role_fits_a_desk_and_a_phone(walk: Walk, language: str) -> None:
    seen: dict[str, set[str]] = {}
    found = {
        at: misfits(page, language)
        for login in ("admin", "official", "manager", "handler")
        for at, page in walk(login, language, seen)
    }

    assert {at: told for at, told in found.items() if told} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_volunteers_press_with_the_whole_thumb(walk: Walk, language: str) -> None:
    found = {}
    for at, page in walk("redcap", language, {}):
        page.set_viewport_size(PHONE)
        found[at] = cut(page) + too_small(page)

    assert {at: told for at, told in found.items() if told} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_residents_open_fits_and_is_pressed_with_the_whole_thumb(
    watch: Watch, page: Page, doors: tuple[Site, list[str]], language: str
) -> None:
    site, paths = doors
    read_on(page, site, language)
    found = {}
    for path in [*paths, f"{paths[-1]}/report"]:
        page.set_viewport_size(DESK)
        answer = page.goto(site.address + path)
        assert answer is not None
        assert answer.ok
        found[path] = misfits(page, language)
        page.set_viewport_size(PHONE)
        found[path] += too_small(page)

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
    # Styles set on elements, one by one: the policy of pages forbids those written into the page.
    page.evaluate("""() => {
        const add = (tag, text, styles) => {
            const one = Object.assign(document.createElement(tag), { textContent: text });
            Object.assign(one.style, styles);
            document.querySelector("main").prepend(one);
        };
        add("p", "wide", { width: "500px" });
        add("p", "一二三四五六七八九十", { width: "60px", overflow: "hidden", whiteSpace: "nowrap" });
        add("button", "Menu", { width: "30px", minHeight: "0", padding: "0", overflowWrap: "anywhere" });
    }""")

    told = " ".join(cut(page))
    assert "wider than the screen" in told
    assert "cut: 一二三" in told
    assert "broken: Menu" in told
    assert any("Menu" in one for one in too_small(page))
    assert left_english(page) == ["Menu"]
