"""The ledger: lines are only added, facts earn once and under caps, and what makes no sense is not entered."""

from dataclasses import replace
from datetime import date, timedelta

import make
import pytest
from points_town import NOW, TODAY, earn, held, offer, town
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.models import AccountKind, Person, PointsEntry, PointsStock, Role, User
from data.only_added import RowsOnlyAdded
from patrols.points import accounts, goods, ledger, rules
from patrols.points.ledger import Booking
from patrols.points.refusals import Overdrawn, PointsRefused
from patrols.points.rules import Terms


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


def test_an_account_bears_the_number_of_the_roster_unless_a_shop_has_it(session: Session) -> None:
    place = make.community(session)
    accounts.open_account(session, place, AccountKind.SHOP, number="P001", name="面馆", on=TODAY)
    people = [make.person(session, place, "P001"), make.person(session, place, "P002")]

    found = accounts.of_persons(session, people, on=TODAY)

    assert [found[person.id].number for person in people] == ["P001-P", "P002"]
    assert session.scalar(select(func.count()).select_from(Person)) == 2
