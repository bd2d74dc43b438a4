"""What adopting hands over, how it is called back, and that the past stays what it was, whatever happens."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import make
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.database import open_engine, open_session
from data.models import (
    Community,
    EditionStage,
    GridEdition,
    GridLineage,
    Incident,
    IncidentSource,
    IncidentStep,
    Stage,
    StepKind,
)
from patrols import adoption, draft_flaws, drafts, editions, figures, incidents, redraw, responsibility
from patrols.errors import AdoptionRefused, EditionStepRefused
from patrols.scope import EVERYTHING

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
TODAY, LATER = date(2026, 9, 14), date(2026, 10, 1)
ON_THE_DAY = datetime(2026, 10, 1, 1, tzinfo=UTC)
SECOND = (116.3015, 40.0015)
"""In grid 002, the middle one of the northern row."""


def found(session: Session, place: Community, point: tuple[float, float] | None, at: datetime = AT) -> Incident:
    return incidents.report(session, place, at=at, source=IncidentSource.RESIDENT, description="井盖松动", point=point)


def joined(session: Session, place: Community, *codes: str, number: int, into: str) -> GridEdition:
    """A draft of the grids last adopted, in which some are one."""
    last = redraw.last_adopted(session, place)
    assert last is not None
    grids = frames.grids(session, last.id, degrees=True).set_index("grid_code").geometry
    chosen = [f"{place.code}{code}" for code in codes]
    shapes = dict(grids.drop(chosen)) | {f"{place.code}{into}": shapely.union_all(grids[chosen].to_numpy())}
    return make.edition(session, place, shapes, number=number, stage=EditionStage.DRAFT, valid_from=None)


def adopt(session: Session, draft: GridEdition, day: date, at: datetime = AT) -> GridEdition:
    return adoption.adopt(session, draft, valid_from=day, filing_number="2号", at=at)


def test_open_incidents_go_over_to_the_grid_that_has_their_ground_now(session: Session) -> None:
    place, old = make.town(session)
    here, there = found(session, place, SECOND), found(session, place, (116.3025, 40.0005))
    draft = joined(session, place, "001", "002", number=2, into="001")

    adopt(session, draft, TODAY)

    assert (here.grid_code, here.edition_id, here.stage) == (f"{place.code}001", draft.id, Stage.REPORTED)
    step = here.steps[-1]
    assert (step.number, step.kind, step.stage, step.note) == (
        2,
        StepKind.HAND_OVER,
        Stage.REPORTED,
        f"{place.code}002 → {place.code}001",
    )
    assert here.grid_facts["hand_overs"] == [
        {
            "day": "2026-09-14",
            "from": f"{place.code}002",
            "to": f"{place.code}001",
            "rule": "inside",
            "edition_id": old.id,
        }
    ]
    assert (there.grid_code, len(there.steps)) == (f"{place.code}006", 1)


def test_what_is_closed_keeps_its_grid(session: Session) -> None:
    place, _ = make.town(session)
    voided = found(session, place, SECOND)
    incidents.step(session, voided, StepKind.VOID, by=None, at=AT, note="重复上报")

    adopt(session, joined(session, place, "001", "002", number=2, into="001"), TODAY)

    assert voided.grid_code == f"{place.code}002"


def test_an_incident_without_a_place_follows_its_grids_ground(spatialite_session: Session) -> None:
    session = spatialite_session
    place, edition = make.town(session)
    named, nobody = found(session, place, None), found(session, place, None)
    named.grid_code, named.grid_rule, named.edition_id = f"{place.code}002", "named", edition.id

    adopt(session, joined(session, place, "001", "002", number=2, into="001"), TODAY)

    assert (named.grid_code, named.grid_rule) == (f"{place.code}001", "named")
    assert (nobody.grid_code, len(nobody.steps)) == (None, 1)


def test_the_first_edition_takes_over_what_the_community_had(spatialite_session: Session) -> None:
    session = spatialite_session
    place = make.community(session, outline=make.degrees_square(0))
    here = found(session, place, (116.3005, 40.0005))
    draft = make.edition(
        session, place, {f"{place.code}001": make.degrees_square(0)}, stage=EditionStage.DRAFT, valid_from=None
    )

    adopt(session, draft, TODAY)

    assert (here.grid_code, here.steps[-1].note) == (f"{place.code}001", f"– → {place.code}001")


def test_an_edition_of_the_future_takes_over_on_its_first_day(session: Session) -> None:
    place, current = make.town(session)
    early, closed = found(session, place, SECOND), found(session, place, SECOND)
    draft = joined(session, place, "001", "002", number=2, into="001")
    adopt(session, draft, LATER)
    between = found(session, place, SECOND, at=AT + timedelta(days=2))
    incidents.step(session, closed, StepKind.VOID, by=None, at=AT + timedelta(days=3), note="重复上报")

    assert adoption.begin(session, ON_THE_DAY - timedelta(days=1)) == []
    assert [early.grid_code, between.grid_code] == [f"{place.code}002"] * 2
    assert adoption.begin(session, ON_THE_DAY) == [draft]
    assert adoption.begin(session, ON_THE_DAY) == []

    assert [one.grid_code[-3:] for one in (early, between, closed)] == ["001", "001", "002"]
    assert current.stage is EditionStage.RETIRED
    assert [step.stage for step in editions.steps(session, current)] == [EditionStage.RETIRED]


def test_an_adoption_that_has_not_begun_is_undone_without_a_trace_in_the_figures(session: Session) -> None:
    place, current = make.town(session)
    here = found(session, place, SECOND)
    draft = joined(session, place, "001", "002", number=2, into="001")
    editions.submit(session, draft, at=AT, by=None)
    editions.review(session, draft, at=AT, by=None)
    adopt(session, draft, LATER)

    adoption.recall(session, draft, at=AT, by=None, note="再议")

    assert (draft.stage, draft.valid_from, draft.filing_number) == (EditionStage.REVIEWED, None, "")
    assert (current.valid_until, current.stage) == (None, EditionStage.ADOPTED)
    assert redraw.edition_in_force(session, place.id, LATER) is current
    assert session.scalar(select(func.count()).select_from(GridLineage)) == 0
    assert adoption.begin(session, ON_THE_DAY) == []
    assert (here.grid_code, len(here.steps)) == (f"{place.code}002", 1)
    assert adopt(session, draft, LATER).valid_from == LATER


def test_what_has_begun_or_was_followed_is_not_undone(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = make.town(session)
    second = adopt(session, joined(session, place, "001", "002", number=2, into="001"), LATER)
    third = joined(session, place, "004", "005", number=3, into="004")
    adopt(session, third, LATER + timedelta(days=9))

    with pytest.raises(EditionStepRefused, match="recall that one first"):
        adoption.recall(session, second, at=AT, by=None)
    with pytest.raises(EditionStepRefused, match="has answered since 2026-01-01"):
        adoption.recall(session, current, at=AT, by=None)
    adoption.recall(session, third, at=AT, by=None)
    adoption.recall(session, second, at=AT, by=None)
    assert (second.valid_until, current.valid_until) == (None, None)


def test_figures_of_a_past_day_are_the_same_after_three_later_adoptions(session: Session) -> None:
    place, _ = make.town(session)
    make.street(session, place, shapely.LineString([make.ORIGIN, (116.303, 40.001)]))
    reported = [found(session, place, (116.3005 + n / 1000, 40.0015), at=AT - timedelta(days=9)) for n in range(3)]
    reported += [found(session, place, (116.3005 + n / 1000, 40.0005), at=AT - timedelta(days=9)) for n in range(3)]
    reported[0].due_at = AT - timedelta(days=8)
    past = AT - timedelta(days=7)

    def told() -> tuple[pd.DataFrame, list[str | None]]:
        points = [(116.3005 + n / 1000, 40.0015) for n in range(3)]
        answers = [responsibility.find_responsible(session, point, at=past).grid_code for point in points]
        return figures.grid_cards(session, EVERYTHING, place, past), answers

    before = told()
    for number, (codes, into) in enumerate(
        [(("001", "002"), "001"), (("001", "003"), "001"), (("004", "005"), "004")], start=2
    ):
        at = AT + timedelta(days=number)
        adopt(session, joined(session, place, *codes, number=number, into=into), at.date(), at=at)
        incidents.step(session, reported[number], StepKind.VOID, by=None, at=at, note="重复上报")
    after = told()

    pd.testing.assert_frame_equal(before[0], after[0])
    assert before[1] == after[1]
    assert before[0]["open_incidents"].tolist() == [1] * 6
    assert before[0]["overdue_incidents"].tolist() == [1, 0, 0, 0, 0, 0]
    now = figures.grid_cards(session, EVERYTHING, place, AT + timedelta(days=9), with_coverage=False)
    assert now["open_incidents"].to_dict() == {
        f"{place.code}{code}": n for code, n in (("001", 2), ("004", 0), ("006", 1))
    }


KILLED = """
    import os, sys
    from datetime import UTC, date, datetime
    from sqlalchemy import event, select
    from data.database import open_engine, open_session
    from data.models import GridEdition
    from patrols import adoption

    engine = open_engine(sys.argv[1])
    with open_session(engine, writing=True) as session:
        draft = session.scalars(select(GridEdition).where(GridEdition.number == 2)).one()
        adoption.adopt(session, draft, valid_from=date(2026, 9, 14), filing_number="2",
                       at=datetime(2026, 9, 14, 4, tzinfo=UTC))
        session.flush()
        print("adopted, not committed", flush=True)
        sys.stdin.read()
        session.commit()
"""


def test_a_process_killed_in_the_middle_of_an_adoption_leaves_the_old_edition_whole(spatialite_url: str) -> None:
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        found(session, place, SECOND)
        joined(session, place, "001", "002", number=2, into="001")
        session.commit()
        number = place.id
    root = Path(__file__).resolve().parents[2]
    script = [sys.executable, "-c", textwrap.dedent(KILLED), spatialite_url]
    with subprocess.Popen(
        script,
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "adopted, not committed\n"
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL

    with open_session(engine, writing=True) as session:
        old, draft = session.scalars(select(GridEdition).order_by(GridEdition.number)).all()
        assert (old.stage, old.valid_until) == (EditionStage.ADOPTED, None)
        assert (draft.stage, draft.valid_from, draft.filing_number) == (EditionStage.DRAFT, None, "")
        assert redraw.edition_in_force(session, number, TODAY) is old
        assert session.scalars(select(Incident)).one().grid_code.endswith("002")
        for model, count in ((GridLineage, 0), (IncidentStep, 1)):
            assert session.scalar(select(func.count()).select_from(model)) == count
        assert adopt(session, draft, TODAY).stage is EditionStage.ADOPTED
        session.commit()
    engine.dispose()


def test_a_flaw_that_was_accepted_with_a_reason_does_not_stand_against_adopting(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = make.town(session)
    draft = joined(session, place, "001", "002", number=2, into="001")
    session.delete(draft.grids[-1])
    session.flush()
    session.expire(draft)
    drafts.prepare(session, draft, at=AT)
    state = drafts.state_of(session, draft)
    (key,) = [key for key, flaw in state.flaws.items() if flaw.kind == "gap"]

    with pytest.raises(AdoptionRefused, match="1 flaws stand against"):
        adopt(session, draft, LATER)
    draft_flaws.accept(session, draft, state, key, "水面", at=AT, by=None)

    assert adopt(session, draft, LATER).valid_from == LATER


def test_of_two_who_adopt_at_once_the_second_sees_what_the_first_left(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        for number, into in ((2, "001"), (3, "004")):
            joined(session, place, *(("001", "002") if number == 2 else ("004", "005")), number=number, into=into)
        session.commit()
    told: list[str] = []

    def adopt_one(number: int) -> None:
        with open_session(engine, writing=True) as session:
            draft = session.scalars(select(GridEdition).where(GridEdition.number == number)).one()
            try:
                adopt(session, draft, LATER)
                session.commit()
                told.append("adopted")
            except AdoptionRefused as refusal:
                told.append(refusal.template)

    both = [threading.Thread(target=adopt_one, args=(number,)) for number in (2, 3)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert sorted(told)[1:] == ["adopted"]
    assert "choose a later day" in sorted(told)[0]
    with open_session(engine) as session:
        terms = session.execute(
            select(GridEdition.valid_from, GridEdition.valid_until)
            .where(GridEdition.valid_from.is_not(None))
            .order_by(GridEdition.valid_from)
        ).all()
        assert [tuple(term) for term in terms] == [(date(2026, 1, 1), LATER), (LATER, None)]
    engine.dispose()


def test_of_two_processes_that_see_the_day_come_only_one_hands_over(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        found(session, place, SECOND)
        adopt(session, joined(session, place, "001", "002", number=2, into="001"), LATER)
        session.commit()
    told: list[int] = []

    def begin_all() -> None:
        with open_session(engine, writing=True) as session:
            begun = adoption.begin(session, ON_THE_DAY)
            session.commit()
            told.append(len(begun))

    both = [threading.Thread(target=begin_all) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert sorted(told) == [0, 1]
    with open_session(engine) as session:
        kinds = session.scalars(select(IncidentStep.kind).order_by(IncidentStep.number)).all()
        assert kinds[1:] == [StepKind.HAND_OVER]
    engine.dispose()
