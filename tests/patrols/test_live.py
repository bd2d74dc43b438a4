"""Who is out now, what is hidden of where they are, who may see what of it; on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import make
import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from data import fix_store
from data.fix_store import FixRow, Sending
from data.models import (
    AuditRow,
    Community,
    Curtain,
    Device,
    DeviceStage,
    MemberRole,
    Person,
    Team,
    TeamMember,
    User,
    Walk,
    WalkPhone,
)
from patrols import devices, live, looks
from patrols.errors import NoReason
from patrols.live import Memory, Walker
from patrols.looks import Looker
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
DOOR = (40_000_500, 116_300_500)
METRE = 9
"""One metre northwards, in millionths of a degree."""

Send = Callable[..., None]


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


@pytest.fixture
def walker(session: Session, place: Community) -> Person:
    return make.person(session, place)


@pytest.fixture
def device(session: Session, place: Community, walker: Person) -> Device:
    return devices.add(session, place, at=NOW, person=walker)[0]


@pytest.fixture
def send(session: Session) -> Send:
    """Fixes of a phone: so many metres north of the door, so long before now, received at once."""

    def sent(device: Device, *fixes: tuple[int, float], battery: float | None = None) -> None:
        for metres, minutes_ago in fixes:
            ms = int((NOW - timedelta(minutes=minutes_ago)).timestamp() * 1000)
            fix = FixRow(ms, DOOR[0] + METRE * metres, DOOR[1], 5.0, battery_percent=battery)
            received = min(ms, int(NOW.timestamp() * 1000))
            fix_store.store(session.connection(), [Sending(device.token_hash, None, "osmand", received, [fix])])
        session.expire_all()

    return sent


def out(session: Session, at: datetime = NOW, memory: Memory | None = None) -> list[Walker]:
    return live.out_now(session, at=at, memory=memory or Memory())


def test_somebody_out_is_shown_with_place_beginning_battery_and_silence(
    session: Session, device: Device, walker: Person, send: Send
) -> None:
    send(device, (0, 120), (0, 30), (100, 20), (400, 4), battery=72.0)

    (one,) = out(session)

    assert (one.person, one.person_id, one.battery_percent) == (walker.name, walker.id, 72.0)
    # Two hours ago was another walk: the phone was silent for longer than half an hour.
    assert one.began_at == NOW - timedelta(minutes=30)
    assert one.heard_at == one.placed_at == NOW - timedelta(minutes=4)
    assert one.place == pytest.approx((116.3005, 40.0041))
    assert not one.near_door


def test_a_walk_that_is_over_is_gone(session: Session, device: Device, send: Send) -> None:
    send(device, (0, 20), (400, 5))

    going_on = len(out(session))
    half_an_hour_later = out(session, at=NOW + timedelta(minutes=30))

    assert going_on == 1
    assert half_an_hour_later == []


def test_a_walk_begun_by_a_button_is_there_however_silent_until_the_button_ends_it(
    session: Session, place: Community, device: Device, send: Send
) -> None:
    user = make.add(session, User(login="red", password_hash="-", role="grid_worker", created_at=NOW))
    make.add(session, WalkPhone(device_id=device.id, browser="b", user_id=user.id))
    began = NOW - timedelta(minutes=50)
    walk = make.add(
        session,
        Walk(
            key="w",
            device_id=device.id,
            community_id=place.id,
            started_ms=int(began.timestamp() * 1000),
            started_at=began,
        ),
    )
    send(device, (0, 49), (400, 40))

    (silent,) = out(session)
    too_long = out(session, at=began + timedelta(hours=5))
    walk.ended_ms, walk.ended_at = int(NOW.timestamp() * 1000), NOW
    session.flush()

    assert silent.began_at == began
    assert silent.heard_at == NOW - timedelta(minutes=40)
    assert too_long == []
    assert out(session) == []


def test_nobody_is_shown_near_where_they_set_out(session: Session, device: Device, send: Send) -> None:
    send(device, (0, 20), (90, 18))
    (near,) = out(session)

    send(device, (320, 2))
    (away,) = out(session)

    assert near.near_door
    assert (near.place, near.placed_at, near.accuracy_m, near.grid_code) == (None, None, None, None)
    assert not away.near_door
    assert away.place is not None


def test_nobody_is_shown_near_another_of_their_doors(
    session: Session, place: Community, device: Device, walker: Person, send: Send
) -> None:
    send(device, (0, 20), (600, 2))
    lat = (DOOR[0] + METRE * 700) / 1e6
    make.add(
        session,
        Curtain(community_id=place.id, person_id=walker.id, lon=DOOR[1] / 1e6, lat=lat, bearing_deg=0.0, ahead_m=150.0),
    )

    assert [one.near_door for one in out(session)] == [True]


def test_the_middle_of_what_is_hidden_is_no_door(session: Session, device: Device, send: Send) -> None:
    send(device, (0, 20), (400, 2))
    memories = [Memory() for _ in range(8)]

    for memory in memories:
        out(session, memory=memory)

    starts = [memory.starts[device.id] for memory in memories]
    north = [(one.lat_e6 - DOOR[0]) / METRE for one in starts]
    east = [(one.lon_e6 - DOOR[1]) / METRE * 0.766 for one in starts]
    away = [(n * n + e * e) ** 0.5 for n, e in zip(north, east, strict=True)]
    assert all(55 < metres < 105 for metres in away)
    assert len(set(north)) > 1


def test_who_shut_the_phone_out_is_not_shown_and_old_or_future_fixes_are_no_walk(
    session: Session, place: Community, device: Device, send: Send
) -> None:
    send(device, (0, 20), (400, 2))
    device.stage = DeviceStage.REVOKED
    session.flush()
    other = devices.add(session, place, at=NOW)[0]
    send(other, (400, 200))
    # A receiver that counts its weeks from another beginning says a time twenty years ahead.
    send(other, (400, -10_000_000))

    assert out(session) == []


def test_a_leader_sees_the_team_a_manager_the_ground_and_nobody_places_without_a_look(
    session: Session, place: Community, device: Device, walker: Person, send: Send
) -> None:
    leader = make.person(session, place, "P002", name="李娜")
    team = make.add(session, Team(community_id=place.id, name="小红帽"))
    since = NOW.date() - timedelta(days=9)
    make.add(session, TeamMember(team_id=team.id, person_id=leader.id, role=MemberRole.LEADER, valid_from=since))
    device.team_id = team.id
    session.flush()
    # Far from where it began, and in a grid.
    send(device, (-700, 20), (30, 2))
    walkers = out(session)
    teams = live.led_teams(session, leader.id, at=NOW)
    nothing = Scope(frozenset(), frozenset(), person_id=leader.id)
    grid = f"{place.code}004"

    def seen(scope: Scope, **more: frozenset[int]) -> list[tuple[str | None, bool]]:
        return [(one.grid_code, one.place is not None) for one in live.seen_by(walkers, scope, **more)]

    assert teams == {team.id}
    assert live.led_teams(session, walker.id, at=NOW) == live.led_teams(session, None, at=NOW) == frozenset()
    assert seen(EVERYTHING) == [(grid, False)]
    assert seen(nothing, teams=teams) == [(grid, False)]
    assert seen(nothing) == []
    assert seen(Scope(frozenset({place.id}), frozenset({grid}))) == [(grid, False)]
    assert seen(Scope(frozenset({place.id}), frozenset({f"{place.code}002"}))) == []
    assert seen(EVERYTHING, looked_at=frozenset({device.id})) == [(grid, True)]
    assert seen(Scope(frozenset(), frozenset(), person_id=walker.id)) == [(grid, True)]


def test_who_answers_for_single_grids_does_not_see_who_is_near_a_door(
    session: Session, place: Community, device: Device, send: Send
) -> None:
    send(device, (0, 20), (20, 2))
    scope = Scope(frozenset({place.id}), frozenset({f"{place.code}001"}))

    assert live.seen_by(out(session), scope) == []
    assert len(live.seen_by(out(session), EVERYTHING)) == 1


def test_a_look_takes_a_reason_and_its_walker_reads_it(
    session: Session, device: Device, walker: Person, send: Send
) -> None:
    send(device, (0, 20), (400, 2))
    walkers = out(session)

    with pytest.raises(NoReason):
        live.look(session, walkers, reason=" ", at=NOW, by=Looker())
    phones = live.look(session, walkers, reason=" 暴雨, 请大家回来 ", at=NOW, by=Looker(address="10.0.0.1"))

    assert phones == [device.id]
    assert [(one.patrol, one.reason) for one in looks.looks_at(session, walker)] == [(None, "暴雨, 请大家回来")]
    assert session.scalars(select(AuditRow.facts)).one()["live"] is True


def test_how_many_are_out_does_not_change_how_often_the_database_is_asked(
    session: Session, place: Community, device: Device, send: Send
) -> None:
    asked: list[str] = []
    memory = Memory()
    send(device, (0, 20), (400, 2))
    out(session, memory=memory)
    engine = session.get_bind()

    def count() -> int:
        asked.clear()
        out(session, memory=memory)
        return len(asked)

    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    one = count()
    for _ in range(5):
        send(devices.add(session, place, at=NOW)[0], (0, 20), (400, 2))
    out(session, memory=memory)
    six = count()

    assert len(out(session, memory=memory)) == 6
    # The first may have to read again what the session had let go.
    assert six <= one <= 12


def test_phones_of_another_datum_are_put_where_they_are(session: Session, device: Device, send: Send) -> None:
    send(device, (0, 20), (400, 2))
    device.datum = "gcj02"
    session.flush()

    (one,) = out(session)

    assert one.place is not None
    assert 300 < abs(one.place[0] - 116.3005) * 85_000 < 700
