"""The server killed again and again while volunteers' phones send: what was answered is stored, once, and whole."""

import json
import random
import threading
import time
import uuid
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pictures
from killed_server import Server
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from visit import HOME, PASSWORD, build, hashed

from data.database import open_engine, open_session
from data.models import (
    CheckIn,
    CheckListAnswer,
    CheckListMark,
    Community,
    Incident,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Person,
    Photo,
    PhotoRole,
    Role,
    User,
    Walk,
    WalkThing,
)
from data.photo_store import PhotoStore

KILLS = {"spatialite": 4, "postgis": 2}
PHONES = 3
ROUNDS = 5
SEED = 5


class Phone(threading.Thread):
    """A page that sends its queue until everything is answered, each thing now and then twice, as pages do."""

    def __init__(self, port: int, login: str, seed: int) -> None:
        super().__init__()
        self._port, self._login, self._random = port, login, random.Random(seed)
        self._cookie = self._token = ""
        self.answered: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.photos: set[str] = set()
        self.numbers: dict[str, str] = {}

    def run(self) -> None:
        csrf = self._ask("GET", "/walk/form")["csrf"]
        who = {"phone": str(uuid.uuid4()), "login": self._login, "password": PASSWORD}
        self._token = self._ask("POST", "/walk/enrol", who, {"X-CSRFToken": csrf})["token"]
        kit = self._ask("GET", "/walk/kit")
        now = datetime.fromisoformat(self._ask("POST", "/walk/things", [])["now"])
        self._things(self._thing("consent", now - timedelta(hours=3), version=1))
        for number in range(ROUNDS):
            self._round(kit, now - timedelta(hours=2) + number * timedelta(minutes=10))

    def _round(self, kit: dict[str, Any], at: datetime) -> None:
        walk, early, late = (str(uuid.uuid4()) for _ in range(3))
        items = kit["check_lists"][0]["items"]
        here = {"lon": 116.3005, "lat": 40.0005, "accuracy_m": 6}
        line = [[116.3001, 40.0002], [116.3029, 40.0002]]
        self._photo(early)
        self._things(
            self._thing("start", at, walk=walk),
            self._thing("check_in", at + timedelta(minutes=1), walk=walk, **here),
            self._thing("report", at + timedelta(minutes=2), words="井盖破损", photos=[early, late], **here),
        )
        self._things(
            self._thing(
                "check_list", at, list=kit["check_lists"][0]["id"], marks=[{"item": i["id"], "ok": True} for i in items]
            ),
            self._thing("drawn_walk", at, began=at.isoformat(), minutes=8, line=line),
            self._thing("stop", at + timedelta(minutes=9), walk=walk),
        )
        self._photo(late)

    def _thing(self, kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
        return {"id": str(uuid.uuid4()), "kind": kind, "at": at.isoformat(), **fields}

    def _things(self, *things: dict[str, Any]) -> None:
        for _ in range(1 + (self._random.random() < 0.3)):
            for item in self._ask("POST", "/walk/things", list(things))["items"]:
                assert item["status"] in {"stored", "known"}, item
                self.answered[item["id"]] = item["status"]
                if "number" in item:
                    assert self.numbers.setdefault(item["id"], item["number"]) == item["number"]
        self.kinds |= {one["id"]: one["kind"] for one in things}

    def _photo(self, key: str) -> None:
        self._ask("PUT", f"/walk/photos/{key}", pictures.photo(size=(200 + self._random.randrange(99), 150)))
        self.photos.add(key)

    def _ask(self, method: str, path: str, body: Any = None, more: dict[str, str] | None = None) -> Any:
        """Ask until it is answered 2xx; a server that was killed meanwhile is asked again."""
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Cookie": self._cookie, "Authorization": f"Bearer {self._token}", **(more or {})}
        while True:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                connection.request(method, path, sent, headers)
                answer = connection.getresponse()
                told = answer.read()
            except (OSError, HTTPException):
                time.sleep(0.02)
                continue
            finally:
                connection.close()
            assert answer.status < 300 or answer.status in {429, 503}, (path, answer.status, told)
            if answer.status < 300:
                self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
                return json.loads(told)
            time.sleep(0.2)


def add_walkers(session: Session) -> list[str]:
    place = session.scalars(select(Community).where(Community.code == HOME)).one()
    for number in range(PHONES):
        person = Person(community_id=place.id, number=f"W{number}", name=f"志愿者{number}")
        session.add(person)
        session.flush()
        user = User(
            login=f"w{number}",
            password_hash=hashed(PASSWORD),
            role=Role.GRID_WORKER,
            person_id=person.id,
            created_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
        )
        session.add(user)
    return [f"w{number}" for number in range(PHONES)]


def test_killed_again_and_again_each_thing_that_was_answered_is_stored_once_and_whole(
    own_url: str, tmp_path: Path
) -> None:
    kills = KILLS["spatialite" if own_url.startswith("sqlite") else "postgis"]
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        build(session)
        logins = add_walkers(session)
        incidents, patrols = (session.scalar(select(func.count()).select_from(one)) for one in (Incident, Patrol))
        session.commit()
    server = Server(own_url, tmp_path)
    server.start()
    phones = [Phone(server.port, login, SEED + number) for number, login in enumerate(logins)]
    expected = PHONES * (1 + 6 * ROUNDS)

    for phone in phones:
        phone.start()
    for kill in range(1, kills + 1):
        while sum(len(phone.answered) for phone in phones) < kill * expected // (kills + 2):
            assert any(phone.is_alive() for phone in phones)
            time.sleep(0.005)
        server.kill()
        server.start()
    for phone in phones:
        phone.join()
    server.kill()

    answered = {key: kind for phone in phones for key, kind in phone.kinds.items()}
    assert len(answered) == expected
    each = PHONES * ROUNDS
    with open_session(engine) as session:
        found = dict(session.execute(select(WalkThing.key, WalkThing.kind)).all())
        assert {key: kind.value for key, kind in found.items()} == answered
        assert session.scalar(select(func.count()).select_from(CheckIn)) == each
        assert session.scalar(select(func.count()).select_from(Walk).where(Walk.ended_ms.is_not(None))) == each
        assert session.scalar(select(func.count()).select_from(Incident)) == incidents + each
        assert session.scalar(select(func.count()).select_from(Patrol)) == patrols + each
        assert session.scalar(select(func.count()).select_from(CheckListAnswer)) == each
        assert session.scalar(select(func.count()).select_from(CheckListMark)) == 5 * each
        drawn = select(Patrol.id).where(Patrol.source == PatrolSource.DRAWN)
        credits = select(func.count(PatrolCredit.patrol_id.distinct())).where(PatrolCredit.patrol_id.in_(drawn))
        assert session.scalar(credits) == each
        numbers = {number for phone in phones for number in phone.numbers.values()}
        assert len(numbers) == each
        assert numbers <= set(session.scalars(select(Incident.number)))
        photos = session.scalars(select(Photo)).all()
        assert {one.key for one in photos} == {key for phone in phones for key in phone.photos}
        assert all(one.incident_id and one.role is PhotoRole.SCENE for one in photos)
        store = PhotoStore(tmp_path)
        assert all(pictures.opened(store.path(one.file or "").read_bytes()).height == 150 for one in photos)
    engine.dispose()
