"""What of a phone's fixes becomes a patrol: between start and stop, with consent, inside the community."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import make
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import fix_store
from data.fix_store import FixRow, Sending
from data.models import Community, Device, Patrol, Person, PhoneFix, Role, User, WalkEnd, WalkPhone
from patrols import consents, devices, phones, walk_phones, walk_windows, walks

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""09:00 on the wall."""
LATER = START + timedelta(hours=8)
MINUTE = timedelta(minutes=1)
NO_TIME = timedelta()

Send = Callable[..., None]
Patrols = Callable[..., list[Patrol]]


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


@pytest.fixture
def walker(session: Session, place: Community) -> Person:
    return make.person(session, place)


@pytest.fixture
def phone(session: Session, walker: Person) -> WalkPhone:
    user = make.add(
        session,
        User(login="walker", password_hash="x", role=Role.GRID_WORKER, person_id=walker.id, created_at=START),
    )
    consents.give(session, walker, 1, at=START - timedelta(days=1))
    made, _ = walk_phones.enrol(session, user, "a-browser", at=START - MINUTE)
    session.commit()
    return made


@pytest.fixture
def send(session: Session) -> Send:
    def sent(device: Device, begin: datetime, minutes: int, *, lon_e6: int = 116_300_500, delay_s: int = 2) -> None:
        """A walk to the north at a metre a second, there and back every three minutes."""
        fixes = [
            FixRow(round((begin.timestamp() + s) * 1000), 40_000_300 + 9 * abs(s % 180 - 90), lon_e6, 5.0)
            for s in range(0, minutes * 60 + 1, 10)
        ]
        fix_store.store(
            session.connection(),
            [Sending(device.token_hash, None, "overland", fix.at_ms + delay_s * 1000, [fix]) for fix in fixes],
        )
        session.expire_all()

    return sent


@pytest.fixture
def patrols(session: Session) -> Patrols:
    def derived(device: Device, at: datetime = LATER) -> list[Patrol]:
        prepared = phones.prepare(session, device.id, at=at)
        if prepared is not None:
            phones.keep(session, prepared, at=at)
        return list(session.scalars(select(Patrol).order_by(Patrol.started_at)))

    return derived


def begin(session: Session, phone: WalkPhone, key: str, at: datetime, **more: timedelta) -> None:
    walks.start(session, phone, key, at=at, clock_off=more.get("off", NO_TIME), now=LATER)


def end(session: Session, phone: WalkPhone, key: str, at: datetime, **more: timedelta) -> None:
    off = more.get("off", NO_TIME)
    walks.stop(session, phone, key, at=at, clock_off=off, now=LATER, why=WalkEnd.PERSON)


def test_a_patrol_begins_at_start_and_ends_at_stop(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    send(phone.device, START, 60)
    begin(session, phone, "a", START + 20 * MINUTE)
    end(session, phone, "a", START + 40 * MINUTE)

    (patrol,) = patrols(phone.device)

    assert (patrol.started_at, patrol.ended_at) == (START + 20 * MINUTE, START + 40 * MINUTE)
    assert patrol.fixes_kept == 121
    assert patrol.minutes == pytest.approx(20)


def test_nothing_is_made_of_fixes_before_their_start_is_known(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    send(phone.device, START, 20)

    without = patrols(phone.device)
    begin(session, phone, "a", START)
    afterwards = patrols(phone.device)

    assert (without, len(afterwards)) == ([], 1)


def test_a_long_silence_does_not_cut_a_walk_and_two_walks_close_together_are_two_patrols(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    send(phone.device, START, 10)
    send(phone.device, START + 70 * MINUTE, 10)
    send(phone.device, START + 81 * MINUTE, 9)
    begin(session, phone, "a", START)
    end(session, phone, "a", START + 80 * MINUTE + MINUTE / 2)
    begin(session, phone, "b", START + 81 * MINUTE)
    end(session, phone, "b", START + 90 * MINUTE)

    first, second = patrols(phone.device)

    assert (first.fixes_kept, second.fixes_kept) == (122, 55)
    assert first.minutes == pytest.approx(20)
    assert second.started_at == START + 81 * MINUTE


def test_a_forgotten_stop_comes_by_itself_after_the_longest_walk(
    session: Session, place: Community, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    place.rules = {"longest_walk_s": 1800}
    send(phone.device, START, 60)
    begin(session, phone, "a", START)

    (patrol,) = patrols(phone.device)

    assert patrol.ended_at == START + 30 * MINUTE
    assert phone.device.stale_since_ms is None
    assert walks.going_on(session, phone.device, at=START + 31 * MINUTE) is None


def test_a_stop_that_comes_late_cuts_the_patrol(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    begin(session, phone, "a", START)
    send(phone.device, START, 60)
    whole = patrols(phone.device, START + 61 * MINUTE)[0].fixes_kept

    end(session, phone, "a", START + 30 * MINUTE)
    (patrol,) = patrols(phone.device)

    assert (whole, patrol.fixes_kept) == (361, 181)
    assert patrol.ended_at == START + 30 * MINUTE


def test_who_leaves_the_community_for_long_is_recorded_until_then(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    begin(session, phone, "a", START)
    send(phone.device, START, 10)
    send(phone.device, START + 15 * MINUTE, 12, lon_e6=116_290_000)
    send(phone.device, START + 40 * MINUTE, 10)

    (patrol,) = patrols(phone.device)

    assert patrol.fixes_kept == 61
    assert patrol.ended_at == START + 10 * MINUTE


def test_a_short_way_outside_does_not_end_a_walk(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    begin(session, phone, "a", START)
    send(phone.device, START, 10)
    send(phone.device, START + 15 * MINUTE, 5, lon_e6=116_296_000)
    send(phone.device, START + 25 * MINUTE, 10)
    end(session, phone, "a", START + 35 * MINUTE)

    (patrol,) = patrols(phone.device)

    assert patrol.ended_at == START + 35 * MINUTE
    assert patrol.fixes_kept == 61 + 31 + 61


def test_a_clock_that_is_wrong_by_hours_is_put_right_for_walk_and_fixes_alike(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    off = timedelta(hours=3)
    begin(session, phone, "a", START - off, off=off)
    send(phone.device, START - off, 10, delay_s=3 * 3600)
    end(session, phone, "a", START - off + 10 * MINUTE, off=off)

    (patrol,) = patrols(phone.device)

    assert (patrol.started_at, patrol.ended_at) == (START, START + 10 * MINUTE)


def test_withdrawing_ends_the_walk_and_leaves_the_page_its_token(
    session: Session, walker: Person, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    begin(session, phone, "a", START)
    send(phone.device, START, 30)

    consents.withdraw(session, walker, at=START + 10 * MINUTE)
    (patrol,) = patrols(phone.device)

    assert patrol.fixes_kept == 61
    assert walk_phones.works(phone)
    assert walks.going_on(session, phone.device, at=START + 11 * MINUTE) is None


def test_what_was_prepared_before_a_stop_is_not_kept_after_it(
    session: Session, phone: WalkPhone, send: Send, patrols: Patrols
) -> None:
    begin(session, phone, "a", START)
    send(phone.device, START, 30)
    prepared = phones.prepare(session, phone.device_id, at=LATER)
    end(session, phone, "a", START + 10 * MINUTE)

    assert prepared is not None
    done = phones.keep(session, prepared, at=LATER)

    assert (done.new, [one.fixes_kept for one in patrols(phone.device)]) == (0, [61])


def test_an_app_records_nobody_who_has_not_agreed_and_counts_from_the_consent_on(
    session: Session, place: Community, send: Send, patrols: Patrols
) -> None:
    stranger = make.person(session, place, "P002", name="李娜")
    device, _ = devices.add(session, place, at=START, person=stranger)
    send(device, START, 30)
    send(device, START + 120 * MINUTE, 30)

    before = patrols(device)
    consents.give(session, stranger, 1, at=START + 60 * MINUTE, by="paper")
    (patrol,) = patrols(device)

    assert before == []
    assert patrol.started_at == START + 120 * MINUTE


def test_a_newer_text_ends_older_consents(session: Session, place: Community, walker: Person) -> None:
    consents.give(session, walker, 1, at=START)
    consents.add_text(session, place, zh="新的", en="new", at=START + 10 * MINUTE)
    consents.give(session, walker, 2, at=START + 20 * MINUTE)

    held = [consents.covers(session, walker, START + minutes * MINUTE) for minutes in (-1, 0, 9, 10, 19, 20, 999)]

    assert held == [False, True, True, False, False, True, True]


def test_what_nothing_may_be_made_of_is_deleted_after_a_day(
    session: Session, place: Community, phone: WalkPhone, send: Send
) -> None:
    send(phone.device, START, 30)
    begin(session, phone, "a", START + 10 * MINUTE)
    end(session, phone, "a", START + 20 * MINUTE)

    early = walk_windows.forget_unwanted(session, place, at=START + timedelta(hours=20))
    late = walk_windows.forget_unwanted(session, place, at=START + timedelta(hours=30))

    assert (early, late) == (0, 120)
    assert session.scalar(select(func.count()).select_from(PhoneFix)) == 61


def test_fixes_taken_without_consent_wait_a_month_and_go(session: Session, place: Community, send: Send) -> None:
    device, _ = devices.add(session, place, at=START, person=make.person(session, place, "P002"))
    send(device, START, 30)

    early = walk_windows.forget_unwanted(session, place, at=START + timedelta(days=29))
    late = walk_windows.forget_unwanted(session, place, at=START + timedelta(days=31))

    assert (early, late) == (0, 181)
