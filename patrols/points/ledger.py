"""The ledger: points come, go and are taken back by further lines, never by changing one; a balance is their sum.

Whoever writes to it waits for whoever is writing, so that two cannot spend the same points, or fill the same cap, at
once. Open the session for writing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.database.turns import take_turn
from data.errors import NotFound
from data.models import (
    Community,
    EntryKind,
    PointsAccount,
    PointsArea,
    PointsEntry,
    PointsRedemption,
    PointsRule,
    PointsStock,
    User,
)
from data.only_added import guard
from geo.errors import N_
from patrols.days import local_day
from patrols.intake.rows import write_rows
from patrols.points.refusals import Overdrawn, PointsRefused
from patrols.points.rules import serves

guard(PointsEntry, PointsRedemption, PointsStock)

_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Booking:
    """One fact that is to earn points: whose, by which rule, what names the fact, and the local day it belongs to."""

    account: PointsAccount
    rule: PointsRule
    fact_key: str
    on: date
    note: str = ""


class Booked(NamedTuple):
    """What became of bookings: new entries, in the order of the bookings, and how many were there already."""

    entries: list[PointsEntry]
    known: int


class _Term(NamedTuple):
    """A span of the calendar in which an account's points by a rule are capped."""

    account_id: int
    code: str
    span: str


def book(
    session: Session, community: Community, bookings: Sequence[Booking], *, at: datetime, by: User | None = None
) -> Booked:
    """Let facts earn points, each once, however often it is brought.

    A fact that meets a cap earns what room is left under it; where none is left it is entered with nought, so that the
    statement tells it and it does not earn later. Room counts by the day the fact belongs to, not by when it is
    entered; what was taken back makes room again.

    Parameters
    ----------
    at : datetime
        Now, aware.
    by : User, optional
        Who enters it; None for the program itself.

    Raises
    ------
    PointsRefused
        A fact of a day to come, an account that is closed, of another community or of a kind the rule is not for, a
        rule that did not hold on the day, or somebody's own account.
    """
    today = local_day(community, at)
    for booking in bookings:
        _check(community, booking, today, by)
    take_turn(session, PointsEntry)
    known = keys_there(session, community, [booking.fact_key for booking in bookings])
    used = _used(session, bookings)
    rows = []
    for booking in bookings:
        if booking.fact_key in known:
            continue
        known.add(booking.fact_key)
        points = _room(booking, used)
        for term in _terms(booking.account.id, booking.rule.code, booking.on):
            used[term] += points
        rows.append(_row(community, booking, points, at, by))
    write_rows(session, PointsEntry, rows)
    entries = _by_keys(session, community, [row["fact_key"] for row in rows])
    return Booked(entries, len(bookings) - len(entries))


def _row(community: Community, booking: Booking, points: int, at: datetime, by: User | None) -> dict[str, Any]:
    return {
        "community_id": community.id,
        "account_id": booking.account.id,
        "area_id": booking.rule.area_id,
        "kind": EntryKind.EARNED,
        "points": points,
        "rule_id": booking.rule.id,
        "fact_key": booking.fact_key,
        "fact_on": booking.on,
        "at": at,
        "by_user_id": None if by is None else by.id,
        "note": booking.note,
    }


def _by_keys(session: Session, community: Community, keys: Sequence[str]) -> list[PointsEntry]:
    """The entries of some facts, in their order."""
    found: dict[str, PointsEntry] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part = PointsEntry.fact_key.in_(keys[start : start + _KEYS_AT_ONCE])
        wanted = select(PointsEntry).where(PointsEntry.community_id == community.id, part)
        found.update((entry.fact_key, entry) for entry in session.scalars(wanted))
    return [found[key] for key in keys]


def _check(community: Community, booking: Booking, today: date, by: User | None) -> None:
    account, rule, on = booking.account, booking.rule, booking.on
    require_others(account, by)
    if on > today:
        raise PointsRefused(N_("%(day)s is still to come."), day=on.isoformat())
    if account.community_id != community.id or rule.community_id != community.id:
        raise PointsRefused(N_("The account and the rule belong to different communities."))
    if account.closed_on is not None:
        raise PointsRefused(N_("The account %(number)s is closed."), number=account.number)
    if not serves(rule, account.kind):
        raise PointsRefused(N_("The rule %(code)s is not for an account of this kind."), code=rule.code)
    if on < rule.valid_from or (rule.valid_until is not None and on >= rule.valid_until):
        raise PointsRefused(N_("No rule %(code)s about points holds on %(day)s."), code=rule.code, day=on.isoformat())


def require_others(account: PointsAccount, by: User | None) -> None:
    """Refuse somebody's own account: points are another's to give.

    Raises
    ------
    PointsRefused
        It is theirs.
    """
    if by is not None and by.person_id is not None and by.person_id == account.person_id:
        raise PointsRefused(N_("This is your own account: somebody else has to do it."))


def keys_there(session: Session, community: Community, keys: Sequence[str]) -> set[str]:
    """Which facts have earned already."""
    found: set[str] = set()
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part = PointsEntry.fact_key.in_(keys[start : start + _KEYS_AT_ONCE])
        found.update(
            session.scalars(select(PointsEntry.fact_key).where(PointsEntry.community_id == community.id, part))
        )
    return found


def _terms(account_id: int, code: str, on: date) -> tuple[_Term, _Term, _Term]:
    """The day, the month and the year of a fact."""
    return (
        _Term(account_id, code, on.isoformat()),
        _Term(account_id, code, f"{on.year}-{on.month:02}"),
        _Term(account_id, code, str(on.year)),
    )


def _used(session: Session, bookings: Iterable[Booking]) -> Counter[_Term]:
    """What the accounts have earned by the rules' codes already, by day, month and year; one query for 500 accounts."""
    used: Counter[_Term] = Counter()
    accounts = sorted({booking.account.id for booking in bookings})
    codes = {booking.rule.code for booking in bookings}
    years = [booking.on.year for booking in bookings]
    for start in range(0, len(accounts), _KEYS_AT_ONCE):
        sums = (
            select(PointsEntry.account_id, PointsRule.code, PointsEntry.fact_on, func.sum(PointsEntry.points))
            .join(PointsRule, PointsRule.id == PointsEntry.rule_id)
            .where(
                PointsEntry.account_id.in_(accounts[start : start + _KEYS_AT_ONCE]),
                PointsRule.code.in_(codes),
                PointsEntry.fact_on.between(date(min(years), 1, 1), date(max(years), 12, 31)),
            )
            .group_by(PointsEntry.account_id, PointsRule.code, PointsEntry.fact_on)
        )
        for account_id, code, on, points in session.execute(sums):
            for term in _terms(account_id, code, on):
                used[term] += int(points)
    return used


def _room(booking: Booking, used: Counter[_Term]) -> int:
    """What a fact earns under the caps."""
    rule = booking.rule
    caps = (rule.cap_day, rule.cap_month, rule.cap_year)
    terms = _terms(booking.account.id, rule.code, booking.on)
    room = [cap - used[term] for cap, term in zip(caps, terms, strict=True) if cap is not None]
    return max(0, min([rule.points, *room]))


def open_balance(
    session: Session,
    account: PointsAccount,
    area: PointsArea,
    points: int,
    *,
    at: datetime,
    on: date,
    by: User | None = None,
    note: str = "",
) -> PointsEntry:
    """Carry over what an account had elsewhere, once for each area.

    Raises
    ------
    PointsRefused
        It was carried over already, is not above nought, or the account is one's own.
    """
    require_others(account, by)
    if points <= 0 or area.community_id != account.community_id:
        raise PointsRefused(N_("What is carried over is a number of points above nought."))
    key = f"opening/{account.id}/{area.code}"
    take_turn(session, PointsEntry)
    if session.scalar(
        select(PointsEntry.id).where(PointsEntry.community_id == account.community_id, PointsEntry.fact_key == key)
    ):
        raise PointsRefused(
            N_("Points of this area were carried over to the account %(number)s already."), number=account.number
        )
    entry = PointsEntry(
        community_id=account.community_id,
        account_id=account.id,
        area_id=area.id,
        kind=EntryKind.OPENING,
        points=points,
        fact_key=key,
        fact_on=on,
        at=at,
        by_user_id=None if by is None else by.id,
        note=note,
    )
    session.add(entry)
    session.flush()
    return entry


def reverse(session: Session, entry: PointsEntry, *, reason: str, at: datetime, by: User | None = None) -> PointsEntry:
    """Take back what an entry earned, once, with a reason. What has been spent meanwhile cannot be taken back.

    Raises
    ------
    PointsRefused
        Without a reason, of a redemption (which goes back as a whole, with its goods), of a reversal, a second time,
        of an entry of nought, or of one's own account.
    Overdrawn
        Fewer points are left in its area than it earned.
    """
    if not reason.strip():
        raise PointsRefused(N_("Say why it is taken back."))
    if entry.kind not in (EntryKind.EARNED, EntryKind.OPENING) or entry.points <= 0:
        raise PointsRefused(N_("This line cannot be taken back by itself."))
    require_others(entry.account, by)
    take_turn(session, PointsEntry)
    if session.scalar(select(PointsEntry.id).where(PointsEntry.reverses_id == entry.id)) is not None:
        raise PointsRefused(N_("This line was taken back already."))
    left = balance(session, entry.account_id).get(entry.area_id, 0)
    if left < entry.points:
        raise Overdrawn(
            N_("Only %(left)s of the %(points)s points are left: take back first what they were redeemed for."),
            left=left,
            points=entry.points,
        )
    row = opposite(entry, reason=reason, at=at, by=by)
    session.add(row)
    session.flush()
    return row


def opposite(entry: PointsEntry, *, reason: str, at: datetime, by: User | None) -> PointsEntry:
    """The line that takes another back, with its rule and day, so that it makes room under its caps."""
    return PointsEntry(
        community_id=entry.community_id,
        account_id=entry.account_id,
        area_id=entry.area_id,
        kind=EntryKind.REVERSED,
        points=-entry.points,
        rule_id=entry.rule_id,
        redemption_id=entry.redemption_id,
        reverses_id=entry.id,
        fact_key=f"reversal/{entry.id}",
        fact_on=entry.fact_on,
        at=at,
        by_user_id=None if by is None else by.id,
        note=reason.strip(),
    )


def entry_of(session: Session, account: PointsAccount, number: int) -> PointsEntry:
    """One line of an account by its id.

    Raises
    ------
    NotFound
        The account has none of that number.
    """
    mine = (PointsEntry.id == number, PointsEntry.account_id == account.id)
    found = session.scalar(select(PointsEntry).where(*mine))
    if found is None:
        raise NotFound(N_("The account has no line %(number)s."), number=number)
    return found


def balance(session: Session, account_id: int) -> dict[int, int]:
    """What an account holds, by the id of the area; the sum of its entries."""
    sums = select(PointsEntry.area_id, func.sum(PointsEntry.points)).where(PointsEntry.account_id == account_id)
    return {area: int(points) for area, points in session.execute(sums.group_by(PointsEntry.area_id))}
