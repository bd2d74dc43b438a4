"""Two towns that tell each other of every step, through servers that flap and senders that are killed."""

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import forked
import make
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sending_process import BEGAN, PATIENCE_S, clock, send_on, wait_for_more
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from visit import HOME, Town, send

from data.database import open_engine, open_session
from data.models import (
    AuditRow,
    Community,
    ExternalStep,
    HeardMessage,
    Incident,
    IncidentSource,
    IncidentStep,
    Organisation,
    Platform,
    Role,
    Stage,
    StepKind,
    Telling,
)
from data.settings import Settings
from patrols import incident_lists, incidents
from patrols.exchange import platforms, signing
from patrols.exchange.signing import sign
from patrols.scope import EVERYTHING
from webmap.app import create_app
from webmap.notices.post import Post
from webmap.notices.sender import Sender
from webmap.settings import WebSettings

Signed = Callable[[Role], FlaskClient]
SECRET = "a secret that nobody guesses"
WALK = (StepKind.HANDLE, StepKind.REPLY, StepKind.RESOLVE, StepKind.CLOSE)


class Flapping:
    """A website that refuses, cuts the line before it has read, or does all and loses its answer."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.moods = inner, random.Random(5)
        self.came: Counter[str] = Counter()
        self.steady = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        mood = "yes" if self.steady.is_set() else self.moods.choice(["yes", "yes", "refuse", "lost"])
        self.came[mood] += 1
        if mood == "refuse":
            start("503 Service Unavailable", [])
            return [b""]
        answer = list(self.inner(environ, start if mood == "yes" else lambda *_: lambda _data: None))
        if mood == "lost":
            start("502 Bad Gateway", [])
            return [b""]
        return answer


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@contextmanager
def served(app: Any) -> Iterator[int]:
    with make_server("127.0.0.1", 0, app, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def above(migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, Engine]]:
    """The upper platform: another town of this program, whose office has the same code."""
    # The sender's clock runs a thousand times as fast: a second on the way is a quarter of an hour.
    monkeypatch.setattr(signing, "WINDOW", timedelta(days=400))
    url = f"sqlite:///{shutil.copyfile(migrated_file, tmp_path / 'above.sqlite')}"
    engine = open_engine(url)
    with Session(engine) as session:
        place = make.community(session, "110108009001", outline=make.degrees_square(0, side=0.01))
        make.edition(session, place, {f"{place.code}001": make.degrees_square(0, side=0.01)})
        make.add(session, Organisation(community_id=place.id, name="城管局", code="1" * 18))
        platforms.add(session, place, "below", at=BEGAN, secret_in=SECRET)
        session.commit()
    began = time.time()
    web = WebSettings(storage=Settings(database_url=url, instance=tmp_path), secret_key="a key for tests only")
    yield create_app(web, engine=engine, clock=lambda: clock(began)), engine
    engine.dispose()


def prepare(session: Session, port: int) -> list[Incident]:
    """A town below whose incidents go up: one after the other they walk the whole loop."""
    place, _ = make.town(session)
    office = make.add(session, Organisation(community_id=place.id, name="城管局", code="1" * 18))
    address = f"http://127.0.0.1:{port}/api/exchange/hooks/1"
    platforms.add(session, place, "above", at=BEGAN, address=address, office=office, secret_out=SECRET)
    found = []
    for number in range(4):
        row = incidents.report(
            session,
            place,
            at=BEGAN,
            source=IncidentSource.PATROL,
            description=f"井盖破损{number}",
            point=(make.ORIGIN[0] + 0.0005, make.ORIGIN[1] + 0.0015),
            address="学院路1号",
            number=f"井-{number}",
        )
        incidents.step(session, row, StepKind.ACCEPT, by=None, at=BEGAN)
        incidents.step(session, row, StepKind.TRIAGE, by=None, at=BEGAN, to_organisation=office)
        for kind in WALK:
            incidents.step(session, row, kind, by=None, at=BEGAN, note="说明")
        found.append(row)
    return found


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_step_arrives_once_and_in_order_however_the_platform_flaps_and_senders_die(
    own_url: str, above: tuple[Flask, Engine]
) -> None:
    (upper, up), below, started = above, open_engine(own_url), time.time()
    flapping = Flapping(upper)
    with served(flapping) as port:
        with Session(below) as session:
            count = len(prepare(session, port))
            session.commit()
        for more in (3, 1, 4, 2):
            process = forked.start(send_on, own_url, 1, started)
            wait_for_more(flapping.came.total, more)
            forked.kill(process)
        process = forked.start(send_on, own_url, 1, started)
        try:
            wait_until_all_arrived(below)
        finally:
            forked.kill(process)

    with Session(up) as session:
        rows = session.execute(
            select(Incident.description, Incident.stage, IncidentStep.kind)
            .join(IncidentStep, IncidentStep.incident_id == Incident.id)
            .order_by(Incident.id, IncidentStep.number)
        ).all()
        keys = session.scalars(select(ExternalStep.key)).all()
    walked = [StepKind.REPORT, StepKind.ACCEPT, StepKind.TRIAGE, *WALK]
    told = {text: [kind for one, _, kind in rows if one == text] for text, _, _ in rows}
    assert told == {f"井盖破损{number}": walked for number in range(count)}
    assert {stage for _, stage, _ in rows} == {Stage.CLOSED}
    assert len(keys) == len(set(keys)) == count * (len(walked) - 1)
    assert flapping.came["refuse"] + flapping.came["lost"] > 0
    below.dispose()


def wait_until_all_arrived(engine: Engine) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with Session(engine) as session:
            left = session.scalar(select(func.count()).select_from(Telling).where(Telling.sent_at.is_(None)))
            lost = session.scalars(select(Telling.error).where(Telling.given_up_at.is_not(None))).all()
        assert lost == []
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"{left} tellings have not arrived")


def test_what_the_platform_does_comes_back_down_and_does_not_go_up_again(
    app: Flask, town_engine: Engine, town: Town
) -> None:
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        office = session.scalars(select(Organisation).where(Organisation.community_id == place.id)).one()
        address = "http://127.0.0.1:1/hook"
        row = platforms.add(session, place, "above", at=BEGAN, address=address, office=office, secret_in=SECRET)
        number, at = row.id, int(app.extensions["gridpatrol.clock"]().timestamp())
        session.commit()
    step = '{"step_key": "s1", "step": "resolve", "step_at": "2026-11-22T14:00:00+08:00"}'
    body = (
        '{"format": "gridpatrol exchange", "version": 1, "crs": "CGCS2000", "incidents": [{"code": "K-1", "name": "堵",'
        f'"your_code": "{HOME}-{town.handed_over}", "department_code": "{"1" * 18}", "department": "环卫所",'
        f'"place": "学院路", "grid_code": "{HOME}001", "steps": [{step}]}}]}}'
    ).encode()
    headers = {
        "Idempotency-Key": "m1",
        "X-Gridpatrol-Timestamp": str(at),
        "X-Gridpatrol-Signature": sign(SECRET, at, "m1", body),
        "Content-Type": "application/json",
    }
    browser = app.test_client()

    answers = [browser.post(f"/api/exchange/hooks/{number}", data=body, headers=headers) for _ in range(2)]
    wrong = browser.post(f"/api/exchange/hooks/{number}", data=body + b" ", headers=headers)

    assert [one.get_json() for one in answers] == [{"stored": 0, "updated": 1, "unchanged": 0}] * 2
    assert (wrong.status_code, wrong.get_json()["type"]) == (403, "urn:gridpatrol:problem:not-signed")
    with open_session(town_engine) as session:
        assert incident_lists.get(session, EVERYTHING, town.handed_over).stage is Stage.RESOLVED
        assert session.scalar(select(func.count()).select_from(HeardMessage)) == 1
        assert session.scalars(select(Telling)).all() == []
        assert len(session.scalars(select(AuditRow).where(AuditRow.action == "exchange.heard")).all()) == 1


def test_a_manager_adds_a_platform_sees_its_secrets_once_and_ends_it(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    fields = {"platform": "above", "to": "https://above.example.org/hook?key=x", "community": HOME}

    added = send(browser, "/exchange/platforms", page="/exchange", **fields)
    with open_session(town_engine) as session:
        row = session.scalars(select(Platform)).one()
    later = browser.get("/exchange").text

    assert added.status_code == 200
    assert row.secret_in in added.text
    assert row.secret_out in added.text
    assert row.secret_in not in later
    assert "above.example.org" in later
    assert "key=x" not in later
    assert send(browser, "/exchange/platforms", page="/exchange", **fields).status_code == 409
    ended = send(browser, f"/exchange/platforms/{row.id}/end", page="/exchange", community=HOME)
    assert ended.status_code == 302
    assert "above.example.org" not in browser.get("/exchange").text


def test_what_was_not_taken_is_shown_with_its_reason_and_tried_again(
    as_role: Signed, app: Flask, town_engine: Engine, town: Town
) -> None:
    def refuses(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("422 Unprocessable", [("Content-Type", "application/json")])
        return [b'{"refusals": [{"reason": "no such office"}]}']

    browser, now = as_role(Role.ADMINISTRATOR), app.extensions["gridpatrol.clock"]()
    with served(refuses) as port:
        with open_session(town_engine, writing=True) as session:
            place = session.scalars(select(Community).where(Community.code == HOME)).one()
            office = session.scalars(select(Organisation).where(Organisation.community_id == place.id)).one()
            platforms.add(session, place, "above", at=now, address=f"http://127.0.0.1:{port}/", office=office)
            row = incident_lists.get(session, EVERYTHING, town.handed_over)
            row.address = "学院路1号"
            incidents.step(session, row, StepKind.HANDLE, by=None, at=now)
            session.commit()
        Sender(town_engine, lambda: now + timedelta(seconds=1), Post()).send_all()
    shown = browser.get("/exchange").text

    assert "HTTP 422 no such office" in shown
    assert send(browser, "/exchange/tellings/1/again", page="/exchange", community=HOME).status_code == 302
    assert "no such office" not in browser.get("/exchange").text
