"""Overrides: a building or compound that lies in one grid and is served by another, from when until when.

An override says who answers for an object and for what happens there. It moves no border and no metre of a walk: who
walks through a compound that another grid serves has walked in the grid where it lies, and the street metres that walks
are compared with are counted by the same borders. Ground that another grid is to walk from now on is redrawn, in an
edition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from data import frames
from data.errors import Conflict, NotFound
from data.models import WGS84, Building, Community, Compound, Grid, GridEdition, GridOverride
from geo.errors import N_
from patrols import validity
from patrols.days import local_day
from patrols.errors import PatrolError

Place = TypeVar("Place", Building, Compound)


class BadOverride(PatrolError):
    """An override that names no grid of the community, the same grid twice, or ends before it begins."""


@dataclass(frozen=True)
class Served:
    """An override as it bears on the ground: its own facts and the object's shape, in degrees."""

    id: int
    community_id: int
    object: str
    shape: BaseGeometry
    grid_code: str
    served_by: str
    valid_from: date
    valid_until: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a local day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True)
class Exclave:
    """The piece of ground that one override moves from grid to grid, in metres."""

    served: Served
    edition_id: int
    ground: BaseGeometry


def serve(
    session: Session,
    place: Building | Compound,
    *,
    grid_code: str,
    served_by: str,
    valid_from: date,
    at: datetime,
    valid_until: date | None = None,
    reason: str = "",
) -> GridOverride:
    """Let another grid serve a building or compound, from a day on.

    What part of the object lies in grid `grid_code` is served by grid `served_by`; what lies elsewhere stays where it
    is. A building's override goes before that of the compound around it.

    Parameters
    ----------
    valid_from, valid_until : date
        The first day, and the first day on which it no longer holds (None: until somebody ends it).
    at : datetime
        Now, aware: when it was decided.
    reason : str
        Why, in the office's own words.

    Raises
    ------
    BadOverride
        If the community never had one of the grids, both are the same, or it ends before it begins.
    Conflict
        If the same object in the same grid is served by some grid on some of these days already.
    """
    _check(session, place, (grid_code, served_by), valid_from, valid_until)
    column = GridOverride.building_id if isinstance(place, Building) else GridOverride.compound_id
    overlap = or_(GridOverride.valid_until.is_(None), GridOverride.valid_until > valid_from)
    if valid_until is not None:
        overlap = and_(overlap, GridOverride.valid_from < valid_until)
    other = session.scalar(
        select(GridOverride).where(column == place.id, GridOverride.grid_code == grid_code, overlap).limit(1)
    )
    if other is not None:
        raise Conflict(
            N_("%(object)s is served by grid %(grid)s since %(since)s already: end that first."),
            object=called(place),
            grid=other.served_by,
            since=other.valid_from.isoformat(),
        )
    row = GridOverride(
        community_id=place.community_id,
        grid_code=grid_code,
        served_by=served_by,
        valid_from=valid_from,
        valid_until=valid_until,
        reason=reason,
        created_at=at,
        **{column.key: place.id},
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, override: GridOverride, until: date) -> GridOverride:
    """End an override: `until` is the first day on which the ground decides again. What it decided before stays.

    Raises
    ------
    BadOverride
        If it ended before that already, or would end before it began.
    """
    validity.end(override, until, BadOverride)
    session.flush()
    return override


def listing(session: Session, community: Community, *, at: datetime | date | None = None) -> list[GridOverride]:
    """The overrides of a community with their objects, oldest first; with `at`, only those in force on that day."""
    wanted = (
        select(GridOverride)
        .where(GridOverride.community_id == community.id)
        .options(joinedload(GridOverride.building), joinedload(GridOverride.compound))
        .order_by(GridOverride.valid_from, GridOverride.id)
    )
    if at is not None:
        day = local_day(community, at)
        wanted = wanted.where(
            GridOverride.valid_from <= day, or_(GridOverride.valid_until.is_(None), GridOverride.valid_until > day)
        )
    return list(session.scalars(wanted))


def find(session: Session, community: Community, number: int) -> GridOverride:
    """An override of a community by its number.

    Raises
    ------
    NotFound
        If the community has none of that number.
    """
    found = session.get(GridOverride, number)
    if found is None or found.community_id != community.id:
        raise NotFound(N_("%(community)s has no override %(number)s."), community=community.name, number=number)
    return found


def find_object(session: Session, community: Community, model: type[Place], key: str) -> Place:
    """A building or compound of a community by its key in the file it came from, else by a name that only one has.

    Raises
    ------
    NotFound
        If there is none of that key or name, or several of that name.
    """
    for column in (model.source_key, model.name):
        found = list(session.scalars(select(model).where(model.community_id == community.id, column == key).limit(2)))
        if len(found) == 1:
            return found[0]
    raise NotFound(
        N_("%(community)s has no building or compound that %(key)s alone means."), community=community.name, key=key
    )


def of(session: Session, communities: Sequence[Community]) -> list[Served]:
    """Every override of some communities, whenever it holds: those of buildings first, then the oldest; one query."""
    statement = (
        select(GridOverride, Building.name, Building.geom, Compound.name, Compound.geom)
        .outerjoin(Building, Building.id == GridOverride.building_id)
        .outerjoin(Compound, Compound.id == GridOverride.compound_id)
        .where(GridOverride.community_id.in_([community.id for community in communities]))
        .order_by(GridOverride.building_id.is_(None), GridOverride.valid_from, GridOverride.id)
    )
    rows = session.execute(statement).all()
    shapes = frames.decode([house if row.building_id is not None else yard for row, _, house, _, yard in rows])
    return [
        Served(
            id=row.id,
            community_id=row.community_id,
            object=(house_name if row.building_id is not None else yard_name) or "",
            shape=shape,
            grid_code=row.grid_code,
            served_by=row.served_by,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for (row, house_name, _, yard_name, _), shape in zip(rows, shapes, strict=True)
    ]


def redrawn(
    ground: gpd.GeoDataFrame, overrides: Iterable[Served], grids: Iterable[tuple[int, int, str, str]]
) -> tuple[gpd.GeoDataFrame, list[Exclave]]:
    """The ground as it is served: each override moves its object's piece from one grid to the other, as an exclave.

    Borders, ties, distances and probabilities then follow from the shapes alone, like everywhere else. An override
    whose grids are not both of the edition in force rests.

    Parameters
    ----------
    ground : GeoDataFrame
        Columns `grid_code`, `kind`, `edition_id`; in metres. Not changed.
    overrides : iterable of Served
        Those in force, in the order in which they are to be heeded.
    grids : iterable of (community id, edition id, code, kind)
        Every grid of the editions in force that serves something, wherever it lies.

    Returns
    -------
    ground : GeoDataFrame
        With a row more for each serving grid that was not among them.
    exclaves : list of Exclave
        What was moved.
    """
    overrides, exclaves = list(overrides), []
    serving = {(community, code): (edition, kind) for community, edition, code, kind in grids}
    rows = ground[["grid_code", "kind", "edition_id"]].to_dict("list")
    shapes = list(ground.geometry.array)
    place = {key: at for at, key in enumerate(zip(rows["edition_id"], rows["grid_code"], strict=True))}
    moved = frames.to_metres(gpd.GeoSeries([one.shape for one in overrides], crs=WGS84), ground.crs)
    for one, shape in zip(overrides, moved, strict=True):
        edition_id, kind = serving.get((one.community_id, one.served_by), (None, ""))
        old = place.get((edition_id, one.grid_code))
        if old is None or edition_id is None:
            continue
        piece = _areas(shapely.intersection(shapes[old], shapely.make_valid(shape)))
        if piece.is_empty:
            continue
        shapes[old] = _areas(shapely.difference(shapes[old], piece))
        new = place.setdefault((edition_id, one.served_by), len(shapes))
        if new < len(shapes):
            shapes[new] = shapely.union(shapes[new], piece)
        else:
            for name, value in (("grid_code", one.served_by), ("kind", kind), ("edition_id", edition_id)):
                rows[name].append(value)
            shapes.append(piece)
        exclaves.append(Exclave(one, edition_id, piece))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=ground.crs), exclaves


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """Only the polygons of what shapes have in common; a wall that both touch is no ground."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _check(
    session: Session, place: Building | Compound, codes: tuple[str, str], valid_from: date, valid_until: date | None
) -> None:
    if codes[0] == codes[1]:
        raise BadOverride(N_("Grid %(grid)s serves its own ground already."), grid=codes[0])
    validity.check_days(valid_from, valid_until, BadOverride)
    known = set(
        session.scalars(
            select(Grid.code)
            .join(GridEdition, GridEdition.id == Grid.edition_id)
            .where(GridEdition.community_id == place.community_id, Grid.code.in_(codes))
        )
    )
    for code in codes:
        if code not in known:
            raise BadOverride(N_("The community has no grid %(grid)s."), grid=code)


def called(place: Building | Compound | None) -> str:
    """What an object is called: its name, else its key."""
    return "" if place is None else place.name or place.source_key or str(place.id)
