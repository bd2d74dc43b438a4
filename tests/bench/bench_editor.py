"""The editor's server with a draft of 5,000 grids, 50,000 houses: how long each kind of request takes.

Requests go through the website's own code, sign-in and compression included, in one process and one after the other.
The first request after a start reads the whole draft and is shown by itself. ``bench_editor.py 20 10`` takes a town of
20 x 10 grids instead, ``bench_editor.py 100 50 3`` makes each kind of edit three times. What takes long is done beside
the requests: shown are its answers and, in brackets, how long the page waits for the whole work.
"""

import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from editor_town import CELL, CODE, NOW, PASSWORD, Town, build
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from data.database import open_engine, open_session, upgrade
from data.models import GridEdition
from data.settings import Settings
from patrols import draft_rows
from webmap.app import create_app
from webmap.settings import WebSettings

COLUMNS, ROWS = 100, 50
TIMES, MANY = 20, 300


class Editor:
    """A browser that edits the draft, and knows its revision."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser, self.revision, self.address = browser, 0, f"/api/drafts/{CODE}/2"
        self.took: dict[str, list[tuple[float, float]]] = {}
        self.sizes: dict[str, int] = {}

    def ask(self, name: str, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request and note how long the answer took."""
        headers = {"Accept-Encoding": "zstd", **options.pop("headers", {})}
        if method == "POST":
            headers["If-Match"] = f'"{self.revision}"'
        began, worked = time.perf_counter(), time.process_time()
        answer = self.browser.open(path, method=method, headers=headers, auth=("one", PASSWORD), **options)
        took = time.perf_counter() - began, time.process_time() - worked
        self.took.setdefault(name, []).append(took)
        self.sizes[name] = len(answer.data)
        if answer.status_code not in (200, 201, 304):
            raise SystemExit(f"{name} {options}: {answer.status_code} {answer.data[:500]!r}")
        if method == "POST" and "ETag" in answer.headers:
            self.revision = int(answer.headers["ETag"].strip('"').partition(":")[0])
        return answer

    def edit(self, kind: str, **told: Any) -> None:
        """Do an edit."""
        self.ask(kind, "POST", f"{self.address}/edits", json={"kind": kind, **told})


def line(*places: np.ndarray) -> dict[str, Any]:
    """A drawn line."""
    return {"type": "LineString", "coordinates": [[float(value) for value in place] for place in places]}


def run(editor: Editor, town: Town, times: int) -> None:
    """Every kind of request, many times, all over the town."""
    random = np.random.default_rng(3)
    columns, rows = town.columns, town.rows
    blocks = editor.ask("(first blocks)", "GET", f"{editor.address}/blocks", headers={"Accept-Encoding": ""}).json
    numbers: dict[str, list[int]] = {}
    for feature in blocks["features"]:
        numbers.setdefault(feature["properties"]["code"], []).append(feature["properties"]["number"])

    def code(i: int, j: int) -> str:
        return f"{CODE}{(rows - 1 - j) * columns + i + 1:04d}"

    places = [
        (int(p) % (columns - 2) + 1, int(p) // (columns - 2) + 1)
        for p in random.permutation((columns - 2) * (rows - 2))
    ]
    steps: list[tuple[str, Callable[[int, int], None]]] = [
        ("rename", lambda i, j: editor.edit("rename", code=code(i, j), name="东里")),
        ("paint", lambda i, j: editor.edit("paint", blocks=numbers[code(i, j)][:2], to=code(i + 1, j))),
        ("split", lambda i, j: editor.edit("split", code=code(i, j), line=_cut(town, i, j))),
        ("merge", lambda i, j: editor.edit("merge", codes=[code(i, j), code(i + 1, j)])),
        ("move_vertex", lambda i, j: _move(editor, town, i, j)),
        ("reshape", lambda i, j: editor.edit("reshape", line=_bend(town, i, j))),
        ("give", lambda i, j: editor.edit("give", to=None, ground=_square(town.corner[i, j] + 0.2 * CELL))),
        ("plots", lambda i, j: editor.edit("plots", buildings=town.keys(i, j)[:2], to=code(i + 1, j))),
        ("lay_over", lambda i, j: editor.edit("lay_over", ground=_square(town.corner[i, j] + 0.2 * CELL), name="学校")),
        ("void", lambda i, j: editor.edit("void", code=code(i, j), reason="并入邻格")),
    ]
    # A small town has fewer grids than that.
    times = min(times, len(places) // (len(steps) + 1))
    for number, (_, step) in enumerate(steps):
        for i, j in places[number * times : (number + 1) * times]:
            step(i, j)
            editor.ask("undo", "POST", f"{editor.address}/undo")
            if number % 2:
                editor.ask("redo", "POST", f"{editor.address}/redo")
                editor.ask("undo", "POST", f"{editor.address}/undo")
            editor.ask("grids since", "GET", f"{editor.address}/grids?since={max(editor.revision - 4, 0)}")
    for i, j in places[-times:]:
        _mend(editor, town, code(i, j), i, j)
    for _ in range(times):
        editor.ask("draft", "GET", editor.address)
        editor.ask("all grids", "GET", f"{editor.address}/grids")
        editor.ask("all blocks", "GET", f"{editor.address}/blocks")
        editor.ask("edits", "GET", f"{editor.address}/edits?since={max(editor.revision - 10, 0)}")
        editor.ask("grids, known", "GET", f"{editor.address}/grids", headers={"If-None-Match": f'"{editor.revision}"'})


class Manager:
    """A grid manager's browser: signed in, it sends forms and is led to wait where something takes long.

    Each request's answer is noted with the editor's; of the whole work beside them, how long its page waits for it.
    """

    def __init__(self, editor: Editor) -> None:
        self.editor, self.browser = editor, editor.browser.application.test_client()
        self.send("(sign in)", "/sign-in", login="one", password=PASSWORD)

    def ask(self, name: str, path: str, *, form: dict[str, str] | None = None) -> TestResponse:
        """Send a request and note how long the answer took."""
        began, worked = time.perf_counter(), time.process_time()
        answer = self.browser.open(path, method="GET" if form is None else "POST", data=form)
        self._note(name, began, worked)
        self.editor.sizes[name] = len(answer.data)
        if answer.status_code >= 400:
            raise SystemExit(f"{name} {path}: {answer.status_code} {answer.text[:500]!r}")
        return answer

    def send(self, name: str, path: str, **form: str) -> TestResponse:
        """Send a form with the token of its page."""
        page = self.browser.get("/sign-in", follow_redirects=True).text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        return self.ask(name, path, form={"csrf_token": token[1] if token else "", **form})

    def wait(self, name: str, path: str) -> TestResponse:
        """Ask for a page until it is there."""
        began, worked = time.perf_counter(), time.process_time()
        while (answer := self.ask(f"{name}, asked again", path)).status_code == 202:
            time.sleep(0.5)
        self._note(f"({name}, the whole work)", began, worked)
        return answer

    def _note(self, name: str, began: float, worked: float) -> None:
        took = time.perf_counter() - began, time.process_time() - worked
        self.editor.took.setdefault(name, []).append(took)
        self.editor.sizes.setdefault(name, 0)


def open_draft(editor: Editor, manager: Manager) -> None:
    """Begin the draft as its page does."""
    begun = manager.send("open a draft", "/draw", source="in_force", community=CODE, beside="1")
    manager.wait("open a draft", begun.headers["Location"])
    editor.revision = 0


def look_ahead(editor: Editor, manager: Manager, town: Town, times: int = 5) -> None:
    """What the draft changes against the grids in force, as the page before submitting asks for it."""
    for number in range(times):
        _move(editor, town, town.columns // 2 + number, town.rows // 2)
        manager.wait("preview", f"/editions/{CODE}/2")
        manager.ask("preview, again", f"/editions/{CODE}/2")


def finish(editor: Editor, manager: Manager, times: int = 5) -> None:
    """Hand the draft in and back again, and adopt it and call it back, as the page of the edition does."""
    path, filed = f"/editions/{CODE}/2/steps", {"filing_number": "京网字1号", "valid_from": "2026-12-01", "beside": "1"}
    for number in range(times):
        for move in ("submit", "review", "adopt", "recall", "send_back"):
            told = {"move": move, "note": f"见会议纪要{number}", **(filed if move == "adopt" else {})}
            answer = manager.send(move, path, **told)
            if move == "adopt":
                manager.wait(move, answer.headers["Location"])


def take_back(editor: Editor, town: Town, engine: Engine, many: int) -> str:
    """Do many edits one upon the other, take all of them back, and compare the stored rows with those before."""
    with open_session(engine) as session:
        edition = session.scalars(select(GridEdition).where(GridEdition.number == 2)).one().id
        before = draft_rows.read(session, edition)
    inner = (town.columns - 2) * (town.rows - 2)
    done = 0
    for place in np.random.default_rng(4).permutation(inner)[: min(many, inner // 4)].tolist():
        i, j = place % (town.columns - 2) + 1, place // (town.columns - 2) + 1
        told = {
            "kind": "move_vertex",
            "at": town.corner[i, j].tolist(),
            "to": (town.corner[i, j] + 0.1 * CELL).tolist(),
        }
        if done % 2:
            told = {"kind": "give", "to": None, "ground": _square(town.corner[i, j] + 0.2 * CELL)}
        editor.ask("(many edits)", "POST", f"{editor.address}/edits", json=told)
        done += 1
    for _ in range(done):
        editor.ask("(many undone)", "POST", f"{editor.address}/undo")
    with open_session(engine) as session:
        same = draft_rows.read(session, edition) == before
    return f"{done} edits taken back one by one: rows byte for byte as before: {'yes' if same else 'NO'}"


def _mend(editor: Editor, town: Town, code: str, i: int, j: int) -> None:
    """Two pieces of one grid, on two sides of another: a flaw, accepted with a reason, and then repaired."""
    editor.edit("give", to=code, ground=_square(town.corner[i + 1, j] + [0.4 * CELL, 0.4 * CELL]))
    flaws = editor.ask("(flaws)", "GET", editor.address, headers={"Accept-Encoding": ""}).json["flaws"]
    flaw = next(flaw for flaw in flaws if flaw["kind"] == "not_connected" and flaw["grid_code"] == code)
    path = f"{editor.address}/flaws/{flaw['key']}/accept"
    editor.ask("accept", "POST", path, json={"reason": "校区在路对面"})
    editor.edit("repair", flaw=flaw["key"], choice=flaw["repairs"][0])
    for _ in range(2):
        editor.ask("undo", "POST", f"{editor.address}/undo")


def _square(corner: np.ndarray) -> dict[str, Any]:
    west, south = corner.tolist()
    ring = shapely.get_coordinates(shapely.box(west, south, west + 0.3 * CELL, south + 0.3 * CELL)).tolist()
    return {"type": "Polygon", "coordinates": [ring]}


def _cut(town: Town, i: int, j: int) -> dict[str, Any]:
    west = (town.corner[i, j] + town.corner[i, j + 1]) / 2 - [0.2 * CELL, 0]
    east = (town.corner[i + 1, j] + town.corner[i + 1, j + 1]) / 2 + [0.2 * CELL, 0]
    return line(west, (west + east) / 2 + [0, 0.1 * CELL], east)


def _move(editor: Editor, town: Town, i: int, j: int) -> None:
    at = town.corner[i, j]
    editor.edit("move_vertex", at=at.tolist(), to=(at + np.array([0.1, 0.08]) * CELL).tolist())


def _bend(town: Town, i: int, j: int) -> dict[str, Any]:
    border = town.along[i, j]
    return line(border[1], border[4] + [0.1 * CELL, 0], border[7])


def show(editor: Editor) -> None:
    """The table; clocks of the wall are fair on a quiet machine only, those of the processor always."""
    print(f"{'request':<34}{'times':>6}{'p50 ms':>9}{'p95 ms':>9}{'cpu p50':>9}{'cpu p95':>9}{'answer kB':>11}")
    for name, took in editor.took.items():
        figures = [
            1000 * float(np.quantile(column, share)) for column in zip(*took, strict=True) for share in (0.5, 0.95)
        ]
        print(
            f"{name:<34}{len(took):>6}"
            + "".join(f"{one:>9.1f}" for one in figures)
            + f"{editor.sizes[name] / 1000:>11.1f}"
        )


def main() -> None:
    """Build the town, edit it, tell how long it took."""
    columns, rows = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (COLUMNS, ROWS)
    times = int(sys.argv[3]) if len(sys.argv) > 3 else TIMES
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'town.sqlite'}"
        Path(folder, "town.sqlite").touch()
        upgrade(address)
        engine: Engine = open_engine(address)
        town = Town(columns, rows)
        with open_session(engine, writing=True) as session:
            build(session, town)
            session.commit()
        web = WebSettings(
            storage=Settings(database_url=address, instance=Path(folder)), secret_key="for a bench only", language="en"
        )
        editor = Editor(create_app(web, engine=engine, clock=lambda: NOW).test_client())
        print(f"{columns * rows} grids, {len(town.houses())} houses, {len(town.streets())} streets")
        manager = Manager(editor)
        open_draft(editor, manager)
        editor.ask("(first draft)", "GET", editor.address)
        editor.ask("(first grids)", "GET", f"{editor.address}/grids")
        run(editor, town, times)
        look_ahead(editor, manager, town)
        told = take_back(editor, town, engine, MANY if times == TIMES else times)
        finish(editor, manager)
        show(editor)
        print(told)
        engine.dispose()


if __name__ == "__main__":
    main()
