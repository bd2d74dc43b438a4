"""Reporting incidents, the table of steps, and finding them again within a scope."""

from datetime import UTC, datetime, timedelta
from typing import Any

import make
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import (
    Category,
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    Organisation,
    Role,
    Stage,
    StepKind,
    User,
)
from patrols import incident_lists, incidents, moves
from patrols.errors import OutOfScope, StepNotAllowed
from patrols.incident_lists import Filters
from patrols.moves import MOVES
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN
IN_FIRST = (WEST + 0.0005, SOUTH + 0.0015)
IN_LAST = (WEST + 0.0025, SOUTH + 0.0005)


def report(session: Session, community: Community, **given: Any) -> Incident:
    values = {"at": AT, "source": IncidentSource.PATROL, "description": "垃圾未清", "point": IN_FIRST} | given
    return incidents.report(session, community, **values)


def user(session: Session, role: Role, login: str = "somebody") -> User:
    return make.add(session, User(login=login, password_hash="x", role=role, created_at=AT))


def test_a_report_is_located_numbered_and_starts_its_history(session: Session) -> None:
    community, edition = make.town(session)

    first, second = report(session, community), report(session, community, point=IN_LAST)

    assert (first.number, second.number) == ("20260914-0001", "20260914-0002")
    assert (first.grid_code, first.grid_rule, first.edition_id) == (f"{community.code}001", "inside", edition.id)
    assert second.grid_code == f"{community.code}006"
    assert [(step.kind, step.stage, step.at) for step in first.steps] == [(StepKind.REPORT, Stage.REPORTED, AT)]


def test_a_report_without_a_place_falls_to_the_community(session: Session) -> None:
    community, _ = make.town(session)

    found = report(session, community, point=None)

    assert (found.grid_code, found.grid_rule, found.geom) == (None, "community_fallback", None)


def test_a_report_from_the_future_or_under_a_taken_number_is_refused(session: Session) -> None:
    community, _ = make.town(session)
    report(session, community, number="A1")

    with pytest.raises(StepNotAllowed, match="in the future"):
        report(session, community, found_at=AT + timedelta(hours=1))
    with pytest.raises(Conflict, match="A1 is taken"):
        report(session, community, number="A1")
    assert incident_lists.listing(session, EVERYTHING).total == 1


def test_the_full_loop_keeps_resolved_closed_and_satisfied_apart(session: Session) -> None:
    community, _ = make.town(session)
    incident = report(session, community)
    manager, handler = user(session, Role.GRID_MANAGER), user(session, Role.HANDLER, "handler")
    office = make.add(session, Organisation(community_id=community.id, name="物业"))
    person = make.person(session, community)
    hours = iter(range(1, 10))

    def step(kind: StepKind, by: User, **facts: Any) -> None:
        incidents.step(session, incident, kind, by=by, at=AT + timedelta(hours=next(hours)), **facts)

    step(StepKind.ACCEPT, manager)
    step(StepKind.TRIAGE, manager, to_organisation=office)
    step(StepKind.DISPATCH, manager, to_person=person)
    step(StepKind.RESOLVE, handler, note="清了")
    assert (incident.resolved_at, incident.closed_at) == (AT + timedelta(hours=4), None)
    step(StepKind.REDO, manager, note="还有一袋")
    assert (incident.stage, incident.resolved_at, incident.handler_id) == (Stage.ACCEPTED, None, None)
    step(StepKind.DISPATCH, manager, to_person=person)
    step(StepKind.RESOLVE, handler)
    step(StepKind.CLOSE, manager)
    assert (incident.closed_at, incident.rating) == (AT + timedelta(hours=8), None)
    step(StepKind.RATE, manager, rating=4)

    assert (incident.stage, incident.rating, incident.organisation_id) == (Stage.CLOSED, 4, office.id)
    assert [row.number for row in incident.steps] == list(range(1, 11))
    assert incident.steps[-1].note == "4/5"


def test_what_is_sent_back_leaves_the_office_and_what_is_to_be_done_again_stays_with_it(session: Session) -> None:
    community, _ = make.town(session)
    office = make.add(session, Organisation(community_id=community.id, name="物业"))
    done_badly, not_theirs = report(session, community), report(session, community)
    for incident in (done_badly, not_theirs):
        incidents.step(session, incident, StepKind.ACCEPT, by=None, at=AT)
        incidents.step(session, incident, StepKind.TRIAGE, by=None, at=AT, to_organisation=office)

    incidents.step(session, not_theirs, StepKind.SEND_BACK, by=None, at=AT, note="不归我们管")
    incidents.step(session, done_badly, StepKind.RESOLVE, by=None, at=AT)
    incidents.step(session, done_badly, StepKind.REDO, by=None, at=AT, note="还有一袋")

    assert (not_theirs.stage, not_theirs.organisation_id) == (Stage.ACCEPTED, None)
    assert (done_badly.stage, done_badly.organisation_id) == (Stage.ACCEPTED, office.id)


def test_an_office_hands_on_what_was_given_to_it_and_nothing_else() -> None:
    dispatching = {
        stage: moves[StepKind.DISPATCH].roles for stage, moves in MOVES.items() if StepKind.DISPATCH in moves
    }

    assert [stage for stage, roles in dispatching.items() if Role.HANDLER in roles] == [Stage.TRIAGED]


def test_settled_on_the_spot_is_resolved_and_still_to_be_checked(session: Session) -> None:
    community, _ = make.town(session)
    incident = report(session, community)

    incidents.step(session, incident, StepKind.SETTLE_ON_THE_SPOT, by=user(session, Role.GRID_WORKER), at=AT)

    assert (incident.stage, incident.on_the_spot, incident.closed_at) == (Stage.RESOLVED, True, None)


@pytest.mark.parametrize(
    ("kind", "role", "facts", "reason"),
    [
        (StepKind.CLOSE, Role.GRID_MANAGER, {}, "close may not follow while the incident is reported"),
        (StepKind.ACCEPT, Role.GRID_WORKER, {}, "accept is not for the role grid_worker"),
        (StepKind.ACCEPT, Role.OFFICIAL, {}, "accept is not for the role official"),
        (StepKind.VOID, Role.GRID_MANAGER, {"note": "  "}, "void needs a reason"),
        (StepKind.ACCEPT, Role.GRID_MANAGER, {"at": AT - timedelta(hours=1)}, "dated before"),
    ],
)
def test_steps_that_may_not_follow_are_refused_and_change_nothing(
    spatialite_session: Session, kind: StepKind, role: Role, facts: dict[str, Any], reason: str
) -> None:
    community, _ = make.town(spatialite_session)
    incident = report(spatialite_session, community)
    by = user(spatialite_session, role)

    with pytest.raises(StepNotAllowed, match=reason):
        incidents.step(spatialite_session, incident, kind, by=by, **{"at": AT} | facts)

    assert incident.stage is Stage.REPORTED
    assert len(incident.steps) == 1


@pytest.mark.parametrize(
    ("stage", "kind", "reason"),
    [
        (Stage.ACCEPTED, StepKind.TRIAGE, "needs the office"),
        (Stage.ACCEPTED, StepKind.DISPATCH, "needs the person"),
        (Stage.CLOSED, StepKind.RATE, "from 1 to 5"),
    ],
)
def test_a_step_needs_whom_it_goes_to(stage: Stage, kind: StepKind, reason: str) -> None:
    with pytest.raises(StepNotAllowed, match=reason):
        moves.check_step(stage, kind)


def test_of_two_people_at_once_the_second_is_told(session: Session) -> None:
    community, _ = make.town(session)
    incident = report(session, community)
    incidents.step(session, incident, StepKind.ACCEPT, by=None, at=AT, seen=1)

    with pytest.raises(Conflict, match="Somebody else changed"):
        incidents.step(session, incident, StepKind.VOID, by=None, at=AT, note="重复", seen=1)


def test_a_step_number_taken_in_the_database_is_a_conflict_and_the_session_lives_on(session: Session) -> None:
    community, _ = make.town(session)
    incident = report(session, community)
    assert incident.steps
    hidden = IncidentStep(incident_id=incident.id, number=2, kind=StepKind.ACCEPT, stage=Stage.ACCEPTED, at=AT)
    make.add(session, hidden)

    with pytest.raises(Conflict):
        incidents.step(session, incident, StepKind.ACCEPT, by=None, at=AT)
    assert report(session, community).number == "20260914-0002"


def test_every_stage_but_the_two_last_leads_on_and_each_is_reached() -> None:
    reached = {move.after for moves in MOVES.values() for move in moves.values()}

    assert set(MOVES) == set(Stage)
    assert reached == set(Stage)
    nobodys = {kind for moves in MOVES.values() for kind, move in moves.items() if not move.roles}
    assert nobodys == {StepKind.ESCALATE}


@given(kinds=st.lists(st.sampled_from(list(StepKind)), max_size=12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_steps_are_tried_an_incident_is_closed_only_after_it_was_resolved(kinds: list[StepKind]) -> None:
    stage, resolved = Stage.REPORTED, False
    for kind in kinds:
        move = MOVES[stage].get(kind)
        if move is None:
            continue
        changed = moves.consequences(kind, move.after, AT)
        resolved = changed["resolved_at"] is not None if "resolved_at" in changed else resolved
        stage = move.after
        assert stage is not Stage.CLOSED or resolved


def test_next_steps_are_those_of_the_role(spatialite_session: Session) -> None:
    community, _ = make.town(spatialite_session)
    incident = report(spatialite_session, community)

    assert incidents.next_steps(incident, Role.GRID_WORKER) == [StepKind.SETTLE_ON_THE_SPOT, StepKind.REPLY]
    assert incidents.next_steps(incident, Role.OFFICIAL) == [StepKind.SUPERVISE]
    assert StepKind.VOID in incidents.next_steps(incident, Role.GRID_MANAGER)


def test_a_list_holds_only_what_may_be_seen_newest_first(session: Session) -> None:
    community, _ = make.town(session)
    numbers = [report(session, community, found_at=AT - timedelta(hours=hours)).number for hours in (3, 1, 2)]
    elsewhere = report(session, community, point=IN_LAST)
    worker = Scope(frozenset({community.id}), frozenset({f"{community.code}001"}))

    page = incident_lists.listing(session, worker)

    assert [row.number for row in page.items] == [numbers[1], numbers[2], numbers[0]]
    assert incident_lists.get(session, worker, numbers[0]).number == numbers[0]
    with pytest.raises(OutOfScope):
        incident_lists.get(session, worker, elsewhere.number)
    with pytest.raises(NotFound):
        incident_lists.get(session, worker, "no such number")


def test_a_handler_sees_what_was_handed_to_the_office_and_nothing_else(session: Session) -> None:
    community, _ = make.town(session)
    ours, other = report(session, community), report(session, community)
    office = make.add(session, Organisation(community_id=community.id, name="物业"))
    incidents.step(session, ours, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, ours, StepKind.TRIAGE, by=None, at=AT, to_organisation=office)
    scope = Scope(frozenset({community.id}), organisation_id=office.id)

    assert [row.number for row in incident_lists.listing(session, scope).items] == [ours.number]
    assert not scope.allows_incident(other)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(text="垃圾"), {"a", "c"}),
        (Filters(text="100%"), {"b"}),
        (Filters(stages=(Stage.ACCEPTED,)), {"b"}),
        (Filters(since=AT - timedelta(hours=1), until=AT), {"b"}),
        (Filters(overdue_at=AT), {"c"}),
        (Filters(source=IncidentSource.RESIDENT), {"a"}),
        (Filters(unsure_only=True), {"a"}),
        (Filters(grid_code="110108001001006"), {"c"}),
    ],
)
def test_filters_narrow_a_list(session: Session, filters: Filters, expected: set[str]) -> None:
    community, _ = make.town(session)
    on_the_border = (WEST + 0.001, SOUTH + 0.0015)
    report(session, community, number="a", source=IncidentSource.RESIDENT, point=on_the_border)
    b = report(session, community, number="b", description="100% 堵了", found_at=AT - timedelta(minutes=30))
    report(session, community, number="c", due_at=AT - timedelta(days=1), point=IN_LAST)
    incidents.step(session, b, StepKind.ACCEPT, by=None, at=AT)

    assert {row.number for row in incident_lists.listing(session, EVERYTHING, filters).items} == expected


def test_pages_are_cut_evenly_and_cost_the_same_whatever_their_length(session: Session) -> None:
    community, _ = make.town(session)
    category = make.add(session, Category(family="f", kind="k", code="01", zh="垃圾", en="Rubbish"))
    for _ in range(7):
        report(session, community, category=category)
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def ask(rows: int, page: int) -> tuple[int, list[str]]:
        session.expire_all()
        sent.clear()
        found = incident_lists.listing(session, EVERYTHING, page=page, rows=rows)
        names = [row.category.zh for row in found.items if row.category]
        assert (found.total, found.pages) == (7, -(-7 // rows))
        return len(sent), names

    assert ask(5, 1) == (3, ["垃圾"] * 5)
    assert ask(5, 99) == (3, ["垃圾"] * 2)
    assert ask(7, 1)[0] == 3


def test_open_and_overdue_are_counted_by_grid(session: Session) -> None:
    community, _ = make.town(session)
    report(session, community, due_at=AT - timedelta(days=1))
    report(session, community, due_at=AT + timedelta(days=1))
    done = report(session, community, point=IN_LAST)
    incidents.step(session, done, StepKind.VOID, by=None, at=AT, note="重复")
    report(session, community, point=None)

    found = incident_lists.counts_by_grid(session, EVERYTHING, Filters(), at=AT)

    assert found == {f"{community.code}001": (2, 1), None: (1, 0)}


def test_what_is_parked_is_open_but_never_overdue(session: Session) -> None:
    community, _ = make.town(session)
    late = report(session, community, due_at=AT + timedelta(hours=1))
    parked = report(session, community, due_at=AT + timedelta(hours=1))
    parked.stage = Stage.PARKED
    session.flush()
    afterwards = AT + timedelta(days=1)

    found = incident_lists.listing(session, EVERYTHING, Filters(overdue_at=afterwards)).items

    assert [one.number for one in found] == [late.number]
    counted = incident_lists.counts_by_grid(session, EVERYTHING, Filters(), at=afterwards)
    assert counted == {late.grid_code: (2, 1)}
