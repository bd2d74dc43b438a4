"""An edition on its way: what may follow what, who did it, and why a grid was voided."""

from datetime import UTC, date, datetime, timedelta

import make
import pytest
from sqlalchemy.orm import Session

from data import users
from data.errors import Conflict
from data.models import Community, EditionStage, GridEdition, Role, User
from patrols import adoption, editions
from patrols.editions import EditionMove
from patrols.errors import EditionStepRefused
from patrols.lineage import lineage

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
LATER = date(2026, 10, 1)


def somebody(session: Session, login: str = "manager") -> User:
    return users.add_user(session, login=login, password_hash="x", role=Role.GRID_MANAGER, at=AT)


def draft_of(session: Session, place: Community, current: GridEdition, columns: int = 2) -> GridEdition:
    """A draft in which the two northern grids in the west are one."""
    shapes = {grid.code: make.degrees_square(n % 3, 1 - n // 3) for n, grid in enumerate(current.grids)}
    first, second, *_rest = sorted(shapes)
    shapes[first] = shapes[first].union(shapes.pop(second))
    return make.edition(session, place, shapes, number=2, stage=EditionStage.DRAFT, valid_from=None)


def test_an_edition_is_submitted_reviewed_and_adopted_and_every_step_is_kept(session: Session) -> None:
    place, current = make.town(session)
    manager, boss = somebody(session), somebody(session, "boss")
    draft = draft_of(session, place, current)

    editions.submit(session, draft, at=AT, by=manager, note="两格合一")
    editions.review(session, draft, at=AT + timedelta(hours=1), by=boss)
    adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT + timedelta(hours=2), by=boss)

    told = [(move, step.stage, step.by_user_id, step.note) for move, step in editions.history(session, draft)]
    assert told == [
        (EditionMove.SUBMIT, EditionStage.SUBMITTED, manager.id, "两格合一"),
        (EditionMove.REVIEW, EditionStage.REVIEWED, boss.id, ""),
        (EditionMove.ADOPT, EditionStage.ADOPTED, boss.id, ""),
    ]


def test_what_is_sent_back_is_a_draft_again_and_says_why(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = make.town(session)
    draft = draft_of(session, place, current)
    editions.submit(session, draft, at=AT, by=None)

    with pytest.raises(EditionStepRefused, match="what should be changed"):
        editions.send_back(session, draft, at=AT, by=None, note=" ")
    editions.send_back(session, draft, at=AT, by=None, note="北边太大")

    assert draft.stage is EditionStage.DRAFT
    assert [(move, row.note) for move, row in editions.history(session, draft)][-1] == (
        EditionMove.SEND_BACK,
        "北边太大",
    )


@pytest.mark.parametrize(
    ("stage", "move"),
    [
        (EditionStage.DRAFT, EditionMove.REVIEW),
        (EditionStage.DRAFT, EditionMove.SEND_BACK),
        (EditionStage.SUBMITTED, EditionMove.SUBMIT),
        (EditionStage.SUBMITTED, EditionMove.ADOPT),
        (EditionStage.ADOPTED, EditionMove.SEND_BACK),
        (EditionStage.RETIRED, EditionMove.RECALL),
    ],
)
def test_steps_that_may_not_follow_are_refused(spatialite_session: Session, stage: EditionStage, move: str) -> None:
    place, _ = make.town(spatialite_session)
    edition = make.edition(spatialite_session, place, {}, number=2, stage=stage)

    with pytest.raises(EditionStepRefused, match=f"Edition 2 is {stage.value}: the step {move} may not follow"):
        editions.take(spatialite_session, edition, EditionMove(move), at=AT, by=None)
    assert edition.stage is stage
    assert editions.steps(spatialite_session, edition) == []


def test_somebody_adopts_only_what_was_reviewed(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = make.town(session)
    draft = draft_of(session, place, current)

    with pytest.raises(EditionStepRefused, match="is draft"):
        adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT, by=somebody(session))
    assert draft.stage is EditionStage.DRAFT


def test_a_draft_that_was_changed_behind_ones_back_is_not_submitted(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = make.town(session)
    draft = draft_of(session, place, current)
    draft.revision = 4

    with pytest.raises(Conflict, match="changed the draft first"):
        editions.submit(session, draft, at=AT, by=None, seen=3)
    assert editions.submit(session, draft, at=AT, by=None, seen=4).number == 1


def test_an_edition_without_grids_is_not_submitted(spatialite_session: Session) -> None:
    place, _ = make.town(spatialite_session)
    empty = make.edition(spatialite_session, place, {}, number=2, stage=EditionStage.DRAFT)

    with pytest.raises(EditionStepRefused, match="has no grids yet"):
        editions.submit(spatialite_session, empty, at=AT, by=None)


def test_the_reason_why_a_grid_was_voided_stands_in_its_lineage(session: Session) -> None:
    place, current = make.town(session)
    draft = draft_of(session, place, current)
    code = f"{place.code}002"
    editions.void_reason(session, draft, code, "并入001")

    adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT)

    assert {row.parent_code: row.reason for row in lineage(session, draft) if row.reason} == {code: "并入001"}
    with pytest.raises(EditionStepRefused, match="adopted already"):
        editions.void_reason(session, draft, code, "另有原因")
