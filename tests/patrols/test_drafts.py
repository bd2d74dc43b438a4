"""Drafts: every kind of edit, what it does to rows and figures, and taking it back byte for byte."""

from typing import Any

import drawn_town as town
import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from sqlalchemy import delete, func, select

from data.exchange.reading import Reading
from data.models import DraftBlock, DraftEdit, EditionStage, Grid
from geo.errors import CannotReshape, GeoError
from patrols import draft_log, drafting, drafts, ground_stamp, intake
from patrols.draft_edits import Edit
from patrols.draft_rows import Rows
from patrols.errors import DraftChanged, DraftClosed, NoEditionInForce


@pytest.fixture
def draft(session):
    place, _ = town.build(session)
    return drafts.open(session, place, at=make.EPOCH)


@pytest.fixture
def quick_draft(spatialite_session):
    place, _ = town.build(spatialite_session, 4, 3)
    return drafts.open(spatialite_session, place, at=make.EPOCH)


def test_a_draft_of_the_grids_in_force_has_their_codes_and_ground(session, draft):
    state = drafts.state_of(session, draft)

    assert state.codes == tuple(town.code(number) for number in range(1, 7))
    assert draft.stage is EditionStage.DRAFT
    assert town.numbers(state, range(1, 7)) == [200] * 6
    assert town.is_tiling(session, draft)
    assert drafts.drafts(session, draft.community) == [draft]


def test_blocks_lie_in_the_grid_they_are_in(session, draft):
    state = drafts.state_of(session, draft)

    assert len(state.blocks.numbers) >= 12
    assert set(state.codes_of_blocks()) == set(state.codes)
    assert state.blocks.households.sum() == 1200


def test_a_second_draft_of_the_same_ground_takes_the_blocks_of_the_first(session):
    place, _ = town.build(session)
    ground_stamp.renew(place)
    first = drafts.state_of(session, drafts.open(session, place, at=make.EPOCH))

    second = drafts.state_of(session, drafts.open(session, place, at=make.EPOCH))

    assert second.blocks.households.tolist() == first.blocks.households.tolist()
    assert [*map(shapely.to_wkb, second.blocks.degrees)] == [*map(shapely.to_wkb, first.blocks.degrees)]
    assert second.codes_of_blocks() == first.codes_of_blocks()


def test_a_draft_of_other_ground_or_another_band_is_cut_anew(spatialite_session, monkeypatch):
    session, cuts = spatialite_session, []
    place, _ = town.build(session)
    ground_stamp.renew(place)
    blocks_of = drafting.blocks_of
    monkeypatch.setattr(drafting, "blocks_of", lambda *place, **how: cuts.append(how) or blocks_of(*place, **how))

    drafts.open(session, place, at=make.EPOCH)
    drafts.open(session, place, at=make.EPOCH)
    assert len(cuts) == 1
    drafts.open(session, place, at=make.EPOCH, households=(90, 300))
    assert len(cuts) == 2
    ground_stamp.renew(place)
    drafts.open(session, place, at=make.EPOCH)

    assert len(cuts) == 3


def test_a_community_without_grids_in_force_is_drawn_anew(session):
    place = make.community(session, outline=make.degrees_square(0))
    make.building(session, place, make.degrees_square(0, side=0.0005), households=200)

    with pytest.raises(NoEditionInForce):
        drafts.open(session, place, at=make.EPOCH)
    drawn = drafts.open(session, place, at=make.EPOCH, source=drafts.DRAWN, households=(100, 300))

    assert drafts.state_of(session, drawn).band == (100, 300)
    assert drafts.state_of(session, drawn).codes == (town.code(1),)


def test_painting_a_block_takes_its_households_along(session, draft):
    state = drafts.state_of(session, draft)
    block = town.blocks_in(state, town.code(1))[0]
    people = int(state.blocks.households[state.blocks.numbers.tolist().index(block)])

    done = town.do(session, draft, "paint", blocks=[block], to=town.code(2))

    assert town.numbers(done.state, (1, 2)) == [200 - people, 200 + people]
    assert block in town.blocks_in(done.state, town.code(2))
    assert {town.code(1), town.code(2)} <= set(done.changed)
    assert draft.revision == done.revision == 1
    assert town.stored(session, draft)[town.code(2)]["households"] == 200 + people
    assert town.is_tiling(session, draft)


def test_painting_without_a_grid_makes_a_new_one_with_the_next_code(session, draft):
    blocks = town.blocks_in(drafts.state_of(session, draft), town.code(1))[:1]

    done = town.do(session, draft, "paint", blocks=blocks, to=None)

    assert done.state.codes[-1] == town.code(7)
    assert done.state.rows[town.code(7)]["name"] == "第7网格"


def test_a_building_goes_with_its_plot_halfway_to_its_neighbours(session, draft):
    state = drafts.state_of(session, draft)
    houses = town.houses_in(state, town.code(1))

    done = town.do(session, draft, "plots", buildings=[houses[0]], to=town.code(2))

    given = done.state.ground.buildings.geometry[houses[0]]
    one, two = (done.state.shapes[done.state.places[town.code(number)]] for number in (1, 2))
    assert town.numbers(done.state, (1, 2)) == [150, 250]
    assert two.covers(given)
    assert one.distance(given) > 5
    assert town.houses_in(done.state, town.code(1)) == houses[1:]
    assert town.is_tiling(session, draft)


def test_buildings_of_several_grids_go_to_a_new_one(session, draft):
    state = drafts.state_of(session, draft)
    houses = [town.houses_in(state, town.code(number))[0] for number in (1, 2, 5)]

    done = town.do(session, draft, "plots", buildings=[*houses, houses[0]], to=None)

    assert town.houses_in(done.state, town.code(7)) == sorted(houses)
    assert town.numbers(done.state, (1, 2, 3, 5, 7)) == [150, 150, 200, 150, 150]
    assert town.is_tiling(session, draft)


def test_without_blocks_a_plot_reaches_as_far_as_its_grid(spatialite_session, quick_draft):
    session, draft = spatialite_session, quick_draft
    session.execute(delete(DraftBlock).where(DraftBlock.edition_id == draft.id))
    state = drafts.read(session, draft)
    houses = town.houses_in(state, town.code(1))

    done = town.do(session, draft, "plots", buildings=houses[:1], to=town.code(12))

    assert town.houses_in(done.state, town.code(1)) == houses[1:]
    assert town.is_tiling(session, draft)


def test_a_cut_gives_the_smaller_part_a_new_code_and_its_own_colour(session, draft):
    done = town.do(session, draft, "split", code=town.code(1), line=town.line((-0.1, 1.55), (1.1, 1.55)))

    colours = {code: row["colour"] for code, row in done.state.rows.items()}
    assert town.numbers(done.state, (1, 7)) == [100, 100]
    assert colours[town.code(1)] != colours[town.code(7)]
    assert town.is_tiling(session, draft)


def test_a_code_of_an_undone_cut_is_given_to_no_other_ground(session, draft):
    town.do(session, draft, "split", code=town.code(1), line=town.line((-0.1, 1.5), (1.1, 1.5)))
    town.undo(session, draft)

    done = town.do(session, draft, "split", code=town.code(6), line=town.line((1.9, 0.5), (3.1, 0.5)))

    assert done.state.codes[-1] == town.code(8)


def test_merging_leaves_one_grid_with_the_people_of_all(session, draft):
    done = town.do(session, draft, "merge", codes=[town.code(1), town.code(2), town.code(4)])

    assert done.gone == (town.code(2), town.code(4))
    assert town.numbers(done.state, (1, 3)) == [600, 200]
    assert session.scalar(select(func.count()).where(Grid.edition_id == draft.id).select_from(Grid)) == 4


def test_a_shared_border_is_drawn_once_for_both_sides(session, draft):
    done = town.do(session, draft, "reshape", line=town.line((1, 1.9), (1.45, 1.5), (1, 1.1)))

    assert {town.code(1), town.code(2)} <= set(done.changed)
    assert town.is_tiling(session, draft)


def test_a_shared_corner_moves_in_all_grids_around_it(session, draft):
    done = town.do(session, draft, "move_vertex", at=town.place(1, 1), to=town.place(1.2, 1.1))

    assert set(done.changed) >= {town.code(number) for number in (1, 2, 4, 5)}
    assert town.is_tiling(session, draft)


def test_a_special_grid_lies_over_the_others_and_counts_who_lives_there(session, draft):
    done = town.do(session, draft, "lay_over", ground=town.ground(0.1, 0.1, 0.5, 0.9), name="第一小学")

    told = done.state.told(town.code(7))
    assert (told["kind"], told["name"], told["households"], told["in_band"]) == ("special", "第一小学", 100, True)
    assert town.numbers(done.state, range(1, 7)) == [200] * 6


def test_a_grid_that_is_given_up_goes_to_the_neighbour_with_the_longest_border(session, draft):
    town.do(session, draft, "merge", codes=[town.code(2), town.code(3)])

    done = town.do(session, draft, "void", code=town.code(6), reason="拆迁")

    assert done.gone == (town.code(6),)
    assert town.numbers(done.state, (2, 5)) == [400, 400]
    kept = session.scalar(select(DraftEdit).where(DraftEdit.edition_id == draft.id, DraftEdit.kind == "void"))
    assert kept.arguments == {"code": town.code(6), "reason": "拆迁"}


def test_a_name_is_changed_without_touching_the_ground(session, draft):
    before = town.stored(session, draft)

    town.do(session, draft, "rename", code=town.code(3), name="东关")

    assert town.stored(session, draft) == {
        **before,
        town.code(3): {**(before[town.code(3)] or {}), "name": "东关"},
    }


def test_ground_that_is_the_grids_already_changes_nothing_and_is_no_edit(session, draft):
    town.do(session, draft, "rename", code=town.code(3), name="东关")

    done = town.do(session, draft, "rename", code=town.code(3), name="东关")

    assert (done.revision, done.changed, draft.edits) == (1, (), 1)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("paint", {"blocks": [9999], "to": town.code(1)}),
        ("paint", {"blocks": [0], "to": town.code(99)}),
        ("plots", {"buildings": [1, 999_999], "to": town.code(1)}),
        ("plots", {"buildings": [1], "to": town.code(99)}),
        ("split", {"code": town.code(1), "line": town.line((5, 5), (6, 6))}),
        ("merge", {"codes": [town.code(1), town.code(6)]}),
        ("give", {"ground": {"type": "Polygon", "coordinates": [["x"]]}, "to": town.code(1)}),
        ("give", {"ground": town.ground(-1e6, 0, 1e6, 1), "to": town.code(1)}),
        ("rename", {"code": town.code(77), "name": "无"}),
        ("repair", {"flaw": "gap-1-2-3", "choice": "cut"}),
        ("juggle", {}),
    ],
)
def test_what_cannot_be_done_changes_nothing(spatialite_session, quick_draft, kind: str, told: dict[str, Any]):
    session, draft = spatialite_session, quick_draft
    before = town.stored(session, draft)

    with pytest.raises(GeoError):
        town.do(session, draft, kind, **told)

    assert town.stored(session, draft) == before
    assert (draft.revision, draft.edits) == (0, 0)


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


def test_a_draft_that_came_from_elsewhere_is_made_ready_once(session):
    place, _ = town.build(session)
    cells = {town.code(1): make.degrees_square(0), town.code(2): make.degrees_square(1)}
    drawn = make.edition(session, place, cells, number=2, stage=EditionStage.DRAFT, valid_from=None)
    with pytest.raises(DraftClosed):
        drafts.state_of(session, drawn)

    drafts.prepare(session, drawn, at=make.EPOCH)
    rows = town.stored(session, drawn)
    drafts.prepare(session, drawn, at=make.EPOCH)

    assert town.stored(session, drawn) == rows
    assert town.do(session, drawn, "rename", code=town.code(1), name="甲").revision == 1


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


def test_edits_carry_what_was_asked_for(session, draft):
    edit = Edit("rename", {"code": town.code(1), "name": "甲"})
    drafts.apply(session, draft, edit, revision=0, at=make.EPOCH)

    kept = session.scalar(select(DraftEdit).where(DraftEdit.edition_id == draft.id))
    assert (kept.kind, kept.arguments, kept.number) == ("rename", edit.arguments, 1)
