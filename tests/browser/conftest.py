"""The sample town served to a real browser that is watched: whom it asks, what its policy stops, what it shouts."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from drawn_on import TAKE_ALL_BACK, Desk, opened, sign_in
from playwright.sync_api import Browser, BrowserContext, Page
from served import AT, Site, Watch
from walked_phone import Volunteer
from werkzeug.serving import make_server

from data.database import open_engine
from data.settings import Settings
from webmap import demo
from webmap.app import create_app
from webmap.settings import WebSettings

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")

# Without these, Chromium looks for its maker's hosts at every start.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's own browser."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("no Chromium is installed; `make test` installs it")
    return {**browser_type_launch_args, "executable_path": found or "chromium is not installed", "args": QUIET}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address to put before others; the plugin's own fixture of this name warns under this pytest."""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """A Chinese office PC."""
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> demo.Demo:
    """The sample town, built as the demo builds it."""
    return demo.prepare(tmp_path_factory.mktemp("demo"), at=AT, say=lambda _: None)


@pytest.fixture(scope="session")
def serve(town: demo.Demo) -> Iterator[Callable[..., Site]]:
    """Serve a copy of the sample town's database from a thread of its own, until the tests end."""
    stops = []

    def start(file: Path, clock: Callable[[], datetime] = lambda: AT, **more: Any) -> Site:
        shutil.copyfile(town.database_url.removeprefix("sqlite:///"), file)
        storage = Settings(database_url=f"sqlite:///{file}", instance=file.parent)
        settings = WebSettings(storage=storage, secret_key="a key for tests only", **more)
        app = create_app(settings, engine=open_engine(f"sqlite:///{file}"), clock=clock)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        stops.append((server, thread, app))
        passwords = {sign_in.login: sign_in.password for sign_in in town.sign_ins}
        return Site(f"http://127.0.0.1:{server.server_port}", file, passwords)

    yield start
    for server, thread, app in stops:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["gridpatrol.engine"].dispose()


@pytest.fixture(scope="session")
def site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town as it is."""
    return serve(tmp_path_factory.mktemp("site") / "town.sqlite")


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Everything the browser's pages do is watched; at the end nothing may have been wrong."""
    seen = Watch()
    context.add_init_script(REPORT_VIOLATIONS)

    def follow(page: Page) -> None:
        page.on("request", seen.request)
        page.on("console", seen.console)
        page.on("pageerror", lambda error: seen.shouted.append(str(error)))
        page.on("dialog", lambda dialog: (seen.shouted.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    context.on("page", follow)
    yield seen
    assert seen.foreign == []
    assert seen.shouted == []


@pytest.fixture(scope="session")
def cookies(browser: Browser, browser_context_args: dict[str, Any]) -> Callable[[Site, str], list[Any]]:
    """What a browser holds of somebody who has signed in on a site: asked for once, since nobody signs out here."""
    known: dict[tuple[str, str], list[Any]] = {}

    def of(site: Site, login: str) -> list[Any]:
        key = (site.address, login)
        if key not in known:
            context = browser.new_context(**browser_context_args)
            sign_in(context.new_page(), site, login)
            known[key] = context.cookies()
            context.close()
        return known[key]

    return of


@pytest.fixture
def enter(
    watch: Watch, page: Page, context: BrowserContext, cookies: Callable[[Site, str], list[Any]]
) -> Callable[..., Page]:
    """Open a page of a site as somebody who has signed in."""

    def opened(site: Site, path: str, login: str = "official") -> Page:
        context.clear_cookies()
        context.add_cookies(cookies(site, login))
        page.goto(site.address + path)
        return page

    return opened


@pytest.fixture(scope="session")
def drawing_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town, to be drawn in."""
    return serve(tmp_path_factory.mktemp("drawing") / "town.sqlite")


@pytest.fixture(scope="session")
def draft(
    browser: Browser,
    browser_context_args: dict[str, Any],
    cookies: Callable[[Site, str], list[Any]],
    drawing_site: Site,
) -> str:
    """The path of a draft from the grids in force."""
    context = browser.new_context(**browser_context_args)
    context.add_cookies(cookies(drawing_site, "manager"))
    page = context.new_page()
    page.goto(f"{drawing_site.address}/draw")
    page.click("button[value=in_force]")
    path = opened(page).address.removeprefix(drawing_site.address)
    context.close()
    return path


@pytest.fixture
def desk(enter: Callable[..., Page], page: Page, drawing_site: Site, draft: str) -> Desk:
    """The draft as it was begun: what an earlier test drew is taken back, byte for byte."""
    page.set_viewport_size({"width": 1440, "height": 900})
    found = opened(enter(drawing_site, draft, "manager"))
    found.page.evaluate(TAKE_ALL_BACK)
    return found


@pytest.fixture
def other(
    browser: Browser,
    browser_context_args: dict[str, Any],
    cookies: Callable[[Site, str], list[Any]],
    desk: Desk,
    drawing_site: Site,
) -> Iterator[Desk]:
    """Somebody else with the same draft open."""
    context = browser.new_context(**browser_context_args, viewport={"width": 1440, "height": 900})
    context.add_cookies(cookies(drawing_site, "admin"))
    page = context.new_page()
    page.goto(desk.address)
    yield opened(page)
    context.close()


@pytest.fixture(scope="session")
def walking_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A sample town on today's clock: phones keep their own time."""
    return serve(tmp_path_factory.mktemp("walking") / "town.sqlite", lambda: max(datetime.now(UTC), AT))


@pytest.fixture
def volunteer(watch: Watch, context: BrowserContext, page: Page, walking_site: Site) -> Volunteer:
    """Somebody with a phone that has never seen the page."""
    return Volunteer(context, page, walking_site)
