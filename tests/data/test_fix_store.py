"""Fixes of phones are stored once, whole messages at a time, by what the database knows of their sender."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, select

from data import fix_store
from data.database import open_engine
from data.fix_store import FixRow, Sending, Taken, store
from data.models import Device, DeviceStage, PhoneFix

NOW = 1_778_330_100_000
AT = datetime.fromtimestamp(NOW / 1000, UTC)


@pytest.fixture
def connection(own_url: str) -> Iterator[Connection]:
    engine = open_engine(own_url)
    with engine.execution_options(writing=True).begin() as opened:
        yield opened
    engine.dispose()


def fix(second: int = 0, lat: int = 40_000_000, **more: object) -> FixRow:
    return FixRow(NOW - 60_000 + 1000 * second, lat, 116_000_000, **more)  # type: ignore[arg-type]


def sending(*fixes: FixRow, identity: str | None = "7", token: str | None = None, at: int = NOW) -> Sending:
    return Sending(token, identity, "osmand", at, fixes)


def enrol(connection: Connection, stage: DeviceStage, **fields: object) -> None:
    row = {"stage": stage, "enrolled_at": AT, **fields}
    connection.execute(Device.__table__.insert(), row)  # type: ignore[attr-defined]


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(PhoneFix)) or 0


def test_an_unknown_phone_is_enrolled_as_pending_and_its_fixes_are_kept(connection: Connection) -> None:
    assert store(connection, [sending(fix(0), fix(1))]) == [Taken.STORED]

    device = connection.execute(select(Device.stage, Device.identity, Device.enrolled_at, Device.fixes_sent)).one()
    assert tuple(device) == (DeviceStage.PENDING, "7", AT, 2)
    assert count(connection) == 2


def test_the_same_fix_twice_is_one_fix_in_one_transaction_and_in_two(connection: Connection) -> None:
    store(connection, [sending(fix(0)), sending(fix(0), fix(0), fix(1))])
    store(connection, [sending(fix(1, accuracy_m=5.0))])

    assert count(connection) == 2


def test_another_place_another_moment_or_another_phone_is_another_fix(connection: Connection) -> None:
    store(connection, [sending(fix(0), fix(0, lat=40_000_001), fix(1)), sending(fix(0), identity="8")])

    assert count(connection) == 4


def test_everything_a_phone_said_is_there_again(connection: Connection) -> None:
    said = fix(
        0, accuracy_m=5.5, speed=1.25, heading_deg=90.0, altitude_m=-3.0, battery_percent=87.5, extra='{"a":"\\u0000"}'
    )

    store(connection, [sending(said)])

    row = connection.execute(select(PhoneFix.__table__)).mappings().one()
    assert {name: row[name] for name in said._fields} == said._asdict()
    assert (row["dialect"], row["received_ms"]) == ("osmand", NOW)


def test_an_unknown_token_enrols_nobody(connection: Connection) -> None:
    assert store(connection, [sending(fix(), token="a" * 64)]) == [Taken.UNKNOWN]

    assert connection.scalar(select(func.count()).select_from(Device)) == 0


def test_a_token_counts_before_the_id_that_comes_with_it(connection: Connection) -> None:
    enrol(connection, DeviceStage.ACCEPTED, token_hash="a" * 64)

    store(connection, [sending(fix(), token="a" * 64)])

    assert connection.scalars(select(Device.fixes_sent)).all() == [1]


def test_a_revoked_phone_stores_nothing_more_while_others_in_the_same_transaction_do(connection: Connection) -> None:
    enrol(connection, DeviceStage.REVOKED, identity="7")
    enrol(connection, DeviceStage.ACCEPTED, identity="8")

    taken = store(connection, [sending(fix()), sending(fix(), identity="8")])

    assert taken == [Taken.REVOKED, Taken.STORED]
    assert count(connection) == 1


def test_a_pending_phone_fills_its_room_and_no_more(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fix_store, "MOST_PENDING_FIXES", 4)

    taken = [
        store(connection, [sending(*(fix(second) for second in seconds))])[0]
        for seconds in ([0, 1], [0, 1], [0, 1], [2, 3], [4])
    ]

    assert taken == [Taken.STORED, Taken.STORED, Taken.STORED, Taken.STORED, Taken.FULL]
    assert count(connection) == 4


def test_strangers_fill_the_waiting_room_and_no_more(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fix_store, "MOST_PENDING_DEVICES", 2)

    taken = store(connection, [sending(fix(), identity=name) for name in ("a", "b", "c", "a")])

    assert taken == [Taken.STORED, Taken.STORED, Taken.FULL, Taken.STORED]


def test_it_is_noted_from_when_to_when_patrols_are_stale_and_since_when(connection: Connection) -> None:
    store(connection, [sending(fix(10), at=NOW + 5)])
    store(connection, [sending(fix(3), fix(30), at=NOW + 9), sending(at=NOW + 12)])

    columns = (Device.stale_from_ms, Device.stale_until_ms, Device.stale_since_ms, Device.heard_ms, Device.messages)
    row = connection.execute(select(*columns)).one()
    assert tuple(row) == (fix(3).at_ms, fix(30).at_ms, NOW + 5, NOW + 12, 3)
