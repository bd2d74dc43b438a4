"""1,000,000 incidents in the base and 118 grids: the sheets of a day, week, month, quarter and year.

Run by hand; ``bench_figures.py postgis 200000`` takes one database and that many. With ``--keep FILE`` the SpatiaLite
town is made once and found again; it has no statistics, as a town in use has none. CPU is this program's, and on
SpatiaLite all there is: a month may take 5 s of it. Wall time is everything, the database server and whatever else the
machine does.
"""

import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from data.database import open_engine, open_session, upgrade
from data.models import (
    Building,
    Category,
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    Organisation,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Stage,
    StepKind,
    Street,
    StreetClass,
)
from patrols.periodic import PeriodKind, sheet
from patrols.rates import rates
from patrols.scope import EVERYTHING

# Run by its path, so the helpers of the tests are found by theirs.
sys.path[:0] = [str(Path(__file__).parents[1])]
postgres, make = importlib.import_module("postgres"), importlib.import_module("make")

INCIDENTS = 1_000_000
YEARS = 5
COLUMNS, ROWS = 59, 2
PATROLS_A_DAY = 12
AT_ONCE = 20_000
COPIES = 10
"""Every incident is there so many times, each under a number of its own; making all of them here takes an hour."""

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LIMIT_S = 5.0

LOOPS: list[tuple[float, list[tuple[StepKind, Stage]]]] = [
    (
        0.80,
        [
            ("report", "reported"),
            ("accept", "accepted"),
            ("triage", "triaged"),
            ("dispatch", "dispatched"),
            ("resolve", "resolved"),
            ("close", "closed"),
        ],
    ),
    (0.12, [("report", "reported"), ("settle_on_the_spot", "resolved"), ("close", "closed"), ("rate", "closed")]),
    (
        0.03,
        [
            ("report", "reported"),
            ("accept", "accepted"),
            ("triage", "triaged"),
            ("resolve", "resolved"),
            ("redo", "accepted"),
            ("triage", "triaged"),
            ("resolve", "resolved"),
            ("close", "closed"),
        ],
    ),
    (0.02, [("report", "reported"), ("accept", "accepted"), ("triage", "triaged"), ("park", "parked")]),
    (0.02, [("report", "reported"), ("void", "voided")]),
    (
        0.01,
        [
            ("report", "reported"),
            ("accept", "accepted"),
            ("triage", "triaged"),
            ("resolve", "resolved"),
            ("close", "closed"),
            ("reopen", "accepted"),
            ("triage", "triaged"),
            ("resolve", "resolved"),
            ("close", "closed"),
        ],
    ),
]
"""The loops that incidents go through, and what share of them goes through each; steps are half a day apart."""


def fill(session: Session, count: int) -> None:
    """A town of 118 grids with streets and patrols, and its incidents with their steps."""
    home, edition = make.town(session, COLUMNS, ROWS)
    edition.valid_from = date(NOW.year - YEARS, 1, 1)
    codes = [grid.code for grid in edition.grids]
    session.add_all(
        Category(family="bench", kind="part", code=f"{n:03}", zh=f"类别{n}", en=f"kind {n}") for n in range(60)
    )
    session.add_all(Organisation(community_id=home.id, name=f"单位{n}", code=f"{n:018}") for n in range(20))
    session.flush()
    _walks(session, home, edition.id, codes)
    keys = {
        "category": list(session.scalars(select(Category.id))),
        "office": list(session.scalars(select(Organisation.id))),
        "home": home.id,
        "edition": edition.id,
    }
    random, made = np.random.default_rng(7), count // COPIES
    for begin in range(0, made, AT_ONCE):
        some = np.arange(begin, min(begin + AT_ONCE, made))
        rows, steps = _incidents(random, some, made, codes, keys)
        session.execute(insert(Incident.__table__), rows)
        session.execute(insert(IncidentStep.__table__), steps)
    for copy in range(1, COPIES):
        _copy(session, made, copy)


def _copy(session: Session, made: int, copy: int) -> None:
    """What was made once more under other keys, by the database itself, which is quicker."""
    shift = made * copy
    changes = {Incident: {"id": shift, "number": f"-{copy}"}, IncidentStep: {"incident_id": shift}}
    for model, changed in changes.items():
        table = model.__table__
        columns = [one for one in table.columns if one.name != "geom" and (one.name != "id" or "id" in changed)]
        taken = [one + changed[one.name] if one.name in changed else one for one in columns]
        key = table.c[next(iter(changed))]
        names = [one.name for one in columns]
        session.execute(insert(table).from_select(names, select(*taken).where(key <= made)))


def _walks(session: Session, home: Community, edition: int, codes: list[str]) -> None:
    """Streets around every grid, buildings in it, and the walks of the last two months along some of the streets."""
    west, south, side = *make.ORIGIN, 0.001
    for row in range(ROWS + 1):
        for column in range(COLUMNS):
            ends = [(west + (column + at) * side, south + row * side) for at in (0, 1)]
            session.add(
                Street(
                    community_id=home.id,
                    geom=shapely.LineString(ends),
                    name=f"横街{row}",
                    street_class=StreetClass.BRANCH,
                )
            )
    for column in range(COLUMNS + 1):
        ends = [(west + column * side, south), (west + column * side, south + ROWS * side)]
        session.add(
            Street(
                community_id=home.id,
                geom=shapely.LineString(ends),
                name=f"竖街{column}",
                street_class=StreetClass.BACK_STREET,
            )
        )
    for number in range(COLUMNS * ROWS):
        spot = make.degrees_square(number % COLUMNS, number // COLUMNS).centroid.buffer(0.0001)
        session.add(Building(community_id=home.id, geom=spot, households=180, residents=400))
    session.flush()
    random = np.random.default_rng(3)
    for day in range(60):
        for number in range(PATROLS_A_DAY):
            column, row = int(random.integers(COLUMNS - 8)), int(random.integers(ROWS + 1))
            xs = np.arange(west + column * side, west + (column + 8) * side, side / 20)
            line = np.column_stack([xs, np.full(len(xs), south + row * side) + random.normal(0, 2e-5, len(xs))])
            began = NOW - timedelta(days=day, hours=3, minutes=7 * number)
            walk = Patrol(
                community_id=home.id,
                source=PatrolSource.PHONE,
                source_key=f"{day}-{number}",
                started_at=began,
                ended_at=began + timedelta(minutes=50),
                metres=680.0,
                minutes=50.0,
                track=shapely.MultiLineString([line]),
            )
            walk.credits = [
                PatrolCredit(edition_id=edition, grid_code=codes[(column + at) % len(codes)], metres=85.0, minutes=6.25)
                for at in range(8)
            ]
            session.add(walk)
    session.flush()


def _incidents(
    random: np.random.Generator, some: "np.ndarray[Any, Any]", count: int, codes: list[str], keys: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    span = timedelta(days=365 * YEARS)
    loop = random.choice(len(LOOPS), len(some), p=[share for share, _ in LOOPS])
    source, category = random.integers(len(IncidentSource), size=len(some)), random.choice(keys["category"], len(some))
    grid, office = random.integers(len(codes) + 1, size=len(some)), random.choice(keys["office"], len(some))
    due_days, far = random.integers(1, 6, len(some)), random.integers(0, 12, len(some))
    rows, steps = [], []
    for place, number in enumerate(some.tolist()):
        found = NOW - span * (1 - number / count)
        key, walked = number + 1, LOOPS[loop[place]][1]
        if found > NOW - timedelta(days=10):
            walked = walked[: 1 + int(far[place])]
        taken = [one for at, one in enumerate(walked) if found + timedelta(hours=12 * at) <= NOW]
        said = [found + timedelta(hours=12 * at) for at in range(len(taken))]
        stage = Stage(taken[-1][1])
        passed = any(kind == "triage" for kind, _ in taken)
        rows.append(
            {
                "id": key,
                "number": f"{found:%Y%m%d}-{key:07}",
                "community_id": keys["home"],
                "category_id": int(category[place]),
                "source": list(IncidentSource)[source[place]],
                "description": "居民反映，请派人看看",
                "address": "民悦路",
                "found_at": found,
                "edition_id": keys["edition"],
                "grid_code": None if grid[place] == len(codes) else codes[grid[place]],
                "grid_rule": "inside",
                "sure": True,
                "grid_facts": {},
                "stage": stage,
                "on_the_spot": False,
                "due_at": found + timedelta(days=int(due_days[place])),
                "escalations": 0,
                "supervised": False,
                "closed_at": next(
                    (at for at, (kind, _) in zip(said[::-1], taken[::-1], strict=True) if kind == "close"), None
                )
                if stage is Stage.CLOSED
                else None,
                "organisation_id": int(office[place]) if passed else None,
                "reporter_name": "",
                "reporter_phone": "",
                "extra": {},
                "geom": None,
            }
        )
        steps += [
            {
                "incident_id": key,
                "number": at + 1,
                "kind": StepKind(kind),
                "stage": Stage(after),
                "at": said[at],
                "to_organisation_id": int(office[place]) if kind == "triage" else None,
                "note": "5/5" if kind == "rate" else "",
                "said": {},
            }
            for at, (kind, after) in enumerate(taken)
        ]
    return rows, steps


@contextmanager
def filled(kind: str, count: int, keep: str) -> Iterator[str]:
    """The address of a database with so many incidents, of that kind; gone afterwards, unless it is kept."""
    if kind == "postgis":
        with postgres.private_server() as socket:
            yield _prepare(postgres.create_database(socket, "bench"), count)
        return
    folder = Path(tempfile.mkdtemp(prefix="gridpatrol-bench-"))
    path = Path(keep) if keep else folder / "town.sqlite"
    try:
        if path.exists():
            yield f"sqlite:///{path}"
        else:
            path.touch()
            yield _prepare(f"sqlite:///{path}", count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(url: str, count: int) -> str:
    began = time.perf_counter()
    engine = open_engine(url)
    upgrade(engine)
    with open_session(engine, writing=True) as session:
        fill(session, count)
        session.commit()
    if engine.dialect.name != "sqlite":
        # The server that the tests start takes no statistics by itself, as others do; SQLite never does, anywhere.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    return url


def look(url: str) -> None:
    """The rates of a month of each year, and each of the five sheets, cold and again."""
    engine = open_engine(url)
    asked = [0]
    event.listen(engine, "before_cursor_execute", lambda *_: asked.__setitem__(0, asked[0] + 1))
    print(f"{'':40} {'wall s':>8} {'CPU s':>8} {'queries':>8}")
    for year in range(YEARS - 1, -1, -1):
        begins = datetime(2026 - year, 10, 1, tzinfo=UTC)
        with open_session(engine) as session:
            home = session.scalars(select(Community)).one()
            name = f"rates of October {begins.year}"
            _row(name, asked, partial(rates, session, EVERYTHING, home, begins, begins + timedelta(days=31)))
    for kind, day in product(PeriodKind, (date(2026, 10, 15), date(2024, 5, 15))):
        with open_session(engine) as session:
            home = session.scalars(select(Community)).one()
            _row(f"{kind.value} sheet, {day}", asked, partial(sheet, session, EVERYTHING, home, kind, day, NOW))
    engine.dispose()


def _row(name: str, asked: list[int], work: Any) -> None:
    before, wall, own = asked[0], time.perf_counter(), time.process_time()
    work()
    taken, spent = time.perf_counter() - wall, time.process_time() - own
    mark = "" if not name.startswith("monthly") or spent <= LIMIT_S else f"  more than {LIMIT_S} s"
    print(f"{name:40} {taken:8.2f} {spent:8.2f} {asked[0] - before:8}{mark}", flush=True)


def main() -> None:
    """Both databases, or those named on the command line; a number is how many incidents."""
    words = sys.argv[1:]
    keep = words.pop(words.index("--keep") + 1) if "--keep" in words else ""
    kinds = [word for word in words if word in ("spatialite", "postgis")] or ["spatialite", "postgis"]
    count = next((int(word) for word in words if word.isdigit()), INCIDENTS)
    for kind in kinds:
        with filled(kind, count, keep) as url:
            print(f"\n{count:,} incidents on {kind}")
            look(url)


if __name__ == "__main__":
    main()
