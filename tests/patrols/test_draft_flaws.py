"""Flaws of drafts: found where ground changed, told with their place, mended as offered, accepted with a reason."""

import drawn_town as town
import make
import pytest
import shapely

from data.errors import NotFound
from data.models import EditionStage
from patrols import draft_flaws, drafts, editions
from patrols.draft_state import DraftState
from patrols.errors import DraftClosed


@pytest.fixture
def draft(spatialite_session):
    place, _ = town.build(spatialite_session)
    return drafts.open(spatialite_session, place, at=make.EPOCH)


def imported(session, shapes):
    """A draft of grids as somebody else drew them, on the ground of six squares."""
    place, _ = town.build(session)
    drawn = make.edition(
        session,
        place,
        {town.code(number): shape for number, shape in enumerate(shapes, start=1)},
        number=2,
        stage=EditionStage.DRAFT,
        valid_from=None,
    )
    drafts.prepare(session, drawn, at=make.EPOCH)
    return drawn


def degrees(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.geometry.shape(town.ground(west, south, east, north))


def kinds(state: DraftState) -> list[tuple[str, str, str]]:
    return sorted((flaw.kind, flaw.grid_code[-3:], flaw.other_code[-3:]) for flaw in state.flaws.values())


def test_a_sound_draft_has_no_flaws(spatialite_session, draft):
    assert drafts.state_of(spatialite_session, draft).flaws == {}


def test_gaps_and_overlaps_of_imported_grids_are_errors_with_ways_to_mend_them(spatialite_session):
    session = spatialite_session
    drawn = imported(session, [degrees(0, 0, 1.5, 2), degrees(1.4, 0, 2, 2), degrees(2.2, 0, 3, 2)])
    state = drafts.state_of(session, drawn)

    told = draft_flaws.told(session, drawn, state)

    shapes = {one["kind"]: one for one in told}
    assert shapes["gap"]["severity"] == shapes["overlap"]["severity"] == "error"
    assert set(shapes["overlap"]["repairs"]) == {town.code(1), town.code(2)}
    assert town.code(3) in shapes["gap"]["repairs"]
    west, south = make.ORIGIN
    assert west + 0.002 < shapes["gap"]["lon"] < west + 0.0022
    assert south < shapes["gap"]["lat"] < south + 0.002


def test_mending_closes_the_gap_and_undoing_opens_it_again(spatialite_session):
    session = spatialite_session
    drawn = imported(session, [degrees(0, 0, 2, 2), degrees(2.2, 0, 3, 2)])
    before = drafts.state_of(session, drawn)
    key = next(key for key, flaw in before.flaws.items() if flaw.kind == "gap")

    done = town.do(session, drawn, "repair", flaw=key, choice=town.code(2))

    assert "gap" not in {flaw.kind for flaw in done.state.flaws.values()}
    assert town.is_tiling(session, drawn)
    undone = town.undo(session, drawn)
    assert undone.state.flaws.keys() == before.flaws.keys()


def test_a_flaw_elsewhere_stays_when_a_grid_changes(spatialite_session):
    session = spatialite_session
    drawn = imported(session, [degrees(0, 0, 0.9, 2), degrees(1, 0, 2, 2), degrees(2, 0, 3, 1), degrees(2, 1, 3, 2)])

    done = town.do(session, drawn, "merge", codes=[town.code(3), town.code(4)])

    assert ("gap", "001", "") in kinds(done.state)
    assert done.state.flaws.keys() == drafts.read(session, drawn).flaws.keys()


def test_a_grid_in_two_pieces_is_a_warning(spatialite_session, draft):
    blocks = town.blocks_in(drafts.state_of(spatialite_session, draft), town.code(6))[:1]

    done = town.do(spatialite_session, draft, "paint", blocks=blocks, to=town.code(1))

    told = draft_flaws.told(spatialite_session, draft, done.state)
    assert ("not_connected", "001", "") in kinds(done.state)
    assert {one["severity"] for one in told} == {"warning"}
    assert done.state.flaws.keys() == drafts.read(spatialite_session, draft).flaws.keys()


def test_a_house_that_a_border_cuts_is_a_warning(spatialite_session, draft):
    # Houses stand from a fifth to three tenths of a grid's side.
    done = town.do(spatialite_session, draft, "split", code=town.code(1), line=town.line((-0.1, 1.25), (1.1, 1.25)))

    cut = [flaw for flaw in done.state.flaws.values() if flaw.kind == "cut_building"]
    assert len(cut) == 2
    assert {cut[0].grid_code, cut[0].other_code} == {town.code(1), town.code(7)}


def test_grids_out_of_the_band_are_warnings_until_they_are_in_it(spatialite_session, draft):
    done = town.do(spatialite_session, draft, "merge", codes=[town.code(1), town.code(2), town.code(3)])
    assert kinds(done.state) == [("above_band", "001", "")]

    done = town.do(spatialite_session, draft, "split", code=town.code(1), line=town.line((-0.1, 1.55), (3.1, 1.55)))

    assert kinds(done.state) == []


def test_a_flaw_is_accepted_with_a_reason_which_can_be_taken_back(spatialite_session, draft):
    session = spatialite_session
    state = town.do(session, draft, "merge", codes=[town.code(1), town.code(2), town.code(3)]).state
    key = next(iter(state.flaws))

    draft_flaws.accept(session, draft, state, key, " 一栋楼 ", at=make.EPOCH, by=None)
    assert [one["accepted"] for one in draft_flaws.told(session, draft, state)] == ["一栋楼"]
    draft_flaws.accept(session, draft, state, key, "", at=make.EPOCH, by=None)

    assert [one["accepted"] for one in draft_flaws.told(session, draft, state)] == [None]


def test_no_flaw_is_accepted_once_the_draft_is_handed_in(spatialite_session, draft):
    session = spatialite_session
    state = town.do(session, draft, "merge", codes=[town.code(1), town.code(2), town.code(3)]).state
    editions.submit(session, draft, at=make.EPOCH, by=None)

    with pytest.raises(DraftClosed):
        draft_flaws.accept(session, draft, state, next(iter(state.flaws)), "一栋楼", at=make.EPOCH, by=None)


def test_a_flaw_that_is_not_there_cannot_be_accepted(spatialite_session, draft):
    state = drafts.state_of(spatialite_session, draft)

    with pytest.raises(NotFound):
        draft_flaws.accept(spatialite_session, draft, state, "gap-1", "墙", at=make.EPOCH, by=None)
