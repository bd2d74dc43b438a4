"""Every kind of edit of a draft, and what it does to rows and figures."""

from typing import Any

import drawn_town as town
import make
import pytest
from sqlalchemy import delete, func, select

from data.models import DraftBlock, DraftEdit, Grid
from geo.errors import GeoError
from patrols import drafts
from patrols.draft_edits import Edit


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


def test_edits_carry_what_was_asked_for(session, draft):
    edit = Edit("rename", {"code": town.code(1), "name": "甲"})
    drafts.apply(session, draft, edit, revision=0, at=make.EPOCH)

    kept = session.scalar(select(DraftEdit).where(DraftEdit.edition_id == draft.id))
    assert (kept.kind, kept.arguments, kept.number) == ("rename", edit.arguments, 1)
