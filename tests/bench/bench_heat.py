"""A million incidents on a map: what each change of window, zoom, time and filter costs the server, and folium beside.

Run by hand; ``bench_heat.py 100000`` takes that many. The incidents are drawn as columns, put into the memory of the
process as if they had been read, and then asked for over the website itself, signed in: what stands here is all of the
server's work. How long reading them takes is measured on a database of a tenth.

folium's own HeatMap of the same places is written beside it: the page it makes, and how long that takes.
"""

import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
from flask.testing import FlaskClient
from folium.plugins import HeatMap
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from data.database import open_engine, open_session, upgrade
from data.models import Category, Community, Incident, IncidentStep, Role, StepKind
from data.settings import Settings
from geo.density import blank, deal_out, exact_density, lay_raster, smooth
from patrols import incident_memory
from patrols.incident_columns import SOURCES, STAGES, IncidentColumns, read_columns
from webmap.app import create_app
from webmap.settings import WebSettings
from webmap.warming import settle

sys.path[:0] = [str(Path(__file__).parents[1])]
visit = importlib.import_module("visit")

INCIDENTS = 1_000_000
READ = 100_000
YEARS = 5
ROUNDS = 9
MOST_MS, MOST_BYTES = 50.0, 100_000
LINE = "{:58} {:>8} {:>8} {:>9}  {}"
WIDE, NEAR, CLOSE = "116.28,39.985,116.32,40.015", "116.295,39.995,116.308,40.005", "116.3,40.0,116.3035,40.0024"


def drawn(columns: IncidentColumns, count: int, categories: int) -> IncidentColumns:
    """So many incidents of five years: most at a few hundred places, some anywhere, more by day than by night."""
    random = np.random.default_rng(7)
    places = random.uniform(-2500, 2500, (400, 2))
    share = random.gamma(0.4, size=len(places))
    of = random.choice(len(places), count, p=share / share.sum())
    x, y = (places[of] + random.normal(0, random.uniform(5, 150, len(places))[of, None], (count, 2))).T
    last = int(visit.NOW.timestamp() // 60)
    found = np.sort(last - random.integers(1, YEARS * 365 * 24 * 60, count)).astype(np.int32)
    hour, day = (found // 60 + 8) % 24, (found // 1440 + 3) % 7
    stage = np.where(random.random(count) < 0.95, STAGES.index("closed"), random.integers(0, len(STAGES), count))
    rows: dict[str, Any] = {
        "keys": np.arange(1, count + 1),
        "x": x,
        "y": y,
        "found": found,
        "reported": found,
        "when": hour * 7 + day,
        "kind": stage * len(SOURCES) + random.integers(0, len(SOURCES), count),
        "category": random.integers(0, categories + 1, count),
        "grid": random.integers(0, 119, count),
        "organisation": np.zeros(count),
        "handler": np.zeros(count),
    }
    typed = {name: values.astype(getattr(columns, name).dtype) for name, values in rows.items()}
    grids = ("", *(f"{visit.HOME}{number:03}" for number in range(1, 119)))
    return replace(columns, **typed, grids=grids, stamp=f"{count} drawn")


def changes() -> dict[str, str]:
    """One change after the other, as somebody makes them who drags and picks."""
    year = "since=2025-11-24&until=2026-11-22"
    return {
        "all five years, the whole ground": f"bbox={WIDE}&since=2021-01-01",
        "all five years, nearer": f"bbox={NEAR}&since=2021-01-01",
        "all five years, near": f"bbox={CLOSE}&since=2021-01-01",
        "all five years, from far away": "bbox=115.9,39.7,116.7,40.3&since=2021-01-01",
        "a narrow bell": f"bbox={WIDE}&since=2021-01-01&reach=20",
        "a wide bell": f"bbox={WIDE}&since=2021-01-01&reach=250",
        "a year": f"bbox={WIDE}&{year}",
        "a week": f"bbox={WIDE}&since=2026-11-16&until=2026-11-22",
        "five categories": f"bbox={WIDE}&since=2021-01-01&category=1,2,3,4,5",
        "hotline and residents": f"bbox={WIDE}&since=2021-01-01&source=hotline,resident",
        "evenings of weekends": f"bbox={WIDE}&since=2021-01-01&hours=18-23&weekdays=6-7",
        "one grid, closed": f"bbox={WIDE}&since=2021-01-01&grid={visit.HOME}007&stage=closed",
        "a year against the year before": f"bbox={WIDE}&{year}&against_since=2024-11-25&against_until=2025-11-23",
        "above the floor, all five years": f"bbox={WIDE}&since=2021-01-01&floor=1",
        "above the floor, a year": f"bbox={WIDE}&{year}&floor=1",
    }


def ask(browser: FlaskClient, address: str, **headers: str) -> tuple[float, Any]:
    """How much of this program's processor one answer took, in milliseconds, and the answer as it travels."""
    begin = time.process_time()
    answer = browser.get(address, headers={"Accept-Encoding": "gzip", **headers})
    taken = 1000 * (time.process_time() - begin)
    assert answer.status_code in (200, 304), answer.text[-500:]
    return taken, answer


def moved(query: str, kind: str, step: int) -> str:
    """The same question about a window a metre beside: nothing that was computed before answers it."""
    west, rest = query.removeprefix("bbox=").split(",", 1)
    return f"bbox={float(west) + 1e-5 * (2 * step + (kind == 'json')):.6f},{rest}"


def measure(browser: FlaskClient, kind: str) -> list[str]:
    """A row for each change; returns those that took longer or weigh more than they may."""
    late = []
    for name, query in changes().items():
        addresses = [f"/api/v1/heat.{kind}?community={visit.HOME}&{moved(query, kind, step)}" for step in range(ROUNDS)]
        first, answer = ask(browser, addresses[0])
        taken = sorted(ask(browser, address)[0] for address in addresses[1:])
        again, _ = ask(browser, addresses[0], **{"If-None-Match": answer.headers["ETag"]})
        slow = statistics.median(taken) > MOST_MS or len(answer.data) > MOST_BYTES
        late += [f"{kind}: {name}"] * slow
        figures = f"{statistics.median(taken):.1f}", f"{taken[-1]:.1f}", f"{len(answer.data):,}"
        print(LINE.format(f"{kind}: {name}", *figures, f"first {first:.0f}, unchanged {again:.1f}"), flush=True)
    return late


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do something and print how long it took."""
    wall, own = time.perf_counter(), time.process_time()
    done = work()
    said = f"{time.perf_counter() - wall:.2f} s by the clock, {time.process_time() - own:.2f} s of this program"
    print(f"{what}: {said}", flush=True)
    return done


def fill(session: Session, count: int) -> Community:
    """So many incidents, each with its first step, as rows."""
    place = session.scalars(select(Community).where(Community.code == visit.HOME)).one()
    random = np.random.default_rng(3)
    for begin in range(0, count, 5000):
        keys = range(1000 + begin, 1000 + min(count, begin + 5000))
        rows = [
            {
                "id": key,
                "number": f"B{key}",
                "community_id": place.id,
                "category_id": 1 + int(random.integers(60)),
                "source": SOURCES[random.integers(len(SOURCES))],
                "found_at": visit.NOW - timedelta(minutes=int(random.integers(10, 2_000_000))),
                "grid_code": f"{visit.HOME}00{random.integers(1, 7)}",
                "grid_rule": "inside",
                "stage": STAGES[random.integers(len(STAGES))],
                "geom": shapely.Point(116.3 + random.uniform(0, 0.01), 40 + random.uniform(0, 0.01)),
            }
            for key in keys
        ]
        session.execute(insert(Incident), rows)
        steps = [
            {"incident_id": row["id"], "number": 1, "kind": StepKind.REPORT, "stage": STAGES[0], "at": row["found_at"]}
            for row in rows
        ]
        session.execute(insert(IncidentStep), steps)
    return place


def town(url: str) -> Engine:
    """The small town of the tests with sixty categories."""
    engine = open_engine(url)
    upgrade(engine)
    with open_session(engine, writing=True) as session:
        visit.build(session)
        for number in range(60):
            session.add(
                Category(family=f"f{number % 6}", kind="part", code=f"{number:03}", zh=f"类{number}", en="kind")
            )
        session.commit()
    return engine


def read(engine: Engine) -> None:
    """How long it takes to read columns, what was added to them, and nothing."""
    with open_session(engine, writing=True) as session:
        place = fill(session, READ)
        session.commit()
    with open_session(engine) as session:
        place = session.merge(place)
        timed(f"{READ:,} incidents read for the first time", lambda: read_columns(session, place))
        timed(f"{READ:,} that were added are read", lambda: incident_memory.columns_of(session, place))
        timed("asked again, nothing changed", lambda: incident_memory.columns_of(session, place))


def invented(columns: IncidentColumns) -> None:
    """How far the picture is from the exact density of a part of the incidents, in shares of its peak."""
    some = slice(0, 20_000)
    x, y = columns.x[some].astype(float), columns.y[some].astype(float)
    raster = lay_raster(-1500, -1500, 1500, 1500, 60.0)
    sums = blank(raster)
    deal_out(raster, sums, x, y, np.ones(len(x), np.uint8))
    found = smooth(raster, sums)
    at = np.meshgrid(
        raster.west + raster.wide_m * (np.arange(raster.columns) + 0.5),
        raster.north - raster.high_m * (np.arange(raster.rows) + 0.5),
    )
    part = np.random.default_rng(1).choice(found.size, 4000, replace=False)
    meant = exact_density(x, y, at[0].ravel()[part], at[1].ravel()[part], raster.reach_m)
    off = np.abs(found.ravel()[part] - meant).max() / meant.max()
    print(f"farthest from the exact density of 20,000 at 4,000 places: {100 * off:.4f} % of the peak")


def peer(columns: IncidentColumns, folder: Path) -> None:
    """folium's HeatMap of the same places."""
    lon, lat = columns.plane.degrees(columns.x.astype(float), columns.y.astype(float))
    page = folder / "folium.html"

    def write() -> None:
        drawn = folium.Map([40.0, 116.3], zoom_start=14, tiles=None)
        HeatMap(np.round(np.column_stack([lat, lon]), 6).tolist(), radius=15).add_to(drawn)
        drawn.save(page)

    timed(f"folium's own HeatMap of {len(columns):,} written", write)
    print(f"  its page: {page.stat().st_size / 1e6:.1f} MB, and its scripts come from other hosts")


def main() -> None:
    """All of it; a number on the command line is how many incidents."""
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), INCIDENTS)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-bench-") as named:
        folder = Path(named)
        (folder / "town.sqlite").touch()
        engine = town(f"sqlite:///{folder / 'town.sqlite'}")
        settings = Settings(database_url=str(engine.url), instance=folder)
        web = WebSettings(storage=settings, secret_key="a key for measuring only", language="zh")
        browser = create_app(web, engine=engine, clock=lambda: visit.NOW).test_client()
        assert visit.sign_in(browser, visit.LOGINS[Role.ADMINISTRATOR]).status_code == 302
        with open_session(engine) as session:
            place = session.scalars(select(Community).where(Community.code == visit.HOME)).one()
            made = drawn(read_columns(session, place), count, 60)
            incident_memory.remember(engine, made)
        browser.get("/heat")
        settle()
        print(f"\n{count:,} incidents: own ms of the median, of the slowest, bytes")
        late = measure(browser, "png") + measure(browser, "json")
        print(f"{len(late)} more than {MOST_MS:.0f} ms or {MOST_BYTES:,} bytes", *late, sep="\n  ")
        invented(made)
        peer(made, folder)
        read(engine)
        engine.dispose()


if __name__ == "__main__":
    main()
