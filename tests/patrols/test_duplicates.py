"""Which incidents may be the same matter: by place, time and category."""

from datetime import UTC, datetime, timedelta
from typing import Any

import make
from sqlalchemy.orm import Session

from data.models import Category, Community, Incident, IncidentSource, StepKind
from patrols import duplicates, incidents
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN
PLACE = (WEST + 0.0005, SOUTH + 0.0015)


def found(session: Session, community: Community, east: float = 0.0, **given: Any) -> Incident:
    values = {"at": AT, "source": IncidentSource.RESIDENT, "description": "井盖破损"} | given
    row = incidents.report(session, community, point=(PLACE[0] + east, PLACE[1]), **values)
    session.expire(row)
    return row


def test_the_nearest_of_the_same_kind_and_time_come_first(session: Session) -> None:
    community, _ = make.town(session)
    covers, lamps = (
        make.add(session, Category(family="x", kind="part", code=code, zh=code, en=code)) for code in ("1", "2")
    )
    new = found(session, community, category=covers)
    far_ish = found(session, community, 0.0005, category=covers)
    near = found(session, community, 0.0002)
    found(session, community, 0.0001, category=lamps)
    found(session, community, 0.0008, category=covers)
    found(session, community, 0.0001, category=covers, found_at=AT - timedelta(hours=73))

    alike = duplicates.suggestions(session, EVERYTHING, new)

    assert [one.incident.id for one in alike] == [near.id, far_ish.id]
    # 0.0002 degrees of longitude at 40 degrees north.
    assert [round(one.metres, 1) for one in alike] == [17.1, 42.7]


def test_nothing_is_suggested_beyond_the_scope_without_a_place_or_that_is_done_away_with(session: Session) -> None:
    community, _ = make.town(session)
    new, other = found(session, community), found(session, community, 0.0001)
    nowhere = incidents.report(session, community, at=AT, source=IncidentSource.RESIDENT, description="噪声")

    assert duplicates.suggestions(session, EVERYTHING, nowhere) == []
    assert duplicates.suggestions(session, Scope(frozenset({community.id}), frozenset({"elsewhere"})), new) == []
    incidents.step(session, other, StepKind.VOID, by=None, at=AT, note="误报")
    assert duplicates.suggestions(session, EVERYTHING, new) == []


def test_merged_ones_are_listed_where_they_went(session: Session) -> None:
    community, _ = make.town(session)
    first, second, third = (found(session, community, 0.0001 * number) for number in range(3))
    for one in (third, second):
        incidents.step(session, one, StepKind.MERGE, by=None, at=AT, other=first)

    assert duplicates.merged_here(session, first) == [second, third]
    assert duplicates.merged_into(session, second) == first
    assert duplicates.merged_into(session, first) is None
