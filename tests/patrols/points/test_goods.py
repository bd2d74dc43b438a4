"""Goods for points: nothing is overdrawn, no piece goes twice, and what goes back goes back whole."""

import pytest
from points_town import NOW, TODAY, earn, held, offer, town
from sqlalchemy.orm import Session

from patrols.points import goods, ledger, rules
from patrols.points.refusals import OutOfStock, Overdrawn, PointsRefused


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
