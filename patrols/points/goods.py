"""Goods: the catalogue, what is in stock, handing them out for points, and taking that back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from data.database.turns import take_turn
from data.errors import Conflict, NotFound
from data.models import (
    Community,
    EntryKind,
    PointsAccount,
    PointsArea,
    PointsEntry,
    PointsGood,
    PointsRedemption,
    PointsStock,
    StockKind,
    User,
)
from geo.errors import N_
from patrols.days import local_day
from patrols.points import ledger, rules
from patrols.points.refusals import BadPointsRule, OutOfStock, Overdrawn, PointsRefused

MOST_AT_ONCE = 1000
"""Pieces handed out at once at the most; a slip of the finger hands out more."""


@dataclass(frozen=True)
class Offer:
    """A good with what is left of it."""

    good: PointsGood
    stock: int


def catalogue(session: Session, community: Community, *, offered_only: bool = False) -> list[Offer]:
    """The goods with what is in stock, the cheapest first; one query."""
    moved = select(PointsStock.good_id, func.sum(PointsStock.quantity).label("pieces")).group_by(PointsStock.good_id)
    left = moved.subquery("left")
    wanted = (
        select(PointsGood, func.coalesce(left.c.pieces, 0))
        .outerjoin(left, left.c.good_id == PointsGood.id)
        .where(PointsGood.community_id == community.id)
        .options(joinedload(PointsGood.area))
        .order_by(PointsGood.points, PointsGood.name)
    )
    if offered_only:
        wanted = wanted.where(PointsGood.offered)
    return [Offer(good, int(pieces)) for good, pieces in session.execute(wanted)]


def good(session: Session, community: Community, number: int) -> PointsGood:
    """One good by its id.

    Raises
    ------
    NotFound
        The community has none of that number.
    """
    found = session.get(PointsGood, number)
    if found is None or found.community_id != community.id:
        raise NotFound(N_("There is no good %(number)s in the catalogue."), number=number)
    return found


def set_good(
    session: Session, community: Community, name: str, points: int, *, area: PointsArea | None = None
) -> PointsGood:
    """Put a good into the catalogue, or change the price of the one of that name; goods handed out keep theirs.

    Raises
    ------
    BadPointsRule
        Without a name, or for less than a point.
    """
    if not name.strip() or not 1 <= points <= rules.MOST_POINTS * 100:
        raise BadPointsRule(N_("A good needs a name, and costs at least one point."))
    found = session.scalar(
        select(PointsGood).where(PointsGood.community_id == community.id, PointsGood.name == name.strip())
    )
    row = found or PointsGood(community_id=community.id, name=name.strip())
    row.points, row.area_id, row.offered = points, None if area is None else area.id, True
    session.add(row)
    session.flush()
    return row


def withdraw(session: Session, good: PointsGood) -> None:
    """Offer a good no longer; it comes back when it is set again."""
    good.offered = False
    session.flush()


def stock(session: Session, good: PointsGood) -> int:
    """How many pieces are left."""
    moved = session.scalar(select(func.sum(PointsStock.quantity)).where(PointsStock.good_id == good.id))
    return int(moved or 0)


def deliver(
    session: Session, good: PointsGood, quantity: int, *, at: datetime, by: User | None = None, note: str = ""
) -> int:
    """Add pieces that were delivered, or (a negative number) take away what a count showed to be missing.

    Returns
    -------
    int
        How many pieces there are now.

    Raises
    ------
    OutOfStock
        More would go than there are.
    PointsRefused
        Of no piece at all, or pieces go without a note that says why.
    """
    if quantity == 0 or (quantity < 0 and not note.strip()):
        raise PointsRefused(N_("Say how many pieces came; and why, where pieces are missing."))
    take_turn(session, PointsEntry)
    left = stock(session, good) + quantity
    if left < 0:
        raise OutOfStock(N_("Of %(name)s only %(left)s are in stock."), name=good.name, left=left - quantity)
    kind = StockKind.DELIVERED if quantity > 0 else StockKind.COUNTED
    _move(session, good.id, kind, quantity, at, by, note=note.strip())
    return left


def redeem(
    session: Session,
    account: PointsAccount,
    good: PointsGood,
    quantity: int,
    *,
    key: str,
    at: datetime,
    by: User | None = None,
    price: int | None = None,
) -> PointsRedemption:
    """Hand out goods for points, all of it or nothing.

    A good of one area takes points of that area only; any other takes from the areas in their order. The same `key`
    again hands back what was done the first time.

    Parameters
    ----------
    key : str
        Names the form, so that the same one sent twice is one redemption.
    price : int, optional
        Points a piece that the person was told; nothing is done when it costs something else by now.

    Raises
    ------
    Overdrawn
        There are too few points.
    OutOfStock
        There are too few pieces, or the good is not offered.
    PointsRefused
        Of a number of pieces that makes no sense, of another community's good, or of one's own account.
    Conflict
        The key was used for something else, or the price changed meanwhile.
    """
    if not 1 <= quantity <= MOST_AT_ONCE or account.community_id != good.community_id:
        raise PointsRefused(N_("Hand out 1 to %(most)s pieces at once."), most=MOST_AT_ONCE)
    ledger.require_others(account, by)
    take_turn(session, PointsEntry)
    done = session.scalar(select(PointsRedemption).where(PointsRedemption.key == key))
    if done is not None:
        if (done.account_id, done.good_id, done.quantity) != (account.id, good.id, quantity):
            raise Conflict(N_("Reload the page: this form was used for something else."))
        return done
    # Somebody may have changed the price, or withdrawn the good, while this one waited.
    session.refresh(good)
    if price is not None and price != good.points:
        raise Conflict(N_("%(name)s costs %(points)s points by now: look again."), name=good.name, points=good.points)
    _check_stock(session, good, quantity)
    cost = good.points * quantity
    shares = _shares(session, account, good, cost)
    row = PointsRedemption(
        account_id=account.id,
        good_id=good.id,
        quantity=quantity,
        points=cost,
        key=key,
        at=at,
        by_user_id=None if by is None else by.id,
    )
    session.add(row)
    session.flush()
    _enter(session, account, row, shares, by)
    _move(session, good.id, StockKind.HANDED_OUT, -quantity, at, by, redemption_id=row.id)
    return row


def _check_stock(session: Session, good: PointsGood, quantity: int) -> None:
    left = stock(session, good)
    if not good.offered or left < quantity:
        raise OutOfStock(
            N_("Of %(name)s only %(left)s are in stock."), name=good.name, left=left if good.offered else 0
        )


def _shares(session: Session, account: PointsAccount, good: PointsGood, cost: int) -> dict[int, int]:
    """How many points come from which area."""
    held = ledger.balance(session, account.id)
    in_order = session.scalars(
        select(PointsArea.id)
        .where(PointsArea.community_id == account.community_id)
        .order_by(PointsArea.position, PointsArea.id)
    )
    usable = [area for area in in_order if good.area_id is None or area == good.area_id]
    there = sum(held.get(area, 0) for area in usable)
    if there < cost:
        raise Overdrawn(N_("This costs %(cost)s points, but only %(left)s are there for it."), cost=cost, left=there)
    shares: dict[int, int] = {}
    for area in usable:
        share = min(cost, held.get(area, 0))
        if share > 0:
            shares[area] = share
            cost -= share
    return shares


def _enter(
    session: Session, account: PointsAccount, row: PointsRedemption, shares: dict[int, int], by: User | None
) -> None:
    community = session.get_one(Community, account.community_id)
    for area, points in shares.items():
        entry = PointsEntry(
            community_id=account.community_id,
            account_id=account.id,
            area_id=area,
            kind=EntryKind.REDEEMED,
            points=-points,
            redemption_id=row.id,
            fact_key=f"redemption/{row.id}/{area}",
            fact_on=local_day(community, row.at),
            at=row.at,
            by_user_id=None if by is None else by.id,
        )
        session.add(entry)
    session.flush()


def take_back(
    session: Session, redemption: PointsRedemption, *, reason: str, at: datetime, by: User | None = None
) -> None:
    """Take a redemption back, once, with a reason: the points return to their areas, the goods to the stock.

    Raises
    ------
    PointsRefused
        Without a reason, a second time, or of one's own account.
    """
    if not reason.strip():
        raise PointsRefused(N_("Say why it is taken back."))
    ledger.require_others(redemption.account, by)
    take_turn(session, PointsEntry)
    lines = list(session.scalars(select(PointsEntry).where(PointsEntry.redemption_id == redemption.id)))
    if any(line.kind is EntryKind.REVERSED for line in lines):
        raise PointsRefused(N_("This line was taken back already."))
    session.add_all(ledger.opposite(line, reason=reason, at=at, by=by) for line in lines)
    _move(
        session,
        redemption.good_id,
        StockKind.RETURNED,
        redemption.quantity,
        at,
        by,
        redemption_id=redemption.id,
        note=reason.strip(),
    )


def _move(
    session: Session,
    good_id: int,
    kind: StockKind,
    quantity: int,
    at: datetime,
    by: User | None,
    *,
    redemption_id: int | None = None,
    note: str = "",
) -> None:
    row = PointsStock(good_id=good_id, kind=kind, quantity=quantity, redemption_id=redemption_id, at=at, note=note)
    row.by_user_id = None if by is None else by.id
    session.add(row)
    session.flush()
