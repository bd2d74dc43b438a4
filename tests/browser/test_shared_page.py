"""A view is shared, opened by somebody without a sign-in, shown inside another site, and taken along as a file."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from looked_at import faults, too_small
from playwright.sync_api import Browser, BrowserContext, Page, expect
from served import Site, Watch

SIZES = [(390, 844), (1440, 900), (3840, 2160)]


@dataclass
class Elsewhere:
    """Another site, which shows what it is told to inside its page."""

    address: str
    shows: str = ""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """A site of somebody else's."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                f'<!doctype html><title>Town hall</title><iframe src="{other.shows}" width="800" height="600"></iframe>'
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    other = Elsewhere(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield other
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sharing(serve: Callable[..., Site], elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample town, whose settings name the other site."""
    return serve(tmp_path_factory.mktemp("sharing") / "town.sqlite", frame_hosts=(elsewhere.address,))


@pytest.fixture(scope="module")
def links(
    browser: Browser, browser_context_args: dict[str, Any], cookies: Callable[[Site, str], list[Any]], sharing: Site
) -> dict[str, str]:
    """Links to a view that other sites may show, and to one that they may not."""
    context = browser.new_context(**browser_context_args)
    context.add_cookies(cookies(sharing, "official"))
    page = context.new_page()
    made = {}
    for name in ("alone", "framed"):
        page.goto(f"{sharing.address}/shares?kind=heat&since=2026-05-01&until=2026-11-21")
        if name == "framed":
            page.check("input[name=framed]")
        page.click("form[action='/shares'] button")
        made[name] = page.locator("input[data-copied]").first.input_value()
    context.close()
    return made


def ready(page: Page) -> Page:
    """Wait until the view is drawn."""
    expect(page.locator(".gp-ready")).to_be_visible()
    return page


def test_what_the_map_shows_is_shared_with_one_button(enter: Callable[..., Page], sharing: Site) -> None:
    page = enter(sharing, "/map?since=2026-10-01&until=2026-11-15&layers=heat,walked&colour=walked")
    expect(page.locator(".gp-ready")).to_be_visible()

    page.click("a[data-share]")

    expect(page).to_have_url(re.compile(r"/shares\?.*since=2026-10-01"))
    assert faults(page) == []
    page.fill("input[name=title]", "<b>北片</b> ${alert(1)}")
    page.click("form[action='/shares'] button")
    expect(page.locator(".links h3").first).to_contain_text("<b>北片</b> ${alert(1)}")
    page.goto(page.locator("input[data-copied]").first.input_value())
    expect(ready(page).locator("h1")).to_have_text("<b>北片</b> ${alert(1)}")


@pytest.mark.parametrize("size", SIZES)
def test_a_stranger_sees_the_view_on_any_screen(
    watch: Watch, page: Page, links: dict[str, str], size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})

    page.goto(links["alone"])

    ready(page)
    expect(page.locator("img.leaflet-image-layer")).to_be_visible()
    assert faults(page) == []
    assert [one for one in too_small(page, letters_px=12, target_px=24) if "leaflet" not in one] == []


def test_the_view_is_read_and_changed_by_keyboard(watch: Watch, page: Page, links: dict[str, str]) -> None:
    page.goto(links["alone"])
    heat = ready(page).locator("img.leaflet-image-layer")
    expect(heat).to_be_visible()

    page.locator("input[data-layer=heat]").focus()
    page.keyboard.press("Space")

    expect(heat).to_have_count(0)


def test_a_grid_says_its_name_and_its_figure(watch: Watch, page: Page, links: dict[str, str]) -> None:
    page.goto(links["alone"])
    ready(page)
    told = page.locator(".view-told")
    expect(told).to_be_hidden()

    page.locator("path.gp-grid").nth(20).click(force=True)

    expect(told).to_be_visible()


def test_the_site_of_the_settings_shows_a_view_that_allows_it(
    page: Page, links: dict[str, str], elsewhere: Elsewhere
) -> None:
    elsewhere.shows = links["framed"]

    page.goto(elsewhere.address)

    expect(page.frame_locator("iframe").locator(".gp-ready")).to_be_visible()


def test_no_site_shows_a_view_that_does_not_allow_it(page: Page, links: dict[str, str], elsewhere: Elsewhere) -> None:
    elsewhere.shows = links["alone"]
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    page.goto(elsewhere.address)

    page.wait_for_timeout(500)
    assert any("frame-ancestors" in text for text in refused)
    expect(page.frame_locator("iframe").locator(".gp-ready")).to_have_count(0)


def test_the_file_opens_with_the_network_off(
    watch: Watch, page: Page, context: BrowserContext, links: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "view.html"
    file.write_bytes(context.request.get(f"{links['alone']}/map.html").body())
    context.set_offline(True)

    page.goto(file.as_uri())

    expect(ready(page).locator("img.leaflet-image-layer")).to_be_visible()
    expect(page.locator("path.gp-grid").first).to_be_visible()
    assert faults(page) == []
    assert file.stat().st_size < 2_000_000
