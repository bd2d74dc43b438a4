"""Beginning a draft: what it has from the grids in force or from a drawing, and its blocks."""

import drawn_town as town
import make
import pytest
import shapely

from data.models import EditionStage
from patrols import drafting, drafts, ground_stamp
from patrols.errors import DraftClosed, NoEditionInForce


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
