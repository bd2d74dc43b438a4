"""Walks, check-lists and photos of a person: given out, taken from the name, forgotten with the fixes."""

from datetime import UTC, datetime, timedelta

import make
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import CheckListAnswer, Photo, Role, User, Walk, WalkEnd
from patrols import check_lists, consents, own_data, retention, walk_phones, walks
from patrols.check_lists import Found

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_they_are_given_out_and_go_with_the_persons_tracks(session: Session) -> None:
    place, _ = make.town(session)
    person = make.person(session, place)
    user = make.add(
        session, User(login="w", password_hash="x", role=Role.GRID_WORKER, person_id=person.id, created_at=AT)
    )
    consents.give(session, person, 1, at=AT)
    check_lists.begin(session, place, at=AT)
    phone, _ = walk_phones.enrol(session, user, "browser", at=AT)
    walks.start(session, phone, "walk", at=AT, clock_off=timedelta(), now=AT)
    walks.stop(session, phone, "walk", at=AT + DAY / 48, clock_off=timedelta(), now=AT + DAY, why=WalkEnd.PERSON)
    listed = check_lists.in_force(session, place)[0]
    ticked = [Found(listed.items[0].id, True)]
    check_lists.answer(session, phone.device, listed.id, ticked, at=AT, point=(116.3005, 40.0005), walk="walk")
    make.add(
        session, Photo(key="p", community_id=place.id, device_id=phone.device_id, by_user_id=user.id, at=AT, file="a")
    )

    facts = own_data.collect(session, person).facts
    retention.expire_fixes(session, place, at=AT + 95 * DAY)
    forgotten = session.scalars(select(CheckListAnswer.lon)).all()
    own_data.delete_tracks(session, person, at=AT + 96 * DAY)

    assert [len(facts[name]) for name in ("walks", "check_lists", "photos")] == [1, 1, 1]
    assert (facts["walks"][0]["ended_by"], facts["check_lists"][0]["lon"]) == ("person", 116.3005)
    assert forgotten == [None]
    assert session.scalars(select(Walk)).all() == []
    assert [(one.person_id, one.walk) for one in session.scalars(select(CheckListAnswer))] == [(None, "")]
    assert [(one.file, one.by_user_id, one.device_id) for one in session.scalars(select(Photo))] == [(None, None, None)]
    assert not walk_phones.works(phone)
