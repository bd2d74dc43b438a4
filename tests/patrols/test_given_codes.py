"""Numbers of grids are given once: by one draft, by two at the same moment, undone or not, on both databases."""

import threading
from collections.abc import Iterator

import drawn_town as town
import make
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from data.database import open_engine, open_session
from data.errors import Conflict
from data.models import EditionStage, GivenCode, Grid, GridEdition
from geo.errors import CannotDraw
from patrols import drafts, editions, given_codes, redraw
from patrols.draft_edits import Edit

EACH = 8
"""Grids that each of several people cuts in two at the same time."""


def given(session: Session) -> list[str]:
    return [code[-3:] for code in session.scalars(select(GivenCode.code).order_by(GivenCode.code))]


def cut(session: Session, draft: GridEdition, number: int, y: float) -> str:
    """Cut a grid of the town in two along a line from west to east; the new grid's number."""
    before = set(drafts.state_of(session, draft).codes)
    town.do(session, draft, "split", code=town.code(number), line=town.line((-0.1, y), (3.1, y)))
    (new,) = set(drafts.state_of(session, draft).codes) - before
    return new[-3:]


def test_two_drafts_of_the_same_grids_never_give_the_same_number(session: Session) -> None:
    place, _ = town.build(session)
    one, two = drafts.open(session, place, at=make.EPOCH), drafts.open(session, place, at=make.EPOCH)

    numbers = [cut(session, one, 1, 1.5), cut(session, two, 1, 1.5), cut(session, one, 4, 0.5)]

    assert numbers == ["007", "008", "009"] == given(session)


def test_a_number_that_was_undone_is_not_given_again(session: Session) -> None:
    place, _ = town.build(session)
    draft = drafts.open(session, place, at=make.EPOCH)
    assert cut(session, draft, 1, 1.5) == "007"
    town.undo(session, draft)

    assert cut(session, draft, 1, 1.4) == "008"


def test_drawing_anew_passes_over_the_numbers_of_open_drafts(session: Session) -> None:
    place, _ = town.build(session)
    draft = drafts.open(session, place, at=make.EPOCH)
    cut(session, draft, 1, 1.5)
    joined = make.frame([make.degrees_square(0).union(make.degrees_square(1))], crs=4326, grid_code=["x"])

    drawn = redraw.store_draft(session, place, joined, at=make.EPOCH)

    assert [grid.code[-3:] for grid in drawn.grids] == ["008"]


def test_the_first_proposals_of_a_community_do_not_share_numbers(session: Session) -> None:
    place = make.community(session)
    cells = make.frame(
        [make.degrees_square(0), make.degrees_square(1)], crs=4326, grid_code=[town.code(1), town.code(2)]
    )

    first, second = (redraw.store_draft(session, place, cells, at=make.EPOCH) for _ in range(2))

    assert [grid.code[-3:] for grid in first.grids] == ["001", "002"]
    assert [grid.code[-3:] for grid in second.grids] == ["003", "004"]


def test_a_draft_discarded_before_it_was_submitted_frees_its_numbers(session: Session) -> None:
    place, _ = town.build(session)
    one, two = drafts.open(session, place, at=make.EPOCH), drafts.open(session, place, at=make.EPOCH)
    cut(session, one, 1, 1.5)

    editions.discard(session, one, at=make.EPOCH, by=None)

    assert given(session) == []
    assert cut(session, two, 1, 1.5) == "007"


def test_numbers_that_somebody_may_have_seen_stay_given_when_their_draft_is_discarded(session: Session) -> None:
    place, _ = town.build(session)
    one, two = drafts.open(session, place, at=make.EPOCH), drafts.open(session, place, at=make.EPOCH)
    cut(session, one, 1, 1.5)
    editions.submit(session, one, at=make.EPOCH, by=None)
    editions.send_back(session, one, at=make.EPOCH, by=None, note="不用了")

    editions.discard(session, one, at=make.EPOCH, by=None)

    assert cut(session, two, 1, 1.5) == "008"


def test_a_discarded_draft_comes_back_only_while_nobody_has_its_numbers(session: Session) -> None:
    place, _ = town.build(session)
    one, two = drafts.open(session, place, at=make.EPOCH), drafts.open(session, place, at=make.EPOCH)
    cut(session, one, 1, 1.5)
    editions.discard(session, one, at=make.EPOCH, by=None)
    editions.bring_back(session, one, at=make.EPOCH, by=None)
    assert given(session) == ["007"]
    editions.discard(session, one, at=make.EPOCH, by=None)
    cut(session, two, 1, 1.5)

    with pytest.raises(Conflict, match="given once"):
        editions.bring_back(session, one, at=make.EPOCH, by=None)
    assert one.stage is EditionStage.DISCARDED


def test_official_codes_of_a_corrected_file_are_taken_over_from_a_discarded_draft(session: Session) -> None:
    place, _ = town.build(session)
    cells = make.frame([make.degrees_square(0)], crs=4326, grid_code=[town.code(50)])
    first = redraw.store_draft(session, place, cells, at=make.EPOCH, keep_codes=True)
    editions.submit(session, first, at=make.EPOCH, by=None)
    editions.send_back(session, first, at=make.EPOCH, by=None, note="边界有误")
    editions.discard(session, first, at=make.EPOCH, by=None)

    second = redraw.store_draft(session, place, cells, at=make.EPOCH, keep_codes=True)

    assert session.scalars(select(GivenCode.edition_id)).all() == [second.id]


def test_a_code_that_an_open_draft_has_given_is_not_brought_in_for_another_grid(session: Session) -> None:
    place, _ = town.build(session)
    draft = drafts.open(session, place, at=make.EPOCH)
    cut(session, draft, 1, 1.5)
    town.undo(session, draft)
    cells = make.frame([make.degrees_square(0)], crs=4326, grid_code=[town.code(7)])

    with pytest.raises(Conflict, match="007"):
        redraw.store_draft(session, place, cells, at=make.EPOCH, keep_codes=True)


def test_a_special_grid_does_not_get_a_number_by_hand_that_another_draft_gave(session: Session) -> None:
    place, _ = town.build(session)
    one, two = drafts.open(session, place, at=make.EPOCH), drafts.open(session, place, at=make.EPOCH)
    cut(session, one, 1, 1.5)
    town.undo(session, one)

    with pytest.raises(Conflict, match="given once"):
        town.do(session, two, "lay_over", ground=town.ground(0.2, 0.2, 0.5, 0.5), name="学校", code=town.code(7))


def test_letters_in_codes_do_not_hide_the_last_number(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = make.town(session)
    make.edition(session, place, {f"{place.code}A01": make.degrees_square(0)}, number=2, stage=EditionStage.DRAFT)
    draft = make.edition(session, place, {}, number=3, stage=EditionStage.DRAFT)

    assert given_codes.give(session, draft) == f"{place.code}007"


def test_numbers_past_999_are_refused_and_say_what_helps(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = make.town(session)
    draft = make.edition(session, place, {f"{place.code}999": make.degrees_square(0)}, number=2)

    with pytest.raises(CannotDraw, match="discarded before they are submitted"):
        given_codes.give(session, draft)


@pytest.fixture
def several(own_url: str) -> Iterator[tuple[Engine, list[int]]]:
    """Four committed drafts of one community's grids, and their keys."""
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _ = town.build(session, 4, 2)
        keys = [drafts.open(session, place, at=make.EPOCH).id for _ in range(4)]
        session.commit()
    yield engine, keys
    engine.dispose()


class Cutter(threading.Thread):
    """Somebody who cuts every grid of a draft in two, as fast as the database lets them."""

    def __init__(self, engine: Engine, key: int, start: threading.Barrier) -> None:
        super().__init__()
        self.engine, self.key, self.barrier, self.failed = engine, key, start, ""

    def run(self) -> None:
        self.barrier.wait()
        try:
            for number in range(1, EACH + 1):
                with open_session(self.engine, writing=True) as session:
                    y = 1.5 if number <= EACH // 2 else 0.5
                    edit = Edit("split", {"code": town.code(number), "line": town.line((-0.1, y), (4.1, y))})
                    draft = session.get_one(GridEdition, self.key)
                    drafts.apply(session, draft, edit, revision=draft.revision, at=make.EPOCH)
                    session.commit()
        except Exception as error:
            self.failed = repr(error)
            raise


def test_four_people_who_cut_in_four_drafts_at_the_same_moment_get_different_numbers(several) -> None:
    engine, keys = several
    start = threading.Barrier(len(keys))
    people = [Cutter(engine, key, start) for key in keys]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=120)

    assert [person.failed for person in people] == [""] * len(people)
    with open_session(engine) as session:
        new = session.scalars(
            select(Grid.code).where(Grid.edition_id.in_(keys), Grid.code > town.code(EACH)).order_by(Grid.code)
        ).all()
    assert [code[-3:] for code in new] == [f"{number:03d}" for number in range(EACH + 1, EACH + 1 + 4 * EACH)]
