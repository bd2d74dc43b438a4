"""A patrol over again: gaps where nobody knows the way, stops, and what was left out."""

from datetime import UTC, datetime, timedelta

import make
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data.models import Fix, Patrol, PatrolSource
from patrols.replay import find_stops, replay

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
METRE = 9e-6


def patrol(session: Session, *fixes: tuple[float, float, str | None]) -> Patrol:
    """A patrol with fixes: second, metres to the north, and the rule that left it out."""
    place, _ = make.town(session)
    row = make.add(
        session,
        Patrol(community_id=place.id, source=PatrolSource.PHONE, source_key="p", started_at=NOW, ended_at=NOW),
    )
    for second, north, rule in fixes:
        at = NOW + timedelta(seconds=second)
        make.add(
            session, Fix(patrol_id=row.id, at=at, lon=116.3, lat=40.0 + METRE * north, accuracy_m=5.0, dropped_by=rule)
        )
    return row


def kept(seconds: np.ndarray, x: np.ndarray, gap_at: int | None = None) -> pd.DataFrame:
    gaps = np.zeros(len(seconds), bool)
    if gap_at is not None:
        gaps[gap_at] = True
    return pd.DataFrame({"second": seconds, "x": x, "y": 0.0, "lon": x, "lat": 0.0, "after_gap": gaps})


def stops(frame: pd.DataFrame) -> list[list[float]]:
    return find_stops(frame)[["from_second", "until_second"]].to_numpy().tolist()


def test_fixes_come_in_order_with_their_rules_and_gaps(session: Session) -> None:
    walk = patrol(session, (20, 30, None), (0, 0, None), (10, 900, "jump"), (30, 45, None), (400, 60, None))

    again = replay(session, walk)

    assert again.fixes["second"].tolist() == [0, 10, 20, 30, 400]
    assert again.fixes["dropped_by"].tolist() == [None, "jump", None, None, None]
    # What was left out breaks nothing; more than two minutes of silence does.
    assert again.fixes["after_gap"].tolist() == [False, False, False, False, True]


def test_a_place_out_of_reach_is_a_gap_however_soon(session: Session) -> None:
    again = replay(session, patrol(session, (0, 0, None), (10, 10, None), (20, 800, None), (30, 810, None)))

    assert again.fixes["after_gap"].tolist() == [False, False, True, False]


def test_a_patrol_whose_fixes_are_gone_is_empty(session: Session) -> None:
    again = replay(session, patrol(session))

    assert again.fixes.empty
    assert again.stops.empty


def test_standing_a_minute_is_a_stop_and_walking_is_none() -> None:
    seconds = np.arange(0.0, 400.0, 10.0)

    walking = stops(kept(seconds, 1.2 * seconds))
    standing = stops(kept(seconds, np.where(seconds < 150, 1.2 * seconds, np.maximum(180.0, 1.2 * (seconds - 130)))))

    assert walking == []
    assert len(standing) == 1
    assert 130 <= standing[0][0] <= 160
    assert 270 <= standing[0][1] <= 300


def test_nobody_stands_across_a_gap_nor_while_walking_round_the_block() -> None:
    seconds = np.arange(0.0, 100.0, 10.0)
    there_and_back = np.array([0.0, 15, 30, 45, 45, 30, 15, 0, 0, 0])

    assert stops(kept(seconds, np.zeros(10), gap_at=5)) == []
    assert stops(kept(seconds[:8], there_and_back[:8])) == []
    assert len(stops(kept(seconds, np.zeros(10)))) == 1


def test_stops_lie_in_the_middle_of_their_fixes(session: Session) -> None:
    walk = patrol(session, *((second, 100 + (-1) ** second * 3, None) for second in range(0, 95, 5)))

    found = replay(session, walk).stops

    assert len(found) == 1
    assert abs((found["lat"][0] - 40.0) / METRE - 100) < 5
    assert found["until_second"][0] == 90
