from datetime import UTC, datetime, timedelta

import make
import pytest
import shapely

from data import frames
from data.models import Category, Incident, IncidentSource, Patrol, PatrolCredit, PatrolSource, Stage
from geo.streets import cut_streets
from patrols import on_map, privacy
from patrols.scope import Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
MONTH = timedelta(days=30)


def incident(session, community, number, *, stage=Stage.REPORTED, place=(116.3005, 40.0005), **fields):
    fields = {"found_at": NOW - timedelta(hours=1), "grid_code": f"{community.code}001"} | fields
    return make.add(
        session,
        Incident(
            community_id=community.id,
            number=number,
            source=IncidentSource.PATROL,
            grid_rule="inside",
            stage=stage,
            geom=shapely.Point(place) if place else None,
            **fields,
        ),
    )


def patrol(session, community, key, track, *, started=NOW - timedelta(days=1), codes=()):
    row = Patrol(
        community_id=community.id,
        source=PatrolSource.FILE,
        source_key=key,
        started_at=started,
        ended_at=started + timedelta(hours=1),
        track=track,
    )
    row.credits = [PatrolCredit(grid_code=code, metres=1, minutes=1) for code in codes]
    return make.add(session, row)


def drawn(session, scope, community):
    return on_map.incidents_on_map(session, scope, community, at=NOW, done_since=NOW - MONTH)


def test_open_incidents_and_those_closed_lately_are_drawn_the_newest_first(session):
    community, _ = make.town(session)
    incident(session, community, "old", found_at=NOW - timedelta(days=200))
    incident(session, community, "done", stage=Stage.CLOSED, closed_at=NOW - timedelta(days=3))
    incident(session, community, "done long ago", stage=Stage.CLOSED, closed_at=NOW - timedelta(days=40))
    incident(session, community, "void", stage=Stage.VOIDED)

    found = drawn(session, Scope(), community)

    assert list(found["number"]) == ["done", "old"]
    assert list(found["is_open"]) == [False, True]
    assert found.geometry.iloc[0].equals(shapely.Point(116.3005, 40.0005))


def test_an_incident_is_late_from_its_due_moment_on_while_it_is_open(session):
    community, _ = make.town(session)
    incident(session, community, "1", due_at=NOW - timedelta(seconds=1))
    incident(session, community, "2", due_at=NOW)
    incident(session, community, "3", due_at=NOW - MONTH, stage=Stage.CLOSED, closed_at=NOW)

    found = drawn(session, Scope(), community).set_index("number")

    assert found["is_late"].to_dict() == {"1": True, "2": False, "3": False}


def test_sensitive_incidents_and_those_without_a_place_are_counted_but_never_drawn(session):
    community, _ = make.town(session)
    quarrel = make.add(
        session, Category(family="sample", kind="event", code="9", zh="家庭矛盾", en="family quarrel", sensitive=True)
    )
    incident(session, community, "seen")
    incident(session, community, "quarrel", category_id=quarrel.id)
    incident(session, community, "nowhere", place=None)

    found = drawn(session, Scope(), community)

    assert list(found["number"]) == ["seen"]
    assert found.attrs["hidden"] == 2


def test_a_person_sees_points_on_the_own_ground_alone(session):
    community, _ = make.town(session)
    codes = [f"{community.code}{number:03}" for number in (1, 2)]
    for code in codes:
        incident(session, community, code, grid_code=code)
    scope = Scope(communities=frozenset({community.id}), grids=frozenset(codes[:1]))

    assert list(drawn(session, scope, community)["number"]) == codes[:1]


def test_a_community_without_incidents_or_patrols_has_empty_layers(session):
    community, _ = make.town(session)

    assert drawn(session, Scope(), community).empty
    assert on_map.tracks_on_map(session, Scope(), community, since=NOW - MONTH, until=NOW).empty


def test_tracks_lose_their_ends_the_same_way_each_time_and_carry_no_name(session):
    community, _ = make.town(session)
    walk = shapely.MultiLineString([[(116.300, 40.0005), (116.32, 40.0005)], [(116.32, 40.001), (116.300, 40.001)]])
    patrol(session, community, "long", walk)
    patrol(session, community, "short", shapely.MultiLineString([[(116.300, 40.0005), (116.3005, 40.0005)]]))
    hidden = on_map.tracks_on_map(session, Scope(), community, since=NOW - MONTH, until=NOW)
    privacy.hang_missing(session, community)

    first = on_map.tracks_on_map(session, Scope(), community, since=NOW - MONTH, until=NOW)
    second = on_map.tracks_on_map(session, Scope(), community, since=NOW - MONTH, until=NOW)

    assert hidden.empty
    assert list(first.columns) == ["geometry"]
    assert len(first) == 1
    assert first.geometry.iloc[0].equals(second.geometry.iloc[0])
    seen = first.to_crs(make.METRES).geometry.iloc[0]
    door = make.frame([shapely.Point(116.300, 40.0005)], crs="EPSG:4326").to_crs(make.METRES).geometry.iloc[0]
    assert seen.length > 100
    assert min(shapely.distance(door, shapely.get_point(part, end)) for part in seen.geoms for end in (0, -1)) > 100


def test_a_street_that_a_patrol_walked_is_seen_and_its_side_street_is_not(session):
    community, edition = make.town(session)
    make.street(session, community, shapely.LineString([(116.300, 40.0005), (116.303, 40.0005)]), name="walked")
    make.street(session, community, shapely.LineString([(116.3015, 40.0005), (116.3015, 40.002)]), name="not walked")
    patrol(session, community, "1", shapely.MultiLineString([[(116.300, 40.00051), (116.303, 40.00051)]]))
    grids = frames.grids(session, edition.id)
    pieces = cut_streets(frames.streets(session, community.id), grids)

    seen = on_map.streets_seen(session, community, grids, pieces, at=NOW)

    walked = seen.pieces[seen.pieces["seen"]].to_crs(4326)
    assert set(walked.geometry.bounds["miny"].round(4)) == {40.0005}
    assert not seen.pieces["seen"].all()
    assert seen.per_grid["street_metres_seen"].sum() == pytest.approx(walked.to_crs(make.METRES).length.sum(), rel=0.02)
