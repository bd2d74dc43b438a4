"""Who is out now and a patrol over again, as browsers and streams of events see them."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

import pytest
import waitress
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, LOGINS, NOW, Town, send, sign_in

from data import fix_store, users
from data.database import open_session
from data.fix_store import FixRow, Sending
from data.models import AuditRow, Community, Fix, MemberRole, Patrol, Person, Role, Team, TeamMember
from patrols import devices
from webmap.live_board import AGAIN_LATER_MS, AGAIN_MS, Board, board_of

Signed = Callable[[Role], FlaskClient]
THREADS = 8


@pytest.fixture
def out(town: Town, town_engine: Engine) -> int:
    """The number of the volunteer's phone, which is out in the first grid, far from where the walk began."""
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        person = session.scalars(select(Person)).first()
        device, _ = devices.add(session, place, at=NOW, person=person)
        session.flush()
        for minutes, lat in ((20, 39_993_000), (2, 40_000_500)):
            ms = int((NOW - timedelta(minutes=minutes)).timestamp() * 1000)
            fix = FixRow(ms, lat, 116_300_500, 5.0, battery_percent=72.0)
            fix_store.store(session.connection(), [Sending(device.token_hash, None, "osmand", ms, [fix])])
        session.commit()
        return device.id


def events(answer: str) -> list[dict]:
    return [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: ")]


def stream(browser: FlaskClient, last: str = "") -> str:
    return browser.get("/patrols/live/stream", headers={"Last-Event-ID": last}).text


def test_a_manager_sees_who_is_out_and_where_only_for_a_reason(as_role: Signed, town_engine: Engine, out: int) -> None:
    browser = as_role(Role.GRID_MANAGER)

    before = events(stream(browser))[0]["walkers"][0]
    send(browser, "/patrols/live/look", page="/patrols/live", reason="暴雨, 请大家回来")
    after = events(stream(browser))[0]["walkers"][0]
    page = browser.get("/patrols/live").text

    assert (before["phone"], before["name"], before["battery"], before["place"]) == (out, "王秀英", 72, None)
    assert before["grid"].startswith(HOME)
    assert after["place"] == [116.3005, 40.0005]
    assert "王秀英" in page
    assert "暴雨" in page
    with open_session(town_engine) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "track.looked_at")).one()
        assert (row.facts["reason"], row.facts["live"]) == ("暴雨, 请大家回来", True)
    assert "暴雨" in as_role(Role.GRID_WORKER).get("/my-data").text


def test_a_reason_is_good_for_half_an_hour_and_can_be_given_up(
    as_role: Signed, out: int, clock: list[datetime]
) -> None:
    browser = as_role(Role.GRID_MANAGER)
    send(browser, "/patrols/live/look", page="/patrols/live", reason="why")
    shown = events(stream(browser))[0]["walkers"][0]["place"]
    send(browser, "/patrols/live/away", page="/patrols/live")
    hidden = events(stream(browser))[0]["walkers"][0]["place"]
    send(browser, "/patrols/live/look", page="/patrols/live", reason="why")

    clock[0] = NOW + timedelta(minutes=31)
    later = browser.get("/patrols/live").text

    assert shown
    assert hidden is None
    assert "Positions are shown until" not in later


def test_without_a_reason_nothing_is_shown(as_role: Signed, out: int) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = send(browser, "/patrols/live/look", page="/patrols/live", reason="  ")

    assert answer.status_code == 409
    assert events(stream(browser))[0]["walkers"][0]["place"] is None


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.OFFICIAL, Role.HANDLER])
def test_nobody_else_sees_who_is_out(as_role: Signed, out: int, role: Role) -> None:
    browser = as_role(role)

    assert browser.get("/patrols/live").status_code == 403
    assert browser.get("/patrols/live/stream").status_code == 403


def test_a_volunteer_who_leads_a_team_sees_that_team_alone(as_role: Signed, town_engine: Engine, out: int) -> None:
    with open_session(town_engine, writing=True) as session:
        user = users.find_user(session, LOGINS[Role.GRID_WORKER])
        assert user is not None
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        team = Team(community_id=place.id, name="小红帽")
        leader = Person(community_id=place.id, number="L1", name="李娜")
        session.add_all([team, leader])
        session.flush()
        session.add(
            TeamMember(
                team_id=team.id, person_id=leader.id, role=MemberRole.LEADER, valid_from=NOW.date() - timedelta(days=30)
            )
        )
        user.person_id = leader.id
        session.commit()
        team_id = team.id
    browser = as_role(Role.GRID_WORKER)
    of_others = events(stream(browser))[0]["walkers"]
    with open_session(town_engine, writing=True) as session:
        from data.models import Device

        session.get_one(Device, out).team_id = team_id
        session.commit()
    board_of(browser.application)._read_at = 0.0

    assert of_others == []
    assert [one["phone"] for one in events(stream(browser))[0]["walkers"]] == [out]
    assert "Who is out now" in browser.get("/patrols").text


def test_a_browser_that_has_it_already_is_told_nothing_new(as_role: Signed, out: int) -> None:
    browser = as_role(Role.GRID_MANAGER)
    first = stream(browser)
    mark = re.search(r"^id: (\S+)$", first, re.MULTILINE)
    assert mark is not None

    again = stream(browser, mark[1])

    assert len(events(first)) == 1
    assert events(again) == []
    assert "nothing new" in again


def test_a_stream_is_never_packed_nor_kept_and_keeps_nobody_signed_in(
    as_role: Signed, out: int, clock: list[datetime]
) -> None:
    browser = as_role(Role.GRID_MANAGER)
    answer = browser.get("/patrols/live/stream", headers={"Accept-Encoding": "gzip, br, zstd"})
    for minutes in range(5, 70, 5):
        clock[0] = NOW + timedelta(minutes=minutes)
        last = browser.get("/patrols/live/stream")

    assert answer.mimetype == "text/event-stream"
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    # An hour without anybody touching the page: the sign-in has ended, however often the page asked.
    assert last.status_code == 302


def test_the_ground_is_kept_by_the_browser(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    first = browser.get("/patrols/ground.json")

    again = browser.get("/patrols/ground.json", headers={"If-None-Match": first.headers["ETag"]})

    assert len(first.json["grids"]["code"]) == 6
    assert again.status_code == 304


@pytest.fixture
def served(app: Flask) -> Iterator[int]:
    """The website on the server it really runs on, with few threads; its port."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    board_of(app).allow(THREADS)

    def run() -> None:
        # The socket is closed under the loop that waits for it: that is how this server is stopped.
        with suppress(OSError):
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield server.effective_port
    board_of(app).stop()
    server.close()
    thread.join(10)


def test_twenty_open_streams_leave_every_page_its_thread(
    app: Flask, served: int, out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = app.test_client()
    sign_in(browser, LOGINS[Role.GRID_MANAGER])
    cookie = "; ".join(f"{one.key}={one.value}" for one in browser._cookies.values())
    ask = f"GET /patrols/live/stream HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode()

    with ExitStack() as opened:
        streams = [opened.enter_context(socket.create_connection(("127.0.0.1", served))) for _ in range(20)]
        for one in streams:
            one.settimeout(30)
            one.sendall(ask)
        first = [_until(one, b"event: walkers", b"\n\n") for one in streams]
        pages = [
            urlopen(Request(f"http://127.0.0.1:{served}/patrols", headers={"Cookie": cookie}), timeout=30).status
            for _ in range(5)
        ]
        reads = board_of(app).reads

    kept = [f"retry: {AGAIN_MS}\n".encode() in answer for answer in first]
    turned = [f"retry: {AGAIN_LATER_MS}\n".encode() in answer for answer in first]
    assert pages == [200] * 5
    assert sum(kept) == THREADS // 4
    assert sum(turned) == 20 - THREADS // 4
    # Twenty streams were answered by as many readings as ticks passed, not by twenty.
    assert reads <= 6


def _until(connection: socket.socket, *wanted: bytes) -> bytes:
    got = b""
    while True:
        after = got
        for mark in wanted:
            after = after.partition(mark)[2] if mark in after else b""
        if after or (got.endswith(b"\n\n\r\n") and all(mark in got for mark in wanted)):
            return got
        more = connection.recv(65536)
        if not more:
            return got
        got += more


def test_a_place_is_free_again_when_its_browser_goes(app: Flask, town_engine: Engine) -> None:
    board = Board(town_engine, lambda: NOW)
    board.allow(4)

    first = board.stream(lambda sight: {"walkers": []}, "")
    kept = next(first)
    turned = list(board.stream(lambda sight: {"walkers": []}, ""))
    first.close()
    again = next(board.stream(lambda sight: {"walkers": []}, ""))

    assert kept == again == f"retry: {AGAIN_MS}\n\n".encode()
    assert turned[0] == f"retry: {AGAIN_LATER_MS}\n\n".encode()
    assert len(turned) == 2


def test_a_database_that_does_not_answer_ends_the_stream(town_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(town_engine, lambda: NOW)
    with town_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE walk RENAME TO elsewhere")

    assert len(list(board.stream(lambda sight: {}, ""))) == 1


@pytest.fixture
def walked(town: Town, town_engine: Engine) -> int:
    """The number of the volunteer's patrol, of which fixes are kept."""
    with open_session(town_engine, writing=True) as session:
        patrol = session.scalars(select(Patrol)).one()
        began = NOW - timedelta(hours=5)
        for second in range(0, 300, 10):
            rule = "jump" if second == 50 else None
            fix = Fix(
                patrol_id=patrol.id,
                at=began + timedelta(seconds=second),
                lon=116.3 + second * 1e-5,
                lat=40.0,
                dropped_by=rule,
            )
            session.add(fix)
        session.commit()
        return patrol.id


def test_a_patrol_is_played_again_for_a_reason(as_role: Signed, town_engine: Engine, walked: int) -> None:
    browser = as_role(Role.GRID_MANAGER)

    asked = browser.get(f"/patrols/{walked}/replay").text
    refused = send(browser, f"/patrols/{walked}/replay", page=f"/patrols/{walked}/replay", reason="")
    shown = send(browser, f"/patrols/{walked}/replay", page=f"/patrols/{walked}/replay", reason="核对投诉").text

    assert "replay-data" not in asked
    assert refused.status_code == 409
    data = json.loads(re.search(r'id="replay-data"[^>]*>(.*?)</script>', shown, re.DOTALL)[1])
    assert (len(data["kept"]["second"]), data["left_out"]["rule"]) == (29, ["jump"])
    assert "a jump that nobody can walk" in shown
    with open_session(town_engine) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "track.looked_at")).one()
        assert (row.facts["patrol"], row.facts["reason"]) == (walked, "核对投诉")


def test_the_own_patrol_needs_no_reason_and_others_see_none(as_role: Signed, town_engine: Engine, walked: int) -> None:
    own = as_role(Role.GRID_WORKER).get(f"/patrols/{walked}/replay")
    other = as_role(Role.OFFICIAL).get(f"/patrols/{walked}/replay")

    assert "replay-data" in own.text
    assert other.status_code == 403
    with open_session(town_engine) as session:
        assert session.scalars(select(AuditRow).where(AuditRow.action == "track.looked_at")).all() == []


def test_a_patrol_without_fixes_says_so(as_role: Signed, town: Town, town_engine: Engine) -> None:
    with open_session(town_engine) as session:
        number = session.scalars(select(Patrol.id)).one()

    assert "nothing to play" in as_role(Role.GRID_WORKER).get(f"/patrols/{number}/replay").text
