"""Sign-ins: found by their login, added with what they may see."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from data.errors import Conflict
from data.models import Role, User, UserScope
from geo.errors import N_


def find_user(session: Session, login: str) -> User | None:
    """The sign-in of that name, or None. Capital and small letters are the same."""
    wanted = select(User).where(func.lower(User.login) == login.strip().lower()).options(selectinload(User.scopes))
    return session.scalars(wanted).one_or_none()


def add_user(
    session: Session,
    *,
    login: str,
    password_hash: str,
    role: Role,
    at: datetime,
    places: Iterable[tuple[int, str | None]] = (),
    person_id: int | None = None,
    organisation_id: int | None = None,
    language: str = "zh",
) -> User:
    """Add a sign-in.

    Parameters
    ----------
    places : iterable of (int, str or None)
        What it may see: the id of a community with a grid's code, or with None for the whole community. An
        administrator or official without places sees everything; anybody else sees nothing.
    at : datetime
        When; aware.

    Raises
    ------
    data.errors.Conflict
        Somebody signs in under that name already.
    """
    login = login.strip()
    if find_user(session, login) is not None:
        raise Conflict(N_("There is a sign-in named %(login)s already. Choose another name."), login=login)
    user = User(
        login=login,
        password_hash=password_hash,
        role=role,
        person_id=person_id,
        organisation_id=organisation_id,
        language=language,
        created_at=at,
        scopes=[UserScope(community_id=community, grid_code=grid) for community, grid in places],
    )
    session.add(user)
    session.flush()
    return user
