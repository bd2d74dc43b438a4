"""Views that are handed on by a link: made, found while they open, taken back; never more than their maker may see."""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from data.errors import NotFound
from data.models import Community, SharedBeside, SharedView, User, ViewKind
from geo.errors import N_
from patrols.errors import BadView
from patrols.rules import Rules
from patrols.scope import Scope

KEY_BYTES = 16
"""128 bits: nobody finds a link by guessing, even who has stolen the key that signs them."""

MOST_FIELDS = 40
LONGEST_FIELD = 2000
MOST_LISTED = 100

MOST_COMMUNITIES = 40
"""Of so many one view is still collected in seconds, and its page opens on a phone."""


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
    beside: Sequence[Community] = (),
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
    beside : sequence of Community
        Further ones that the view shows.

    Raises
    ------
    OutOfScope
        If the maker may see nothing of one of the communities.
    BadView
        If it should open for longer than each of the communities allows, or for no day, or the address is endless, or
        it is of too many communities.
    """
    places = (community, *beside)
    for place in places:
        scope.require_entry(place.id)
    check_number(places)
    most = most_days(places)
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
        beside=[SharedBeside(community=place, grids=_grids(scope, place)) for place in beside],
        title=how.title,
        language=how.language,
        framed=how.framed,
        made_at=at,
        ends_at=at + timedelta(days=how.days),
    )
    session.add(share)
    session.flush()
    return share


def check_number(places: Sequence[Community]) -> None:
    """Refuse more communities than one view shows.

    Raises
    ------
    BadView
        Says how many may be.
    """
    if len(places) > MOST_COMMUNITIES:
        raise BadView(
            N_("A link or a picture shows at most %(most)s communities. Choose a smaller place on the map."),
            most=MOST_COMMUNITIES,
        )


def most_days(places: Sequence[Community]) -> int:
    """For how many days a link may open at most: as long as the strictest of its communities allows."""
    return min(math.ceil(Rules.for_community(place.rules).link_days) for place in places)


def find(session: Session, key: str, *, at: datetime) -> SharedView:
    """The view behind a link.

    Raises
    ------
    NotFound
        There is none, it has ended, it was taken back, or its maker's sign-in is switched off or may see nothing of it
        any more; all of these sound the same.
    """
    share = session.scalar(_whole(select(SharedView)).where(SharedView.key == key))
    if share is None or not opens(share, at=at) or not scope_of(share).communities:
        raise NotFound(N_("This link no longer opens anything. Ask whoever gave it to you for a new one."))
    return share


def opens(share: SharedView, *, at: datetime) -> bool:
    """Whether a link still opens, as far as its day, its maker and its being taken back go."""
    return share.revoked_at is None and at < share.ends_at and share.by.active


def scope_of(share: SharedView) -> Scope:
    """What a link shows: what its maker could see when making it, and still may; never a person or a whole walk.

    It has to be looked at through the floor all the same (`patrols.told_counts`): whoever opens it is nobody we know.
    """
    now, grids, whole, entered = Scope.of_user(share.by), set[str](), set[int](), set[int]()
    for place, then in _shown(share):
        if not now.enters(place.id):
            continue
        kept = _kept(then, _grids(now, place))
        if kept is None:
            whole.add(place.id)
        elif kept:
            grids.update(kept)
        if kept is None or kept:
            entered.add(place.id)
    return Scope(
        communities=frozenset(entered),
        grids=None if whole == entered and entered else frozenset(grids),
        whole=frozenset(whole),
        reporters=False,
        walkers=False,
        streets=False,
    )


def communities_of(share: SharedView, *, on: date) -> list[Community]:
    """The communities that a link shows, by code: those in force on a day of which its maker still sees anything."""
    seen = scope_of(share)
    found = [place for place, _ in _shown(share) if seen.enters(place.id)]
    return sorted((place for place in found if _in_force(place, on)), key=lambda place: place.code)


def listing(session: Session, scope: Scope, community: Community, by: User, *, every: bool) -> list[SharedView]:
    """The newest links to views that show a community: one's own, or `every` one for who answers for all of it."""
    beside = SharedView.beside.any(SharedBeside.community_id == community.id)
    wanted = _whole(select(SharedView)).where(or_(SharedView.community_id == community.id, beside))
    if not (every and scope.allows(community.id)):
        wanted = wanted.where(SharedView.by_user_id == by.id)
    return list(session.scalars(wanted.order_by(SharedView.id.desc()).limit(MOST_LISTED)))


def get(session: Session, scope: Scope, number: int, by: User, *, every: bool) -> SharedView:
    """One link by its number, for its maker, or for who answers for a whole community in it and may see `every` one.

    Raises
    ------
    NotFound
        There is none, or not for this person; both sound the same.
    """
    share = session.scalar(_whole(select(SharedView)).where(SharedView.id == number))
    if share is None:
        raise NotFound(N_("There is no link of that number."))
    answers = every and any(scope.allows(place.id) for place, _ in _shown(share))
    if share.by_user_id != by.id and not answers:
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


def _shown(share: SharedView) -> list[tuple[Community, list[str] | None]]:
    """The communities of a link, each with the grids that its maker saw when making it; None: all of them."""
    return [(share.community, share.grids), *((one.community, one.grids) for one in share.beside)]


def _kept(then: list[str] | None, now: list[str] | None) -> list[str] | None:
    """What could be seen then and still may; None is everything."""
    if then is None or now is None:
        return now if then is None else then
    return sorted(set(then) & set(now))


def _in_force(place: Community, on: date) -> bool:
    return place.valid_from <= on and (place.valid_until is None or on < place.valid_until)


def _whole(wanted: Select[SharedView]) -> Select[SharedView]:
    return wanted.options(
        joinedload(SharedView.community),
        joinedload(SharedView.by).selectinload(User.scopes),
        selectinload(SharedView.beside).joinedload(SharedBeside.community),
    )
