"""What a column takes and gives back, and what it refuses, on both databases."""

from datetime import UTC, date, datetime, timedelta, timezone

import make
import numpy as np
import pandas as pd
import pytest
import shapely
from geoalchemy2 import WKBElement, WKTElement
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from data.errors import DoesNotFit
from data.models import (
    AuditRow,
    Building,
    Community,
    Grid,
    GridKind,
    Incident,
    IncidentSource,
    IncidentStep,
    Patrol,
    Stage,
    StepKind,
    Street,
    Subdistrict,
)

CHINA = timezone(timedelta(hours=8))


def an_incident(session: Session, **fields) -> Incident:
    place = make.community(session)
    fields = {"number": "2026-0001", "found_at": make.EPOCH, "grid_rule": "none"} | fields
    return make.add(session, Incident(community_id=place.id, source=IncidentSource.PATROL, **fields))


def a_step(session: Session, incident: Incident, number: int = 1) -> IncidentStep:
    step = IncidentStep(incident=incident, number=number, kind=StepKind.REPORT, stage=Stage.REPORTED, at=make.EPOCH)
    return make.add(session, step)


def an_audit_row(session: Session) -> AuditRow:
    return make.add(session, AuditRow(at=make.EPOCH, action="sign-in", seal="0" * 64))


def test_a_moment_comes_back_as_the_same_moment_in_utc(session):
    row = an_incident(session, found_at=datetime(2026, 9, 2, 0, 30, tzinfo=CHINA))
    session.expire_all()

    assert row.found_at == datetime(2026, 9, 1, 16, 30, tzinfo=UTC)
    assert row.found_at.tzinfo is UTC or row.found_at.utcoffset() == timedelta(0)


def test_moments_compare_in_the_database_whatever_their_zone(session):
    an_incident(session, found_at=datetime(2026, 9, 2, 0, 30, tzinfo=CHINA))
    before = select(func.count()).where(Incident.found_at < datetime(2026, 9, 1, 17, tzinfo=UTC))

    assert session.scalar(before) == 1


def test_a_moment_without_a_zone_is_refused(session):
    with pytest.raises(StatementError, match="needs a time zone"):
        an_incident(session, found_at=datetime(2026, 9, 1, 8))  # noqa: DTZ001


@pytest.mark.parametrize(
    "given",
    [
        shapely.box(116, 40, 117, 41),
        shapely.MultiPolygon([shapely.box(116, 40, 117, 41)]),
        from_shape(shapely.box(116, 40, 117, 41), srid=4326),
        from_shape(shapely.box(116, 40, 117, 41), srid=4326, extended=True),
        shapely.to_wkb(shapely.box(116, 40, 117, 41), byte_order=0),
        WKBElement(shapely.to_wkb(shapely.box(116, 40, 117, 41), hex=True)),
        shapely.force_3d(shapely.box(116, 40, 117, 41), 5.0),
    ],
    ids=["polygon", "multipolygon", "wkb", "ewkb", "big endian", "hexadecimal", "with heights"],
)
def test_a_polygon_in_any_dress_is_stored_as_a_flat_multipolygon(session, given):
    row = make.community(session, outline=given)
    session.expire_all()

    assert to_shape(row.outline).equals(shapely.MultiPolygon([shapely.box(116, 40, 117, 41)]))
    assert row.outline.srid == 4326
    assert not shapely.has_z(to_shape(row.outline))


def test_a_line_becomes_a_multiline_where_tracks_are_stored(session):
    place = make.community(session)
    track = shapely.LineString([(116, 40), (116.1, 40)])
    fields = {"community_id": place.id, "source": "file", "source_key": "a", "started_at": make.EPOCH}
    row = make.add(session, Patrol(**fields, ended_at=make.EPOCH, track=track))
    session.expire_all()

    assert to_shape(row.track).equals(shapely.MultiLineString([track]))


def test_coordinates_survive_storing_to_the_last_bit(session):
    outline = shapely.box(116.30000000000001, 39.99999999999999, 116.1 + 0.2 + 1e-9, 40 + 1 / 3)
    row = make.community(session, outline=outline)
    session.expire_all()

    assert shapely.equals_exact(to_shape(row.outline).geoms[0], outline, tolerance=0)


@pytest.mark.parametrize(
    "given",
    [
        shapely.Point(116, 40),
        shapely.MultiPolygon(),
        shapely.GeometryCollection([shapely.box(0, 0, 1, 1)]),
        from_shape(shapely.box(0, 0, 1, 1), srid=4490),
        "POLYGON ((0 0, 1 0, 1 1, 0 0))",
        WKTElement("POINT (0 0)", srid=4326),
    ],
    ids=["point", "empty", "collection", "another system", "text", "text element"],
)
def test_a_shape_of_the_wrong_kind_is_refused_before_the_database_sees_it(session, given):
    with pytest.raises(DoesNotFit, match="MULTIPOLYGON"):
        make.community(session, outline=given)


def test_a_refused_shape_costs_nothing_that_was_stored_before_it(session):
    place = make.community(session)
    make.building(session, place, shapely.box(116, 40, 116.1, 40.1))

    with pytest.raises(DoesNotFit), session.begin_nested():
        make.building(session, place, shapely.Point(116, 40))

    assert session.scalar(select(func.count()).select_from(Building)) == 1


def test_many_rows_are_inserted_at_once_with_their_shapes(session):
    place = make.community(session)
    rows = [{"community_id": place.id, "geom": make.degrees_square(i), "households": i} for i in range(50)]
    keys = session.scalars(insert(Building).returning(Building.id, sort_by_parameter_order=True), rows).all()

    stored = session.scalars(select(Building).order_by(Building.id)).all()
    assert [row.id for row in stored] == list(keys)
    assert [to_shape(row.geom).bounds for row in stored] == [make.degrees_square(i).bounds for i in range(50)]


def test_numbers_and_moments_of_frames_are_stored_like_pythons_own(session):
    incident = an_incident(session)
    fields = {"accuracy_m": np.float64(4.5), "sure": np.bool_(False), "rating": np.int64(5)}
    fields |= {"number": np.str_("2"), "found_at": pd.Timestamp("2026-09-01 08:00:00.25", tz="Asia/Shanghai")}
    rows = [fields | {"community_id": np.int32(incident.community_id), "source": "patrol", "grid_rule": "none"}]
    session.execute(insert(Incident), rows)

    row = session.scalars(select(Incident).where(Incident.number == "2")).one()
    assert (row.accuracy_m, row.sure, row.rating) == (4.5, False, 5)
    assert row.found_at == datetime(2026, 9, 1, 0, 0, 0, 250_000, tzinfo=UTC)


def test_a_text_that_is_too_long_is_refused_with_its_length(session):
    with pytest.raises(DoesNotFit, match=r"At most 128 characters fit, but there are 200: 民民民"):
        make.add(session, Subdistrict(code="1", name="民" * 200, county_code="", county_name="", valid_from=date.min))


def test_a_text_as_long_as_its_column_fits_counted_in_characters(session):
    row = make.street(session, make.community(session), shapely.LineString([(0, 0), (1, 1)]), name="巷" * 255)
    session.expire_all()

    assert row.name == "巷" * 255


def test_characters_that_one_database_refuses_are_replaced_on_both(session):
    row = an_incident(session, description="a\0b\ud800c")
    session.expire_all()

    assert row.description == "a\ufffdb?c"


@pytest.mark.parametrize("sought", ["x" * 10_000, "a\0b", "\udfff"])
def test_looking_for_an_impossible_text_finds_nothing_and_breaks_nothing(session, sought):
    an_incident(session)

    assert session.scalars(select(Incident).where(Incident.number == sought)).all() == []
    assert session.scalars(select(Incident).where(Incident.number.in_([sought]))).all() == []


def test_words_of_an_enum_are_stored_as_words(session):
    _, edition = make.town(session)

    assert set(session.scalars(text("SELECT kind FROM grid"))) == {"general"}
    assert {grid.kind for grid in edition.grids} == {GridKind.GENERAL}


def test_a_word_that_is_not_in_the_enum_is_refused(session):
    with pytest.raises(StatementError, match="among the defined enum values"):
        make.street(session, make.community(session), shapely.LineString([(0, 0), (1, 1)]), street_class="motorway")


def test_rows_that_point_nowhere_are_refused(session):
    with pytest.raises(IntegrityError):
        make.add(session, Street(community_id=999, street_class="branch", geom=shapely.LineString([(0, 0), (1, 1)])))


def test_grids_of_an_edition_are_listed_by_code(session):
    _, edition = make.town(session)
    session.expire_all()

    codes = [grid.code for grid in edition.grids]
    assert codes == sorted(codes)
    assert len(codes) == 6


def test_a_code_is_used_once_in_an_edition(session):
    _, edition = make.town(session)

    with pytest.raises(IntegrityError):
        make.add(session, Grid(edition=edition, code=edition.grids[0].code, geom=make.degrees_square(9)))


@pytest.mark.parametrize("make_row", [an_audit_row, lambda session: a_step(session, an_incident(session))])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_history_cannot_be_altered(session, make_row, change):
    row = make_row(session)
    statement = update(type(row)).values(at=make.EPOCH) if change == "update" else delete(type(row))

    with pytest.raises(DBAPIError, match="only ever added"), session.begin_nested():
        session.execute(statement)

    session.expire_all()
    assert row.at == make.EPOCH


def test_history_cannot_be_altered_by_replacing_or_emptying(session):
    row = an_audit_row(session)
    if session.bind.dialect.name == "sqlite":
        statement = text(
            "INSERT OR REPLACE INTO audit SELECT id, at, user_id, 'other', '', '', '', '{}', seal FROM audit"
        )
    else:
        statement = text("TRUNCATE audit")

    with pytest.raises(DBAPIError, match="only ever added"), session.begin_nested():
        session.execute(statement)

    session.expire_all()
    assert row.action == "sign-in"


def test_two_steps_with_one_number_collide(session):
    incident = an_incident(session)
    a_step(session, incident)

    with pytest.raises(IntegrityError):
        a_step(session, incident, number=1)


def test_a_row_tells_its_key(session):
    place = make.community(session)

    assert repr(place) == f"<Community id={place.id}>"
    assert repr(Community()) == "<Community id=None>"
