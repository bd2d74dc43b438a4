"""Links to views: what they show, to whom, and until when."""

from datetime import datetime, timedelta
from typing import Any

import make
import pytest
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import Community, Role, SharedView, User, UserScope, ViewKind
from patrols import shares
from patrols.errors import BadView, OutOfScope
from patrols.scope import Scope
from patrols.shares import Handed

AT = make.EPOCH
WEEK = Handed(days=7)


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


def user(session: Session, role: Role, *places: tuple[int, str | None], login: str = "zhao") -> User:
    rows = [UserScope(community_id=community, grid_code=grid) for community, grid in places]
    return make.add(session, User(login=login, password_hash="x", role=role, created_at=AT, scopes=rows))


def hand_on(session: Session, place: Community, by: User, how: Handed = WEEK, **options: Any) -> SharedView:
    query = options.get("query", {"since": "2026-08-01"})
    return shares.hand_on(session, Scope.of_user(by), place, by, ViewKind.HEAT, query, how, at=AT)


def test_a_link_opens_until_its_day_and_not_a_moment_longer(session: Session, place: Community) -> None:
    share = hand_on(session, place, user(session, Role.OFFICIAL))

    assert shares.find(session, share.key, at=AT + timedelta(days=7, seconds=-1)) is share
    with pytest.raises(NotFound):
        shares.find(session, share.key, at=AT + timedelta(days=7))


@pytest.mark.parametrize("days", [0, -1, 101])
def test_nobody_hands_on_for_ever(session: Session, place: Community, days: int) -> None:
    with pytest.raises(BadView):
        hand_on(session, place, user(session, Role.OFFICIAL), Handed(days=days))


def test_a_community_says_how_long_its_links_may_open(session: Session, place: Community) -> None:
    place.rules = {"link_days": 3}

    with pytest.raises(BadView, match="1 to 3"):
        hand_on(session, place, user(session, Role.OFFICIAL))


def test_a_link_taken_back_opens_nothing(session: Session, place: Community) -> None:
    share = hand_on(session, place, user(session, Role.OFFICIAL))
    later = AT + timedelta(hours=1)

    shares.take_back(session, share, at=later)
    shares.take_back(session, share, at=later + timedelta(hours=1))

    assert share.revoked_at == later
    with pytest.raises(NotFound):
        shares.find(session, share.key, at=later)


def test_a_link_ends_with_its_makers_sign_in(session: Session, place: Community) -> None:
    maker = user(session, Role.OFFICIAL)
    share = hand_on(session, place, maker)

    maker.active = False

    with pytest.raises(NotFound):
        shares.find(session, share.key, at=AT)


def test_a_link_shows_nobodys_name_and_no_walk(session: Session, place: Community) -> None:
    share = hand_on(session, place, user(session, Role.ADMINISTRATOR))

    scope = shares.scope_of(share)

    assert (scope.reporters, scope.walkers, scope.streets, scope.person_id) == (False, False, False, None)
    assert scope.communities == {place.id}
    assert scope.grids is None


def test_a_link_never_shows_more_than_its_maker_saw_then(session: Session, place: Community) -> None:
    maker = user(session, Role.GRID_MANAGER, (place.id, f"{place.code}001"), (place.id, f"{place.code}002"))
    share = hand_on(session, place, maker)

    maker.scopes = [UserScope(community_id=place.id, grid_code=None)]
    session.flush()

    assert shares.scope_of(share).grids == {f"{place.code}001", f"{place.code}002"}


def test_a_link_shows_less_when_its_maker_may_see_less(session: Session, place: Community) -> None:
    maker = user(session, Role.GRID_MANAGER, (place.id, None))
    share = hand_on(session, place, maker)

    maker.scopes = [UserScope(community_id=place.id, grid_code=f"{place.code}003")]
    session.flush()
    assert shares.scope_of(share).grids == {f"{place.code}003"}

    maker.scopes = []
    session.flush()
    with pytest.raises(NotFound):
        shares.find(session, share.key, at=AT)


def test_grids_of_another_community_are_never_in_a_link(session: Session, place: Community) -> None:
    away = make.community(session, "110108001002")
    maker = user(session, Role.GRID_MANAGER, (place.id, f"{place.code}001"), (away.id, f"{away.code}001"))

    share = hand_on(session, place, maker)

    assert share.grids == [f"{place.code}001"]
    assert not shares.scope_of(share).enters(away.id)


def test_nobody_hands_on_what_they_may_not_see(session: Session, place: Community) -> None:
    away = make.community(session, "110108001002")

    with pytest.raises(OutOfScope):
        hand_on(session, place, user(session, Role.GRID_MANAGER, (away.id, None)))


@pytest.mark.parametrize("query", [{str(i): "" for i in range(41)}, {"grid": "x" * 2001}, {"x" * 2001: ""}])
def test_an_endless_address_is_not_kept(session: Session, place: Community, query: dict[str, str]) -> None:
    with pytest.raises(BadView):
        hand_on(session, place, user(session, Role.OFFICIAL), query=query)


def test_looks_are_counted_and_nobody_who_looked_is_kept(session: Session, place: Community) -> None:
    share = hand_on(session, place, user(session, Role.OFFICIAL))
    last = AT + timedelta(hours=2)

    for at in (AT, AT + timedelta(hours=1), last):
        shares.count_look(session, share.id, at=at)
    session.expire_all()

    assert (share.looks, share.looked_at) == (3, last)


def test_each_sees_their_own_links_and_the_manager_of_all_sees_every_one(session: Session, place: Community) -> None:
    makers = [user(session, Role.OFFICIAL, (place.id, None), login=login) for login in ("qian", "sun")]
    first, second = (hand_on(session, place, maker) for maker in makers)
    boss = user(session, Role.GRID_MANAGER, (place.id, None), login="li")
    part = user(session, Role.GRID_MANAGER, (place.id, f"{place.code}001"), login="zhou")

    def seen(who: User, *, every: bool) -> list[SharedView]:
        return shares.listing(session, Scope.of_user(who), place, who, every=every)

    assert seen(makers[0], every=False) == [first]
    assert seen(boss, every=True) == [second, first]
    assert seen(part, every=True) == []
    assert shares.get(session, Scope.of_user(boss), first.id, boss, every=True) is first
    for who, every in ((makers[1], False), (part, True)):
        with pytest.raises(NotFound):
            shares.get(session, Scope.of_user(who), first.id, who, every=every)


def test_the_moment_of_a_link_is_aware(session: Session, place: Community) -> None:
    share = hand_on(session, place, user(session, Role.OFFICIAL))
    session.expire_all()

    assert isinstance(share.ends_at, datetime)
    assert share.ends_at == AT + timedelta(days=7)
    assert share.query == {"since": "2026-08-01"}
    assert share.grids is None
