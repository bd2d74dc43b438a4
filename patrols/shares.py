"""Views that are handed on by a link: made, found while they open, taken back; never more than their maker may see."""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload

from data.errors import NotFound
from data.models import Community, SharedView, User, ViewKind
from geo.errors import N_
from patrols.errors import BadView
from patrols.rules import Rules
from patrols.scope import Scope

KEY_BYTES = 16
"""128 bits: nobody finds a link by guessing, even who has stolen the key that signs them."""

MOST_FIELDS = 40
LONGEST_FIELD = 2000
MOST_LISTED = 100


@dataclass(frozen=True)
class Handed:
    """How a view is handed on.

    Parameters
    ----------
    days : int
        After how many days its link opens nothing any more; at most ``Rules.link_days`` of the community.
    title : str
        What stands above it; "" for the usual heading.
    language : str
        In which language it is shown: whoever opens it has no sign-in that says.
    framed : bool
        Whether other sites may show it inside their pages.
    """

    days: int
    title: str = ""
    language: str = "zh"
    framed: bool = False


def hand_on(
    session: Session,
    scope: Scope,
    community: Community,
    by: User,
    kind: ViewKind,
    query: Mapping[str, str],
    how: Handed,
    *,
    at: datetime,
) -> SharedView:
    """Hand a view on: from now until its day whoever has the link sees it, without persons and single incidents.

    What its maker may see now is kept with it: the link never shows more, also when the maker answers for more later.
    When the maker answers for less, it shows less (`scope_of`).

    Parameters
    ----------
    scope : Scope
        Of the maker, `by`.
    query : mapping
        The fields of the page's address.

    Raises
    ------
    OutOfScope
        If the maker may see nothing of the community.
    BadView
        If it should open for longer than the community allows, or for no day, or the address is endless.
    """
    scope.require_entry(community.id)
    most = math.ceil(Rules.for_community(community.rules).link_days)
    if not 1 <= how.days <= most:
        raise BadView(N_("A link opens for 1 to %(most)s days."), most=most)
    if len(query) > MOST_FIELDS or any(len(text) > LONGEST_FIELD for text in (*query, *query.values())):
        raise BadView(N_("This view has too many filters to be handed on. Take some away."))
    share = SharedView(
        key=secrets.token_urlsafe(KEY_BYTES),
        community=community,
        by=by,
        kind=kind,
        query=dict(query),
        grids=_grids(scope, community),
        title=how.title,
        language=how.language,
        framed=how.framed,
        made_at=at,
        ends_at=at + timedelta(days=how.days),
    )
    session.add(share)
    session.flush()
    return share


def find(session: Session, key: str, *, at: datetime) -> SharedView:
    """The view behind a link.

    Raises
    ------
    NotFound
        There is none, it has ended, it was taken back, or its maker's sign-in is switched off or may see nothing of it
        any more; all of these sound the same.
    """
    share = session.scalar(_whole(select(SharedView)).where(SharedView.key == key))
    if share is None or not opens(share, at=at) or _gone(scope_of(share), share):
        raise NotFound(N_("This link no longer opens anything. Ask whoever gave it to you for a new one."))
    return share


def opens(share: SharedView, *, at: datetime) -> bool:
    """Whether a link still opens, as far as its day, its maker and its being taken back go."""
    return share.revoked_at is None and at < share.ends_at and share.by.active


def scope_of(share: SharedView) -> Scope:
    """What a link shows: what its maker could see when making it, and still may; never a person or a whole walk.

    It has to be looked at through the floor all the same (`patrols.told_counts`): whoever opens it is nobody we know.
    """
    now = _grids(Scope.of_user(share.by), share.community)
    then = share.grids
    kept = now if then is None else then if now is None else sorted(set(then) & set(now))
    place = frozenset({share.community_id})
    entered = Scope.of_user(share.by).enters(share.community_id)
    return Scope(
        communities=place if entered else frozenset(),
        grids=None if kept is None else frozenset(kept),
        reporters=False,
        walkers=False,
        streets=False,
    )


def listing(session: Session, scope: Scope, community: Community, by: User, *, every: bool) -> list[SharedView]:
    """The newest links to views of a community: one's own, or `every` one for who answers for all of it."""
    wanted = _whole(select(SharedView)).where(SharedView.community_id == community.id)
    if not (every and scope.allows(community.id)):
        wanted = wanted.where(SharedView.by_user_id == by.id)
    return list(session.scalars(wanted.order_by(SharedView.id.desc()).limit(MOST_LISTED)))


def get(session: Session, scope: Scope, number: int, by: User, *, every: bool) -> SharedView:
    """One link by its number, for its maker, or for who answers for the whole community and may see `every` one.

    Raises
    ------
    NotFound
        There is none, or not for this person; both sound the same.
    """
    share = session.scalar(_whole(select(SharedView)).where(SharedView.id == number))
    if share is None or not (share.by_user_id == by.id or (every and scope.allows(share.community_id))):
        raise NotFound(N_("There is no link of that number."))
    return share


def take_back(session: Session, share: SharedView, *, at: datetime) -> None:
    """Take a link back: it opens nothing from now on. Again, nothing changes."""
    share.revoked_at = share.revoked_at or at
    session.flush()


def count_look(session: Session, number: int, *, at: datetime) -> None:
    """Count that somebody opened the link of that number; who, nobody knows or keeps."""
    # Counted by the database: two who open it at once are two.
    session.execute(
        update(SharedView).where(SharedView.id == number).values(looks=SharedView.looks + 1, looked_at=at),
        execution_options={"synchronize_session": False},
    )


def _grids(scope: Scope, community: Community) -> list[str] | None:
    """Codes of the grids of a community that may be seen; None: all of them."""
    if scope.allows(community.id):
        return None
    return sorted(code for code in scope.grids or () if scope.enters(community.id) and code.startswith(community.code))


def _gone(scope: Scope, share: SharedView) -> bool:
    return not scope.enters(share.community_id) or scope.grids == frozenset()


def _whole(wanted: Select[SharedView]) -> Select[SharedView]:
    return wanted.options(joinedload(SharedView.community), joinedload(SharedView.by).selectinload(User.scopes))
