"""What phones send, stored: many messages in one transaction, the same fix twice is one fix.

Messages are judged by what the database says at that moment, in the transaction that stores them. So a phone that was
revoked a second ago, by whatever process, is revoked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Table, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.models import Device, DeviceStage, PhoneFix, Walk, WalkPhone

MOST_PENDING_FIXES = 20_000
"""What is kept of a phone that nobody accepted yet: two days of walking, a fix every five seconds for 14 hours each."""

MOST_PENDING_DEVICES = 200
"""Phones that wait at once: more than any community enrols in a day, and far too few to fill a disk."""

NEVER_MS = 2**53
"""Later than any moment that is stored."""

DEVICE: Table = Device.__table__  # type: ignore[assignment]
FIX: Table = PhoneFix.__table__  # type: ignore[assignment]


class FixRow(NamedTuple):
    """One fix in its dialect's own unit of speed; see `data.models.PhoneFix`."""

    at_ms: int
    lat_e6: int
    lon_e6: int
    accuracy_m: float | None = None
    speed: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    battery_percent: float | None = None
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """One message of one phone.

    Parameters
    ----------
    token_hash : str or None
        SHA-256 of the token that came with it, in hexadecimal digits.
    identity : str or None
        What the phone's app calls itself; asked only when there is no token.
    dialect : str
    received_ms : int
        When it came, milliseconds since 1970.
    fixes : sequence of FixRow
    unusable : int
        How many positions of the message were none.
    """

    token_hash: str | None
    identity: str | None
    dialect: str
    received_ms: int
    fixes: Sequence[FixRow] = ()
    unusable: int = 0


class Taken(StrEnum):
    """What became of a message."""

    STORED = "stored"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    FULL = "full"


@dataclass
class _Known:
    id: int
    stage: str
    room: int
    """How many fixes may still be stored; pending phones have little."""


@dataclass
class _Heard:
    device_id: int
    heard_ms: int = 0
    dialect: str = ""
    messages: int = 0
    unusable: int = 0
    times: list[int] = field(default_factory=list)


def store(connection: Connection, sendings: Sequence[Sending]) -> list[Taken]:
    """Store messages; nothing is kept until the connection's transaction is committed.

    A message is stored whole or not at all. Who is not known by an id is enrolled as pending, and its fixes are kept up
    to `MOST_PENDING_FIXES`; an unknown token enrols nobody. Two processes that store at once wait for each other
    instead of deadlocking: rows are written in the order of their keys.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    sendings : sequence of Sending
        In the order in which they came.

    Returns
    -------
    list of Taken
        What became of each.
    """
    known = _known(connection, sendings)
    rows: dict[tuple[int, int, int, int], dict[str, Any]] = {}
    heard: dict[int, _Heard] = {}
    taken = []
    for sending in sendings:
        device = known.get(sending.token_hash or sending.identity or "")
        outcome = _judge(device, sending)
        taken.append(outcome)
        if outcome is Taken.STORED and device is not None:
            device.room -= len(sending.fixes)
            _add_rows(rows, device.id, sending)
            _add_up(heard.setdefault(device.id, _Heard(device.id)), sending)
    _insert(connection, [rows[key] for key in sorted(rows)])
    _note(connection, [heard[key] for key in sorted(heard)])
    return taken


def _judge(device: _Known | None, sending: Sending) -> Taken:
    if device is None:
        return Taken.UNKNOWN if sending.token_hash else Taken.FULL
    if device.stage == DeviceStage.REVOKED:
        return Taken.REVOKED
    return Taken.STORED if device.room >= len(sending.fixes) else Taken.FULL


def _known(connection: Connection, sendings: Sequence[Sending]) -> dict[str, _Known]:
    """The phones behind the messages, by token hash or identity; new ones are enrolled while there is room."""
    hashes = {sending.token_hash for sending in sendings if sending.token_hash}
    names = {sending.identity: sending for sending in sendings if not sending.token_hash and sending.identity}
    found = _find(connection, hashes, set(names))
    missing = sorted(name for name in names if name not in found)
    if missing and _enrol(connection, [names[name] for name in missing]):
        found |= _find(connection, set(), set(missing))
    for device in {device.id: device for device in found.values() if device.stage == DeviceStage.PENDING}.values():
        # What was sent twice was counted twice: only who seems to have sent too much is counted by what is stored.
        if device.room < MOST_PENDING_FIXES // 2:
            count = select(func.count()).select_from(FIX).where(FIX.c.device_id == device.id)
            device.room = MOST_PENDING_FIXES - (connection.scalar(count) or 0)
    return found


_FIND = select(DEVICE.c.id, DEVICE.c.stage, DEVICE.c.token_hash, DEVICE.c.identity, DEVICE.c.fixes_sent).where(
    or_(
        DEVICE.c.token_hash.in_(bindparam("hashes", expanding=True)),
        DEVICE.c.identity.in_(bindparam("names", expanding=True)),
    )
)


def _find(connection: Connection, hashes: set[str], names: set[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for row in connection.execute(_FIND, {"hashes": list(hashes), "names": list(names)}):
        most = MOST_PENDING_FIXES if row.stage == DeviceStage.PENDING else 2 * row.fixes_sent + 2**31
        device = _Known(row.id, row.stage, most - row.fixes_sent)
        found |= {key: device for key in (row.token_hash, row.identity) if key and (key in hashes or key in names)}
    return found


def _enrol(connection: Connection, sendings: Sequence[Sending]) -> bool:
    """Enrol phones as pending, as many as there is room for."""
    pending = select(func.count()).select_from(DEVICE).where(DEVICE.c.stage == DeviceStage.PENDING)
    room = MOST_PENDING_DEVICES - (connection.scalar(pending) or 0)
    rows = [
        {
            "stage": DeviceStage.PENDING,
            "identity": sending.identity,
            "enrolled_at": datetime.fromtimestamp(sending.received_ms / 1000, UTC),
        }
        for sending in sendings[: max(room, 0)]
    ]
    if rows:
        # Another process may enrol the same phone at the same moment: then it is enrolled, which is all we want.
        connection.execute(_or_ignore(connection, DEVICE), rows)
    return bool(rows)


def _or_ignore(connection: Connection, table: Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def _add_rows(rows: dict[tuple[int, int, int, int], dict[str, Any]], device_id: int, sending: Sending) -> None:
    more = {"device_id": device_id, "dialect": sending.dialect, "received_ms": sending.received_ms}
    for fix in sending.fixes:
        rows.setdefault((device_id, fix.at_ms, fix.lat_e6, fix.lon_e6), {**fix._asdict(), **more})


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows and connection.dialect.name == "postgresql":
        connection.execute(_ALL_AT_ONCE, {name: [row[name] for row in rows] for name in _FIX_COLUMNS})
    elif rows:
        connection.execute(_or_ignore(connection, FIX), rows)


_FIX_COLUMNS = [column.name for column in FIX.columns]

# One statement with a list for each column: PostgreSQL plans, sends and answers each row of the usual way by itself.
_ALL_AT_ONCE = (
    postgresql.insert(FIX)
    .from_select(
        _FIX_COLUMNS,
        select(
            *(
                func.unnest(bindparam(column.name, type_=postgresql.ARRAY(column.type)), type_=column.type)
                for column in FIX.columns
            )
        ),
    )
    .on_conflict_do_nothing()
)


def _add_up(heard: _Heard, sending: Sending) -> None:
    heard.heard_ms = max(heard.heard_ms, sending.received_ms)
    heard.dialect = sending.dialect
    heard.messages += 1
    heard.unusable += sending.unusable
    heard.times += [fix.at_ms for fix in sending.fixes]


def _smaller(column: Any, value: Any) -> Any:
    return case((column <= value, column), else_=value)


_NOTE = (
    update(DEVICE)
    .where(DEVICE.c.id == bindparam("device"))
    .values(
        heard_ms=bindparam("heard"),
        dialect=bindparam("said"),
        messages=DEVICE.c.messages + bindparam("more"),
        fixes_sent=DEVICE.c.fixes_sent + bindparam("sent"),
        unusable=DEVICE.c.unusable + bindparam("lost"),
    )
)
_NOTE_STALE = _NOTE.values(
    stale_from_ms=_smaller(DEVICE.c.stale_from_ms, bindparam("first")),
    stale_until_ms=case(
        (DEVICE.c.stale_until_ms >= bindparam("last"), DEVICE.c.stale_until_ms), else_=bindparam("last")
    ),
    stale_since_ms=_smaller(DEVICE.c.stale_since_ms, bindparam("heard")),
)


def _note(connection: Connection, heard: Iterable[_Heard]) -> None:
    """Note with each phone that it was heard, and from when to when its patrols are stale."""
    plain, stale = [], []
    for one in heard:
        row: dict[str, Any] = {
            "device": one.device_id,
            "heard": one.heard_ms,
            "said": one.dialect,
            "more": one.messages,
            "sent": len(one.times),
            "lost": one.unusable,
        }
        if one.times:
            stale.append({**row, "first": min(one.times), "last": max(one.times)})
        else:
            plain.append(row)
    for statement, rows in ((_NOTE, plain), (_NOTE_STALE, stale)):
        if rows:
            connection.execute(statement, rows)


def read(session: Session, device_id: int, begin_ms: int, end_ms: int) -> pd.DataFrame:
    """What a phone sent for a stretch of time, as it sent it.

    Returns
    -------
    DataFrame
        In order of time: `at_ms`, `lat`, `lon` (degrees of the phone's datum), `accuracy_m`, `speed` (NaN when not
        said; in the unit of `dialect`), `dialect`, `received_ms`.
    """
    columns = (FIX.c.at_ms, FIX.c.lat_e6, FIX.c.lon_e6, FIX.c.accuracy_m, FIX.c.speed, FIX.c.dialect, FIX.c.received_ms)
    wanted = (
        select(*columns)
        .where(FIX.c.device_id == device_id, FIX.c.at_ms >= begin_ms, FIX.c.at_ms < end_ms)
        .order_by(FIX.c.at_ms, FIX.c.lat_e6, FIX.c.lon_e6)
    )
    names = ["at_ms", "lat", "lon", "accuracy_m", "speed", "dialect", "received_ms"]
    rows = pd.DataFrame(session.execute(wanted).all(), columns=names)
    whole = {name: rows[name].astype("int64") for name in ("at_ms", "received_ms")}
    stated = {name: rows[name].astype(float) for name in ("accuracy_m", "speed")}
    return rows.assign(**whole, **stated, lat=rows["lat"].astype(float) / 1e6, lon=rows["lon"].astype(float) / 1e6)


def forget_between(session: Session, device_id: int, begin_ms: int, end_ms: int, *, received_before_ms: int) -> int:
    """Delete what a phone sent for a stretch of time (its end not included) and before a moment; return how many."""
    done = session.execute(
        delete(PhoneFix).where(
            PhoneFix.device_id == device_id,
            PhoneFix.at_ms >= begin_ms,
            PhoneFix.at_ms < end_ms,
            PhoneFix.received_ms < received_before_ms,
        )
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget_outside_walks(session: Session, community_id: int, *, longest_ms: int, received_before_ms: int) -> int:
    """Delete what volunteers' own phones sent before a moment for times that no walk of theirs spans; return how many.

    A walk without an end spans ``longest_ms`` from its start, and none spans more.
    """
    phones = (
        select(WalkPhone.device_id)
        .join(Device, Device.id == WalkPhone.device_id)
        .where(Device.community_id == community_id)
    )
    walked = exists().where(
        Walk.device_id == PhoneFix.device_id,
        Walk.started_ms <= PhoneFix.at_ms,
        Walk.started_ms >= PhoneFix.at_ms - longest_ms,
        or_(Walk.ended_ms.is_(None), Walk.ended_ms >= PhoneFix.at_ms),
    )
    done = session.execute(
        delete(PhoneFix).where(PhoneFix.device_id.in_(phones), PhoneFix.received_ms < received_before_ms, ~walked),
        execution_options={"synchronize_session": False},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget(session: Session, device_id: int, *, before_ms: int) -> int:
    """Delete what a phone sent for the time before a moment; return how many fixes that were."""
    done = session.execute(delete(PhoneFix).where(PhoneFix.device_id == device_id, PhoneFix.at_ms < before_ms))
    return int(done.rowcount)  # type: ignore[attr-defined]
