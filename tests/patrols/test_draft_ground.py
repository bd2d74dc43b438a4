"""What is counted in a grid: streets along borders for both sides, houses and incidents once."""

import drawn_town as town
import make
import pytest
import shapely

from data import frames
from data.models import IncidentSource
from patrols import drafts, incidents
from patrols.coverage import coverage


@pytest.fixture
def draft(spatialite_session):
    place, _ = town.build(spatialite_session)
    return drafts.open(spatialite_session, place, at=make.EPOCH)


def test_streets_are_measured_as_patrols_measure_them(spatialite_session, draft):
    session = spatialite_session
    town.do(session, draft, "move_vertex", at=town.place(1, 1), to=town.place(1.3, 1.2))
    state = drafts.state_of(session, draft)

    grids, streets = frames.grids(session, draft.id), frames.streets(session, draft.community_id)
    expected, _ = coverage(frames.streets(session, draft.community_id).geometry.iloc[:0], streets, grids)

    told = [state.told(code)["street_metres"] for code in expected["grid_code"]]
    assert told == pytest.approx(expected["street_metres"].tolist(), abs=6.0)


def test_open_incidents_are_counted_where_they_lie_and_without_a_place_in_their_grid(spatialite_session, draft):
    session, place = spatialite_session, draft.community

    def found(**fields):
        return incidents.report(
            session, place, at=make.EPOCH, source=IncidentSource.RESIDENT, description="垃圾", **fields
        )

    drafts.state_of(session, draft)
    found(point=tuple(town.place(0.5, 1.5)))
    found(point=tuple(town.place(0.5, 0.5)))
    found().grid_code = town.code(4)
    session.flush()

    state = drafts.state_of(session, draft)

    assert [state.told(town.code(number))["open_incidents"] for number in (1, 4, 2)] == [1, 2, 0]


def test_a_house_on_the_border_counts_once(spatialite_session):
    session = spatialite_session
    place, _ = town.build(session)
    west, south = make.ORIGIN
    spot = shapely.Point(west + 0.001, south + 0.0005).buffer(0.00003, quad_segs=1)
    make.building(session, place, spot, households=10)

    state = drafts.state_of(session, drafts.open(session, place, at=make.EPOCH))

    assert sum(row["households"] for row in state.table()) == 1210
