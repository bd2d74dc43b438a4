"""The ledger: lines are only added, facts earn once and under caps, nothing is overdrawn, everything adds up."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import make
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.database import open_engine, open_session
from data.models import (
    AccountKind,
    Community,
    EntryKind,
    Person,
    PointsAccount,
    PointsEntry,
    PointsGood,
    PointsRule,
    PointsStock,
    Role,
    User,
)
from data.only_added import RowsOnlyAdded
from patrols.points import accounts, goods, ledger, rules, statements
from patrols.points.ledger import Booking
from patrols.points.refusals import OutOfStock, Overdrawn, PointsRefused
from patrols.points.rules import Terms
from patrols.scope import EVERYTHING

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def town(session: Session) -> tuple[Community, PointsAccount, PointsRule]:
    """A community whose meetings earn 5 points, 10 a month at the most, and the account of one of its people."""
    place = make.community(session)
    rules.begin(session, place, on=date(2026, 1, 1))
    terms = Terms("clean_up", "volunteering", "参加环境整治", "Clean-up", 5, cap_month=10, for_households=True)
    rule = rules.set_rule(session, place, terms, on=date(2026, 2, 1))
    account = accounts.of_person(session, make.person(session, place), on=TODAY)
    return place, account, rule


def earn(
    session: Session, place: Community, account: PointsAccount, rule: PointsRule, key: str, on: date = TODAY
) -> int:
    entries = ledger.book(session, place, [Booking(account, rule, key, on)], at=NOW).entries
    return entries[0].points if entries else 0


def held(session: Session, account: PointsAccount) -> int:
    return sum(ledger.balance(session, account.id).values())


def offer(session: Session, place: Community, points: int = 5, pieces: int = 10, area: str | None = None) -> PointsGood:
    only = None if area is None else rules.area(session, place, area)
    good = goods.set_good(session, place, "洗衣液", points, area=only)
    goods.deliver(session, good, pieces, at=NOW)
    return good


def test_the_same_fact_earns_once_however_often_it_is_brought(session: Session) -> None:
    place, account, rule = town(session)

    first, again = earn(session, place, account, rule, "a"), earn(session, place, account, rule, "a")

    assert (first, again) == (5, 0)
    assert held(session, account) == 5


def test_two_of_one_fact_in_one_batch_are_one(session: Session) -> None:
    place, account, rule = town(session)
    same = Booking(account, rule, "a", TODAY)

    booked = ledger.book(session, place, [same, same], at=NOW)

    assert ([entry.points for entry in booked.entries], booked.known) == ([5], 1)


def test_a_cap_leaves_what_room_there_is_and_the_rest_is_entered_with_nought(session: Session) -> None:
    place, account, rule = town(session)
    rule.cap_month = 8
    session.flush()

    earned = [earn(session, place, account, rule, key) for key in "abc"]

    assert earned == [5, 3, 0]
    assert session.scalar(select(func.count()).select_from(PointsEntry)) == 3


def test_a_cap_counts_by_the_month_of_the_fact_not_by_when_it_is_entered(session: Session) -> None:
    place, account, rule = town(session)

    days = [date(2026, 10, 31), date(2026, 10, 30), date(2026, 10, 1), date(2026, 11, 1)]
    earned = [earn(session, place, account, rule, str(on), on) for on in days]

    assert earned == [5, 5, 0, 5]


def test_a_changed_rule_shares_its_cap_with_the_one_before_it(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a", date(2026, 11, 2))
    terms = Terms("clean_up", "volunteering", "参加环境整治", "Clean-up", 7, cap_month=10)
    newer = rules.set_rule(session, place, terms, on=date(2026, 11, 10))

    earned = earn(session, place, account, newer, "b", date(2026, 11, 11))

    assert earned == 5
    assert rule.valid_until == date(2026, 11, 10)


def test_what_was_taken_back_makes_room_under_its_cap_again(session: Session) -> None:
    place, account, rule = town(session)
    for key in "ab":
        earn(session, place, account, rule, key)
    first = session.scalars(select(PointsEntry).order_by(PointsEntry.id)).first()
    assert first is not None

    ledger.reverse(session, first, reason="记错了人", at=NOW)

    assert earn(session, place, account, rule, "c") == 5
    assert held(session, account) == 10


def test_a_line_is_taken_back_once_and_only_with_a_reason(session: Session) -> None:
    place, account, rule = town(session)
    entry = ledger.book(session, place, [Booking(account, rule, "a", TODAY)], at=NOW).entries[0]

    with pytest.raises(PointsRefused, match="why"):
        ledger.reverse(session, entry, reason=" ", at=NOW)
    undone = ledger.reverse(session, entry, reason="记错了人", at=NOW)
    with pytest.raises(PointsRefused, match="already"):
        ledger.reverse(session, entry, reason="再来一次", at=NOW)
    with pytest.raises(PointsRefused, match="by itself"):
        ledger.reverse(session, undone, reason="再来一次", at=NOW)

    assert held(session, account) == 0


def test_points_that_are_spent_cannot_be_taken_back(session: Session) -> None:
    place, account, rule = town(session)
    entry = ledger.book(session, place, [Booking(account, rule, "a", TODAY)], at=NOW).entries[0]
    spent = goods.redeem(session, account, offer(session, place), 1, key="k", at=NOW)

    with pytest.raises(Overdrawn, match="Only 0 of the 5"):
        ledger.reverse(session, entry, reason="记错了人", at=NOW)
    goods.take_back(session, spent, reason="退货", at=NOW)
    ledger.reverse(session, entry, reason="记错了人", at=NOW)

    assert held(session, account) == 0


def test_nobody_enters_takes_back_or_hands_out_for_their_own_account(session: Session) -> None:
    place, account, rule = town(session)
    entry = ledger.book(session, place, [Booking(account, rule, "a", TODAY)], at=NOW).entries[0]
    me = User(login="me", password_hash="", role=Role.GRID_MANAGER, person_id=account.person_id, created_at=NOW)
    make.add(session, me)

    with pytest.raises(PointsRefused, match="own account"):
        ledger.book(session, place, [Booking(account, rule, "b", TODAY)], at=NOW, by=me)
    with pytest.raises(PointsRefused, match="own account"):
        ledger.reverse(session, entry, reason="记错了人", at=NOW, by=me)
    with pytest.raises(PointsRefused, match="own account"):
        goods.redeem(session, account, offer(session, place), 1, key="k", at=NOW, by=me)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"on": TODAY + timedelta(days=1)}, "still to come"),
        ({"on": date(2026, 1, 15)}, "No rule clean_up"),
        ({"closed": True}, "closed"),
        ({"shop": True}, "kind"),
    ],
)
def test_what_makes_no_sense_is_not_entered(session: Session, change: dict[str, object], said: str) -> None:
    place, account, rule = town(session)
    change = dict(change)
    if change.pop("closed", False):
        accounts.close(session, account, on=TODAY)
    if change.pop("shop", False):
        account = accounts.open_account(session, place, AccountKind.SHOP, number="S1", name="面馆", on=TODAY)
    booking = replace(Booking(account, rule, "a", TODAY), **change)

    with pytest.raises(PointsRefused, match=said):
        ledger.book(session, place, [booking], at=NOW)


def test_goods_of_one_area_take_no_points_of_another(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")

    with pytest.raises(Overdrawn, match="only 0"):
        goods.redeem(session, account, offer(session, place, area="civility"), 1, key="k", at=NOW)

    assert held(session, account) == 5


def test_goods_of_every_area_take_from_the_areas_in_their_order(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    later = rules.area(session, place, "civility")
    ledger.open_balance(session, account, later, 7, at=NOW, on=TODAY)

    goods.redeem(session, account, offer(session, place, points=9), 1, key="k", at=NOW)

    assert ledger.balance(session, account.id) == {rule.area_id: 0, later.id: 3}


def test_more_goods_than_there_are_are_not_handed_out(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    good = offer(session, place, points=1, pieces=3)

    with pytest.raises(OutOfStock, match="only 3"):
        goods.redeem(session, account, good, 4, key="k", at=NOW)
    with pytest.raises(OutOfStock, match="only 3"):
        goods.deliver(session, good, -4, at=NOW, note="盘点")
    goods.withdraw(session, good)
    with pytest.raises(OutOfStock, match="only 0"):
        goods.redeem(session, account, good, 1, key="k", at=NOW)

    assert (held(session, account), goods.stock(session, good)) == (5, 3)


def test_the_same_form_twice_hands_out_once(session: Session) -> None:
    place, account, rule = town(session)
    for key in "ab":
        earn(session, place, account, rule, key)
    good = offer(session, place)

    first = goods.redeem(session, account, good, 1, key="k", at=NOW)
    again = goods.redeem(session, account, good, 1, key="k", at=NOW)

    assert first.id == again.id
    assert (held(session, account), goods.stock(session, good)) == (5, 9)


def test_a_redemption_goes_back_whole_with_its_goods_and_once(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    good = offer(session, place)
    row = goods.redeem(session, account, good, 1, key="k", at=NOW)

    goods.take_back(session, row, reason="破损", at=NOW)
    with pytest.raises(PointsRefused, match="already"):
        goods.take_back(session, row, reason="破损", at=NOW)

    assert (held(session, account), goods.stock(session, good)) == (5, 10)


@pytest.mark.parametrize(
    "statement",
    [
        update(PointsEntry).values(points=1000),
        delete(PointsEntry),
        update(PointsStock).values(quantity=1000),
        delete(PointsStock),
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_lines(session: Session, statement: object) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    offer(session, place)

    with pytest.raises(IntegrityError, match="only ever added"), session.begin_nested():
        session.execute(statement)  # type: ignore[call-overload]


def test_a_line_cannot_be_replaced_on_sqlite_nor_the_table_emptied_on_postgres(session: Session) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    sqlite = session.get_bind().dialect.name == "sqlite"
    columns = "id, community_id, account_id, area_id, kind, points, fact_key, fact_on, at, note"
    replaced = f"INSERT OR REPLACE INTO points_entry ({columns}) SELECT {columns} FROM points_entry"  # noqa: S608

    with pytest.raises(IntegrityError, match="only ever added"), session.begin_nested():
        session.execute(text(replaced if sqlite else "TRUNCATE points_entry CASCADE"))


@pytest.mark.parametrize("change", [lambda session, row: setattr(row, "points", 1000), Session.delete])
def test_the_program_refuses_before_the_database_has_to(session: Session, change: object) -> None:
    place, account, rule = town(session)
    earn(session, place, account, rule, "a")
    change(session, session.scalars(select(PointsEntry)).one())  # type: ignore[operator]

    with pytest.raises(RowsOnlyAdded, match="points_entry"):
        session.flush()


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


def at_once(work: list[object]) -> list[BaseException | None]:
    """Do several things at once, each in a thread of its own; what each raised."""
    gate, raised = threading.Barrier(len(work)), [None] * len(work)

    def run(place: int) -> None:
        gate.wait()
        try:
            work[place]()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
            raised[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised  # type: ignore[return-value]


def test_when_eight_redeem_at_once_nothing_is_overdrawn_and_no_piece_goes_twice(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, account, rule = town(session)
        rule.cap_month = None
        session.flush()
        for key in "abcde":
            earn(session, place, account, rule, key)
        account_id, good_id = account.id, offer(session, place, points=10, pieces=3).id
        session.commit()

    def redeem(key: str) -> None:
        with open_session(engine, writing=True) as session:
            mine, good = session.get_one(PointsAccount, account_id), session.get_one(PointsGood, good_id)
            # What a page would show before it asks: everybody sees points for two.
            assert held(session, mine) in (5, 15, 25)
            goods.redeem(session, mine, good, 1, key=key, at=NOW)
            session.commit()

    raised = at_once([lambda key=key: redeem(f"form-{key}") for key in range(8)])
    with open_session(engine) as session:
        left = held(session, session.get_one(PointsAccount, account_id))
        stock = goods.stock(session, session.get_one(PointsGood, good_id))
    engine.dispose()

    assert sorted(type(error).__name__ for error in raised) == ["NoneType"] * 2 + ["Overdrawn"] * 6
    assert (left, stock) == (5, 1)


def test_the_last_piece_goes_to_one_of_two_who_take_it_at_once(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, account, rule = town(session)
        other = accounts.of_person(session, make.person(session, place, "P002"), on=TODAY)
        for one in (account, other):
            earn(session, place, one, rule, f"fact-{one.id}")
        ids, good_id = [account.id, other.id], offer(session, place, points=5, pieces=1).id
        session.commit()

    def redeem(number: int) -> None:
        with open_session(engine, writing=True) as session:
            mine, good = session.get_one(PointsAccount, number), session.get_one(PointsGood, good_id)
            goods.redeem(session, mine, good, 1, key=f"form-{number}", at=NOW)
            session.commit()

    raised = at_once([lambda number=number: redeem(number) for number in ids])
    with open_session(engine) as session:
        stock = goods.stock(session, session.get_one(PointsGood, good_id))
    engine.dispose()

    assert sorted(type(error).__name__ for error in raised) == ["NoneType", "OutOfStock"]
    assert stock == 0


def test_facts_that_fill_one_cap_at_once_do_not_overfill_it(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, account, rule = town(session)
        ids = place.id, account.id, rule.id
        session.commit()

    def earn_one(key: str) -> None:
        with open_session(engine, writing=True) as session:
            found = (
                session.get_one(Community, ids[0]),
                session.get_one(PointsAccount, ids[1]),
                session.get_one(PointsRule, ids[2]),
            )
            earn(session, *found, key)
            session.commit()

    raised = at_once([lambda key=key: earn_one(f"fact-{key}") for key in (1, 2, 3, 4, 1, 2)])
    with open_session(engine) as session:
        left = held(session, session.get_one(PointsAccount, ids[1]))
        lines = session.scalar(select(func.count()).select_from(PointsEntry))
    engine.dispose()

    assert raised == [None] * 6
    assert (left, lines) == (10, 4)


def test_an_account_bears_the_number_of_the_roster_unless_a_shop_has_it(session: Session) -> None:
    place = make.community(session)
    accounts.open_account(session, place, AccountKind.SHOP, number="P001", name="面馆", on=TODAY)
    people = [make.person(session, place, "P001"), make.person(session, place, "P002")]

    found = accounts.of_persons(session, people, on=TODAY)

    assert [found[person.id].number for person in people] == ["P001-P", "P002"]
    assert session.scalar(select(func.count()).select_from(Person)) == 2
