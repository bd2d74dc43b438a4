"""The sample town is built by the ways of a user's files, and what is printed of it is what the database holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import Conflict
from data.models import (
    Building,
    Category,
    ChainLink,
    Community,
    EditionStage,
    Fix,
    Grid,
    GridEdition,
    Incident,
    IncidentStep,
    Organisation,
    Outcome,
    Patrol,
    PatrolCredit,
    Person,
    Posting,
    Stage,
    StepKind,
    TeamMember,
)
from geo.tiling import find_flaws
from patrols import cameras, redraw, responsibility, sample_town
from patrols.moves import MOVES, OPEN_STAGES
from patrols.periodic import PeriodKind, sheet
from patrols.sample_summary import Sentence, Summary, say_summary
from patrols.scope import EVERYTHING

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class Town:
    session: Session
    summary: Summary
    said: list[Sentence]

    @property
    def community(self) -> Community:
        return self.session.get_one(Community, self.summary.community_id)


@pytest.fixture(scope="module")
def town(engine: Engine) -> Iterator[Town]:
    """The whole sample town, built once for this file on each database and taken back at the end."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            said: list[Sentence] = []
            yield Town(session, sample_town.build(session, at=AT, say=said.append), said)
        transaction.rollback()


def test_the_town_calls_itself_simulated_and_credits_openstreetmap(town: Town) -> None:
    assert town.community.simulated
    assert "模拟" in town.community.name
    assert "OpenStreetMap" in town.community.attribution


def test_its_grids_tile_the_ground_and_lie_in_the_band(town: Town) -> None:
    edition = redraw.require_edition(town.session, town.community, AT)
    grids = frames.grids(town.session, edition.id)
    outline = frames.outline(town.session, town.community.id)
    buildings = frames.buildings(town.session, town.community.id)

    assert 20 <= len(grids) <= 40
    assert grids["households"].between(*sample_town.BAND).mean() >= 0.95
    assert (grids.loc[~grids["households"].between(*sample_town.BAND), "explanation"] != "").all()
    assert find_flaws(grids, outline, buildings=buildings).empty
    assert abs(grids.union_all().area - outline.union_all().area) < 1
    assert grids["households"].sum() == buildings["households"].sum()
    assert grids["residents"].sum() == buildings["residents"].sum()


def test_its_grids_have_codes_of_fifteen_digits_and_names_of_their_own(town: Town) -> None:
    grids = town.session.scalars(select(Grid).order_by(Grid.code)).all()

    assert [grid.code for grid in grids] == [f"{sample_town.CODE}{n:03d}" for n in range(1, len(grids) + 1)]
    assert len({grid.name for grid in grids}) == len(grids)
    assert all(grid.name.endswith("网格") and len(grid.name) > 2 for grid in grids)


def test_the_edition_answers_for_the_whole_simulated_year(town: Town) -> None:
    edition = town.session.scalars(select(GridEdition)).one()
    first = town.session.scalar(select(func.min(Incident.found_at)))

    assert edition.stage is EditionStage.ADOPTED
    assert edition.valid_from is not None
    assert edition.valid_from <= date(2025, 11, 22)
    assert first is not None
    assert first.date() >= edition.valid_from
    assert edition.filing_number


def test_everybody_is_posted_walks_or_handles(town: Town) -> None:
    session = town.session

    assert town.summary.people == session.scalar(select(func.count(Person.id))) == 60
    posted = set(session.scalars(select(Posting.person_id)))
    walking = set(session.scalars(select(TeamMember.person_id)))
    handling = set(session.scalars(select(Person.id).where(Person.organisation_id.is_not(None))))
    assert posted | walking | handling == set(session.scalars(select(Person.id)))
    assert {posting.duty for posting in session.scalars(select(Posting))} == {
        link.duty for link in session.scalars(select(ChainLink))
    }


def test_metres_and_minutes_of_the_grids_add_up_to_those_of_the_patrols(town: Town) -> None:
    session = town.session
    walked = session.execute(select(func.sum(Patrol.metres), func.sum(Patrol.minutes))).one()
    credited = session.execute(select(func.sum(PatrolCredit.metres), func.sum(PatrolCredit.minutes))).one()

    assert town.summary.patrols == session.scalar(select(func.count(Patrol.id))) == 200
    assert credited[0] == pytest.approx(walked[0], abs=0.5)
    assert credited[1] == pytest.approx(walked[1], abs=0.5)
    assert town.summary.metres == pytest.approx(walked[0])
    assert 0.95 * walked[0] < town.summary.metres_in_grids <= walked[0] + 1e-6
    assert 300_000 < walked[0] < 700_000


def test_jumps_and_the_drift_of_those_who_stood_were_cleaned_away_and_little_else(town: Town) -> None:
    counts = town.session.execute(select(Fix.dropped_by, func.count().label("fixes")).group_by(Fix.dropped_by)).all()

    fixes = {row.dropped_by: row.fixes for row in counts}
    drift = fixes.pop("drift")
    kept = fixes.pop(None)
    assert 0.002 < sum(fixes.values()) / kept < 0.03
    assert 0.02 < drift / kept < 0.25


def test_every_incident_is_located_and_each_rule_has_decided_some(town: Town) -> None:
    assert town.summary.incidents == 3000
    assert sum(town.summary.by_rule.values()) == 3000
    assert {"inside", "within_reach", "named", "community_fallback"} <= set(town.summary.by_rule)
    assert town.summary.by_rule["inside"] > 2700
    rules = set(town.session.scalars(select(Incident.grid_rule).where(Incident.grid_code.is_(None))))
    assert rules == {"community_fallback"}


def test_incidents_stand_at_every_stage_and_most_are_closed(town: Town) -> None:
    stages = town.summary.by_stage

    assert {Stage.CLOSED, Stage.VOIDED, Stage.DISPATCHED, Stage.PARKED, Stage.RESOLVED} <= set(stages)
    assert stages["closed"] > 2500
    assert 50 < sum(stages.get(stage, 0) for stage in OPEN_STAGES) < 300


def test_the_history_of_each_incident_follows_the_one_table_of_steps(town: Town) -> None:
    rows = town.session.execute(
        select(IncidentStep.incident_id, IncidentStep.kind, IncidentStep.stage, IncidentStep.at).order_by(
            IncidentStep.incident_id, IncidentStep.number
        )
    ).all()
    at, stage = {}, {}

    for incident_id, kind, after, moment in rows:
        if kind is StepKind.REPORT:
            assert incident_id not in stage
        else:
            assert MOVES[stage[incident_id]][kind].after is after
            assert at[incident_id] <= moment <= AT
        stage[incident_id], at[incident_id] = after, moment
    assert stage == dict(town.session.execute(select(Incident.id, Incident.stage)).all())


def test_incidents_have_a_category_and_a_due_time_and_some_are_sensitive(town: Town) -> None:
    without = select(func.count(Incident.id)).where(Incident.category_id.is_(None) | Incident.due_at.is_(None))
    sensitive = select(func.count(Incident.id)).join(Category).where(Category.sensitive)

    assert town.session.scalar(without) == 0
    assert 100 < (town.session.scalar(sensitive) or 0) < 600


def test_the_example_shows_the_people_who_really_answer_there(town: Town) -> None:
    example = town.summary.example
    incident = town.session.scalars(select(Incident).where(Incident.number == example.number)).one()
    point = frames.decode([incident.geom])[0]

    answer = responsibility.find_responsible(town.session, (point.x, point.y), at=incident.found_at)

    assert [link.name for link in answer.chain] == [link["name"] for link in example.chain]
    assert answer.grid_code == example.grid_code
    assert len(example.chain) >= 4
    assert not any(link["vacant"] for link in example.chain)


def test_who_may_sign_in_is_somebody_of_the_town(town: Town) -> None:
    session, summary = town.session, town.summary
    walker = session.get_one(Person, summary.walker_id)
    walked = select(func.sum(PatrolCredit.metres)).join(Patrol)

    assert session.get_one(Person, summary.manager_id).postings[0].duty == "grid_manager"
    assert session.get_one(Organisation, summary.organisation_id).name.endswith("（模拟）")
    assert (
        session.scalar(walked.where(Patrol.person_id == walker.id, PatrolCredit.grid_code == summary.walker_grid)) or 0
    ) > 1000


def test_its_sheets_tell_how_disputes_ended_and_who_settled_what(town: Town) -> None:
    made = sheet(town.session, EVERYTHING, town.community, PeriodKind.YEAR, date(2026, 6, 1), AT)

    mediation = made.section("mediation").table("mediation")
    assert mediation.total is not None
    mediated, settled, not_settled, to_court = mediation.total[1:5]
    ended = select(Incident.outcome, func.count()).where(Incident.outcome.is_not(None)).group_by(Incident.outcome)
    now = dict(town.session.execute(ended.where(Incident.found_at >= made.as_of - timedelta(days=300))).all())
    assert set(now) == set(Outcome)
    assert mediated == settled + not_settled + to_court  # type: ignore[operator]
    assert all(isinstance(count, int) and count > 0 for count in (settled, not_settled, to_court))
    levels = made.section("handling").table("levels").column("closed")
    assert all(isinstance(count, int) and count > 50 for count in levels)


def test_its_cameras_stand_on_its_ground(town: Town) -> None:
    outline = town.community.outline
    found = cameras.standing(town.session, EVERYTHING, town.community, on=AT.date())

    assert outline is not None
    assert len(found) == 27
    spots = shapely.points([(one.lon, one.lat) for one in found])
    assert shapely.covers(frames.decode([outline])[0], spots).all()


def test_every_step_of_the_build_and_every_figure_is_said_as_a_sentence(town: Town) -> None:
    said = [*town.said, *town.summary.sentences()]

    assert len(town.said) == 8
    assert all(line == line.template % line.facts for line in said)
    assert any(str(town.summary.grids) in line for line in said)
    assert town.summary.sentences() == say_summary(town.summary.as_dict())


def test_no_home_stands_on_two_grids(town: Town) -> None:
    edition = redraw.require_edition(town.session, town.community, AT)
    grids = frames.grids(town.session, edition.id).geometry.to_numpy()
    buildings = frames.buildings(town.session, town.community.id).geometry.to_numpy()

    building, _ = shapely.STRtree(shapely.buffer(grids, 0.05)).query(buildings, predicate="covered_by")

    assert np.array_equal(np.unique(building), np.arange(len(buildings)))


def test_the_town_is_built_only_once(town: Town) -> None:
    before = town.session.scalar(select(func.count(Building.id)))

    with pytest.raises(Conflict):
        sample_town.build(town.session, at=AT, say=lambda _: None)

    assert town.session.scalar(select(func.count(Building.id))) == before
