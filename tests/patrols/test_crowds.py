"""What a map counts instead of drawing is what it would have drawn; and where its boards hang."""

from datetime import UTC, datetime, timedelta

import make
import shapely
from sqlalchemy import true

from data.models import Category, Incident, IncidentSource, NoticeBoard, Stage
from patrols import on_map
from patrols.board_places import boards_on_map
from patrols.crowds import crowds
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
MONTH = timedelta(days=30)


def incident(session, community, number, **fields):
    fields = {
        "found_at": NOW - timedelta(hours=1),
        "stage": Stage.REPORTED,
        "grid_code": f"{community.code}001",
        "geom": shapely.Point(116.3005, 40.0005),
    } | fields
    row = Incident(community_id=community.id, number=number, source=IncidentSource.PATROL, grid_rule="inside", **fields)
    return make.add(session, row)


def some(session):
    place, _ = make.town(session)
    quarrel = make.add(session, Category(family="s", kind="e", code="9", zh="纠纷", en="quarrel", sensitive=True))
    incident(session, place, "1")
    incident(session, place, "2", due_at=NOW - timedelta(hours=1))
    incident(session, place, "3", grid_code=f"{place.code}002", stage=Stage.CLOSED, closed_at=NOW - MONTH / 2)
    incident(session, place, "4", stage=Stage.CLOSED, closed_at=NOW - 2 * MONTH)
    incident(session, place, "5", category_id=quarrel.id)
    incident(session, place, "6", grid_code=None)
    return place


def test_what_is_counted_is_what_would_be_drawn(session):
    place = some(session)
    how = {"at": NOW, "done_since": NOW - MONTH, "meant": true()}

    counted = {one.grid_code: one[1:] for one in crowds(session, EVERYTHING, place, **how)}
    drawn = on_map.incidents_on_map(session, EVERYTHING, place, **how)

    assert counted == {f"{place.code}001": (1, 1, 0), f"{place.code}002": (0, 0, 1), None: (1, 0, 0)}
    assert sum(sum(one) for one in counted.values()) == len(drawn)


def test_what_may_not_be_seen_is_not_counted(session):
    place = some(session)
    own = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}002"}))

    counted = crowds(session, own, place, at=NOW, done_since=NOW - MONTH, meant=true())

    assert [one.grid_code for one in counted] == [f"{place.code}002"]


def test_boards_that_hang_are_told_without_their_addresses(session):
    place, _ = make.town(session)
    home = make.building(session, place, make.degrees_square(0).buffer(-0.0003), name="1号楼")
    for token, where in (("a", {"building_id": home.id}), ("b", {"grid_code": f"{place.code}002"})):
        make.add(session, NoticeBoard(community_id=place.id, token=token, created_at=NOW, **where))
    taken_down = NoticeBoard(
        community_id=place.id, grid_code=f"{place.code}003", token="c", created_at=NOW, revoked_at=NOW
    )
    make.add(session, taken_down)

    found = boards_on_map(session, place)

    assert list(found.of_buildings["name"]) == ["1号楼"]
    assert make.degrees_square(0).contains(found.of_buildings.geometry.iloc[0])
    assert found.of_grids == [f"{place.code}002"]
