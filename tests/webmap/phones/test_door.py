"""The phones' address: stored before it is answered, each app answered in its own words."""

import base64
import gzip
import io
import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from visit import HOME

from data.database import open_session
from data.models import Device, PhoneFix
from patrols import devices
from patrols.communities import find_community

FIX = "lat=40.001&lon=116.302"
PLACE = {"type": "Point", "coordinates": [116.302, 40.001]}
OVERLAND = {
    "locations": [{"geometry": PLACE, "properties": {"timestamp": 1778330000 + second}} for second in range(30)],
    "device_id": "colota",
}


@pytest.fixture
def stored(town_engine: Engine) -> Callable[[], int]:
    """Counts the fixes that another connection sees."""

    def count() -> int:
        with open_session(town_engine) as session:
            return session.scalar(select(func.count()).select_from(PhoneFix)) or 0

    return count


@pytest.fixture
def token(town_engine: Engine, clock: list[datetime]) -> str:
    """The token of an accepted phone."""
    with open_session(town_engine, writing=True) as session:
        place = find_community(session, HOME, on=clock[0].date())
        _, made = devices.add(session, place, at=clock[0], label="the worker's")
        session.commit()
    return made


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_any_method_stores_and_then_answers(client: FlaskClient, stored: Callable[[], int], method: str) -> None:
    answer = client.open(f"/track?id=7&{FIX}", method=method)

    assert (answer.status_code, answer.data, stored()) == (200, b"", 1)


def test_a_form_is_stored_without_a_token_of_a_page(client: FlaskClient, stored: Callable[[], int]) -> None:
    answer = client.post("/track", data={"id": "7", "lat": "40.001", "lon": "116.302"})

    assert (answer.status_code, stored()) == (200, 1)


def test_a_thousand_fixes_in_one_message(client: FlaskClient, stored: Callable[[], int]) -> None:
    shape = {"type": "Point", "coordinates": [116.302, 40.001]}
    locations = [{"geometry": shape, "properties": {"timestamp": 1778330096 + i}} for i in range(1000)]

    answer = client.post("/track", json={"locations": locations, "device_id": "a"})

    assert (answer.json, stored()) == ({"result": "ok"}, 1000)


def test_owntracks_always_hears_a_list(client: FlaskClient, stored: Callable[[], int]) -> None:
    sign_in = {"Authorization": "Basic " + base64.b64encode(b"anna:secret").decode(), "X-Limit-D": "phone"}
    place = {"_type": "location", "lat": 40.001, "lon": 116.302, "tst": 1778330096}

    answers_ = [
        client.post("/track", headers=sign_in, json=place),
        client.post("/track", headers=sign_in, json={"_type": "lwt"}),
        client.post("/track", headers=sign_in),
        client.post("/track", json={"_type": "encrypted", "data": "x"}),
    ]

    assert [(answer.status_code, answer.json) for answer in answers_] == [(200, [])] * 4
    assert stored() == 1


def test_a_packed_body_is_unpacked_and_a_bomb_is_not(client: FlaskClient, stored: Callable[[], int]) -> None:
    packed = client.post("/track", data=gzip.compress(json.dumps(OVERLAND).encode()))
    bomb = client.post("/track", data=gzip.compress(bytes(5_000_000)))

    assert (packed.status_code, bomb.status_code, stored()) == (200, 413, 30)


def test_a_file_of_a_form_is_taken(client: FlaskClient, stored: Callable[[], int]) -> None:
    track = (
        b'<gpx><trk><trkseg><trkpt lat="40" lon="116"><time>2026-11-22T06:00:00Z</time></trkpt></trkseg></trk></gpx>'
    )

    answer = client.post("/track?id=7", data={"file": (io.BytesIO(track), "walk.gpx")})

    assert (answer.json, stored()) == ({"result": "ok", "fixes": 1, "left_out": 0}, 1)


def test_nobody_is_answered_400(client: FlaskClient, stored: Callable[[], int]) -> None:
    assert client.get(f"/track?{FIX}").status_code == 400
    assert client.get("/track").status_code == 400
    assert client.post("/track", data=b"\x89PNG").status_code == 400
    assert stored() == 0


def test_a_broken_file_is_422(client: FlaskClient) -> None:
    assert client.post("/track?id=7", data=b"<gpx><trk>").status_code == 422


def test_too_many_bytes_are_413(client: FlaskClient) -> None:
    assert client.post("/track?id=7", data=b"x" * 1_100_000).status_code == 413


def test_a_token_opens_by_address_header_query_and_password(
    client: FlaskClient, token: str, stored: Callable[[], int], town_engine: Engine
) -> None:
    basic = base64.b64encode(f"anna:{token}".encode()).decode()

    statuses = [
        client.get(f"/track/{token}?{FIX}&timestamp=1778330001").status_code,
        client.get(f"/track?{FIX}&timestamp=1778330002", headers={"Authorization": f"Bearer {token}"}).status_code,
        client.get(f"/track?{FIX}&timestamp=1778330003&token={token}").status_code,
        client.get(f"/track?{FIX}&timestamp=1778330004", headers={"Authorization": f"Basic {basic}"}).status_code,
    ]

    assert (statuses, stored()) == ([200] * 4, 4)
    with open_session(town_engine) as session:
        assert session.scalars(select(Device.label)).all() == ["the worker's"]


def test_the_database_knows_no_token(token: str, town_engine: Engine) -> None:
    with open_session(town_engine) as session:
        row = session.execute(select(Device.__table__)).one()

    assert token not in str(row)


def test_a_wrong_token_is_404_and_stores_nothing(client: FlaskClient, token: str, stored: Callable[[], int]) -> None:
    answer = client.get(f"/track/{token[:-1]}?id=7&{FIX}")

    assert (answer.status_code, stored()) == (404, 0)


def test_a_revoked_phone_keeps_its_fixes_because_it_is_not_answered_200(
    client: FlaskClient, token: str, stored: Callable[[], int], town_engine: Engine, clock: list[datetime]
) -> None:
    client.get(f"/track/{token}?{FIX}&timestamp=1778330001")
    with open_session(town_engine, writing=True) as session:
        devices.revoke(session.scalars(select(Device)).one(), at=clock[0])
        session.commit()

    answer = client.get(f"/track/{token}?{FIX}&timestamp=1778330002")

    assert (answer.status_code, stored()) == (403, 1)


def test_who_waits_too_long_is_told_to_come_back(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.fix_store.MOST_PENDING_DEVICES", 0)

    answer = client.get(f"/track?id=7&{FIX}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")


def test_a_database_that_does_not_answer_is_503_and_later_it_goes_on(
    client: FlaskClient, stored: Callable[[], int], town_engine: Engine
) -> None:
    file = Path(str(town_engine.url.database))
    with town_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE phone_fix RENAME TO elsewhere")
    away = client.get(f"/track?id=7&{FIX}")
    with town_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO phone_fix")

    back = client.get(f"/track?id=7&{FIX}")

    assert file.exists()
    assert (away.status_code, away.headers["Retry-After"], back.status_code, stored()) == (503, "30", 200, 1)


def test_many_at_once_are_all_stored(app: Flask, stored: Callable[[], int]) -> None:
    statuses: list[int] = []

    def walk(number: int) -> None:
        browser = app.test_client()
        times = range(1778330000, 1778330020)
        statuses.extend(browser.get(f"/track?id={number}&{FIX}&timestamp={at}").status_code for at in times)

    threads = [threading.Thread(target=walk, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (set(statuses), stored()) == ({200}, 160)


def test_messages_of_phones_are_counted_with_the_others(app: Flask, client: FlaskClient) -> None:
    client.get(f"/track?id=7&{FIX}")

    assert 'method="GET",status="200"} 1' in app.extensions["gridpatrol.counts"].told()


def test_pages_whose_address_begins_alike_stay_pages(client: FlaskClient) -> None:
    assert client.get("/tracks").status_code == 404
