"""A community that gives points: an account, what earns, and goods to be had for them."""

from datetime import UTC, date, datetime

import make
from sqlalchemy.orm import Session

from data.models import Community, PointsAccount, PointsGood, PointsRule
from patrols.points import accounts, goods, ledger, rules
from patrols.points.ledger import Booking
from patrols.points.rules import Terms

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
