"""Phones of a community: whose they are, who may touch them, and how long strangers wait."""

from datetime import UTC, datetime, timedelta

import make
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import fix_store
from data.errors import NotFound
from data.fix_store import FixRow, Sending
from data.models import Device, DeviceStage, PhoneFix, Team
from patrols import devices
from patrols.errors import OutOfScope
from patrols.scope import Scope

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)


def stranger(session: Session, name: str, days_ago: int = 0) -> None:
    came = AT_MS - days_ago * 86_400_000
    fix = FixRow(came, 40_000_000, 116_000_000)
    fix_store.store(session.connection(), [Sending(None, name, "osmand", came, [fix])])


def test_a_token_is_long_random_and_kept_as_a_hash_only(session: Session) -> None:
    place, _ = make.town(session)

    one, other = devices.add(session, place, at=AT), devices.add(session, place, at=AT)

    assert one[1] != other[1]
    assert len(one[1]) >= 24
    assert one[0].token_hash == devices.hash_token(one[1])


def test_a_person_or_team_of_another_community_is_refused(session: Session) -> None:
    place, _ = make.town(session)
    away = make.community(session, "110108001002")
    person = make.person(session, away)
    team = make.add(session, Team(community_id=away.id, name="小喇叭"))

    with pytest.raises(devices.DeviceRefused, match="王秀英"):
        devices.add(session, place, at=AT, person=person)
    with pytest.raises(devices.DeviceRefused, match="小喇叭"):
        devices.add(session, place, at=AT, team=team)


def test_strangers_are_listed_first_then_who_was_heard_last(session: Session) -> None:
    place, _ = make.town(session)
    for label, heard in (("early", AT_MS), ("late", AT_MS + 5)):
        devices.add(session, place, at=AT, label=label)[0].heard_ms = heard
    session.flush()
    stranger(session, "902064")

    found = devices.listing(session)

    assert [device.label or device.identity for device in found] == ["902064", "late", "early"]
    assert [device.stage for device in devices.listing(session, stages=[DeviceStage.PENDING])] == [DeviceStage.PENDING]


def test_a_scope_narrows_the_list_and_what_may_be_touched(session: Session) -> None:
    place, _ = make.town(session)
    away = make.community(session, "110108001002")
    theirs, _ = devices.add(session, away, at=AT)
    stranger(session, "902064")
    mine = Scope(communities=frozenset({place.id}), whole=frozenset({place.id}))

    assert [device.identity for device in devices.listing(session, mine)] == ["902064"]
    with pytest.raises(OutOfScope):
        devices.find(session, theirs.id, mine)
    with pytest.raises(NotFound):
        devices.find(session, 77, mine)


def test_a_stranger_whom_nobody_accepts_for_a_month_is_forgotten_with_all_it_sent(session: Session) -> None:
    stranger(session, "old", days_ago=31)
    stranger(session, "new", days_ago=29)

    assert devices.forget_strangers(session, at=AT) == 1

    assert session.scalars(select(Device.identity)).all() == ["new"]
    assert session.scalar(select(func.count()).select_from(PhoneFix)) == 1


def test_a_revoked_phone_that_is_accepted_again_has_its_patrols_derived_again(session: Session) -> None:
    place, _ = make.town(session)
    stranger(session, "902064")
    device = session.scalars(select(Device)).one()
    devices.revoke(device, at=AT)
    device.stale_from_ms = device.stale_until_ms = device.stale_since_ms = None

    devices.accept(session, device, place, at=AT + timedelta(hours=1))

    assert (device.stage, device.stale_from_ms) == (DeviceStage.ACCEPTED, AT_MS)
