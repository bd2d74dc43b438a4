"""Two people on one draft at the same moment, in transactions of their own, on both databases: nothing is lost."""

import threading
from collections.abc import Iterator
from typing import Any

import drawn_town as town
import make
import pytest
from sqlalchemy import Engine, select

from data.database import open_engine, open_session
from data.models import DraftChange, DraftEdit, GridEdition
from patrols import drafts
from patrols.draft_edits import Edit
from patrols.errors import DraftChanged


@pytest.fixture
def shared(own_url: str) -> Iterator[tuple[Engine, int]]:
    """A committed draft of six grids, and its key."""
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _ = town.build(session)
        key = drafts.open(session, place, at=make.EPOCH).id
        session.commit()
    yield engine, key
    engine.dispose()


class Person(threading.Thread):
    """Somebody who sends edits one after the other, each on the revision last seen, which others have left behind."""

    def __init__(self, engine: Engine, key: int, edits: list[Edit], start: threading.Barrier) -> None:
        super().__init__()
        self.engine, self.key, self.edits, self.barrier = engine, key, edits, start
        self.seen, self.rebased, self.refused, self.failed = 0, 0, 0, ""

    def run(self) -> None:
        self.barrier.wait()
        try:
            for edit in self.edits:
                self._send(edit)
        except Exception as error:
            self.failed = repr(error)
            raise

    def _send(self, edit: Edit) -> None:
        with open_session(self.engine, writing=True) as session:
            edition = session.get_one(GridEdition, self.key)
            try:
                done = drafts.apply(session, edition, edit, revision=self.seen, at=make.EPOCH)
            except DraftChanged:
                self.refused += 1
                return
            session.commit()
            self.seen, self.rebased = done.revision, self.rebased + done.rebased


def work_together(engine: Engine, key: int, *plans: list[Edit]) -> list[Person]:
    barrier = threading.Barrier(len(plans))
    people = [Person(engine, key, plan, barrier) for plan in plans]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=120)
    assert [person.failed for person in people] == ["" for _ in people]
    return people


def of_grid(number: int, count: int) -> list[Edit]:
    return [Edit("rename", {"code": town.code(number), "name": f"{number}-{turn}"}) for turn in range(count)]


def read(engine: Engine, key: int) -> tuple[Any, list[DraftEdit], list[DraftChange]]:
    with open_session(engine) as session:
        edits = list(session.scalars(select(DraftEdit).order_by(DraftEdit.number)))
        changes = list(session.scalars(select(DraftChange).order_by(DraftChange.revision)))
        edition = session.get_one(GridEdition, key)
        assert town.is_tiling(session, edition)
        return drafts.read(session, edition), edits, changes


def test_two_people_in_different_grids_both_get_everything_done(shared):
    engine, key = shared
    north = [
        Edit("split", {"code": town.code(1), "line": town.line((-0.1, 1.6), (1.1, 1.6))}),
        *of_grid(1, 6),
        Edit("give", {"ground": town.ground(0.7, 1.3, 1, 1.9), "to": town.code(2)}),
    ]
    south = [
        Edit("split", {"code": town.code(6), "line": town.line((1.9, 0.4), (3.1, 0.4))}),
        *of_grid(6, 6),
        Edit("give", {"ground": town.ground(1.7, 0.1, 2, 0.7), "to": town.code(6)}),
    ]

    people = work_together(engine, key, north, south)

    state, edits, changes = read(engine, key)
    assert [person.refused for person in people] == [0, 0]
    assert sum(person.rebased for person in people) > 0
    assert [edit.number for edit in edits] == list(range(1, 17))
    assert [change.revision for change in changes] == list(range(17))
    assert len(state.codes) == 8
    assert sum(row["households"] for row in state.table()) == 1200
    assert {state.rows[town.code(1)]["name"], state.rows[town.code(6)]["name"]} == {"1-5", "6-5"}


def test_of_two_who_change_the_same_grid_one_is_told_and_nothing_is_half_done(shared):
    engine, key = shared

    people = work_together(
        engine,
        key,
        [Edit("merge", {"codes": [town.code(1), town.code(2)]})],
        [Edit("merge", {"codes": [town.code(2), town.code(3)]})],
    )

    state, edits, _ = read(engine, key)
    assert sorted(person.refused for person in people) == [0, 1]
    assert len(edits) == 1
    assert len(state.codes) == 5
    assert sum(row["households"] for row in state.table()) == 1200


def test_undoing_all_that_several_did_at_once_leads_back_to_the_beginning(shared):
    engine, key = shared
    with open_session(engine) as session:
        before = town.stored(session, session.get_one(GridEdition, key))
    work_together(engine, key, of_grid(1, 5), of_grid(3, 5), of_grid(5, 5))

    with open_session(engine, writing=True) as session:
        edition = session.get_one(GridEdition, key)
        for _ in range(edition.edits):
            town.undo(session, edition)
        session.commit()

    with open_session(engine) as session:
        edition = session.get_one(GridEdition, key)
        assert town.stored(session, edition) == before
        assert (edition.revision, edition.edits) == (30, 0)
