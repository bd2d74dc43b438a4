"""Patrols on a sheet equal a second count of them; which street nobody walked is told only to those who may know."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta

import drawn_town
import lived_in
import make
import pytest
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data import frames
from data.models import CheckListAnswer, Community, Patrol, Posting, Team
from patrols import figures, kept, plan
from patrols.periodic import PeriodKind, Sheet, sheet
from patrols.plan import Kept
from patrols.scope import EVERYTHING, Scope

WEEK = date(2026, 11, 10)


@pytest.fixture(scope="module")
def lived(engine: Engine) -> Iterator[tuple[Session, Community]]:
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session, lived_in.build(session, 12)
        transaction.rollback()


@pytest.fixture
def session(lived: tuple[Session, Community]) -> Session:
    return lived[0]


@pytest.fixture
def town(lived: tuple[Session, Community]) -> Community:
    return lived[1]


def write(session: Session, town: Community, kind: PeriodKind, day: date, scope: Scope = EVERYTHING) -> Sheet:
    return sheet(session, scope, town, kind, day, lived_in.NOW)


def walks_of(session: Session, made: Sheet, town: Community) -> list[Patrol]:
    begins = made.period.begins_at(town)
    return [one for one in session.query(Patrol) if begins <= one.started_at < made.as_of]


@pytest.mark.parametrize("kind", list(PeriodKind))
def test_patrols_are_added_up_as_by_hand(session: Session, town: Community, kind: PeriodKind) -> None:
    made = write(session, town, kind, WEEK)
    walks = walks_of(session, made, town)
    table = made.section("patrols").table("grids")

    for row in table.rows:
        earned = [credit for walk in walks for credit in walk.credits if credit.grid_code == row[0]]
        assert row[2] == sum(credit.minutes >= 1.0 for credit in earned)
        assert row[3:5] == pytest.approx((sum(one.metres for one in earned), sum(one.minutes for one in earned)))
    at_a_glance = {str(row[0]): row[1] for row in made.section("summary").table("figures").rows}
    assert at_a_glance["Patrols"] == len(walks)
    assert at_a_glance["Length walked"].value == pytest.approx(sum(walk.metres for walk in walks))  # type: ignore[union-attr]


def test_coverage_of_a_week_is_the_one_that_grid_cards_tell(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.WEEK, WEEK)
    table = made.section("patrols").table("grids")

    cards = figures.grid_cards(session, EVERYTHING, town, made.as_of - timedelta(microseconds=1))

    assert table.column("grid_code") == list(cards.index)
    for ours, theirs in (
        ("street_metres", "street_metres"),
        ("street_metres_seen", "street_metres_seen_7d"),
        ("yard_m2_seen", "yard_m2_seen_7d"),
        ("check_points_visited", "check_points_visited_7d"),
        ("visits", "patrols_7d"),
        ("metres", "metres_7d"),
    ):
        assert table.column(ours) == pytest.approx(cards[theirs].tolist()), ours


def test_patrols_over_time_are_those_begun_on_each_day(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.MONTH, WEEK)
    walks = walks_of(session, made, town)
    zone = made.as_of.tzinfo

    table = made.section("patrols").table("by_time")

    for row in table.rows:
        mine = [walk for walk in walks if walk.started_at.astimezone(zone).date() == row[0]]
        assert row[1:] == pytest.approx((len(mine), sum(w.metres for w in mine), sum(w.minutes for w in mine)))
    assert len(table.rows) == 20
    assert table.total is not None
    assert table.total[1] == len(walks)


def test_what_was_kept_of_the_plan_is_what_the_plan_says(session: Session, town: Community) -> None:
    team = session.query(Team).filter_by(community_id=town.id).one()
    when = plan.When((1, 2, 3, 4, 5), time(8), time(10), date(2026, 10, 1), None)
    plan.plan(session, town, team, when, plan.Where(drawn_town.code(5)))

    made = write(session, town, PeriodKind.WEEK, WEEK)

    week = kept.week(session, EVERYTHING, town, first_day=made.period.first, at=made.as_of)
    assert made.section("patrols").table("plan").rows == (
        ("小红帽一队", 5, week.count(Kept.KEPT), week.count(Kept.PARTLY), week.count(Kept.MISSED)),
    )


def test_streets_seen_and_never_walked_are_all_streets(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.QUARTER, WEEK)
    section = made.section("patrols")
    total = dict(
        zip((column.key for column in section.table("grids").columns), section.table("grids").total or (), strict=True)
    )

    streets = frames.streets(session, town.id)

    assert total["street_metres"] == pytest.approx(float(shapely.length(streets.geometry).sum()), rel=1e-6)
    missed = section.table("never_walked").total
    assert missed is not None
    assert isinstance(missed[2], float)
    assert missed[2] <= total["street_metres"] - total["street_metres_seen"] + 1e-6  # type: ignore[operator]
    assert missed[2] > 0


def test_who_is_not_shown_walks_is_not_told_which_street_nobody_walked(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.MONTH, WEEK, replace(EVERYTHING, streets=False, walkers=False))

    assert "never_walked" not in {table.key for table in made.section("patrols").tables}
    assert "told to those who walk" in " ".join(str(one) for one in made.section("patrols").sentences)


def test_who_answers_for_one_grid_is_told_of_that_one_alone(session: Session, town: Community) -> None:
    code = drawn_town.code(4)
    made = write(session, town, PeriodKind.MONTH, WEEK, Scope(frozenset({town.id}), frozenset({code})))
    walks = walks_of(session, made, town)

    for name in ("incidents", "patrols"):
        assert made.section(name).table("grids").column("grid_code") == [code]
    mine = [credit for walk in walks for credit in walk.credits if credit.grid_code == code]
    figures_ = {str(row[0]): row[1] for row in made.section("summary").table("figures").rows}
    assert figures_["Patrols"] == len(mine)
    assert figures_["Length walked"].value == pytest.approx(sum(one.metres for one in mine))  # type: ignore[union-attr]


def test_postings_begun_and_ended_are_those_of_the_roster(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.QUARTER, WEEK)
    table = made.section("duty").table("postings")
    first, last = made.period.first, made.as_of.date()
    rows = [row for row in session.query(Posting) if row.community_id == town.id]

    assert table.total is not None
    assert table.total[1:] == (
        sum(first <= row.valid_from <= last for row in rows),
        sum(row.valid_until is not None and first <= row.valid_until <= last for row in rows),
        sum(row.valid_from <= last and (row.valid_until is None or row.valid_until > last) for row in rows),
    )


def test_vacancies_are_the_duties_that_no_posting_fills(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.MONTH, WEEK)
    vacant = made.section("duty").table("vacant").rows
    day = made.as_of.date()

    filled = {
        (row.duty, row.grid_code)
        for row in session.query(Posting)
        if row.valid_from <= day and (row.valid_until is None or row.valid_until > day)
    }
    codes = [drawn_town.code(number) for number in range(3, 8)]
    wanted = {
        (zh, code)
        for code in codes
        for duty, zh in (("grid_worker", "网格员"), ("grid_manager", "网格长"))
        if (duty, code) not in filled
    }
    assert {(row[0].zh, row[1]) for row in vacant} == wanted  # type: ignore[union-attr]


def test_check_lists_are_counted_item_by_item(session: Session, town: Community) -> None:
    made = write(session, town, PeriodKind.MONTH, WEEK)
    begins = made.period.begins_at(town)
    marks = [
        mark for answer in session.query(CheckListAnswer) if begins <= answer.at < made.as_of for mark in answer.marks
    ]

    table = made.section("needs").table("check_lists")

    assert sum(table.column("looked")) == sum(mark.ok is not None for mark in marks)  # type: ignore[arg-type]
    assert sum(table.column("wrong")) == sum(mark.ok is False for mark in marks)  # type: ignore[arg-type]


def test_a_community_without_grids_has_a_sheet_too(session: Session) -> None:
    place = make.community(session, "110108001009")

    made = write(session, place, PeriodKind.YEAR, WEEK)

    assert made.section("patrols").table("grids").rows == ()
    assert all(chart.labels for section in made.sections for chart in section.charts)
