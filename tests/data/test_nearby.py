"""Rows near a place: the right ones, on both databases, by the spatial index."""

import make
import numpy as np
import pytest
import shapely
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session, aliased

from data.database import spatial_columns
from data.models import Base, Building, Grid, Incident
from data.nearby import meets_box, near

MANY = 20_000


def plan_of(session: Session, query) -> str:
    """Return how the database would answer a query."""
    compiled = query.compile(session.bind, compile_kwargs={"render_postcompile": True})
    explain = "EXPLAIN QUERY PLAN " if session.bind.dialect.name == "sqlite" else "EXPLAIN "
    rows = session.connection().exec_driver_sql(explain + str(compiled), _values(compiled)).all()
    return "\n".join(" ".join(str(value) for value in row) for row in rows)


def _values(compiled):
    values = compiled.construct_params()
    return tuple(values[name] for name in compiled.positiontup) if compiled.positional else values


def many_buildings(session: Session) -> int:
    place = make.community(session)
    west, south = np.divmod(np.arange(MANY), 200)
    shapes = shapely.box(116 + west / 1000, 39 + south / 1000, 116.0004 + west / 1000, 39.0004 + south / 1000)
    session.execute(insert(Building), [{"community_id": place.id, "geom": shape} for shape in shapes])
    if session.bind.dialect.name == "postgresql":
        session.execute(text("ANALYZE building"))
    return place.id


def test_a_box_finds_what_it_touches_and_nothing_far_away(session):
    _, edition = make.town(session, columns=3, rows=1)
    first, second, _ = edition.grids

    assert near(session, Grid, make.degrees_square(3, side=0.0004).bounds) == [second]
    assert near(session, Grid, make.degrees_square(0, side=0.0015).bounds) == [first, second]
    assert near(session, Grid, (0, 0, 1, 1)) == []


def test_a_box_without_size_finds_the_rows_around_a_point(session):
    _, edition = make.town(session, columns=2, rows=1)
    x, y = make.degrees_square(1).centroid.coords[0]

    assert near(session, Grid, (x, y, x, y)) == [edition.grids[1]]


def test_no_row_whose_box_meets_is_missed(session):
    many_buildings(session)
    rows = session.execute(select(Building.id, Building.geom)).all()
    boxes = shapely.bounds(shapely.from_wkb([bytes(geom.data) for _, geom in rows]))
    random = np.random.default_rng(7)
    for west, south, width, height in random.uniform((116, 39, 0, 0), (116.1, 39.2, 0.01, 0.01), (20, 4)):
        east, north = west + width, south + height
        meets = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        wanted = {key for (key, _), one in zip(rows, meets, strict=True) if one}
        found = set(session.scalars(select(Building.id).where(meets_box(Building.geom, (west, south, east, north)))))

        assert wanted <= found
        assert len(found) <= len(wanted) + 60  # the index rounds outward by about a metre: a rim of one row


def test_the_spatial_index_answers(session):
    community_id = many_buildings(session)
    query = select(Building.id).where(
        Building.community_id == community_id, meets_box(Building.geom, (116.05, 39.05, 116.051, 39.051))
    )
    plan = plan_of(session, query)

    if session.bind.dialect.name == "sqlite":
        assert "SCAN idx_building_geom VIRTUAL TABLE INDEX" in plan
        assert "SEARCH building" in plan
        assert "rowid=?" in plan
    else:
        assert "Index Scan" in plan
        assert "idx_building_geom" in plan
    assert len(session.scalars(query).all()) == 4


def test_every_table_with_shapes_can_be_asked(session):
    models = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}
    for table, column in spatial_columns():
        assert near(session, models[table], (116, 39, 117, 40), shape=column) == []


def test_the_condition_works_under_an_alias_and_beside_others(session):
    _, edition = make.town(session)
    other = aliased(Grid)
    box = make.degrees_square(0, 0, side=0.0005).bounds
    query = select(other.code).where(meets_box(other.geom, box), other.edition_id == edition.id)

    assert session.scalars(query).all() == [edition.grids[3].code]


def test_rows_can_be_narrowed_further(session):
    _, edition = make.town(session)
    box = shapely.box(116, 39, 117, 41).bounds

    assert near(session, Grid, box, Grid.edition_id == edition.id + 1) == []
    assert near(session, Grid, box, Grid.edition_id == edition.id) == edition.grids


def test_rows_without_a_shape_are_never_near(session):
    place = make.community(session)
    make.add(
        session,
        Incident(community_id=place.id, number="1", source="office", found_at=make.EPOCH, grid_rule="none", geom=None),
    )

    assert near(session, Incident, (-180, -90, 180, 90)) == []


@pytest.mark.parametrize("bounds", [(1, 0, 0, 1), (0, 1, 1, 0), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)])
def test_bounds_that_are_no_box_are_refused(bounds):
    with pytest.raises(ValueError, match="west, south, east, north"):
        meets_box(Grid.geom, bounds)
