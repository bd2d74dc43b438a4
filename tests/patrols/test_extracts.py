"""What leaves the house as a file: only what may be seen, named only when asked for."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import (
    Category,
    Community,
    Fix,
    GridEdition,
    Incident,
    IncidentSource,
    Organisation,
    Patrol,
    PatrolCredit,
    PatrolSource,
)
from patrols import category_fields, extracts, incidents, privacy
from patrols.errors import OutOfScope
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def town(session: Session) -> tuple[Community, GridEdition]:
    """Three by two grids; an incident in the first, one without a place, and a patrol of 340 m with three fixes."""
    place, edition = make.town(session)
    category = make.add(session, Category(family="sample", kind="part", code="01", zh="暴露垃圾", en="litter"))
    office = make.add(session, Organisation(community_id=place.id, name="环卫所", code="1" * 18))
    common = {"at": NOW, "source": IncidentSource.RESIDENT, "reporter_name": "李小明", "reporter_phone": "139"}
    first = incidents.report(
        session,
        place,
        description="垃圾",
        point=(116.3005, 40.0015),
        category=category,
        found_at=NOW - DAY,
        **common,
    )
    first.organisation = office
    incidents.report(session, place, description="无位置", **common)
    walker = make.person(session, place)
    line = shapely.MultiLineString([[(116.3, 40.001), (116.32, 40.001)]])
    patrol = make.add(
        session,
        Patrol(
            community_id=place.id,
            person_id=walker.id,
            source=PatrolSource.FILE,
            source_key="first",
            started_at=NOW - DAY,
            ended_at=NOW - DAY + timedelta(hours=1),
            metres=340.0,
            minutes=60.0,
            track=line,
            credits=[PatrolCredit(edition_id=edition.id, grid_code=f"{place.code}001", metres=85.2, minutes=10.0)],
        ),
    )
    metres = gpd.GeoSeries([line], crs="EPSG:4326").to_crs(frames.crs_of(session, place.id))
    privacy.hang(session, place, metres, [walker.id], random=np.random.default_rng(3))
    for second in range(3):
        make.add(session, Fix(patrol_id=patrol.id, at=NOW - DAY + timedelta(seconds=second), lon=116.3, lat=40.0))
    return place, edition


def test_grids_come_with_their_edition_and_area_and_only_those_in_scope(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, edition = town
    own = Scope(frozenset({place.id}), frozenset({f"{place.code}002"}))

    everything, mine = (extracts.grids(session, scope, edition) for scope in (EVERYTHING, own))

    assert len(everything) == 6
    assert mine["grid_code"].tolist() == [f"{place.code}002"]
    assert mine.iloc[0][["community_code", "edition", "valid_from"]].tolist() == [place.code, 1, "2026-01-01"]
    assert mine["area_m2"][0] == pytest.approx(mine.area[0], abs=0.1)
    assert mine.crs.is_projected


def test_incidents_carry_what_a_hand_over_needs_and_no_reporter(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    found = extracts.incidents(session, EVERYTHING, town[0])

    first = found.iloc[0]
    assert first[["category_code", "category", "organisation_code", "organisation", "grid_code"]].tolist() == [
        "01",
        "暴露垃圾",
        "1" * 18,
        "环卫所",
        f"{town[0].code}001",
    ]
    assert first["found_at"].isoformat() == "2026-11-21T14:30:00+08:00"
    assert first.geometry.equals(shapely.Point(116.3005, 40.0015))
    assert found.geometry.iloc[1] is None
    assert not {"reporter_name", "reporter_phone"} & set(found.columns)


def test_what_was_answered_to_a_categorys_questions_goes_along(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    first = session.scalars(select(Incident).where(Incident.description == "垃圾")).one()
    assert first.category is not None
    volume = {"type": "number", "title": "立方米"}
    first.category.fields = {"type": "object", "properties": {"volume_m3": volume}}
    category_fields.keep(first, {"volume_m3": 2.5})
    session.flush()

    assert extracts.incidents(session, EVERYTHING, town[0])["answers"].tolist() == ["立方米：2.5", ""]


def test_reporters_are_named_only_when_asked_for_and_only_to_those_who_may_know(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    hidden = Scope(reporters=False)

    named = extracts.incidents(session, EVERYTHING, town[0], named=True)

    assert named["reporter_name"].tolist() == ["李小明", "李小明"]
    assert "reporter_name" not in extracts.incidents(session, hidden, town[0], named=True)


def test_a_time_counts_from_its_beginning_up_to_but_without_its_end(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place = town[0]

    assert len(extracts.incidents(session, EVERYTHING, place, since=NOW - DAY, until=NOW)) == 1
    assert len(extracts.incidents(session, EVERYTHING, place, since=NOW)) == 1
    assert len(extracts.patrols(session, EVERYTHING, place, until=NOW - DAY)) == 0
    assert len(extracts.fixes(session, EVERYTHING, place, since=NOW - DAY)) == 3


def test_a_patrol_leads_to_nobodys_door_unless_it_is_named(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    trimmed = extracts.patrols(session, EVERYTHING, town[0]).iloc[0]
    whole = extracts.patrols(session, EVERYTHING, town[0], named=True).iloc[0]

    ends = [shapely.Point(116.3, 40.001), shapely.Point(116.32, 40.001)]
    assert min(shapely.distance(trimmed.geometry, ends)) > 0.001
    assert max(shapely.distance(whole.geometry, ends)) == 0
    assert "walker" not in trimmed.index
    assert whole["walker"] == "王秀英"
    assert whole["grids"] == f"{town[0].code}001: 85 m"


def test_nothing_beside_a_trimmed_patrol_tells_how_much_was_cut_off(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    trimmed = extracts.patrols(session, EVERYTHING, town[0])
    row = trimmed.iloc[0]

    left = trimmed.to_crs(make.METRES).geometry.iloc[0].length
    assert row["metres"] == pytest.approx(left)
    assert row["minutes"] == pytest.approx(60 * left / shapely.length(whole_line(session, town[0])))
    assert [row[name].minute for name in ("started_at", "ended_at")] == [0, 0]
    assert row["grids"] == f"{town[0].code}001"
    assert not {"fixes_kept", "fixes_dropped", "person_id"} & set(row.index)


def test_a_named_patrol_says_whose_tracks_were_looked_at(session: Session, town: tuple[Community, GridEdition]) -> None:
    person = session.query(Patrol).one().person_id

    assert extracts.patrols(session, EVERYTHING, town[0], named=True).attrs["persons"] == [person]
    assert extracts.fixes(session, EVERYTHING, town[0]).attrs["persons"] == [person]


def whole_line(session: Session, place: Community) -> shapely.MultiLineString:
    whole = extracts.patrols(session, EVERYTHING, place, named=True)
    return whole.to_crs(make.METRES).geometry.iloc[0]


def test_nothing_of_a_foreign_community_is_given_out(session: Session, town: tuple[Community, GridEdition]) -> None:
    foreign = Scope(frozenset({town[0].id + 1}))

    for rows_of in (extracts.incidents, extracts.patrols, extracts.fixes):
        with pytest.raises(OutOfScope):
            rows_of(session, foreign, town[0])
    with pytest.raises(OutOfScope):
        extracts.grids(session, foreign, town[1])


def test_every_column_is_explained(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, edition = town
    frames = [
        extracts.grids(session, EVERYTHING, edition),
        extracts.incidents(session, EVERYTHING, place, named=True),
        extracts.patrols(session, EVERYTHING, place, named=True),
        extracts.fixes(session, EVERYTHING, place),
    ]

    for frame in frames:
        assert {str(column) for column in frame.columns} - {"geometry"} <= set(extracts.MEANINGS)
