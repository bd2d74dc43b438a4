"""Whatever is entered in whatever order, every sum of the ledger agrees with every other."""

from collections import Counter
from datetime import timedelta

import make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from points_town import NOW, TODAY, earn, offer, town
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import (
    AccountKind,
    Community,
    EntryKind,
    PointsAccount,
    PointsEntry,
    PointsGood,
    PointsRule,
    PointsStock,
)
from patrols.points import accounts, goods, ledger, rules, statements
from patrols.points.refusals import PointsRefused
from patrols.scope import EVERYTHING

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["earn", "again", "open", "redeem", "twice", "reverse", "take_back", "deliver"]),
        st.integers(0, 2),
        st.integers(0, 40),
        st.integers(1, 4),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_entered_in_whatever_order_everything_adds_up(
    spatialite_session: Session, steps: list[tuple[str, int, int, int]]
) -> None:
    session = spatialite_session
    undo = session.begin_nested()
    place, first, rule = town(session)
    rule.cap_day, rule.cap_month, rule.cap_year = 7, 12, 30
    shop = accounts.open_account(session, place, AccountKind.HOUSEHOLD, number="H1", name="3号楼501", on=TODAY)
    second = accounts.of_person(session, make.person(session, place, "P002"), on=TODAY)
    who, areas = [first, shop, second], rules.areas(session, place)
    good = offer(session, place, points=3, pieces=4)
    for number, (step, account, chosen, amount) in enumerate(steps):
        try:
            _play(session, place, rule, good, who[account], areas[chosen % 3].code, step, chosen, amount, number)
        except PointsRefused:
            continue

    assert_sound(session, place, who, rule, good)
    undo.rollback()


def _play(
    session: Session,
    place: Community,
    rule: PointsRule,
    good: PointsGood,
    account: PointsAccount,
    area: str,
    step: str,
    chosen: int,
    amount: int,
    number: int,
) -> None:
    rows = session.scalars(select(PointsEntry).order_by(PointsEntry.id)).all()
    picked = rows[chosen % len(rows)] if rows else None
    if step in ("earn", "again"):
        key = f"fact-{chosen}" if step == "again" else f"fact-{number}-new"
        earn(session, place, account, rule, key, TODAY - timedelta(days=chosen))
    elif step == "open":
        ledger.open_balance(session, account, rules.area(session, place, area), amount, at=NOW, on=TODAY)
    elif step in ("redeem", "twice"):
        key = f"form-{chosen % 5}" if step == "twice" else f"form-{number}-new"
        known = session.scalar(select(goods.PointsRedemption).where(goods.PointsRedemption.key == key))
        if known is None or (known.account_id, known.quantity) == (account.id, amount):
            goods.redeem(session, account, good, amount, key=key, at=NOW)
    elif step == "reverse" and picked is not None:
        ledger.reverse(session, picked, reason="更正", at=NOW)
    elif step == "take_back" and picked is not None and picked.redemption is not None:
        goods.take_back(session, picked.redemption, reason="退货", at=NOW)
    elif step == "deliver":
        goods.deliver(session, good, amount - 2, at=NOW, note="盘点")


def assert_sound(
    session: Session, place: Community, who: list[PointsAccount], rule: PointsRule, good: PointsGood
) -> None:
    rows = session.scalars(select(PointsEntry)).all()
    by_kind: Counter[EntryKind] = Counter()
    for row in rows:
        by_kind[row.kind] += row.points
    totals = statements.totals(session, EVERYTHING, place)
    told = [statements.statement(session, place, account) for account in who]
    assert sum(row.points for row in rows) == totals.all.left == sum(one.after for one in told)
    assert totals.all.left == sum(sums.left for _, sums in totals.areas) == sum(s.left for s in totals.kinds.values())
    assert (totals.all.opening, totals.all.earned, totals.all.redeemed, totals.all.reversed) == tuple(
        by_kind[kind] for kind in (EntryKind.OPENING, EntryKind.EARNED, EntryKind.REDEEMED, EntryKind.REVERSED)
    )
    for one in told:
        running = [line.balance for line in one.lines]
        assert all(balance >= 0 for balance in running)
        assert all(points >= 0 for _, points in one.areas)
        assert sum(points for _, points in one.areas) == one.after == (running[-1] if running else 0)
    _assert_caps(rows, rule)
    undone = [row.reverses_id for row in rows if row.reverses_id is not None]
    assert len(undone) == len(set(undone))
    pieces = session.scalar(select(func.sum(PointsStock.quantity)))
    assert pieces == goods.stock(session, good) >= 0


def _assert_caps(rows: object, rule: PointsRule) -> None:
    spent: Counter[tuple[int, str]] = Counter()
    for row in rows:  # type: ignore[attr-defined]
        if row.rule_id == rule.id:
            for span in (f"{row.fact_on}", f"{row.fact_on:%Y-%m}", f"{row.fact_on:%Y}"):
                spent[row.account_id, span] += row.points
    caps = {10: rule.cap_day, 7: rule.cap_month, 4: rule.cap_year}
    assert all(0 <= points <= (caps[len(span)] or 0) for (_, span), points in spent.items())
