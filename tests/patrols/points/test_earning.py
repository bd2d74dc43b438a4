"""What earns by itself, claims that others confirm, rules as rows, and statements."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import make
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import (
    AccountKind,
    ClaimStage,
    Community,
    ConfirmedBy,
    IncidentSource,
    MemberRole,
    Patrol,
    PatrolSource,
    Person,
    PointsAccount,
    PointsEntry,
    PointsFact,
    Role,
    StepKind,
    User,
    UserScope,
)
from patrols import incidents, teams
from patrols.errors import OutOfScope
from patrols.points import accounts, claims, earning, goods, ledger, rules, statements
from patrols.points.refusals import BadPointsRule, PointsRefused
from patrols.points.rules import Terms
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
YEAR = date(2026, 1, 1)


@pytest.fixture
def place(session: Session) -> Community:
    """A community of six grids whose rules about points are in force."""
    town, _ = make.town(session)
    rules.begin(session, town, on=YEAR)
    return town


def user(
    session: Session, role: Role, place: Community, *, person: Person | None = None, grid: str | None = None
) -> User:
    row = User(login=f"{role}-{person and person.id}-{grid}", password_hash="", role=role, created_at=NOW)
    row.person_id = None if person is None else person.id
    row.scopes = [UserScope(community_id=place.id, grid_code=grid)]
    return make.add(session, row)


def walk(
    session: Session, place: Community, person: Person | None, ended: datetime, *, minutes: float = 30.0
) -> Patrol:
    patrol = Patrol(community_id=place.id, source=PatrolSource.PHONE, source_key=f"phone-{ended.isoformat()}")
    patrol.started_at, patrol.ended_at, patrol.minutes = ended - timedelta(minutes=minutes), ended, minutes
    patrol.person_id = person and person.id
    return make.add(session, patrol)


def held(session: Session, person: Person) -> int:
    account = accounts.of_person(session, person, on=TODAY)
    return sum(ledger.balance(session, account.id).values())


def test_a_patrol_earns_once_a_day_after_it_ended_and_only_when_it_was_long_enough(
    session: Session, place: Community
) -> None:
    walker = make.person(session, place)
    walk(session, place, walker, NOW - timedelta(days=2))
    walk(session, place, walker, NOW - timedelta(days=3), minutes=19.0)
    walk(session, place, walker, NOW - timedelta(hours=5))
    walk(session, place, None, NOW - timedelta(days=4))

    first, again = (earning.earn(session, place, at=NOW) for _ in range(2))
    tomorrow = earning.earn(session, place, at=NOW + timedelta(days=1))

    assert [(one.entries, one.points) for one in (first, again, tomorrow)] == [(1, 2), (0, 0), (1, 2)]
    assert held(session, walker) == 4


def test_a_third_patrol_on_one_day_meets_the_cap_and_is_told_with_nought(session: Session, place: Community) -> None:
    walker = make.person(session, place)
    for hours in (0, 1, 2):
        walk(session, place, walker, datetime(2026, 11, 18, 2 + hours, tzinfo=UTC))

    done = earning.earn(session, place, at=NOW)

    assert (done.entries, done.points, done.capped) == (3, 4, 1)


def test_a_patrol_made_anew_from_late_positions_does_not_earn_again(session: Session, place: Community) -> None:
    walker = make.person(session, place)
    patrol = walk(session, place, walker, NOW - timedelta(days=2))
    earning.earn(session, place, at=NOW)
    key = patrol.source_key
    session.delete(patrol)
    session.flush()
    anew = walk(session, place, walker, NOW - timedelta(days=2, minutes=1), minutes=45.0)
    anew.source_key = key

    assert earning.earn(session, place, at=NOW).entries == 0


def test_patrols_before_the_rule_earn_nothing(session: Session) -> None:
    place, _ = make.town(session)
    rules.begin(session, place, on=TODAY)
    walk(session, place, make.person(session, place), NOW - timedelta(days=3))

    assert earning.earn(session, place, at=NOW + timedelta(days=1)).entries == 0


Reporting = Callable[[], incidents.Incident]


@pytest.fixture
def reporting(session: Session, place: Community) -> Reporting:
    """Let the volunteer P001 report something."""
    me = user(session, Role.GRID_WORKER, place, person=make.person(session, place))
    return lambda: incidents.report(
        session,
        place,
        at=NOW - timedelta(days=1),
        source=IncidentSource.PATROL,
        description="井盖破损",
        by=me,
        point=(116.3005, 40.0005),
    )


def test_a_report_earns_once_somebody_else_accepts_it(session: Session, place: Community, reporting: Reporting) -> None:
    incident, manager = reporting(), user(session, Role.GRID_MANAGER, place)
    before = earning.earn(session, place, at=NOW)

    incidents.step(session, incident, StepKind.ACCEPT, by=manager, at=NOW)
    after = earning.earn(session, place, at=NOW)

    assert (before.entries, after.points) == (0, 3)


def test_what_a_report_earned_is_taken_back_when_it_is_voided_and_it_does_not_earn_again(
    session: Session, place: Community, reporting: Reporting
) -> None:
    incident, manager = reporting(), user(session, Role.GRID_MANAGER, place)
    incidents.step(session, incident, StepKind.ACCEPT, by=manager, at=NOW)
    earning.earn(session, place, at=NOW)
    incidents.step(session, incident, StepKind.VOID, by=manager, at=NOW, note="查无此事")

    voided = earning.earn(session, place, at=NOW)
    incidents.step(session, incident, StepKind.REOPEN, by=manager, at=NOW, note="复查")
    incidents.step(session, incident, StepKind.ACCEPT, by=manager, at=NOW)
    reopened = earning.earn(session, place, at=NOW)

    assert (voided.reversed, voided.kept, reopened.entries) == (1, 0, 0)
    assert session.scalar(select(func.sum(PointsEntry.points))) == 0


def test_points_of_a_voided_report_that_are_spent_stay_and_are_told(
    session: Session, place: Community, reporting: Reporting
) -> None:
    incident, manager = reporting(), user(session, Role.GRID_MANAGER, place)
    incidents.step(session, incident, StepKind.ACCEPT, by=manager, at=NOW)
    earning.earn(session, place, at=NOW)
    good = goods.set_good(session, place, "雨伞", 3)
    goods.deliver(session, good, 1, at=NOW)
    account = session.scalars(select(PointsAccount)).one()
    goods.redeem(session, account, good, 1, key="k", at=NOW)
    incidents.step(session, incident, StepKind.VOID, by=manager, at=NOW, note="查无此事")

    done = earning.earn(session, place, at=NOW)

    assert (done.reversed, done.kept) == (0, 1)


def claim(
    session: Session, place: Community, account: PointsAccount, code: str, by: User, *, key: str = "form-1"
) -> claims.PointsClaim:
    rule = rules.rule(session, place, code, on=TODAY)
    return claims.claim(session, place, account, rule, on=TODAY, key=key, at=NOW, by=by, note="西门清扫")


def test_a_claim_earns_nothing_until_the_leader_of_the_team_confirms_it(session: Session, place: Community) -> None:
    me, leader, foreign = (make.person(session, place, number) for number in ("P1", "P2", "P3"))
    team, other = teams.add_team(session, place, "东片"), teams.add_team(session, place, "西片")
    teams.join(session, team, me, on=YEAR)
    teams.join(session, team, leader, on=YEAR, role=MemberRole.LEADER)
    teams.join(session, other, foreign, on=YEAR, role=MemberRole.LEADER)
    mine, boss, stranger = (user(session, Role.GRID_WORKER, place, person=one) for one in (me, leader, foreign))
    row = claim(session, place, accounts.of_person(session, me, on=TODAY), "clean_up", mine)

    assert held(session, me) == 0
    assert [claims.waiting(session, place, one, at=NOW) for one in (mine, stranger)] == [[], []]
    assert claims.waiting(session, place, boss, at=NOW) == [row]
    with pytest.raises(PointsRefused, match="somebody else"):
        claims.confirm(session, place, row, at=NOW, by=stranger)
    claims.confirm(session, place, row, at=NOW, by=boss)
    with pytest.raises(PointsRefused, match="already"):
        claims.confirm(session, place, row, at=NOW, by=user(session, Role.GRID_MANAGER, place))

    assert (held(session, me), row.stage) == (5, ClaimStage.CONFIRMED)


def test_a_leader_confirms_neither_what_only_the_office_may_nor_own_claims(session: Session, place: Community) -> None:
    me, leader = (make.person(session, place, number) for number in ("P1", "P2"))
    team = teams.add_team(session, place, "东片")
    teams.join(session, team, me, on=YEAR)
    teams.join(session, team, leader, on=YEAR, role=MemberRole.LEADER)
    boss, manager = user(session, Role.GRID_WORKER, place, person=leader), user(session, Role.GRID_MANAGER, place)
    mine = user(session, Role.GRID_WORKER, place, person=me)
    meeting = claim(session, place, accounts.of_person(session, me, on=TODAY), "meeting", mine)
    own = claim(session, place, accounts.of_person(session, leader, on=TODAY), "clean_up", boss, key="form-2")

    assert claims.waiting(session, place, boss, at=NOW) == []
    for row in (meeting, own):
        with pytest.raises(PointsRefused):
            claims.confirm(session, place, row, at=NOW, by=boss)
        claims.confirm(session, place, row, at=NOW, by=manager)

    assert (held(session, me), held(session, leader)) == (3, 5)


def test_who_enters_a_claim_does_not_confirm_it(session: Session, place: Community) -> None:
    manager, second = user(session, Role.GRID_MANAGER, place), user(session, Role.ADMINISTRATOR, place)
    shop = accounts.open_account(session, place, AccountKind.SHOP, number="S1", name="面馆", on=TODAY)
    row = claim(session, place, shop, "frontage", manager)

    with pytest.raises(PointsRefused, match="yourself"):
        claims.confirm(session, place, row, at=NOW, by=manager)
    entry = claims.confirm(session, place, row, at=NOW, by=second)

    assert entry.points == 10


def test_a_manager_of_one_grid_confirms_what_lies_in_it_alone(session: Session, place: Community) -> None:
    clerk = user(session, Role.GRID_MANAGER, place)
    here, there = (user(session, Role.GRID_MANAGER, place, grid=f"{place.code}00{n}") for n in (1, 2))
    shop = accounts.open_account(
        session, place, AccountKind.SHOP, number="S1", name="面馆", on=TODAY, grid_code=f"{place.code}001"
    )
    row = claim(session, place, shop, "frontage", clerk)

    assert claims.waiting(session, place, there, at=NOW) == []
    assert claims.waiting(session, place, here, at=NOW) == [row]
    with pytest.raises(OutOfScope):
        accounts.get(session, Scope.of_user(there), shop.id)
    assert accounts.listing(session, Scope.of_user(there), place).total == 0
    assert statements.totals(session, Scope.of_user(there), place).all.left == 0


def test_a_claim_that_is_declined_earns_nothing_and_tells_why(session: Session, place: Community) -> None:
    manager, person = user(session, Role.GRID_MANAGER, place), make.person(session, place)
    mine = user(session, Role.GRID_WORKER, place, person=person)
    row = claim(session, place, accounts.of_person(session, person, on=TODAY), "meeting", mine)

    with pytest.raises(PointsRefused, match="why"):
        claims.decline(session, place, row, reason=" ", at=NOW, by=manager)
    claims.decline(session, place, row, reason="未签到", at=NOW, by=manager)

    assert (row.stage, row.reason, held(session, person)) == (ClaimStage.DECLINED, "未签到", 0)


def test_the_same_form_twice_is_one_claim_and_automatic_rules_are_not_claimed(
    session: Session, place: Community
) -> None:
    person = make.person(session, place)
    account, mine = accounts.of_person(session, person, on=TODAY), user(session, Role.GRID_WORKER, place, person=person)

    assert claim(session, place, account, "meeting", mine) is claim(session, place, account, "meeting", mine)
    with pytest.raises(PointsRefused, match="kind"):
        claim(session, place, account, "patrol_kept", mine, key="form-2")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"points": 0}, "1 to 10000"),
        ({"cap_day": 4}, "A cap below"),
        ({"cap_day": 20, "cap_month": 10}, "cap of a month"),
        ({"for_persons": False}, "for whom"),
        ({"zh": " "}, "code and a name"),
        ({"fact": PointsFact.PATROL_KEPT}, "confirmed by what they are"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    session: Session, place: Community, wrong: dict[str, object], said: str
) -> None:
    terms = {"code": "a", "area": "civility", "zh": "好事", "en": "Good deed", "points": 5}

    with pytest.raises(BadPointsRule, match=said):
        rules.set_rule(session, place, Terms(**(terms | wrong)), on=TODAY)


def test_a_rule_in_use_changes_from_the_next_day_on_and_one_not_in_use_at_once(
    session: Session, place: Community
) -> None:
    terms = Terms("tree", "civility", "植树", "Planting a tree", 5, confirmed_by=ConfirmedBy.NOBODY)
    rule = rules.set_rule(session, place, terms, on=TODAY)
    better = Terms("tree", "civility", "植树", "Planting a tree", 6, confirmed_by=ConfirmedBy.NOBODY)

    assert rules.set_rule(session, place, better, on=TODAY) is rule
    account = accounts.of_person(session, make.person(session, place), on=TODAY)
    claim(session, place, account, "tree", user(session, Role.GRID_MANAGER, place))
    with pytest.raises(BadPointsRule, match="choose 2026-11-23"):
        rules.set_rule(session, place, terms, on=TODAY)
    later = rules.set_rule(session, place, terms, on=TODAY + timedelta(days=1))

    assert [(one.points, one.valid_from) for one in (rule, later)] == [(6, TODAY), (5, TODAY + timedelta(days=1))]
    assert rules.rule(session, place, "tree", on=TODAY) is rule


def test_a_statement_of_a_time_begins_with_what_was_there_and_ends_with_what_is(
    session: Session, place: Community
) -> None:
    account = accounts.of_person(session, make.person(session, place), on=TODAY)
    area = rules.area(session, place, "civility")
    ledger.open_balance(session, account, area, 7, at=NOW - timedelta(days=30), on=TODAY - timedelta(days=30))
    good = goods.set_good(session, place, "=雨伞", 3)
    goods.deliver(session, good, 5, at=NOW)
    row = goods.redeem(session, account, good, 2, key="k", at=NOW)
    goods.take_back(session, row, reason="破损", at=NOW)

    whole = statements.statement(session, place, account)
    month = statements.statement(session, place, account, since=date(2026, 11, 1))
    table = statements.as_table(whole, place)

    assert (whole.before, [line.balance for line in whole.lines], whole.after) == (0, [7, 1, 7], 7)
    assert (month.before, [line.taken_back for line in month.lines], month.after) == (7, [True, False], 7)
    assert table["good"].tolist() == ["", "=雨伞", "=雨伞"]
    assert table["points"].sum() == 7


def test_totals_of_two_communities_do_not_mix_and_those_of_a_year_are_that_years(
    session: Session, place: Community
) -> None:
    away = make.community(session, "110108001002")
    rules.begin(session, away, on=YEAR)
    for town, points in ((place, 7), (away, 100)):
        account = accounts.of_person(session, make.person(session, town), on=TODAY)
        area = rules.area(session, town, "civility")
        ledger.open_balance(session, account, area, points, at=NOW, on=TODAY)

    now, before = (statements.totals(session, EVERYTHING, place, until=day) for day in (None, YEAR))

    assert (now.all.opening, now.all.left, before.all.left) == (7, 7, 0)
    assert now.kinds[AccountKind.PERSON].left == 7
