"""Walks over the website along its links, in one language, to one page of each view."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page
from served import Site
from werkzeug.routing import MapAdapter
from werkzeug.routing.exceptions import RoutingException

from data.database import open_engine
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

Until = Literal["load", "networkidle"]

FEWEST = {"admin": 45, "official": 27, "manager": 45, "handler": 12, "redcap": 21}
"""Fewer views than these are not all that somebody comes to by links."""

PATIENCE_MS = 120_000
"""What a page may take where the machine has much else to do: how long pages take is asked elsewhere."""

FILE = re.compile(r"\.(csv|docx|geojson|gpkg|gpx|html|json|pdf|png|xlsx|zip)(\?|$)")
"""An address that ends like a file is one, and is not asked for: making it may take seconds."""


class Parts(HTMLParser):
    """What a page is built of: its kinds of elements, by tag, classes, name and type, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.kinds: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        classes = " ".join(sorted(told.get("class", "").split()))
        self.kinds.add(f"{tag} {classes} {told.get('name', '')} {told.get('type', '')}")
        if tag == "a" and "href" in told:
            self.links.append(told["href"])


@contextmanager
def views_of(site: Site) -> Iterator[MapAdapter]:
    """Which view of a site's website answers which address."""
    url = f"sqlite:///{site.file}"
    settings = WebSettings(storage=Settings(database_url=url, instance=site.file.parent), secret_key="for tests only")
    engine = open_engine(url)
    yield create_app(settings, engine=engine).url_map.bind("127.0.0.1")
    engine.dispose()


def one_of_each(
    page: Page, addresses: MapAdapter, seen: dict[str, set[str]], *, login: str, until: Until = "networkidle"
) -> Iterator[str]:
    """Follow all links, and open one page of each view if it is built of anything that `seen` does not know of it.

    Pages are asked for without being drawn, which is quick; the same elements in the same view look the same to
    whomever they are shown, and only texts differ: names, numbers, and lists of fewer rows. What is opened is added
    to `seen`, by view. No link may lead to a page that is not there or refuses whoever is shown it, and `login` must
    come to as many views as there are for them.
    """
    site = "{0.scheme}://{0.netloc}/".format(urlsplit(page.url))
    waiting, reached = deque([site]), {"static"}
    while waiting:
        address = waiting.popleft()
        view = _view(addresses, address)
        if view is None or view in reached or FILE.search(address):
            continue
        reached.add(view)
        answer = page.request.get(address, timeout=PATIENCE_MS)
        assert answer.ok, address
        if "html" not in answer.headers["content-type"]:
            continue
        parts = Parts(answer.text())
        waiting.extend(to for link in parts.links if (to := urljoin(answer.url, link)).startswith(site))
        if parts.kinds - seen.setdefault(view, set()):
            seen[view] |= parts.kinds
            page.goto(address, wait_until=until, timeout=PATIENCE_MS)
            yield f"{login} {view} {urlsplit(address).path}"
    assert len(reached) >= FEWEST[login], f"the links between the pages of {login} are broken"


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
