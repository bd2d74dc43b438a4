"""What others see of stored walks, how long fixes stay, consents, looks, and one's own data; on both databases."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import audit, frames
from data.models import (
    AuditRow,
    Community,
    Consent,
    Curtain,
    Device,
    DevicePatrol,
    DeviceStage,
    Fix,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Person,
    PhoneFix,
    Team,
    TeamMember,
)
from patrols import consents, extracts, looks, on_map, own_data, privacy, retention
from patrols.errors import ConsentRefused, NoReason, OutOfScope
from patrols.looks import Looker
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
DOOR = (116.3, 40.001)


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


@pytest.fixture
def walker(session: Session, place: Community) -> Person:
    return make.person(session, place)


def patrol(session: Session, place: Community, person: Person | None, *, days_ago: int = 1, key: str = "") -> Patrol:
    """A walk of 1.7 km to the east and back, with three fixes."""
    began = NOW - days_ago * DAY
    line = shapely.MultiLineString([[DOOR, (116.31, 40.001), (116.32, 40.001), (116.31, 40.0011), DOOR]])
    row = make.add(
        session,
        Patrol(
            community_id=place.id,
            person_id=person and person.id,
            source=PatrolSource.FILE,
            source_key=key or f"{days_ago}",
            started_at=began,
            ended_at=began + timedelta(hours=1),
            metres=3400.0,
            minutes=60.0,
            fixes_kept=3,
            track=line,
            credits=[PatrolCredit(grid_code=f"{place.code}001", metres=3400.0, minutes=60.0)],
        ),
    )
    for second in range(3):
        make.add(session, Fix(patrol_id=row.id, at=began + timedelta(seconds=second), lon=DOOR[0], lat=DOOR[1]))
    return row


def on_the_map(session: Session, place: Community) -> gpd.GeoDataFrame:
    return on_map.tracks_on_map(session, EVERYTHING, place, since=NOW - 400 * DAY, until=NOW)


def metres_from_door(session: Session, place: Community, line: shapely.Geometry) -> float:
    both = gpd.GeoSeries([line, shapely.Point(DOOR)], crs=4326).to_crs(frames.crs_of(session, place.id))
    ends = [shapely.get_point(part, end) for part in shapely.get_parts(both[0]) for end in (0, -1)]
    return float(min(shapely.distance(ends, both[1])))


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_walk_is_shown_only_after_its_ends_are_hidden_and_then_always_the_same(
    session: Session, place: Community, walker: Person
) -> None:
    patrol(session, place, walker)
    before = on_the_map(session, place)

    hung, again = privacy.hang_missing(session, place), privacy.hang_missing(session, place)
    first, second = on_the_map(session, place), on_the_map(session, place)
    exported = extracts.patrols(session, EVERYTHING, place)

    assert before.empty
    assert (hung, again) == (1, 0)
    assert metres_from_door(session, place, first.geometry[0]) > 100
    assert first.geometry[0].equals(second.geometry[0])
    assert exported.geometry[0].equals(first.geometry[0])


def test_no_row_holds_a_door(session: Session, place: Community, walker: Person) -> None:
    patrol(session, place, walker)
    privacy.hang_missing(session, place)

    one = session.scalars(select(Curtain)).one()

    assert metres_from_door(session, place, shapely.LineString([(one.lon, one.lat)] * 2)) > 55


def test_curtains_hung_by_the_same_seed_are_the_same(session: Session, place: Community, walker: Person) -> None:
    walks = gpd.GeoSeries([shapely.MultiLineString([[(0, 0), (900, 0), (0, 0)]])], crs=make.METRES)
    bearings = []
    for _ in range(2):
        privacy.hang(session, place, walks, [walker.id], random=np.random.default_rng(4))
        bearings.append(session.scalars(select(Curtain.bearing_deg)).one())
        privacy.forget_doors(session, walker.id)

    assert bearings[0] == bearings[1]
    assert count(session, Curtain) == 0


def test_fixes_go_after_ninety_days_and_totals_stay(session: Session, place: Community, walker: Person) -> None:
    old, young = patrol(session, place, walker, days_ago=100), patrol(session, place, walker, days_ago=80)
    privacy.hang_missing(session, place)
    shown = on_the_map(session, place)

    done = retention.expire_fixes(session, place, at=NOW)
    again = retention.expire_fixes(session, place, at=NOW)

    assert (done.fixes, done.patrols) == (3, 1)
    assert again == retention.Expired()
    assert session.scalars(select(Fix.patrol_id).distinct()).all() == [young.id]
    assert (old.metres, old.minutes, old.fixes_kept) == (3400.0, 60.0, 3)
    assert count(session, PatrolCredit) == 2
    assert metres_from_door(session, place, frames.decode([old.track])[0]) > 100
    assert frames.decode([young.track])[0].length == pytest.approx(0.04, rel=0.01)
    left = on_the_map(session, place)
    assert shapely.equals_exact(left.geometry.array, shown.geometry.array, tolerance=1e-9).all()


def test_a_community_may_keep_fixes_for_another_time(session: Session, place: Community, walker: Person) -> None:
    patrol(session, place, walker, days_ago=10)
    place.rules = {"fixes_kept_days": 7}

    done = retention.expire_fixes(session, place, at=NOW)

    assert done.fixes == 3
    assert retention.kept_since(place, NOW) == datetime(2026, 11, 14, 16, tzinfo=UTC)


def test_what_phones_sent_goes_with_its_time_and_is_not_derived_anew(
    session: Session, place: Community, walker: Person
) -> None:
    phone = make.add(
        session,
        Device(stage=DeviceStage.ACCEPTED, community_id=place.id, person_id=walker.id, enrolled_at=NOW - 200 * DAY),
    )
    for days in (1, 100):
        moment = int((NOW - days * DAY).timestamp() * 1000)
        make.add(
            session,
            PhoneFix(device_id=phone.id, at_ms=moment, lat_e6=1, lon_e6=1, dialect="osmand", received_ms=moment),
        )

    done = retention.expire_fixes(session, place, at=NOW)

    assert done.phone_fixes == 1
    assert count(session, PhoneFix) == 1
    assert phone.expired_until_ms == int(retention.kept_since(place, NOW).timestamp() * 1000)


def test_a_consent_has_a_version_and_ends_when_it_is_withdrawn(
    session: Session, place: Community, walker: Person
) -> None:
    patrol(session, place, walker)
    privacy.hang_missing(session, place)
    before = consents.may_be_tracked(session, walker)
    text = consents.text_in_force(session, place, at=NOW)

    given = consents.give(session, walker, text.version, at=NOW)
    again = consents.give(session, walker, text.version, at=NOW + DAY)
    agreed, seen = consents.may_be_tracked(session, walker), len(on_the_map(session, place))
    consents.withdraw(session, walker, at=NOW + 2 * DAY)

    assert (before, agreed, seen) == (False, True, 1)
    assert again is given
    assert not consents.may_be_tracked(session, walker)
    assert consents.withdrawn(session, place) == {walker.id}
    assert on_the_map(session, place).empty
    assert extracts.patrols(session, EVERYTHING, place).geometry[0] is None
    consents.give(session, walker, text.version, at=NOW + 3 * DAY)
    assert len(on_the_map(session, place)) == 1
    assert [one.withdrawn_at for one in consents.history(session, walker)] == [None, NOW + 2 * DAY]


def test_a_new_text_asks_everybody_again(session: Session, place: Community, walker: Person) -> None:
    consents.give(session, walker, 1, at=NOW)

    text = consents.add_text(session, place, zh="新的同意书", en="the new text", at=NOW)

    assert text.version == 2
    assert [one.version for one in consents.texts(session, place)] == [2, 1]
    assert not consents.may_be_tracked(session, walker)
    assert consents.withdrawn(session, place) == set()
    with pytest.raises(ConsentRefused, match="Version 1"):
        consents.give(session, walker, 1, at=NOW)
    with pytest.raises(ConsentRefused, match="English"):
        consents.add_text(session, place, zh="只有中文", en=" ", at=NOW)


def test_who_withdraws_is_recorded_by_no_phone_of_theirs(session: Session, place: Community, walker: Person) -> None:
    other = make.person(session, place, "P002", name="李娜")
    phones = [
        make.add(session, Device(stage=DeviceStage.ACCEPTED, community_id=place.id, person_id=one.id, enrolled_at=NOW))
        for one in (walker, other)
    ]

    consents.withdraw(session, walker, at=NOW)

    assert [phone.stage for phone in phones] == [DeviceStage.REVOKED, DeviceStage.ACCEPTED]


def test_whoever_never_agreed_can_refuse(session: Session, place: Community, walker: Person) -> None:
    assert consents.withdraw(session, walker, at=NOW) == 1
    assert consents.withdraw(session, walker, at=NOW) == 0

    assert consents.withdrawn(session, place) == {walker.id}


def test_a_named_track_is_looked_at_for_a_reason_that_its_walker_reads(
    session: Session, place: Community, walker: Person
) -> None:
    walked = patrol(session, place, walker)
    other = make.person(session, place, "P002", name="李娜")

    seen = looks.look(session, EVERYTHING, walked.id, reason=" 居民投诉 ", at=NOW, by=Looker(address="10.0.0.1"))
    audit.write(session, "patrols.exported", at=NOW, facts={"persons": [walker.id], "reason": "季度核对", "rows": 1})

    assert seen.line.length == pytest.approx(0.04, rel=0.01)
    found = looks.looks_at(session, walker)
    assert [(one.patrol, one.reason) for one in found] == [(None, "季度核对"), (walked.id, "居民投诉")]
    assert looks.looks_at(session, other) == []
    assert audit.find_broken_seal(session) is None


def test_without_a_reason_or_outside_the_own_ground_nothing_is_shown_and_the_own_track_needs_none(
    session: Session, place: Community, walker: Person
) -> None:
    walked = patrol(session, place, walker)

    with pytest.raises(NoReason):
        looks.look(session, EVERYTHING, walked.id, reason="  ", at=NOW, by=Looker())
    with pytest.raises(OutOfScope):
        looks.look(session, Scope(frozenset({place.id + 1})), walked.id, reason="why", at=NOW, by=Looker())
    mine = looks.look(session, Scope(person_id=walker.id), walked.id, reason="", at=NOW, by=Looker())

    assert mine.line is not None
    assert count(session, AuditRow) == 0


def test_own_data_hold_everything_about_one_person_and_nothing_about_others(
    session: Session, place: Community, walker: Person
) -> None:
    other = make.person(session, place, "P002", name="李娜")
    walked = patrol(session, place, walker)
    patrol(session, place, other, key="other")
    team = make.add(session, Team(community_id=place.id, name="小红帽"))
    make.add(session, TeamMember(team_id=team.id, person_id=walker.id, valid_from=NOW.date()))
    consents.give(session, walker, 1, at=NOW)
    looks.look(session, EVERYTHING, walked.id, reason="投诉", at=NOW, by=Looker())

    own = own_data.collect(session, walker)

    assert own.patrols["patrol"].tolist() == [walked.id]
    assert own.patrols.geometry[0].length == pytest.approx(0.04, rel=0.01)
    assert (len(own.fixes), own.fixes["patrol"].unique().tolist()) == (3, [walked.id])
    assert own.facts["name"] == "王秀英"
    assert [one["team"] for one in own.facts["teams"]] == ["小红帽"]
    assert [one["version"] for one in own.facts["consents"]] == [1]
    assert [one["reason"] for one in own.facts["looks"]] == ["投诉"]
    assert "李娜" not in str(own.facts)


def test_a_person_without_walks_takes_away_empty_files(session: Session, place: Community, walker: Person) -> None:
    own = own_data.collect(session, walker)

    assert (len(own.patrols), len(own.fixes)) == (0, 0)


def test_deleted_tracks_leave_totals_that_belong_to_nobody(session: Session, place: Community, walker: Person) -> None:
    other = make.person(session, place, "P002", name="李娜")
    walked, kept = patrol(session, place, walker), patrol(session, place, other, key="other")
    phone = make.add(
        session, Device(stage=DeviceStage.ACCEPTED, community_id=place.id, person_id=walker.id, enrolled_at=NOW)
    )
    shared = make.add(
        session, Device(stage=DeviceStage.ACCEPTED, community_id=place.id, person_id=other.id, enrolled_at=NOW)
    )
    for at_ms, device in ((1, phone), (5, shared), (9, shared)):
        make.add(
            session,
            PhoneFix(device_id=device.id, at_ms=at_ms, lat_e6=1, lon_e6=1, dialect="osmand", received_ms=at_ms),
        )
    make.add(session, DevicePatrol(patrol_id=walked.id, device_id=shared.id, began_ms=4, ended_ms=6, content="x"))
    privacy.hang_missing(session, place)

    done = own_data.delete_tracks(session, walker, at=NOW)

    assert done == own_data.Deleted(patrols=1, fixes=5, phones=1)
    assert (walked.person_id, walked.track, walked.metres) == (None, None, 3400.0)
    assert count(session, PatrolCredit) == 2
    assert session.scalars(select(Fix.patrol_id).distinct()).all() == [kept.id]
    assert session.scalars(select(PhoneFix.at_ms)).all() == [9]
    assert (phone.stage, phone.person_id) == (DeviceStage.REVOKED, None)
    assert session.scalars(select(Curtain.person_id)).all() == [other.id]
    assert session.scalars(select(Consent.withdrawn_at)).all() == [NOW]
    assert len(on_the_map(session, place)) == 1
