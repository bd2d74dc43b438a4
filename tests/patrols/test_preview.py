"""Before anything is adopted: what every grid would have, what moves where, and sums that add up."""

from datetime import UTC, date, datetime, timedelta

import make
import pytest
import shapely
from sqlalchemy.orm import Session

from data.models import (
    Community,
    Duty,
    EditionStage,
    GridEdition,
    GridKind,
    IncidentSource,
    LineageKind,
    Patrol,
    PatrolSource,
    PlaceKind,
)
from patrols import incidents, roster
from patrols.lineage import keeps
from patrols.preview import moved_ground, preview
from patrols.tally import FIGURES, NOWHERE

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, MIDDLE, EAST = (make.degrees_square(n) for n in range(3))


def spot(column: float, row: float) -> shapely.Point:
    return shapely.Point(make.ORIGIN[0] + column / 1000, make.ORIGIN[1] + row / 1000)


def row_of_three(session: Session) -> tuple[Community, GridEdition]:
    """Three grids in a row, a building in the middle of each, with 100, 200 and 300 households."""
    place = make.community(session, outline=shapely.union_all([WEST, MIDDLE, EAST]))
    shapes = {f"{place.code}00{n + 1}": shape for n, shape in enumerate((WEST, MIDDLE, EAST))}
    for n in range(3):
        make.building(
            session, place, spot(n + 0.5, 0.5).buffer(0.00005), households=100 * (n + 1), residents=250 * (n + 1)
        )
    return place, make.edition(session, place, shapes)


def draft_of(session: Session, place: Community, number: int = 2, **shapes: shapely.Geometry) -> GridEdition:
    codes = {f"{place.code}{name[1:]}": shape for name, shape in shapes.items()}
    return make.edition(session, place, codes, number=number, stage=EditionStage.DRAFT, valid_from=None)


def test_households_people_and_incidents_move_with_their_ground(session: Session) -> None:
    place, _ = row_of_three(session)
    incidents.report(
        session,
        place,
        at=AT,
        source=IncidentSource.RESIDENT,
        description="井盖松动",
        point=(spot(1.5, 0.5).x, spot(1.5, 0.5).y),
    )
    draft = draft_of(session, place, g001=WEST.union(MIDDLE), g003=EAST)

    told = preview(session, draft, at=AT)

    moved = told.moves.iloc[0]
    assert moved[["from_code", "to_code"]].tolist() == [f"{place.code}002", f"{place.code}001"]
    assert moved[["households", "residents", "buildings", "open_incidents"]].tolist() == [200, 500, 1, 1]
    assert moved["area_m2"] == pytest.approx(told.before.area.iloc[1], rel=1e-6)
    grids = told.grids
    assert grids["change"].tolist()[:3] == [LineageKind.MERGED, LineageKind.VOIDED, LineageKind.KEPT]
    assert grids.loc[f"{place.code}001", ["households_before", "households_after"]].tolist() == [100, 300]
    assert grids.loc[f"{place.code}001", ["open_incidents_before", "open_incidents_after"]].tolist() == [0, 1]
    assert grids.loc[f"{place.code}002", "households_before"] == 200
    assert grids.loc[f"{place.code}002", [f"{name}_after" for name in FIGURES]].isna().all()
    assert told.gone == [f"{place.code}002"]


def test_the_sums_are_the_same_before_and_after_and_those_of_the_rows(session: Session) -> None:
    place, _ = row_of_three(session)
    make.street(session, place, shapely.LineString([spot(0.2, 0.5), spot(2.8, 0.5)]))
    patrol = Patrol(
        community_id=place.id,
        source=PatrolSource.FILE,
        source_key="a",
        started_at=AT - timedelta(days=20),
        ended_at=AT - timedelta(days=20) + timedelta(minutes=30),
        metres=0.0,
        minutes=30.0,
        track=shapely.MultiLineString([[(spot(0.2, 0.5).x, spot(0.2, 0.5).y), (spot(1.8, 0.5).x, spot(1.8, 0.5).y)]]),
    )
    make.add(session, patrol)
    for n, person in enumerate((make.person(session, place), make.person(session, place, "P002")), start=1):
        code = f"{place.code}00{n}"
        roster.post(session, person, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=code, valid_from=date(2026, 1, 1))

    told = preview(session, draft_of(session, place, g001=WEST, g003=EAST.union(MIDDLE)), at=AT)

    totals = told.totals
    assert totals["before"].to_dict() == pytest.approx(totals["after"].to_dict())
    assert totals.loc[["households", "buildings", "postings", "patrol_minutes"], "after"].tolist() == [600, 3, 2, 30]
    for name in FIGURES:
        for side in ("before", "after"):
            assert told.grids[f"{name}_{side}"].sum() == pytest.approx(totals.loc[name, side]), (name, side)
    # The one who is posted on the grid that is gone has no place any more.
    assert told.grids.loc[NOWHERE, ["postings_before", "postings_after"]].tolist() == [0, 1]
    assert told.grids.loc[f"{place.code}003", "patrol_minutes_after"] == pytest.approx(15.0, rel=0.01)


def test_a_border_street_is_in_the_rows_of_both_grids_and_once_in_the_sum(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = row_of_three(session)
    make.street(session, place, shapely.LineString([spot(1, 0.1), spot(1, 0.9)]))

    told = preview(session, draft_of(session, place, g001=WEST, g002=MIDDLE, g003=EAST), at=AT)

    length = told.totals.loc["street_metres", "after"]
    assert told.grids["street_metres_after"].tolist() == pytest.approx([length, length, 0, 0])


def test_special_grids_tell_what_lies_in_them_and_are_no_part_of_the_sum(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = row_of_three(session)
    draft = draft_of(session, place, g001=WEST, g002=MIDDLE, g003=EAST, g004=spot(1.5, 0.5).buffer(0.0003))
    draft.grids[-1].kind = GridKind.SPECIAL
    session.flush()

    told = preview(session, draft, at=AT)

    assert told.grids.loc[[f"{place.code}002", f"{place.code}004"], "households_after"].tolist() == [200, 200]
    assert told.totals.loc["households", "after"] == 600
    assert told.moves.empty


def test_ground_that_is_lost_or_gained_is_said_to_go_nowhere_or_come_from_there(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = row_of_three(session)

    told = preview(session, draft_of(session, place, g002=MIDDLE, g003=EAST.union(make.degrees_square(3))), at=AT)

    pairs = told.moves[["from_code", "to_code", "households"]].values.tolist()
    assert pairs == [[f"{place.code}001", NOWHERE, 100], [NOWHERE, f"{place.code}003", 0]]
    assert told.grids.loc[NOWHERE, "households_after"] == 100


def test_a_first_drawing_is_compared_with_nothing(spatialite_session: Session) -> None:
    session = spatialite_session
    place = make.community(session, outline=WEST)

    told = preview(session, draft_of(session, place, number=1, g001=WEST), at=AT)

    assert told.against is None
    assert told.grids["change"].iloc[0] is LineageKind.NEW


def test_an_outline_with_more_vertices_is_the_same_outline() -> None:
    old = make.frame([make.square(0, 0, 100), make.square(100, 0, 100)], grid_code=["A", "B"], kind="general")
    denser = old.assign(geometry=shapely.segmentize(old.geometry.to_numpy(), 10))
    wider = make.frame([make.square(0, 0, 100), make.square(100, 0, 101)], grid_code=["A", "B"], kind="general")

    assert keeps(old, denser).codes == {"A", "B"}
    assert moved_ground(old, denser).empty
    assert keeps(old, wider).codes == {"A"}
    assert moved_ground(old, wider)[["from_code", "to_code"]].values.tolist() == [[NOWHERE, "B"]]
