"""Notices reach their receivers through servers that flap and senders that are killed; real servers on loopback."""

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import forked
import make
import pytest
from aiosmtpd.controller import Controller
from sending_process import BEGAN, PATIENCE_S, clock, send_on, wait_for_more
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.database import open_engine
from data.models import Community, Notice, NoticeKind, NoticeWay, Person, Sending, WayKind
from patrols import notice_sendings, outbox
from patrols.notice_sendings import Parcel
from webmap.notices import ways
from webmap.notices.post import Post
from webmap.notices.sender import Sender

PEOPLE, NOTICES, KILLS = 6, 15, 10
MOODS = ["yes"] * 4 + ["refuse", "cut"] * 2 + ["hang"]
"""Servers that hang are waited for, so they are the fewest."""


class Receiver:
    """Both servers' memory: how often each key was answered with yes, and how often it came at all."""

    def __init__(self, *, flaps: bool) -> None:
        self.yes: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self._random, self._flaps, self._lock = random.Random(7), flaps, threading.Lock()

    def mood(self) -> str:
        with self._lock:
            return self._random.choice(MOODS) if self._flaps else "yes"

    def say_yes(self, key: str) -> None:
        with self._lock:
            self.yes[key] += 1

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        key, mood = message_from_bytes(envelope.content)["Message-ID"], self.mood()
        self.came[key] += 1
        if mood == "refuse":
            return "451 not now"
        if mood == "hang":
            time.sleep(0.7)
            return "451 too late"
        if mood == "cut":
            server.transport.abort()
            return "451 cut"
        self.say_yes(key)
        return "250 kept"


def hook(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert told["id"] == self.headers["Idempotency-Key"]
            key, mood = self.headers["Idempotency-Key"], receiver.mood()
            receiver.came[key] += 1
            if mood == "hang":
                time.sleep(0.7)
            if mood in ("hang", "cut"):
                self.connection.close()
                return
            if mood == "yes":
                receiver.say_yes(key)
            self.send_response(200 if mood == "yes" else 500)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    return Hook


@contextmanager
def servers(receiver: Receiver) -> Iterator[tuple[int, int]]:
    """A mail server and a web server on free ports."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mail = Controller(receiver, hostname="127.0.0.1", port=port)
    mail.start()
    web = ThreadingHTTPServer(("127.0.0.1", 0), hook(receiver))
    web.daemon_threads = True
    serving = threading.Thread(target=web.serve_forever, daemon=True)
    serving.start()
    try:
        yield port, web.server_address[1]
    finally:
        mail.stop()
        web.shutdown()
        web.server_close()
        serving.join()


def prepare(session: Session, web: int) -> tuple[Community, list[Person]]:
    community, _ = make.town(session)
    people = [make.person(session, community, f"P{number}") for number in range(PEOPLE)]
    for person in people:
        for kind, address in (
            (WayKind.MAIL, f"p{person.number}@example.org"),
            (WayKind.WEBHOOK, f"http://127.0.0.1:{web}/hook?who={person.number}"),
        ):
            make.add(session, NoticeWay(community_id=community.id, person_id=person.id, kind=kind, address=address))
    return community, people


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_notice_is_lost_or_sent_twice_without_cause_however_servers_flap_and_senders_die(own_url: str) -> None:
    receiver, started = Receiver(flaps=True), time.time()
    engine = open_engine(own_url)
    with servers(receiver) as (mail, web):
        with Session(engine) as session:
            community, people = prepare(session, web)
            for number in range(NOTICES):
                facts = {"number": f"20260914-{number:04d}", "due": None}
                keys = [person.id for person in people]
                notice_sendings.put(
                    session, community, keys[number % 3 :: 3], NoticeKind.HANDED, f"n{number}", at=BEGAN, facts=facts
                )
            session.commit()
            wanted = session.scalar(select(func.count()).select_from(Sending))
        chance = random.Random(11)
        for _ in range(KILLS):
            process = forked.start(send_on, own_url, mail, started)
            wait_for_more(receiver.came.total, chance.randint(1, 5))
            time.sleep(chance.uniform(0.0, 0.1))
            forked.kill(process)
        process = forked.start(send_on, own_url, mail, started)
        try:
            wait_until_all_are_sent(engine)
        finally:
            forked.kill(process)

    assert wanted == NOTICES * 2 * 2 == len(receiver.yes)
    # A yes that was not written down is one that its sender died on: each death repeats one at the most.
    assert sum(times - 1 for times in receiver.yes.values()) <= KILLS
    assert sum(receiver.came.values()) > wanted
    engine.dispose()


def wait_until_all_are_sent(engine: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with Session(engine) as session:
            left = session.scalar(select(func.count()).select_from(Sending).where(Sending.sent_at.is_(None)))
            lost = session.scalar(select(func.count()).select_from(Sending).where(Sending.given_up_at.is_not(None)))
        assert not lost
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"{left} sendings have not arrived")


def test_two_senders_at_once_send_each_notice_once(own_url: str) -> None:
    receiver = Receiver(flaps=False)
    engine = open_engine(own_url)
    with servers(receiver) as (mail, web):
        with Session(engine) as session:
            community, people = prepare(session, web)
            keys = [person.id for person in people]
            notice_sendings.put(session, community, keys, NoticeKind.HANDED, "n", at=BEGAN, facts={"number": "1"})
            session.commit()
        post = Post("smtp", "127.0.0.1", mail, sender="office@example.org")
        senders = [Sender(engine, lambda: BEGAN, post) for _ in range(2)]
        threads = [threading.Thread(target=one.send_all) for one in senders]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    assert len(receiver.yes) == 2 * PEOPLE
    assert set(receiver.yes.values()) == {1}
    engine.dispose()


@pytest.mark.parametrize(("answer", "arrives"), [({"errcode": 0}, True), ({"errcode": 310000}, False)])
@pytest.mark.parametrize("kind", [WayKind.WECOM, WayKind.DINGTALK])
def test_groups_say_yes_in_their_answer(kind: WayKind, answer: dict[str, int], arrives: bool) -> None:
    said: list[tuple[str, dict[str, Any]]] = []

    class Group(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Group) as web:
        threading.Thread(target=web.handle_request, daemon=True).start()
        address = f"http://127.0.0.1:{web.server_address[1]}/robot/send?key=k"
        parcel = Parcel(1, "step:1:2:3:4", BEGAN, NoticeKind.OVERDUE, {"number": "7"}, kind, address, "s", "zh")
        words = ways.Words("事件7已超期", "事件7已超期\n7")
        if arrives:
            ways.send(parcel, words, Post())
        else:
            with pytest.raises(ways.NotSent, match="310000"):
                ways.send(parcel, words, Post())

    path, body = said[0]
    assert body == {"msgtype": "text", "text": {"content": "事件7已超期\n7"}}
    assert ("sign=" in path) == (kind is WayKind.DINGTALK)


@pytest.mark.parametrize(
    ("kind", "address", "for_good"),
    [
        (WayKind.MAIL, "p@example.org", False),
        (WayKind.WEBHOOK, "ftp://example.org/x", True),
        (WayKind.WEBHOOK, "http://127.0.0.1:1/closed", False),
    ],
)
def test_what_cannot_be_sent_says_why(kind: WayKind, address: str, for_good: bool) -> None:
    parcel = Parcel(1, "k", BEGAN, NoticeKind.WARNED, {"number": "7"}, kind, address, "", "zh")

    with pytest.raises(ways.NotSent) as told:
        ways.send(parcel, ways.Words("s", "t"), Post())

    assert told.value.for_good is for_good


def test_what_nobody_takes_for_three_days_is_given_up_and_shown(session: Session) -> None:
    community, people = prepare(session, 1)
    notice_sendings.put(session, community, [people[0].id], NoticeKind.HANDED, "n", at=BEGAN, facts={"number": "1"})
    at, tries = BEGAN, 0
    while parcels := outbox.lease(session, notice_sendings.BOX, at=at):
        for one in parcels:
            outbox.failed(session, notice_sendings.BOX, one, "HTTP 500", at=at)
        tries += 1
        left = session.scalar(select(func.min(Sending.next_try_at)))
        at = left if left is not None else at

    lost = notice_sendings.given_up(session, community, since=BEGAN)
    assert [(row.error, notice.key, person.id) for row, notice, person in lost] == [
        ("HTTP 500", f"n:{people[0].id}", people[0].id)
    ] * 2
    assert outbox.GIVE_UP_AFTER <= at - BEGAN <= outbox.GIVE_UP_AFTER + outbox.LONGEST_PAUSE
    assert 15 < tries < 30


def test_the_same_thing_is_told_once(session: Session) -> None:
    community, people = prepare(session, 1)
    keys = [people[0].id, people[1].id, people[0].id]

    assert notice_sendings.put(session, community, keys, NoticeKind.MORNING, "morning:2026-09-14", at=BEGAN) == 2
    assert notice_sendings.put(session, community, keys, NoticeKind.MORNING, "morning:2026-09-14", at=BEGAN) == 0
    assert session.scalar(select(func.count()).select_from(Notice)) == 2
    assert clock(time.time()) - BEGAN < timedelta(hours=1)
