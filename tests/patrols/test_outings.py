"""Patrols as a list: narrowed to what may be seen, the latest first, page by page."""

from datetime import UTC, datetime, timedelta

import make
import pytest
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import Community, Patrol, PatrolCredit, PatrolSource
from patrols import outings
from patrols.errors import OutOfScope
from patrols.outings import Filters
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def patrol(session: Session, place: Community, day: int, **metres: float) -> Patrol:
    row = Patrol(
        community_id=place.id,
        source=PatrolSource.FILE,
        source_key=f"{place.id}-{day}",
        started_at=AT + timedelta(days=day),
        ended_at=AT + timedelta(days=day, hours=1),
        metres=sum(metres.values()),
        minutes=60,
    )
    row.credits = [
        PatrolCredit(grid_code=f"{place.code}{name[-3:]}", metres=length, minutes=30) for name, length in metres.items()
    ]
    return make.add(session, row)


@pytest.fixture
def place(spatialite_session: Session) -> Community:
    return make.town(spatialite_session)[0]


def test_the_latest_comes_first_and_a_page_beyond_the_last_is_the_last(
    spatialite_session: Session, place: Community
) -> None:
    walked = [patrol(spatialite_session, place, day, g001=100) for day in range(5)]

    page = outings.listing(spatialite_session, EVERYTHING, page=99, rows=2)

    assert (page.page, page.pages, page.total) == (3, 3, 5)
    assert page.items == [walked[0]]
    assert outings.listing(spatialite_session, EVERYTHING, rows=2).items == [walked[4], walked[3]]


def test_a_volunteer_sees_the_patrols_that_earned_the_own_grid(spatialite_session: Session, place: Community) -> None:
    here = patrol(spatialite_session, place, 0, g001=100, g002=300)
    there = patrol(spatialite_session, place, 1, g002=100)
    mine = Scope(frozenset({place.id}), frozenset({f"{place.code}001"}))

    assert outings.listing(spatialite_session, mine).items == [here]
    assert outings.get(spatialite_session, mine, here.id) is here
    with pytest.raises(OutOfScope):
        outings.get(spatialite_session, mine, there.id)
    with pytest.raises(NotFound):
        outings.get(spatialite_session, mine, 0)


def test_filters_narrow_by_grid_and_by_the_day_it_began(spatialite_session: Session, place: Community) -> None:
    first, second = (patrol(spatialite_session, place, day, **{f"g00{day + 1}": 100}) for day in (0, 1))

    def found(**wanted: object) -> list[Patrol]:
        return outings.listing(spatialite_session, EVERYTHING, Filters(**wanted)).items  # type: ignore[arg-type]

    assert found(grid_code=f"{place.code}001") == [first]
    assert found(since=AT + timedelta(days=1)) == [second]
    assert found(until=AT + timedelta(days=1)) == [first]
    assert found(community_id=place.id + 1) == []


def test_credits_come_the_longest_first(spatialite_session: Session, place: Community) -> None:
    walked = patrol(spatialite_session, place, 0, g001=100, g002=300)

    credits = outings.credits(spatialite_session, [walked])[walked.id]

    assert [(row.grid_code, row.metres) for row in credits] == [(f"{place.code}002", 300), (f"{place.code}001", 100)]
