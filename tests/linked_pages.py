"""Walks over the website along its links, in one language, to one page of each view."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Page
from served import Site
from werkzeug.routing import MapAdapter
from werkzeug.routing.exceptions import RoutingException

from data.database import open_engine
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

Until = Literal["load", "networkidle"]

LINKS = "links => links.map(link => new URL(link.href)).filter(to => to.host === location.host).map(to => to.href)"

PATIENCE_MS = 120_000
"""What a page may take where the machine has much else to do: how long pages take is asked elsewhere."""

FILE = re.compile(r"\.(csv|docx|geojson|gpkg|gpx|html|json|pdf|png|xlsx|zip)(\?|$)")
"""An address that ends like a file is one, and is not asked for: making it may take seconds."""


@contextmanager
def views_of(site: Site) -> Iterator[MapAdapter]:
    """Which view of a site's website answers which address."""
    url = f"sqlite:///{site.file}"
    settings = WebSettings(storage=Settings(database_url=url, instance=site.file.parent), secret_key="for tests only")
    engine = open_engine(url)
    yield create_app(settings, engine=engine).url_map.bind("127.0.0.1")
    engine.dispose()


def one_of_each(page: Page, addresses: MapAdapter, known: set[str], *, until: Until = "networkidle") -> Iterator[str]:
    """Follow all links from where the page stands, to one page of each view; the page is there when it is told.

    No link may lead to a page that is not there or refuses whoever is shown it.
    """
    waiting, asked = deque([page.url]), {"static"}
    page.set_default_navigation_timeout(PATIENCE_MS)
    while waiting:
        address = waiting.popleft()
        view = _view(addresses, address)
        if view is None or view in asked or FILE.search(address):
            continue
        asked.add(view)
        answer = page.goto(address, wait_until=until)
        assert answer is not None, address
        assert answer.ok, address
        waiting.extend(page.locator("a[href]").evaluate_all(LINKS))
        if view not in known:
            known.add(view)
            yield f"{view} {urlsplit(address).path}"


def read_on(page: Page, site: Site, language: str) -> None:
    """Choose a language; the website remembers it for this person."""
    page.goto(site.address)
    if not page.evaluate("document.documentElement.lang").startswith(language):
        page.locator(f"button[name=language][value={language}]").first.evaluate("button => button.click()")
        page.locator(f"html[lang^={language}]").wait_for(state="attached")


def _view(addresses: MapAdapter, address: str) -> str | None:
    try:
        view: str = addresses.match(urlsplit(address).path, method="GET")[0]
    except RoutingException:
        return None
    return view
