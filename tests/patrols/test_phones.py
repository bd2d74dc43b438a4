"""Patrols derived from what phones sent: the same whatever the order, in place, and never of another day."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import make
import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import fix_store
from data.fix_store import FixRow, Sending
from data.models import Device, DevicePatrol, DeviceStage, Fix, Patrol, PatrolCredit, PatrolSource
from patrols import consents, devices, phones

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""09:00 on the wall."""
LATER = START + timedelta(hours=8)
METRE = 9
"""One metre northwards, in millionths of a degree."""

Send = Callable[..., None]
Derive = Callable[..., phones.Derived]


def walk(minutes: int, *, after: timedelta = timedelta(), step_s: int = 10, lat_e6: int = 40_000_300) -> list[FixRow]:
    """A walk to the north at a metre a second, there and back every three minutes."""
    begin = int((START + after).timestamp() * 1000)
    seconds = np.arange(0, minutes * 60 + 1, step_s)
    north = np.abs((seconds % 180) - 90)
    return [
        FixRow(begin + int(s) * 1000, lat_e6 + METRE * int(n), 116_300_500, 5.0)
        for s, n in zip(seconds, north, strict=True)
    ]


@pytest.fixture
def device(session: Session) -> Device:
    place, _ = make.town(session)
    walker = make.person(session, place)
    consents.give(session, walker, 1, at=START - timedelta(days=1))
    made, _ = devices.add(session, place, at=START, person=walker)
    session.commit()
    return made


@pytest.fixture
def send(session: Session, device: Device) -> Send:
    def sent(fixes: Sequence[FixRow], *, delay: timedelta = timedelta(seconds=2), at: datetime | None = None) -> None:
        delay_ms = int(delay.total_seconds() * 1000)
        sendings = [
            Sending(
                device.token_hash, None, "osmand", int(at.timestamp() * 1000) if at else fix.at_ms + delay_ms, [fix]
            )
            for fix in fixes
        ]
        fix_store.store(session.connection(), sendings)
        session.expire_all()

    return sent


@pytest.fixture
def derive(session: Session, device: Device) -> Derive:
    def derived(at: datetime = LATER) -> phones.Derived:
        prepared = phones.prepare(session, device.id, at=at)
        return phones.keep(session, prepared, at=at) if prepared else phones.Derived()

    return derived


def told(session: Session) -> list[tuple[object, ...]]:
    """Everything about the patrols but their numbers."""
    walked = session.execute(
        select(
            Patrol.started_at,
            Patrol.ended_at,
            Patrol.metres,
            Patrol.fixes_kept,
            Patrol.fixes_dropped,
            Patrol.source_key,
        )
    )
    earned = session.execute(
        select(PatrolCredit.grid_code, PatrolCredit.metres, Patrol.started_at).join(PatrolCredit.patrol)
    )
    fixes = session.execute(select(Fix.at, Fix.lon, Fix.lat, Fix.dropped_by))
    return [
        *sorted(map(tuple, walked), key=str),
        *sorted(map(tuple, earned), key=str),
        *sorted(map(tuple, fixes), key=str),
    ]


def test_a_walk_becomes_a_patrol_of_its_phones_person_with_credits_that_add_up(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    send(walk(12))

    assert derive() == phones.Derived(new=1)

    patrol = session.scalars(select(Patrol)).one()
    assert (patrol.source, patrol.person_id, patrol.fixes_kept) == (PatrolSource.PHONE, device.person_id, 73)
    assert (patrol.started_at, patrol.ended_at) == (START, START + timedelta(minutes=12))
    assert patrol.metres == pytest.approx(720, rel=0.01)
    assert sum(credit.metres for credit in patrol.credits) == pytest.approx(patrol.metres)
    assert {credit.grid_code for credit in patrol.credits} == {"110108001001004", "110108001001001"}


def test_late_shuffled_and_repeated_fixes_lead_to_the_same_patrols(
    session: Session, send: Send, derive: Derive
) -> None:
    fixes = walk(12) + walk(8, after=timedelta(hours=2))
    send(fixes)
    derive()
    at_once = told(session)
    for table in (Fix, PatrolCredit, DevicePatrol, Patrol):
        session.query(table).delete()
    session.query(fix_store.PhoneFix).delete()

    shuffled = [fixes[i] for i in np.random.default_rng(7).permutation(len(fixes))]
    for start in range(0, len(shuffled), 25):
        part = shuffled[start : start + 25]
        send(part + part[:3])
        derive()

    assert told(session) == at_once


def test_a_patrol_keeps_its_number_when_late_fixes_come_before_within_and_after_it(
    session: Session, send: Send, derive: Derive
) -> None:
    fixes = walk(12)
    send(fixes[20:40])
    derive()
    number = session.scalars(select(Patrol.id)).one()

    send(fixes[:20] + fixes[40:], at=LATER)

    assert derive() == phones.Derived(changed=1)
    patrol = session.scalars(select(Patrol)).one()
    assert (patrol.id, patrol.started_at, patrol.fixes_kept) == (number, START, 73)


def test_fixes_that_close_a_silence_make_one_patrol_of_two(session: Session, send: Send, derive: Derive) -> None:
    fixes = walk(60)
    send(fixes[:60] + fixes[-120:])
    send([])
    derive()
    first = session.scalars(select(Patrol.id).order_by(Patrol.started_at)).all()

    send(fixes, at=LATER)
    done = derive()

    assert len(first) == 1 or done.gone == 1
    assert session.scalar(select(func.count()).select_from(Patrol)) == 1
    assert session.scalar(select(func.count()).select_from(DevicePatrol)) == 1


def test_a_silence_of_half_an_hour_and_four_in_the_morning_end_an_outing(
    session: Session, send: Send, derive: Derive
) -> None:
    night = timedelta(hours=18, minutes=55)
    send(walk(5) + walk(5, after=timedelta(minutes=36)) + walk(10, after=night))

    derive(START + timedelta(days=2))

    begun = sorted(session.scalars(select(Patrol.started_at)))
    assert [moment - START for moment in begun] == [
        timedelta(),
        timedelta(minutes=36),
        night,
        timedelta(hours=19),
    ]


def test_deriving_one_day_again_leaves_the_others_alone(session: Session, send: Send, derive: Derive) -> None:
    send(walk(5) + walk(5, after=timedelta(days=1)) + walk(5, after=timedelta(days=2)))
    derive(START + timedelta(days=3))

    send(walk(6, after=timedelta(days=1)), at=START + timedelta(days=3))

    assert derive(START + timedelta(days=3)) == phones.Derived(changed=1)


def test_the_same_fixes_again_change_nothing(session: Session, send: Send, derive: Derive) -> None:
    send(walk(5))
    derive()

    send(walk(5), at=LATER)

    assert derive() == phones.Derived(same=1)


def test_what_goes_on_stays_due_until_the_phone_has_been_silent(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    send(walk(5))

    derive(START + timedelta(minutes=6))
    assert device.stale_from_ms is not None
    derive(START + timedelta(minutes=36))
    assert device.stale_from_ms is None


def test_fixes_that_come_while_patrols_are_derived_are_not_forgotten(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    fixes = walk(10)
    send(fixes[:40])
    prepared = phones.prepare(session, device.id, at=LATER)
    assert prepared is not None
    send(fixes[40:])

    assert phones.keep(session, prepared, at=LATER) == phones.Derived()
    assert derive() == phones.Derived(new=1)
    assert session.scalars(select(Patrol.fixes_kept)).one() == 61


def test_a_walk_elsewhere_is_nobodys_business(session: Session, send: Send, derive: Derive) -> None:
    send(walk(10, lat_e6=41_000_000))

    assert derive() == phones.Derived()
    assert session.scalar(select(func.count()).select_from(Fix)) == 0


def test_a_phone_that_lies_on_a_table_made_no_patrol_of_one_fix(session: Session, send: Send, derive: Derive) -> None:
    send(list(itertools.chain.from_iterable(walk(0, after=timedelta(hours=hour)) for hour in range(5))))

    assert derive() == phones.Derived()


def test_a_clock_that_is_an_hour_slow_is_set_right_and_said(session: Session, send: Send, derive: Derive) -> None:
    send(walk(5), delay=timedelta(hours=1, seconds=2))

    derive()

    assert session.scalars(select(Patrol.started_at)).one() == START + timedelta(hours=1, seconds=2)
    assert session.scalars(select(DevicePatrol.clock_off_s)).one() == 3602.0


def test_a_backlog_of_hours_is_no_wrong_clock(session: Session, send: Send, derive: Derive) -> None:
    send(walk(30), at=LATER)

    derive()

    assert session.scalars(select(Patrol.started_at)).one() == START


def test_fixes_of_the_future_are_dropped_by_name(session: Session, send: Send, derive: Derive) -> None:
    send(walk(5))
    send(walk(2, after=timedelta(minutes=6)), at=START)

    derive()

    dropped = session.execute(select(Fix.dropped_by, func.count()).group_by(Fix.dropped_by)).all()
    assert {tuple(row) for row in dropped} == {(None, 31), ("future", 13)}


def test_a_receiver_whose_weeks_began_again_is_known_by_them(session: Session, send: Send, derive: Derive) -> None:
    weeks = timedelta(weeks=1024)
    send(walk(5, after=-weeks), delay=weeks + timedelta(seconds=3))

    derive()

    assert session.scalars(select(Patrol.started_at)).one() == START


def test_a_phone_that_writes_gcj02_is_put_back_where_it_was(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    send(walk(5))
    derive()
    there = session.scalars(select(Fix.lon)).first()
    assert there is not None

    devices.set_up(device, device.community, datum="gcj02")  # type: ignore[arg-type]
    devices.derive_again(session, device, at=LATER)
    done = derive()

    assert done.gone + done.changed == 1
    moved = session.scalars(select(Fix.lon)).first()
    assert moved is None or 0.004 < there - moved < 0.008


def test_a_waiting_phone_makes_patrols_once_it_is_accepted(session: Session, device: Device) -> None:
    fix_store.store(session.connection(), [Sending(None, "7", "osmand", fix.at_ms, [fix]) for fix in walk(5)])
    waiting = session.scalars(select(Device).where(Device.stage == DeviceStage.PENDING)).one()
    assert device.community is not None
    assert phones.prepare(session, waiting.id, at=LATER) is None

    devices.accept(session, waiting, device.community, at=LATER)
    prepared = phones.prepare(session, waiting.id, at=LATER)

    assert prepared is not None
    assert phones.keep(session, prepared, at=LATER) == phones.Derived(new=1)


def test_only_accepted_phones_are_due_quiet_ones_and_those_that_wait_long(session: Session, device: Device) -> None:
    fix_store.store(session.connection(), [Sending(device.token_hash, None, "osmand", f.at_ms, [f]) for f in walk(4)])
    session.expire_all()
    end = START + timedelta(minutes=4)

    assert phones.stale(session, at=end) == []
    assert phones.stale(session, at=end, now=True) == [device.id]
    assert phones.stale(session, at=end + timedelta(minutes=1)) == [device.id]
    devices.revoke(device, at=end)
    session.flush()
    assert phones.stale(session, at=end, now=True) == []


def test_days_whose_fixes_have_expired_are_not_derived_from_what_comes_late(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    send(walk(12))
    derive()
    device.expired_until_ms = int((START + timedelta(days=1)).timestamp() * 1000)
    session.flush()

    send(walk(2), at=LATER)

    assert derive() == phones.Derived()
    assert session.scalars(select(Patrol.fixes_kept)).one() == 73


def test_an_outing_over_the_midnight_at_which_fixes_expired_is_not_halved(
    session: Session, device: Device, send: Send, derive: Derive
) -> None:
    midnight = timedelta(hours=15)
    send(walk(40, after=midnight - timedelta(minutes=20)))
    derive(START + timedelta(days=1))
    device.expired_until_ms = int((START + midnight).timestamp() * 1000)
    session.flush()
    fix_store.forget(session, device.id, before_ms=device.expired_until_ms)

    send(walk(20, after=midnight), at=START + timedelta(days=1))

    assert derive(START + timedelta(days=1)) == phones.Derived()
    assert session.scalars(select(Patrol.fixes_kept)).all() == [241]
