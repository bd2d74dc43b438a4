"""Several at the ledger at the same moment: nothing is overdrawn, no cap overfilled, no piece handed out twice."""

import threading

import make
from points_town import NOW, TODAY, earn, held, offer, town
from sqlalchemy import func, select

from data.database import open_engine, open_session
from data.models import Community, PointsAccount, PointsEntry, PointsGood, PointsRule
from patrols.points import accounts, goods


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
