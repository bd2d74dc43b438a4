"""200,000 incidents in the base: the list with every filter, one incident's page, the home page, map and figures.

Run by hand; ``bench_incidents.py postgis 50000`` takes one database and that many. Each address is asked of the website
itself, signed in as grid manager, worker and handler: what stands here is the whole of the server's work, page
included. Wall time is everything; own time is this program's processor alone; the database server's stands beside it.
"""

import importlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from data.database import open_engine, open_session, upgrade
from data.models import (
    Category,
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    Organisation,
    Person,
    Role,
    Stage,
    StepKind,
)
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

# Run by its path, so the helpers of the tests are found by theirs.
sys.path[:0] = [str(Path(__file__).parents[1])]
postgres, visit = importlib.import_module("postgres"), importlib.import_module("visit")

INCIDENTS = 200_000
YEARS = 3
AT_ONCE = 5_000
ROUNDS = 15
LIST_MS, PAGE_MS = 200, 100
WHAT = (
    "暴露垃圾",
    "路灯不亮",
    "井盖松动",
    "楼道堆物",
    "电动车进楼",
    "店外经营",
    "墙面小广告",
    "邻里噪声",
    "水管漏水",
    "树枝折断",
)
WHERE = ("东门", "西门", "三单元", "地下车库", "花坛旁", "早市口", "幼儿园外", "电梯间", "停车棚", "公告栏下")
STAGES = {
    Stage.CLOSED: 0.93,
    Stage.VOIDED: 0.02,
    Stage.DECLINED: 0.01,
    Stage.REPORTED: 0.005,
    Stage.ACCEPTED: 0.005,
    Stage.TRIAGED: 0.008,
    Stage.DISPATCHED: 0.012,
    Stage.PARKED: 0.005,
    Stage.RESOLVED: 0.005,
}
WALKED = (StepKind.REPORT, StepKind.ACCEPT, StepKind.TRIAGE, StepKind.DISPATCH, StepKind.RESOLVE, StepKind.CLOSE)
STOOD = (Stage.REPORTED, Stage.ACCEPTED, Stage.TRIAGED, Stage.DISPATCHED, Stage.RESOLVED, Stage.CLOSED)
LINE = "{:44} {:>9} {:>9} {:>9} {:>9} {:>9}  {}"
TICKS_MS = 1000 / os.sysconf("SC_CLK_TCK")


def fill(session: Session, count: int) -> None:
    """The small town of the tests, and so many incidents of three years with their steps, most of them closed."""
    visit.build(session)
    home = session.scalars(select(Community).where(Community.code == visit.HOME)).one()
    away = session.scalars(select(Community).where(Community.code == visit.AWAY)).one()
    for number in range(60):
        session.add(Category(family="bench", kind="part", code=f"{number:03}", zh=f"类别{number}", en=f"kind {number}"))
    offices = [Organisation(community_id=home.id, name=f"单位{n}", code=f"{n:018}") for n in range(20)]
    people = [Person(community_id=home.id, number=f"W{n:03}", name=f"办件人{n}") for n in range(60)]
    session.add_all([*offices, *people])
    session.flush()
    keys = {
        "category": list(session.scalars(select(Category.id))),
        "office": [one.id for one in offices],
        "person": [one.id for one in people],
        "edition": {home.id: 1, away.id: 2},
        "home": home.id,
        "away": away.id,
    }
    first = 1 + max(session.scalars(select(Incident.id)))
    random = np.random.default_rng(7)
    for begin in range(first, first + count, AT_ONCE):
        some = range(begin, min(begin + AT_ONCE, first + count))
        rows = [_row(random, number, count, keys) for number in some]
        session.execute(insert(Incident), rows)
        session.execute(insert(IncidentStep), [step for row in rows for step in _steps(row)])
    if session.get_bind().dialect.name != "sqlite":
        # Rows came with their keys: the next one that the program adds must get a later one.
        session.execute(text("SELECT setval('incident_id_seq', (SELECT max(id) FROM incident))"))


def _row(random: np.random.Generator, key: int, count: int, keys: dict[str, Any]) -> dict[str, Any]:
    """Seven of ten in the community that is looked at; what was found earlier has the smaller key."""
    found = visit.NOW - timedelta(days=365 * YEARS) * (1 - key / (count + 10)) - timedelta(days=2)
    stage = list(STAGES)[random.choice(len(STAGES), p=list(STAGES.values()))]
    # What is open is mostly of the last months; an old matter is done.
    if stage in STOOD[:-1] and found < visit.NOW - timedelta(days=200) and random.random() < 0.8:
        stage = Stage.CLOSED
    place = keys["home"] if random.random() < 0.7 else keys["away"]
    passed = stage not in (Stage.REPORTED, Stage.ACCEPTED, Stage.VOIDED, Stage.DECLINED)
    east, north = random.uniform(0, 0.003), random.uniform(0, 0.002)
    code = visit.HOME if place == keys["home"] else visit.AWAY
    grids = 6 if place == keys["home"] else 1
    return {
        "id": key,
        "number": f"{found:%Y%m%d}-{key:06}",
        "community_id": place,
        "category_id": int(random.choice(keys["category"])),
        "source": list(IncidentSource)[random.integers(len(IncidentSource))],
        "description": f"{random.choice(WHERE)}{random.choice(WHAT)}，居民反映多次，请派人看看{random.integers(999)}",
        "address": f"民悦路{random.integers(1, 200)}号{random.integers(1, 30)}栋",
        "found_at": found,
        "edition_id": keys["edition"][place],
        "grid_code": None if random.random() < 0.05 else f"{code}{random.integers(1, grids + 1):03}",
        "grid_rule": "inside",
        "sure": bool(random.random() > 0.03),
        "stage": stage,
        "due_at": found + timedelta(days=int(random.integers(1, 15))),
        "warn_at": found + timedelta(days=1),
        "resolved_at": found + timedelta(days=3) if stage in (Stage.RESOLVED, Stage.CLOSED) else None,
        "closed_at": found + timedelta(days=4) if stage is Stage.CLOSED else None,
        "organisation_id": int(random.choice(keys["office"])) if passed else None,
        "handler_id": int(random.choice(keys["person"])) if passed and stage is not Stage.TRIAGED else None,
        "geom": shapely.Point(116.3 + east, 40.0 + north),
        "reporter_name": "",
        "reporter_phone": "",
        "extra": {},
        "grid_facts": {},
    }


def _steps(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps that led there, one after the other in half days."""
    stage = row["stage"]
    if stage in STOOD:
        walked = list(zip(WALKED, STOOD, strict=True))[: STOOD.index(stage) + 1]
    elif stage is Stage.PARKED:
        walked = [*list(zip(WALKED, STOOD, strict=True))[:3], (StepKind.PARK, stage)]
    else:
        kind = StepKind.VOID if stage is Stage.VOIDED else StepKind.DECLINE
        walked = [(StepKind.REPORT, Stage.REPORTED), (kind, stage)]
    return [
        {
            "incident_id": row["id"],
            "number": number,
            "kind": kind,
            "stage": after,
            "at": row["found_at"] + timedelta(hours=12 * (number - 1)),
            "note": "",
            "said": {"limit": [3.0, "working_days"]} if kind is StepKind.TRIAGE else {},
        }
        for number, (kind, after) in enumerate(walked, start=1)
    ]


def lists() -> dict[str, str]:
    """Every filter that the list has, alone; then some together, and pages far down."""
    shown = {word: f"show={word}" for word in ("open", "overdue", "unsure", "mine", "all")}
    stages = {str(stage): f"show={stage.value}" for stage in Stage}
    words = {
        "words: frequent": "show=all&q=垃圾",
        "words: a number": "show=all&q=20260312-1",
        "words: nowhere": "show=all&q=没有这样的话",
        "words: one sign": "show=all&q=梯",
        "words: of the address": "show=all&q=民悦路77号",
        "words: several": "show=all&q=东门 垃圾",
    }
    rest = {
        "several stages": "show=triaged,dispatched",
        "category": "show=all&category=7",
        "grid": f"show=all&grid={visit.HOME}003",
        "source": "show=all&source=hotline",
        "office": "show=all&office=7",
        "a month": "show=all&since=2025-03-01&until=2025-03-31",
        "since": "show=all&since=2024-03-01",
        "community": f"show=all&community={visit.HOME}",
        "category, grid, words": f"show=all&category=7&grid={visit.HOME}003&q=路灯",
        "last page of all": "show=all&page=1000000",
        "the middle of all": "show=all&page=1500",
    }
    return {f"list, {name}": f"/incidents?{query}" for name, query in (shown | stages | words | rest).items()}


def others(engine: Engine) -> dict[str, str]:
    """One incident at each end of the loop, and other pages that look at all incidents."""
    with open_session(engine) as session:
        some = {
            stage: session.scalars(
                select(Incident.number)
                .where(Incident.stage == stage, Incident.community_id == 1)
                .order_by(Incident.id.desc())
            ).first()
            for stage in (Stage.REPORTED, Stage.TRIAGED, Stage.CLOSED)
        }
    pages = {f"page, {stage}": f"/incidents/{number}" for stage, number in some.items()}
    return pages | {
        "home": "/",
        "API, list": "/api/incidents",
        "API, words": "/api/incidents?text=垃圾",
        "grid's card": f"/grids/{visit.HOME}003",
        "map": f"/map?community={visit.HOME}",
        "map's incidents": f"/map/parts/incidents?place={visit.HOME}",
        "figures, a month": f"/figures?community={visit.HOME}",
    }


def ask(app: Flask, browser: FlaskClient, address: str) -> tuple[float, float, int]:
    """How long one answer took, by the clock and of this program, in milliseconds; and its length."""
    wall, own = time.perf_counter(), time.process_time()
    answer = browser.get(address)
    taken = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - own)
    assert answer.status_code == 200, (address, answer.text[-2000:])
    return *taken, len(answer.data)


def database_ms() -> float:
    """The CPU time that the processes of a PostgreSQL server's connections to the bench have used so far."""
    spent = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if b" bench [local]" in (folder / "cmdline").read_bytes():
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    spent += TICKS_MS * (int(fields[11]) + int(fields[12]))
    return spent


def measure(app: Flask, role: Role, addresses: dict[str, str], rounds: int = ROUNDS) -> list[str]:
    """Print a row for each address; returns those that took longer than they may: by the CPU time of this program,
    its p95, and of the database, its mean, because the clock of a machine that others use says little.
    """
    browser, slow = app.test_client(), []
    assert visit.sign_in(browser, visit.LOGINS[role]).status_code == 302
    for name, address in addresses.items():
        ask(app, browser, address)
        before = database_ms()
        taken = [ask(app, browser, address) for _ in range(rounds)]
        # A connection that ends takes its time along.
        asked = max(0.0, database_ms() - before) / rounds
        walls, owns = sorted(one[0] for one in taken), sorted(one[1] for one in taken)
        high = int(0.95 * (rounds - 1))
        late = owns[high] + asked
        most = LIST_MS if name.startswith("list") else PAGE_MS if name.startswith("page") else None
        verdict = "" if most is None or late <= most else f"more than {most} ms"
        slow += [f"{role} {name}"] * bool(verdict)
        figures = [statistics.median(walls), walls[high], statistics.median(owns), owns[high], asked]
        print(LINE.format(f"{role}: {name}", *(f"{one:.1f}" for one in figures), verdict), flush=True)
    return slow


@contextmanager
def filled(kind: str, count: int) -> Iterator[str]:
    """The address of a database with so many incidents, of that kind; gone afterwards."""
    if kind == "spatialite":
        folder = Path(tempfile.mkdtemp(prefix="gridpatrol-bench-"))
        try:
            (folder / "town.sqlite").touch()
            yield prepare(f"sqlite:///{folder / 'town.sqlite'}", count)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    with postgres.private_server() as socket:
        yield prepare(postgres.create_database(socket, "bench"), count)


def prepare(url: str, count: int) -> str:
    """Tables and rows; returns the address. The server that the tests start takes no statistics by itself."""
    engine = open_engine(url)
    upgrade(engine)
    with open_session(engine, writing=True) as session:
        fill(session, count)
        session.commit()
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return url


def look(url: str) -> list[str]:
    """All questions to one database."""
    engine = open_engine(url)
    settings = Settings(database_url=url, instance=Path(tempfile.gettempdir()))
    web = WebSettings(storage=settings, secret_key="a key for measuring only", language="zh")
    app = create_app(web, engine=engine, clock=lambda: visit.NOW)
    print(LINE.format("", "wall ms", "p95", "own ms", "p95", "database", ""))
    slow = measure(app, Role.GRID_MANAGER, lists() | others(engine))
    few = {name: address for name, address in lists().items() if "list, o" in name or "words" in name or "all" in name}
    for role in (Role.ADMINISTRATOR, Role.GRID_WORKER, Role.HANDLER):
        slow += measure(app, role, few, 7)
    engine.dispose()
    return slow


def main() -> None:
    """Both databases, or those named on the command line; a number is how many incidents."""
    kinds = [word for word in sys.argv[1:] if not word.isdigit()] or ["spatialite", "postgis"]
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), INCIDENTS)
    for kind in kinds:
        with filled(kind, count) as url:
            print(f"\n{count:,} incidents on {kind}")
            slow = look(url)
            print(f"{len(slow)} slower than they may be", *slow, sep="\n  ")


if __name__ == "__main__":
    main()
