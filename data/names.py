"""What people, offices and sign-ins are called, by id: one query each, however many."""

from collections.abc import Iterable

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from data.models import Building, Compound, Organisation, Person, User


def people(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by id."""
    return _pairs(session, select(Person.id, Person.name).where(Person.id.in_(_known(ids))))


def offices(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of organisations by id."""
    return _pairs(session, select(Organisation.id, Organisation.name).where(Organisation.id.in_(_known(ids))))


def users(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """What to call each sign-in, by id: the person's name, else the login."""
    called = func.coalesce(Person.name, User.login)
    wanted = select(User.id, called).outerjoin(Person, Person.id == User.person_id)
    return _pairs(session, wanted.where(User.id.in_(_known(ids))))


def buildings(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of buildings by id: the name, else the address, else the key of the file they came from."""
    called = func.coalesce(func.nullif(Building.name, ""), func.nullif(Building.address, ""), Building.source_key, "")
    return _pairs(session, select(Building.id, called).where(Building.id.in_(_known(ids))))


def compounds(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of compounds by id: the name, else the key of the file they came from."""
    called = func.coalesce(func.nullif(Compound.name, ""), Compound.source_key, "")
    return _pairs(session, select(Compound.id, called).where(Compound.id.in_(_known(ids))))


def offices_of(session: Session, community_id: int) -> list[Organisation]:
    """The handling offices and property firms of a community, by name."""
    wanted = select(Organisation).where(Organisation.community_id == community_id).order_by(Organisation.name)
    return list(session.scalars(wanted))


def _known(ids: Iterable[int | None]) -> set[int]:
    return {one for one in ids if one is not None}


def _pairs(session: Session, wanted: Select[int, str]) -> dict[int, str]:
    return {row[0]: row[1] for row in session.execute(wanted)}
