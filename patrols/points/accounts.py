"""Accounts of points: of persons on the roster, households and shops."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager, joinedload

from data.database.turns import take_turn
from data.errors import Conflict, NotFound
from data.models import AccountKind, Community, Person, PointsAccount, PointsEntry
from geo.errors import N_
from patrols import roster
from patrols.errors import OutOfScope
from patrols.points.refusals import BadPointsRule, PointsRefused
from patrols.scope import Scope

PAGE_ROWS = 50


@dataclass(frozen=True)
class Page:
    """One page of accounts, each with its balance; which page it is (from 1), how many rows and pages there are."""

    items: list[tuple[PointsAccount, int]]
    page: int
    pages: int
    total: int


def called(account: PointsAccount) -> str:
    """What an account is called: a person by the roster, others by their own name."""
    return account.person.name if account.person is not None else account.name


def open_account(
    session: Session,
    community: Community,
    kind: AccountKind,
    *,
    number: str,
    name: str,
    on: date,
    grid_code: str | None = None,
) -> PointsAccount:
    """Open the account of a household or a shop.

    Raises
    ------
    BadPointsRule
        Without a number or a name, or for a person: `of_person` opens those.
    Conflict
        The number is taken.
    """
    if kind is AccountKind.PERSON or not number.strip() or not name.strip():
        raise BadPointsRule(N_("The account of a household or shop needs a number and a name."))
    account = PointsAccount(
        community_id=community.id,
        kind=kind,
        number=number.strip(),
        name=name.strip(),
        grid_code=grid_code,
        opened_on=on,
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as error:
        raise Conflict(N_("There is an account %(number)s already."), number=number) from error
    return account


def open_for(
    session: Session,
    community: Community,
    kind: AccountKind,
    *,
    number: str,
    name: str,
    on: date,
    grid_code: str | None = None,
) -> PointsAccount:
    """Open an account: of a household or shop by its own number and name, of a person by the number on the roster.

    Raises
    ------
    BadPointsRule, Conflict
        As `open_account`.
    NotFound
        The roster has nobody under the number.
    """
    if kind is AccountKind.PERSON:
        return of_person(session, roster.person(session, community, number), on=on)
    return open_account(session, community, kind, number=number, name=name, on=on, grid_code=grid_code)


def of_person(session: Session, person: Person, *, on: date) -> PointsAccount:
    """The account of somebody on the roster; opened where there is none yet."""
    return of_persons(session, [person], on=on)[person.id]


def of_persons(session: Session, people: Iterable[Person], *, on: date) -> dict[int, PointsAccount]:
    """The accounts of people by person, opened where there are none; a handful of queries, however many.

    An account bears its person's number on the roster, unless a household or shop has taken that.
    """
    wanted = {person.id: person for person in people}
    found = {account.person_id: account for account in known_of(session, wanted)}
    if len(found) < len(wanted):
        # Two who open the same account at once: the second waits here and finds what the first has opened.
        take_turn(session, PointsAccount)
        found = {account.person_id: account for account in known_of(session, wanted)}
    missing = [person for key, person in wanted.items() if key not in found]
    if missing:
        numbers = [person.number for person in missing]
        taken = set(
            session.execute(
                select(PointsAccount.community_id, PointsAccount.number).where(PointsAccount.number.in_(numbers))
            )
        )
        for person in missing:
            number = f"{person.number}-P" if (person.community_id, person.number) in taken else person.number
            account = PointsAccount(
                community_id=person.community_id, kind=AccountKind.PERSON, number=number, person=person, opened_on=on
            )
            session.add(account)
            found[person.id] = account
        session.flush()
    return {key: account for key, account in found.items() if key is not None}


def known_of(session: Session, people: Iterable[int]) -> list[PointsAccount]:
    """The accounts that people have already, by their ids."""
    wanted = select(PointsAccount).options(joinedload(PointsAccount.person))
    return list(session.scalars(wanted.where(PointsAccount.person_id.in_(list(people)))))


def get(session: Session, scope: Scope, number: int) -> PointsAccount:
    """One account by its id.

    Raises
    ------
    NotFound
        There is none.
    OutOfScope
        There is, but not on ground that may be seen.
    """
    account = session.get(PointsAccount, number)
    if account is None:
        raise NotFound(N_("There is no account %(number)s."), number=number)
    if session.scalar(scope.narrow(select(PointsAccount.id), PointsAccount).where(PointsAccount.id == number)) is None:
        raise OutOfScope(N_("This lies outside the communities and grids you answer for."))
    return account


def by_number(session: Session, community: Community, number: str) -> PointsAccount:
    """One account by the number people know it by.

    Raises
    ------
    NotFound
        The community has none of that number.
    """
    mine = (PointsAccount.community_id == community.id, PointsAccount.number == number)
    found = session.scalar(select(PointsAccount).where(*mine))
    if found is None:
        raise NotFound(N_("There is no account %(number)s."), number=number)
    return found


def listing(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    kind: AccountKind | None = None,
    wanted: str = "",
    page: int = 1,
    rows: int = PAGE_ROWS,
) -> Page:
    """One page of the accounts that may be seen, by number, never by how many points they have: this is no ranking.

    Parameters
    ----------
    wanted : str
        A part of the name or number.
    """
    narrowed = scope.narrow(select(PointsAccount), PointsAccount).outerjoin(PointsAccount.person)
    narrowed = narrowed.where(PointsAccount.community_id == community.id)
    if kind is not None:
        narrowed = narrowed.where(PointsAccount.kind == kind)
    if wanted:
        columns = (PointsAccount.number, PointsAccount.name, Person.name)
        narrowed = narrowed.where(or_(*(column.contains(wanted, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(narrowed.with_only_columns(PointsAccount.id).subquery()))
    pages = max(1, math.ceil((total or 0) / rows))
    page = min(max(1, page), pages)
    statement = narrowed.options(contains_eager(PointsAccount.person)).order_by(
        PointsAccount.kind, PointsAccount.number
    )
    found = list(session.scalars(statement.offset((page - 1) * rows).limit(rows)))
    held = balances(session, [account.id for account in found])
    return Page([(account, held.get(account.id, 0)) for account in found], page, pages, total or 0)


def balances(session: Session, accounts: list[int]) -> dict[int, int]:
    """What accounts hold, by their ids; the sum of their entries, in one query."""
    sums = select(PointsEntry.account_id, func.sum(PointsEntry.points)).where(PointsEntry.account_id.in_(accounts))
    return {number: int(points) for number, points in session.execute(sums.group_by(PointsEntry.account_id))}


def close(session: Session, account: PointsAccount, *, on: date) -> None:
    """Close an account: nothing is booked on it any more; what it holds can still be redeemed.

    Raises
    ------
    PointsRefused
        It is closed already.
    """
    if account.closed_on is not None:
        raise PointsRefused(N_("It has already ended on %(until)s."), until=account.closed_on.isoformat())
    account.closed_on = on
    session.flush()
