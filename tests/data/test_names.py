"""Names by id: one query each, and nothing for nobody."""

from datetime import UTC, datetime

import make
from sqlalchemy.orm import Session

from data import names, users
from data.models import Organisation, Role


def test_people_offices_and_buildings_are_called_by_their_names(session: Session) -> None:
    place, _edition = make.town(session)
    person = make.person(session, place)
    office = make.add(session, Organisation(community_id=place.id, name="环卫所"))
    named = make.building(session, place, make.degrees_square(0), name="3号楼")
    only_key = make.building(session, place, make.degrees_square(1), source_key="way/7")
    yard = make.compound(session, place, make.degrees_square(2), name="平房院")

    assert names.people(session, [person.id, None, 999_999]) == {person.id: "王秀英"}
    assert names.offices(session, [office.id]) == {office.id: "环卫所"}
    assert names.buildings(session, [named.id, only_key.id]) == {named.id: "3号楼", only_key.id: "way/7"}
    assert names.compounds(session, [yard.id]) == {yard.id: "平房院"}
    assert [row.name for row in names.offices_of(session, place.id)] == ["环卫所"]
    assert names.people(session, []) == {}


def test_a_sign_in_is_called_by_its_persons_name_else_by_its_login(session: Session) -> None:
    place, _edition = make.town(session)
    person = make.person(session, place)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    own = users.add_user(session, login="wang", password_hash="#", role=Role.HANDLER, at=at, person_id=person.id)
    bare = users.add_user(session, login="office", password_hash="#", role=Role.HANDLER, at=at)

    assert names.users(session, [own.id, bare.id]) == {own.id: "王秀英", bare.id: "office"}
