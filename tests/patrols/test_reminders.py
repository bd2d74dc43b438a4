"""Who is told what at a step, before something is due, when it is over and every working morning."""

from datetime import UTC, datetime, timedelta

import make
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import (
    ChainLink,
    Community,
    Duty,
    Incident,
    IncidentSource,
    LimitUnit,
    Notice,
    NoticeKind,
    Organisation,
    Person,
    PlaceKind,
    Role,
    Sending,
    StepKind,
    User,
    WayKind,
)
from patrols import clocks, handling, incidents, notice_sendings, notice_ways, notices, outbox, reminders, roster
from patrols.deadlines import Limit
from patrols.errors import BadRule

AT = datetime(2026, 9, 14, 0, 30, tzinfo=UTC)
"""Monday, half past eight in the morning."""

IN_FIRST = (make.ORIGIN[0] + 0.0005, make.ORIGIN[1] + 0.0015)


class Place:
    """A community with a chain of three, the middle one vacant, a handler and an office of two."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.community, _ = make.town(session)
        links = [Duty.GRID_WORKER, Duty.GRID_MANAGER, Duty.FIRST_SECRETARY]
        for position, duty in enumerate(links, start=1):
            kind = PlaceKind.COMMUNITY if duty is Duty.FIRST_SECRETARY else PlaceKind.GRID
            key = {"community_id": self.community.id, "position": position, "duty": duty.value}
            make.add(session, ChainLink(**key, place_kind=kind, zh=duty.value, en=duty.value))
        self.worker, self.secretary, self.handler = (make.person(session, self.community, f"P{n}") for n in range(3))
        day, code = AT.date(), f"{self.community.code}001"
        roster.post(session, self.worker, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=code, valid_from=day)
        roster.post(session, self.secretary, Duty.FIRST_SECRETARY, PlaceKind.COMMUNITY, valid_from=day)
        self.office = make.add(session, Organisation(community_id=self.community.id, name="城管办"))
        self.clerks = [make.person(session, self.community, f"C{n}", organisation_id=self.office.id) for n in range(2)]
        handling.set_rule(session, self.community, None, None, Limit(4, LimitUnit.WORKING_HOURS))

    def found(self) -> Incident:
        row = incidents.report(
            self.session, self.community, at=AT, source=IncidentSource.PATROL, description="井盖破损", point=IN_FIRST
        )
        self.session.expire(row)
        return row

    def dispatched(self) -> Incident:
        row = self.found()
        incidents.step(self.session, row, StepKind.ACCEPT, by=None, at=AT)
        incidents.step(self.session, row, StepKind.DISPATCH, by=None, at=AT, to_person=self.handler)
        return row

    def closed(self) -> Incident:
        row = self.dispatched()
        incidents.step(self.session, row, StepKind.RESOLVE, by=None, at=AT)
        incidents.step(self.session, row, StepKind.CLOSE, by=None, at=AT)
        return row

    def told(self, kind: NoticeKind) -> list[int]:
        wanted = select(Notice.person_id).where(Notice.kind == kind).order_by(Notice.id)
        return list(self.session.scalars(wanted))


def add_way(place: Place, person: Person, address: str = "someone@example.org") -> None:
    notice_ways.add(place.session, place.community, person, WayKind.MAIL, address)


def test_whoever_is_handed_an_incident_is_told_and_the_manager_when_it_is_resolved(session: Session) -> None:
    place = Place(session)
    row = place.dispatched()
    assert place.told(NoticeKind.HANDED) == [place.handler.id]

    incidents.step(session, row, StepKind.RESOLVE, by=None, at=AT)
    # Nobody is the grid's manager: the farthest link that is filled.
    assert place.told(NoticeKind.RESOLVED) == [place.secretary.id]
    assert notices.unread(session, place.handler.id) == 1


@pytest.mark.parametrize(("rating", "told"), [(1, True), (2, True), (3, False), (5, False)])
def test_a_low_rating_is_told_to_the_manager_and_a_good_one_to_nobody(
    session: Session, rating: int, told: bool
) -> None:
    place = Place(session)
    row = place.closed()

    incidents.step(session, row, StepKind.RATE, by=None, at=AT, rating=rating)

    assert place.told(NoticeKind.RATED_LOW) == [place.secretary.id] * told
    (said,) = [one.facts for one in session.scalars(select(Notice).where(Notice.kind == NoticeKind.RATED_LOW))] or [{}]
    assert said.get("rating", rating) == rating


def test_that_the_program_opened_an_incident_again_is_told_to_the_manager(session: Session) -> None:
    place = Place(session)
    row = place.closed()

    incidents.step(session, row, StepKind.REOPEN, by=None, at=AT, note="1/5 还是脏的")

    assert place.told(NoticeKind.REOPENED) == [place.secretary.id]


def test_whoever_takes_a_step_is_not_told_of_it(session: Session) -> None:
    place = Place(session)
    row = place.closed()
    user = make.add(
        session,
        User(
            login="secretary",
            password_hash="-",
            role=Role.GRID_MANAGER,
            created_at=AT,
            person_id=place.secretary.id,
        ),
    )

    incidents.step(session, row, StepKind.REOPEN, by=user, at=AT, note="看错了")

    assert place.told(NoticeKind.REOPENED) == []


def test_an_office_is_told_as_its_people(session: Session) -> None:
    place = Place(session)
    row = place.found()
    incidents.step(session, row, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, row, StepKind.TRIAGE, by=None, at=AT, to_organisation=place.office)

    assert place.told(NoticeKind.HANDED) == [clerk.id for clerk in place.clerks]


def test_a_step_that_is_taken_back_leaves_no_notice(session: Session) -> None:
    place = Place(session)
    saved = session.begin_nested()
    place.dispatched()
    saved.rollback()

    assert place.told(NoticeKind.HANDED) == []


def test_a_warning_comes_once_after_three_quarters_of_the_time(session: Session) -> None:
    place = Place(session)
    row = place.dispatched()
    assert row.warn_at == AT + timedelta(hours=3)

    for minutes in (179, 180, 185):
        reminders.tick(session, at=AT + timedelta(minutes=minutes))

    assert place.told(NoticeKind.WARNED) == [place.handler.id]


def test_what_is_over_climbs_the_chain_a_link_each_working_day_past_the_vacant_one(session: Session) -> None:
    place = Place(session)
    row = place.dispatched()
    assert row.due_at == datetime(2026, 9, 14, 7, 0, tzinfo=UTC)

    for day, wanted in ((0, 1), (0, 1), (1, 2), (2, 2), (3, 2)):
        reminders.tick(session, at=datetime(2026, 9, 14 + day, 7, 30, tzinfo=UTC) + timedelta(hours=3 * (day > 0)))
        assert row.escalations == wanted

    assert place.told(NoticeKind.OVERDUE) == [place.worker.id, place.secretary.id]
    session.expire(row, ["steps"])
    assert [step.to_person_id for step in row.steps if step.kind is StepKind.ESCALATE] == [
        place.worker.id,
        place.secretary.id,
    ]
    assert row.handler_id == place.handler.id


def test_the_morning_list_comes_once_on_working_days(session: Session) -> None:
    place = Place(session)
    place.dispatched()
    before, after = AT - timedelta(hours=1), AT + timedelta(minutes=1)

    assert reminders.morning(session, place.community, at=before) == 0
    assert reminders.morning(session, place.community, at=after) == 1
    assert reminders.morning(session, place.community, at=after + timedelta(hours=1)) == 0
    # Saturday the 19th is off, Sunday the 20th is worked for National Day.
    assert reminders.morning(session, place.community, at=after + timedelta(days=5)) == 0
    assert reminders.morning(session, place.community, at=after + timedelta(days=6)) == 1
    listed = session.scalars(select(Notice).where(Notice.kind == NoticeKind.MORNING).order_by(Notice.id)).all()
    assert [(row.facts["open"], row.facts["today"], row.facts["overdue"]) for row in listed] == [(1, 1, 0), (1, 0, 1)]


def test_notices_go_by_the_ways_that_are_in_use(session: Session) -> None:
    place = Place(session)
    add_way(place, place.handler)
    place.dispatched()
    assert len(outbox.lease(session, notice_sendings.BOX, at=AT)) == 1

    (way, _person), *_ = notice_ways.ways(session, place.community)
    notice_ways.end(session, place.community, way.id, at=AT)
    place.dispatched()

    assert outbox.lease(session, notice_sendings.BOX, at=AT + timedelta(days=1)) == []
    assert {row.error for row in session.scalars(select(Sending))} == {"the way was ended"}
    assert notice_ways.ways(session, place.community) == []
    with pytest.raises(NotFound):
        notice_ways.end(session, place.community, way.id, at=AT)


@pytest.mark.parametrize("address", ["", "x", "x@y", "a b@example.org", "a@example.org,b@example.org", "http://x"])
def test_what_is_no_mail_address_is_refused(session: Session, address: str) -> None:
    place = Place(session)

    with pytest.raises(BadRule):
        add_way(place, place.handler, address)


def test_a_way_is_added_once_and_for_people_of_the_community(session: Session) -> None:
    place = Place(session)
    elsewhere: Community = make.community(session, "110108001002")
    stranger = make.person(session, elsewhere, "X1")
    add_way(place, place.handler)

    with pytest.raises(Conflict):
        add_way(place, place.handler)
    with pytest.raises(BadRule):
        add_way(place, stranger)


def test_more_time_is_asked_of_the_manager_and_its_answer_told_to_whoever_asked(session: Session) -> None:
    place = Place(session)
    row, more = place.dispatched(), Limit(2, LimitUnit.WORKING_DAYS)

    incidents.step(session, row, StepKind.ASK_LONGER, by=None, at=AT, note="等配件", limit=more)
    before, waits = row.due_at, clocks.waiting(row.steps)
    incidents.step(session, row, StepKind.EXTEND, by=None, at=AT, note="同意", limit=more)
    given = row.due_at
    incidents.step(session, row, StepKind.ASK_LONGER, by=None, at=AT, note="还差一点", limit=more)
    incidents.step(session, row, StepKind.REFUSE_LONGER, by=None, at=AT, note="请按期办结")

    assert waits is not None
    assert (waits.note, clocks.said_asked(waits), clocks.said_limit(waits)) == ("等配件", more, None)
    assert before is not None
    assert given is not None
    assert given > before
    assert (row.due_at, clocks.waiting(row.steps)) == (given, None)
    assert place.told(NoticeKind.ASKED_LONGER) == [place.secretary.id] * 2
    assert place.told(NoticeKind.GIVEN_LONGER) == place.told(NoticeKind.REFUSED_LONGER) == [place.handler.id]
