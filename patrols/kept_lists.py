"""Lists of incidents that people keep under a name: filters that they ask for again and again."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import KeptList, User
from geo.errors import N_
from patrols.errors import BadRule

MOST = 20
LONGEST_NAME, LONGEST_QUERY = 32, 512


def of(session: Session, user: User) -> Sequence[KeptList]:
    """The lists that somebody keeps, in the order in which they were first kept."""
    return session.scalars(select(KeptList).where(KeptList.user_id == user.id).order_by(KeptList.id)).all()


def keep(session: Session, user: User, name: str, query: str) -> KeptList:
    """Keep a list; one of the same name is replaced.

    Parameters
    ----------
    query : str
        What stands behind the question mark of the list's address.

    Raises
    ------
    BadRule
        Without a name, with one that is too long, or if there are too many.
    """
    said = " ".join(name.split())
    if not said or len(said) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise BadRule(N_("A list needs a name of at most %(most)s characters."), most=LONGEST_NAME)
    mine = of(session, user)
    row = next((one for one in mine if one.name == said), None)
    if row is None and len(mine) >= MOST:
        raise BadRule(N_("You keep %(most)s lists: drop one first."), most=MOST)
    row = row or KeptList(user_id=user.id, name=said)
    row.query = query
    session.add(row)
    session.flush()
    return row


def drop(session: Session, user: User, key: int) -> str:
    """Keep a list no more; its name.

    Raises
    ------
    NotFound
        If it is none of this person's.
    """
    row = session.get(KeptList, key)
    if row is None or row.user_id != user.id:
        raise NotFound(N_("You keep no such list."))
    name = row.name
    session.delete(row)
    session.flush()
    return name
