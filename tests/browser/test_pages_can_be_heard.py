"""What axe finds on the pages of the website: nothing."""

from collections import deque
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from looked_at import faults
from playwright.sync_api import Page
from served import Site
from werkzeug.routing import MapAdapter
from werkzeug.routing.exceptions import RoutingException

from data.database import open_engine
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

FEWEST = 45
"""Fewer kinds of pages than this are not all that there are: the links between them are broken."""

LINKS = "links => links.map(link => new URL(link.href)).filter(to => to.host === location.host).map(to => to.href)"


@pytest.fixture(scope="module")
def addresses(site: Site) -> Iterator[MapAdapter]:
    """Which view answers which address."""
    url = f"sqlite:///{site.file}"
    settings = WebSettings(storage=Settings(database_url=url, instance=site.file.parent), secret_key="for tests only")
    engine = open_engine(url)
    yield create_app(settings, engine=engine).url_map.bind("127.0.0.1")
    engine.dispose()


def view_of(addresses: MapAdapter, address: str) -> str | None:
    try:
        view: str = addresses.match(urlsplit(address).path, method="GET")[0]
    except RoutingException:
        return None
    return view


def is_page(page: Page, address: str) -> bool:
    told = page.request.head(address)
    taken_away = "attachment" in told.headers.get("content-disposition", "")
    return told.ok and told.headers["content-type"].startswith("text/html") and not taken_away


def one_of_each(page: Page, addresses: MapAdapter, known: set[str]) -> Iterator[str]:
    """Follow all links from where the page stands, to one page of each view; the page is there when it is told."""
    waiting, asked = deque([page.url]), {"static"}
    while waiting:
        address = waiting.popleft()
        view = view_of(addresses, address)
        if view is None or view in asked or not is_page(page, address):
            asked.add(view or "")
            continue
        asked.add(view)
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if view not in known:
            known.add(view)
            yield f"{view} {urlsplit(address).path}"
        waiting.extend(page.locator("a[href]").evaluate_all(LINKS))


def read_on(page: Page, site: Site, language: str) -> None:
    page.goto(site.address)
    if not page.evaluate("document.documentElement.lang").startswith(language):
        page.locator(f"button[name=language][value={language}]").first.evaluate("button => button.click()")
        page.locator(f"html[lang^={language}]").wait_for(state="attached")


@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("en", 1440)])
def test_no_page_has_a_fault_for_those_who_listen_to_it(
    enter: Callable[..., Page], site: Site, addresses: MapAdapter, language: str, width: int
) -> None:
    known: set[str] = set()
    found: dict[str, list[str]] = {}
    for login in ("admin", "manager"):
        page = enter(site, "/", login)
        page.set_viewport_size({"width": width, "height": 900})
        read_on(page, site, language)
        found |= {at: faults(page) for at in one_of_each(page, addresses, known)}
        # The website remembers a person's language.
        read_on(page, site, "zh")

    assert len(found) >= FEWEST
    assert {at: told for at, told in found.items() if told} == {}


def test_a_fault_would_be_found(enter: Callable[..., Page], site: Site) -> None:
    page = enter(site, "/help", "manager")
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")

    assert any("button-name" in fault for fault in faults(page))
