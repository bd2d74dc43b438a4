"""Drafts over time: taken back byte for byte, edited by others meanwhile, on ground that changes."""

import drawn_town as town
import geopandas as gpd
import make
import numpy as np
import pytest

from data.exchange.reading import Reading
from data.models import EditionStage
from geo.errors import CannotReshape, GeoError
from patrols import draft_log, drafts, intake
from patrols.draft_rows import Rows
from patrols.errors import DraftChanged, DraftClosed


def test_undoing_and_doing_again_restores_the_rows(session, draft):
    before = town.stored(session, draft)
    town.do(session, draft, "merge", codes=[town.code(1), town.code(2)])
    after = town.stored(session, draft)

    town.undo(session, draft)
    assert town.stored(session, draft) == before
    town.redo(session, draft)

    assert town.stored(session, draft) == after
    assert (draft.revision, draft.edits) == (3, 1)


def test_nothing_is_undone_before_the_first_edit_or_done_again_after_a_new_one(session, draft):
    with pytest.raises(DraftClosed):
        town.undo(session, draft)
    town.do(session, draft, "rename", code=town.code(1), name="甲")
    town.undo(session, draft)
    town.do(session, draft, "rename", code=town.code(1), name="乙")

    with pytest.raises(DraftClosed):
        town.redo(session, draft)
    assert not draft_log.can_redo(session, draft)


def test_an_edition_that_was_submitted_is_not_edited(session, draft):
    draft.stage = EditionStage.SUBMITTED
    session.flush()

    with pytest.raises(DraftClosed):
        town.do(session, draft, "rename", code=town.code(1), name="甲")


def test_an_edit_elsewhere_is_done_although_others_were_faster(session, draft):
    town.do(session, draft, "merge", codes=[town.code(1), town.code(4)])

    done = town.do(session, draft, "rename", code=town.code(3), name="东关", revision=0)

    assert done.rebased
    assert done.revision == 2


def test_an_edit_of_a_neighbour_that_only_got_a_corner_is_done_too(session, draft):
    town.do(session, draft, "split", code=town.code(1), line=town.line((-0.1, 1.5), (1.1, 1.5)))

    done = town.do(session, draft, "merge", codes=[town.code(2), town.code(3)], revision=0)

    assert done.rebased
    assert town.is_tiling(session, draft)
    assert draft_log.changes_since(session, draft, 0)[0].corners == [town.code(2)]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("rename", {"code": town.code(1), "name": "甲"}),
        ("merge", {"codes": [town.code(5), town.code(6)]}),
        ("split", {"code": town.code(5), "line": town.line((-0.1, 1.5), (1.1, 1.5))}),
        ("void", {"code": town.code(5), "reason": "小"}),
    ],
)
def test_an_edit_of_grids_that_others_changed_is_refused_and_says_what_they_did(
    spatialite_session, quick_draft, kind, told
):
    session, draft = spatialite_session, quick_draft
    town.do(session, draft, "merge", codes=[town.code(1), town.code(5)])
    before = town.stored(session, draft)

    with pytest.raises(DraftChanged) as refused:
        town.do(session, draft, kind, revision=0, **told)

    assert refused.value.revision == 1
    assert [(one["kind"], one["codes"]) for one in refused.value.told] == [("merge", [town.code(1), town.code(5)])]
    assert town.stored(session, draft) == before


def test_only_the_last_edit_that_one_has_seen_is_undone(session, draft):
    town.do(session, draft, "rename", code=town.code(1), name="甲")
    town.do(session, draft, "rename", code=town.code(2), name="乙")

    with pytest.raises(DraftChanged):
        drafts.undo(session, draft, revision=1, at=make.EPOCH)

    assert draft.edits == 2


def test_an_edit_that_was_rolled_back_is_forgotten(quick_draft, spatialite_session):
    before = town.stored(spatialite_session, quick_draft)
    with spatialite_session.begin_nested() as savepoint:
        town.do(spatialite_session, quick_draft, "merge", codes=[town.code(1), town.code(2)])
        savepoint.rollback()

    spatialite_session.refresh(quick_draft)
    done = town.do(spatialite_session, quick_draft, "rename", code=town.code(2), name="乙")

    assert len(done.state.codes) == 12
    assert town.stored(spatialite_session, quick_draft).keys() == before.keys()


def test_many_edits_are_taken_back_one_by_one_byte_for_byte(quick_draft, spatialite_session):
    session, random = spatialite_session, np.random.default_rng(5)
    history: list[Rows] = [town.stored(session, quick_draft)]
    refused = 0
    while len(history) <= 30:
        edit = town.random_edit(drafts.state_of(session, quick_draft), random)
        try:
            done = drafts.apply(session, quick_draft, edit, revision=quick_draft.revision, at=make.EPOCH)
        except GeoError:
            refused += 1
            continue
        if done.changed or done.gone:
            history.append(town.stored(session, quick_draft))

    assert refused < 150
    assert town.is_tiling(session, quick_draft)
    for rows in reversed(history[:-1]):
        town.undo(session, quick_draft)
        assert town.stored(session, quick_draft) == rows
    for rows in history[1:]:
        town.redo(session, quick_draft)
        assert town.stored(session, quick_draft) == rows


def test_what_is_remembered_is_what_would_be_read_anew(quick_draft, spatialite_session, monkeypatch):
    session, random = spatialite_session, np.random.default_rng(6)
    for number in range(30):
        edit = town.random_edit(drafts.state_of(session, quick_draft), random)
        try:
            drafts.apply(session, quick_draft, edit, revision=quick_draft.revision, at=make.EPOCH)
        except (CannotReshape, GeoError):
            continue
        if number % 7 == 0 and quick_draft.edits:
            town.undo(session, quick_draft)
        if number % 8 == 0:
            known = drafts.state_of(session, quick_draft)
            anew = drafts.read(session, quick_draft)
            assert known.table() == anew.table()
            assert known.codes_of_blocks() == anew.codes_of_blocks()
            assert known.flaws.keys() == anew.flaws.keys()
            assert all(one.equals_exact(other, 0) for one, other in zip(known.shapes, anew.shapes, strict=True))


def bring_in(session, draft, shape, households):
    columns = {"编号": ["甲"], "户数": [households], "source_row": [1]}
    frame = gpd.GeoDataFrame(columns, geometry=[shape], crs=4326)
    frame.attrs = {"file": "town.gpkg", "notes": []}
    intake.import_buildings(session, Reading(frame, []), draft.community, at=make.EPOCH)


def test_houses_brought_in_meanwhile_are_counted(session, draft):
    drafts.state_of(session, draft)

    bring_in(session, draft, make.degrees_square(0, 0, 0.0001), 30)

    assert town.numbers(drafts.state_of(session, draft), (4,)) == [230]


def test_a_house_brought_in_again_counts_where_it_stands_now(session, draft):
    bring_in(session, draft, make.degrees_square(0, 0, 0.0001), 30)
    drafts.state_of(session, draft)

    bring_in(session, draft, make.degrees_square(11, 0, 0.0001), 30)

    assert town.numbers(drafts.state_of(session, draft), (4, 5)) == [200, 230]
