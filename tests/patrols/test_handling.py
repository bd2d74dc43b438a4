"""A community's rules of handling: limits by category, emergencies and what they change, office hours and days."""

from datetime import UTC, date, datetime, timedelta

import make
import pytest
import shapely
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import (
    Category,
    Community,
    Incident,
    IncidentSource,
    LimitUnit,
    Organisation,
    StepKind,
    StreetClass,
    TriageRule,
)
from patrols import clocks, cold, handling, incidents, work_calendar
from patrols.deadlines import Limit
from patrols.errors import BadRule
from patrols.scope import EVERYTHING

AT = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday, nine in the morning."""

TWO_DAYS, FOUR_HOURS = Limit(2, LimitUnit.WORKING_DAYS), Limit(4, LimitUnit.WORKING_HOURS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def found(session: Session, community: Community, category: Category | None = None, when: datetime = AT) -> Incident:
    return incidents.report(
        session, community, at=when, source=IncidentSource.RESIDENT, description="污水外溢", category=category
    )


def test_a_category_has_its_own_limit_and_all_others_the_general_one(session: Session) -> None:
    community, _ = make.town(session)
    urgent = make.add(session, Category(family="x", kind="event", code="1", zh="燃气泄漏", en="gas"))
    office = make.add(session, Organisation(community_id=community.id, name="应急办"))
    handling.set_rule(session, community, None, None, TWO_DAYS)
    handling.set_rule(session, community, urgent, office, Limit(2, LimitUnit.URGENT_HOURS))

    assert found(session, community).due_at == at("2026-09-16T18:00:00")
    assert found(session, community, urgent).due_at == AT + timedelta(hours=2)
    assert [(rule.amount, category, who) for rule, category, who in handling.rules(session, community)] == [
        (2.0, urgent, office),
        (2.0, None, None),
    ]


def test_a_rule_is_changed_taken_away_and_needs_an_office_of_the_community(session: Session) -> None:
    community, _ = make.town(session)
    elsewhere = make.community(session, "110108001002")
    strange = make.add(session, Organisation(community_id=elsewhere.id, name="别处"))
    handling.set_rule(session, community, None, None, TWO_DAYS)
    handling.set_rule(session, community, None, None, FOUR_HOURS)
    assert session.query(TriageRule).count() == 1

    with pytest.raises(BadRule, match="no office"):
        handling.set_rule(session, community, None, strange, TWO_DAYS)
    handling.set_rule(session, community, None, None, None)

    assert found(session, community).due_at is None


def test_who_passes_it_on_gives_another_limit_which_counts_from_there(session: Session) -> None:
    community, _ = make.town(session)
    person = make.person(session, community)
    handling.set_rule(session, community, None, None, TWO_DAYS)
    row = found(session, community)
    later = AT + timedelta(hours=7)
    incidents.step(session, row, StepKind.ACCEPT, by=None, at=later)

    incidents.step(session, row, StepKind.DISPATCH, by=None, at=later, to_person=person, limit=FOUR_HOURS)
    assert row.due_at == at("2026-09-15T10:30:00")
    incidents.step(session, row, StepKind.EXTEND, by=None, at=later, note="缺配件", limit=TWO_DAYS)
    assert row.due_at == at("2026-09-17T18:00:00")


def test_the_clock_stands_while_parked_and_begins_again_when_reopened(session: Session) -> None:
    community, _ = make.town(session)
    person = make.person(session, community)
    handling.set_rule(session, community, None, None, TWO_DAYS)
    row = found(session, community)
    incidents.step(session, row, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, row, StepKind.PARK, by=None, at=AT, note="待修缮资金")

    incidents.step(session, row, StepKind.DISPATCH, by=None, at=at("2026-09-18T09:00:00"), to_person=person)
    assert row.due_at == at("2026-09-20T18:00:00")
    for kind in (StepKind.RESOLVE, StepKind.CLOSE):
        incidents.step(session, row, kind, by=None, at=at("2026-09-18T10:00:00"))
    incidents.step(session, row, StepKind.REOPEN, by=None, at=at("2026-09-21T10:00:00"), note="又坏了")

    assert row.due_at == at("2026-09-23T18:00:00")


def test_a_due_moment_that_came_from_elsewhere_stays(session: Session) -> None:
    community, _ = make.town(session)
    handling.set_rule(session, community, None, None, TWO_DAYS)
    said = AT + timedelta(days=30)
    row = incidents.report(
        session, community, at=AT, source=IncidentSource.HOTLINE, description="12345 转办", due_at=said
    )

    incidents.step(session, row, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, row, StepKind.DISPATCH, by=None, at=AT, to_person=make.person(session, community))

    clock = clocks.clock_of(row.steps)
    assert clock is not None
    assert (row.due_at, clock.ends) == (said, said)


def test_in_an_emergency_new_limits_are_short_and_streets_are_walked_more_often(session: Session) -> None:
    community, _ = make.town(session)
    make.street(
        session,
        community,
        shapely.LineString([(116.3001, 40.0005), (116.3029, 40.0005)]),
        street_class=StreetClass.BRANCH,
    )
    handling.set_rule(session, community, None, None, TWO_DAYS)
    before = found(session, community)
    handling.begin_emergency(session, community, at=AT, by=None, reason="暴雨", limit_share=0.5, frequency_share=0.4)
    later = AT + timedelta(hours=1)

    assert found(session, community, when=later).due_at == at("2026-09-15T18:00:00")
    assert before.due_at == at("2026-09-16T18:00:00")
    assert set(cold.cold_streets(session, EVERYTHING, community, at=later)["every_days"]) == {3}
    with pytest.raises(Conflict, match="already"):
        handling.begin_emergency(session, community, at=later, by=None, reason="暴雨")
    ended = handling.end_emergency(session, community, at=later, by=None)
    assert (ended.begins_at, ended.ends_at) == (AT, later)
    assert set(cold.cold_streets(session, EVERYTHING, community, at=later)["every_days"]) == {7}
    with pytest.raises(NotFound):
        handling.end_emergency(session, community, at=later, by=None)


@pytest.mark.parametrize(("reason", "share"), [("", 0.5), ("  ", 0.5), ("暴雨", 0.0), ("暴雨", 1.5)])
def test_an_emergency_needs_a_reason_and_shares_that_shorten(session: Session, reason: str, share: float) -> None:
    community, _ = make.town(session)

    with pytest.raises(BadRule):
        handling.begin_emergency(session, community, at=AT, by=None, reason=reason, limit_share=share)


def test_the_office_has_its_own_hours_and_days(session: Session) -> None:
    community, _ = make.town(session)
    handling.set_rule(session, community, None, None, FOUR_HOURS)
    handling.set_hours(session, community, "  09:00-12:00   13:00-17:00 ")
    off = (date(2026, 9, 15), False, "停电")

    assert work_calendar.keep(session, community, [off]) == 1
    assert work_calendar.keep(session, community, [off]) == 0
    assert handling.hours(session, community) == "09:00-12:00 13:00-17:00"
    assert found(session, community, when=at("2026-09-14T16:00:00")).due_at == at("2026-09-16T12:00:00")
    assert [(day.day, day.name) for day in handling.days(session, community)] == [(date(2026, 9, 15), "停电")]
