"""The page of heat in a browser with a million incidents, and its file of a hundred thousand without a network.

Run by hand; ``bench_heat_page.py 100000`` takes that many for the page. The incidents are those of the sample town many
times over, put into the memory of the process as if they had been read. folium's own HeatMap of the same places stands
beside the file: its scripts come from other hosts, so without a network it shows nothing at all.
"""

import importlib
import logging
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, NamedTuple

import folium
import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from folium.plugins import HeatMap
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from data.database import open_engine, open_session
from data.settings import Settings
from patrols import incident_memory
from patrols.communities import find_community
from patrols.incident_columns import IncidentColumns, read_columns
from webmap import demo
from webmap.app import create_app
from webmap.settings import WebSettings
from webmap.warming import settle

sys.path[:0] = [str(Path(__file__).parents[1])]
many = importlib.import_module("many_incidents").many

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
PAGE, FILE = 1_000_000, 100_000
ROUNDS = 5
MOST_MS = 50.0
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""


class Served(NamedTuple):
    """The town as it is asked over HTTP, and as it is asked directly."""

    address: str
    app: Flask
    engine: Engine
    town: demo.Demo

    @property
    def password(self) -> str:
        """With which the official signs in."""
        return next(one.password for one in self.town.sign_ins if one.login == "official")


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The sample town over HTTP."""
    town = demo.prepare(folder, at=AT, say=lambda _: None)
    engine = open_engine(town.database_url)
    storage = Settings(database_url=town.database_url, instance=folder)
    app = create_app(
        WebSettings(storage=storage, secret_key="a key for measuring only"), engine=engine, clock=lambda: AT
    )
    # The server would write a line for each request between those of the table.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", app, engine, town)
    server.shutdown()
    thread.join()
    engine.dispose()


def remember(engine: Engine, count: int) -> IncidentColumns:
    """So many incidents in the memory of the process."""
    with open_session(engine) as session:
        made = many(read_columns(session, find_community(session, None, on=AT.date())), count)
    incident_memory.remember(engine, made)
    return made


def answers(site: Served) -> None:
    """What each answer of one change of time costs the server: no two questions are the same."""
    browser = site.app.test_client()
    form = browser.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    fields = {"login": "official", "password": site.password, "csrf_token": token[1] if token else ""}
    assert browser.post("/sign-in", data=fields).status_code == 302
    settle()
    year, years = "since=2025-11-24", "since=2021-01-01"
    then, long_since = "against_since=2024-11-25&against_until=2025-11-23", "against_since=2016-01-01"
    kinds = {
        "numbers, a year": f"/api/v1/heat.json?{year}",
        "picture, a year": f"/api/v1/heat.png?bbox=116.30,39.99,116.34,40.01&{year}",
        "grids, a year": f"/heat/grids.json?{year}",
        "grids, by hours of patrol": f"/heat/grids.json?{year}&per=patrols",
        "grids against an earlier time": f"/heat/grids.json?{year}&{then}",
        "grids, five years against five": f"/heat/grids.json?{years}&{long_since}&against_until=2020-12-31",
        "forecast": f"/heat/forecast.json?{year}",
    }
    late = []
    for name, address in kinds.items():
        took = [_own_ms(browser, f"{address}&until=2026-{7 + day // 28:02}-{1 + day % 28:02}") for day in range(31)]
        first, rest = took[0], sorted(took[1:])
        late += [name] * (median(rest) > MOST_MS)
        print(f"{name:32} median {median(rest):5.1f} ms, slowest {rest[-1]:5.1f}, first {first:5.0f}")
    print(f"{len(late)} more than {MOST_MS:.0f} ms", *late, sep="\n  ")


def _own_ms(browser: FlaskClient, address: str) -> float:
    begun = time.process_time()
    answer = browser.get(address, headers={"Accept-Encoding": "gzip"})
    taken = 1000 * (time.process_time() - begun)
    assert answer.status_code == 200, answer.text[-300:]
    return taken


def page(browser: Browser, address: str, password: str) -> None:
    """When the page first paints, when all it asked for is there, and what one change costs the server."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    tab = context.new_page()
    tab.goto(f"{address}/sign-in")
    tab.fill("input[name=login]", "official")
    tab.fill("input[name=password]", password)
    tab.press("input[name=password]", "Enter")
    tab.wait_for_load_state("networkidle")
    for turn in range(ROUNDS):
        begun = time.perf_counter()
        tab.goto(f"{address}/heat")
        tab.wait_for_selector(".heat.ready[aria-busy=false]", timeout=120_000)
        whole = time.perf_counter() - begun
        print(f"page, visit {turn + 1}: first paint {tab.evaluate(PAINTED):.0f} ms, everything there {whole:.2f} s")
    begun = time.process_time()
    for until in range(10, 20):
        tab.fill("[name=until]", f"2026-10-{until}")
        tab.press("[name=until]", "Tab")
        tab.wait_for_selector(".heat.ready[aria-busy=false]")
    print(f"one change of time, all four answers: {100 * (time.process_time() - begun):.0f} ms of this program")
    context.close()


def opened(browser: Browser, file: Path, ready: str) -> str:
    """How long a file takes to open without a network, or what became of it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    tab = context.new_page()
    took: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        tab.goto(file.as_uri())
        if not tab.locator(ready).count():
            tab.wait_for_timeout(2000)
        if not tab.locator(ready).count():
            return "shows nothing"
        took.append(time.perf_counter() - begun)
    context.close()
    return f"opened in {np.median(took):.2f} s (slowest {max(took):.2f} s)"


def files(browser: Browser, folder: Path, address: str, columns: IncidentColumns, password: str) -> None:
    """Our file of a view and folium's own HeatMap of the same places."""
    context = browser.new_context(http_credentials=None)
    tab = context.new_page()
    tab.goto(f"{address}/sign-in")
    tab.fill("input[name=login]", "official")
    tab.fill("input[name=password]", password)
    tab.press("input[name=password]", "Enter")
    tab.wait_for_load_state("networkidle")
    begun = time.perf_counter()
    ours = folder / "ours.html"
    ours.write_bytes(context.request.get(f"{address}/heat/file.html").body())
    took = time.perf_counter() - begun
    print(f"file of {len(columns):,}: {ours.stat().st_size / 1e6:.2f} MB, written in {took:.2f} s, ", end="")
    print(opened(browser, ours, ".ready"))
    lon, lat = columns.plane.degrees(columns.x.astype(float), columns.y.astype(float))
    places = np.round(np.column_stack([lat, lon]), 6)
    begun = time.perf_counter()
    drawn = folium.Map([40.0, 116.32], zoom_start=15)
    HeatMap(places[np.isfinite(places).all(axis=1)].tolist()).add_to(drawn)
    theirs = folder / "folium.html"
    drawn.save(theirs)
    took = time.perf_counter() - begun
    print(f"folium's own: {theirs.stat().st_size / 1e6:.2f} MB, written in {took:.2f} s, ", end="")
    print(opened(browser, theirs, ".leaflet-heatmap-layer"))


def main() -> None:
    """All of it; a number on the command line is how many incidents the page has."""
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), PAGE)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-bench-") as named, sync_playwright() as driver:
        folder = Path(named)
        options: dict[str, Any] = {"executable_path": shutil.which("chromium"), "args": QUIET}
        browser = driver.chromium.launch(**options)
        with served(folder) as site:
            remember(site.engine, count)
            print(f"\n{count:,} incidents; what one change of time costs this program:")
            answers(site)
            page(browser, site.address, site.password)
            files(browser, folder, site.address, remember(site.engine, FILE), site.password)
        browser.close()


if __name__ == "__main__":
    main()
