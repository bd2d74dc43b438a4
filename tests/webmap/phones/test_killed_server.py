"""The server killed again and again while every app sends: what was answered is stored, once, and nothing else."""

import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import Empty, SimpleQueue

import sent_fixes
from killed_server import Server
from sent_fixes import Key, Request
from sqlalchemy import select

from data.database import open_engine, open_session
from data.models import Device, PhoneFix

KILLS = {"spatialite": 10, "postgis": 3}
"""PostgreSQL is a process of its own, which nobody kills: a few times show that nothing depends on SQLite."""

SENDERS = 8


class Phones:
    """Senders that behave as phones do: what is not answered 2xx is sent again."""

    def __init__(self, port: int, requests: list[Request]) -> None:
        self._port, self._left = port, SimpleQueue[Request]()
        for request in requests:
            self._left.put(request)
        self.answered: list[Request] = []
        self.refused: list[int] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        while True:
            try:
                request = self._left.get_nowait()
            except Empty:
                connection.close()
                return
            try:
                connection.request(request.method, request.path, request.body or None, request.headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                connection.close()
                self._left.put(request)
                time.sleep(0.02)
                continue
            if 200 <= answer.status < 300:
                self.answered.append(request)
            else:
                self.refused.append(answer.status)
                self._left.put(request)


def stored(url: str) -> list[Key]:
    engine = open_engine(url)
    columns = (Device.identity, PhoneFix.at_ms, PhoneFix.lat_e6, PhoneFix.lon_e6)
    with open_session(engine) as session:
        rows = session.execute(select(*columns).join(Device, Device.id == PhoneFix.device_id)).all()
    engine.dispose()
    return [(row[0] or "", row[1], row[2], row[3]) for row in rows]


def test_killed_ten_times_what_was_answered_is_stored_once_and_nothing_else(own_url: str, tmp_path: Path) -> None:
    kills = KILLS["spatialite" if own_url.startswith("sqlite") else "postgis"]
    requests = sent_fixes.requests(phones=21, fixes=120)
    server = Server(own_url, tmp_path)
    server.start()
    phones = Phones(server.port, requests)

    phones.start()
    for kill in range(1, kills + 1):
        while len(phones.answered) < kill * len(requests) // (kills + 2):
            time.sleep(0.005)
        server.kill()
        server.start()
    phones.finish()
    server.kill()

    found = stored(own_url)
    sent = {key for request in phones.answered for key in request.fixes}
    assert phones.refused == []
    assert len(phones.answered) == len(requests)
    assert len(sent) == 21 * 120
    assert len(found) == len(set(found))
    assert set(found) == sent
