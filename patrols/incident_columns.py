"""All incidents of a community as columns of numbers, kept by the process, so that a million are counted in a moment.

Nothing here decides anything: the columns say what stands in the database, sorted by when it was found. What changed
since is read anew by the steps that were added, as nothing of an incident changes without a step.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import Double, Select, String, cast, extract, func, select, type_coerce
from sqlalchemy.orm import Session

from data import frames
from data.models import Category, Community, Incident, IncidentSource, IncidentStep, Stage
from geo.map_plane import MapPlane
from patrols.days import zone

Whole = npt.NDArray[Any]

AT_ONCE = 2_000
"""Rows that are read at a time: few enough to stay near the processor while they are turned into columns."""

KEYS_AT_ONCE = 500

OUT_OF_TURN = 1000
"""Steps get their keys before they are committed: so many keys before the last one may still turn up later."""

SOURCES = tuple(IncidentSource)
STAGES = tuple(Stage)
NEVER = np.iinfo(np.int32).max
"""The minute of what has not happened."""


class CategoryFacts(NamedTuple):
    """What counts of the categories, by their place in the columns; the first place is that of no category."""

    ids: tuple[int, ...]
    families: tuple[str, ...]
    sensitive: npt.NDArray[np.bool_]

    @property
    def mark(self) -> str:
        """Changes with what counts of the categories."""
        said = repr((self.ids, self.families, self.sensitive.tolist()))
        return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class IncidentColumns:
    """The incidents of one community, sorted by when they were found, then by key; all arrays are as long.

    Parameters
    ----------
    community_id : int
    timezone : str
    stamp : str
        Changes with the contents; the same in every process.
    last_step, late_steps : int
        Key of the last step of any incident that is taken into account, and how many of the `OUT_OF_TURN` keys up to
        it there were.
    plane : MapPlane
        In whose metres the places are.
    keys : ndarray of int64
        Ids of the incidents.
    x, y : ndarray of float32
        Where, metres of `plane`; NaN without a place.
    found, reported : ndarray of int32
        Minutes since 1970 in UTC, rounded down: when it was found, and of its first step.
    when : ndarray of uint8
        Local hour and day of the week in which it was found: ``hour * 7 + weekday``, Monday 0.
    kind : ndarray of uint8
        Stage and source: ``STAGES position * len(SOURCES) + SOURCES position``.
    category, grid : ndarray of int16
        Places in ``facts.ids`` and `grids`; 0 is none.
    organisation, handler : ndarray of int32
        To whom it was handed; 0 is nobody.
    grids : tuple of str
        Codes of the grids that occur; the first is "".
    facts : CategoryFacts
    """

    community_id: int
    timezone: str
    stamp: str
    last_step: int
    late_steps: int
    plane: MapPlane
    keys: Whole
    x: Whole
    y: Whole
    found: Whole
    reported: Whole
    when: Whole
    kind: Whole
    category: Whole
    grid: Whole
    organisation: Whole
    handler: Whole
    grids: tuple[str, ...]
    facts: CategoryFacts

    def __len__(self) -> int:
        return len(self.keys)


ROWS = {
    "keys": np.int64,
    "x": np.float32,
    "y": np.float32,
    "found": np.int32,
    "reported": np.int32,
    "when": np.uint8,
    "kind": np.uint8,
    "category": np.int16,
    "grid": np.int16,
    "organisation": np.int32,
    "handler": np.int32,
}
"""The columns, and what each is stored as."""

Block = Mapping[str, Whole]


def read_columns(session: Session, community: Community) -> IncidentColumns:
    """Read all incidents of a community; a million take some seconds. `patrols.incident_memory` remembers them."""
    empty = _empty(session, community)
    codes, blocks = _blocks(session, empty, _statement(community))
    return _joined(replace(empty, grids=codes), blocks)


def refreshed(session: Session, community: Community, known: IncidentColumns) -> IncidentColumns:
    """The columns with what changed since by steps that were added; themselves where nothing did."""
    facts = category_facts(session)
    last, late = _mark(session, known.last_step - OUT_OF_TURN)
    grown = facts.ids[: len(known.facts.ids)] == known.facts.ids
    if last < known.last_step or late < known.late_steps or not grown or known.timezone != community.timezone:
        # Another history than the one that was read: a backup was put back. Or other hours.
        return read_columns(session, community)
    if last > known.last_step and not np.isfinite(known.x).any():
        # Without any place so far, the plane lies nowhere near.
        return read_columns(session, community)
    if (last, late) == (known.last_step, known.late_steps):
        return known if facts.mark == known.facts.mark else stamped(replace(known, facts=facts))
    changed = _changed(session, community, known.last_step - OUT_OF_TURN)
    base = replace(known, facts=facts, last_step=last, late_steps=_mark(session, last - OUT_OF_TURN)[1])
    if not changed:
        return stamped(base)
    if len(changed) > max(KEYS_AT_ONCE, len(known) // 4):
        return read_columns(session, community)
    kept = ~np.isin(known.keys, changed)
    codes = base.grids
    blocks: list[Block] = [{name: getattr(known, name)[kept] for name in ROWS}]
    for begin in range(0, len(changed), KEYS_AT_ONCE):
        some = _statement(community).where(Incident.id.in_(changed[begin : begin + KEYS_AT_ONCE]))
        codes, new = _blocks(session, replace(base, grids=codes), some)
        blocks += new
    return _joined(replace(base, grids=codes), blocks)


def _mark(session: Session, floor: int) -> tuple[int, int]:
    """The key of the last step, and how many there are after a key."""
    last, count = session.execute(select(func.max(IncidentStep.id), func.count()).where(IncidentStep.id > floor)).one()
    return last or 0, count


def _changed(session: Session, community: Community, floor: int) -> list[int]:
    """Ids of the community's incidents that have a step after this one."""
    wanted = (
        select(IncidentStep.incident_id)
        .join(Incident, Incident.id == IncidentStep.incident_id)
        .where(IncidentStep.id > floor, Incident.community_id == community.id)
        .distinct()
    )
    return list(session.scalars(wanted))


def category_facts(session: Session) -> CategoryFacts:
    """What counts of the categories now."""
    rows = session.execute(select(Category.id, Category.family, Category.sensitive).order_by(Category.id)).all()
    return CategoryFacts(
        (0, *(row[0] for row in rows)), ("", *(row[1] for row in rows)), np.array([False, *(row[2] for row in rows)])
    )


def _empty(session: Session, community: Community) -> IncidentColumns:
    last = session.scalar(select(func.max(IncidentStep.id))) or 0
    place = session.scalar(
        select(frames.as_wkb(Incident.geom))
        .where(Incident.community_id == community.id, Incident.geom.is_not(None))
        .order_by(Incident.id)
        .limit(1)
    )
    lon, lat = (0.0, 0.0) if place is None else shapely.get_coordinates(shapely.from_wkb(place))[0]
    return IncidentColumns(
        community_id=community.id,
        timezone=community.timezone,
        stamp="",
        last_step=last,
        late_steps=_mark(session, last - OUT_OF_TURN)[1],
        # Rounded, so that the plane does not tell where the first one was.
        plane=MapPlane(round(float(lon), 1), round(float(lat), 1)),
        **{name: np.empty(0, kind) for name, kind in ROWS.items()},
        grids=("",),
        facts=category_facts(session),
    )


def _statement(community: Community) -> Select[Any]:
    """What is read of each incident; moments as seconds, words as they are stored, so that nothing is converted."""
    return (
        select(
            Incident.id,
            frames.as_wkb(Incident.geom),
            cast(extract("epoch", Incident.found_at), Double),
            cast(extract("epoch", IncidentStep.at), Double),
            type_coerce(Incident.source, String),
            type_coerce(Incident.stage, String),
            Incident.category_id,
            Incident.grid_code,
            Incident.organisation_id,
            Incident.handler_id,
        )
        .outerjoin(IncidentStep, (IncidentStep.incident_id == Incident.id) & (IncidentStep.number == 1))
        .where(Incident.community_id == community.id)
        .execution_options(yield_per=AT_ONCE)
    )


def _blocks(session: Session, base: IncidentColumns, statement: Select[Any]) -> tuple[tuple[str, ...], list[Block]]:
    """The rows of a statement as columns, and the codes of grids that they are written in."""
    codes = {code: place for place, code in enumerate(base.grids)}
    blocks = [_block(base, codes, rows) for rows in _parts(session, statement)]
    return tuple(codes), blocks


def _parts(session: Session, statement: Select[Any]) -> Iterator[list[Any]]:
    """The answer column by column, some rows at a time; past the session, which would hold each row up in between."""
    session.flush()
    for rows in session.connection().execute(statement).partitions():
        yield list(zip(*rows, strict=True))


def _block(base: IncidentColumns, codes: dict[str, int], columns: list[Any]) -> Block:
    keys, wkb, found, reported, source, stage, category, grid, organisation, handler = columns
    x, y = base.plane.metres(*_coordinates(wkb))
    minutes = _minutes(found)
    told = np.array(reported, float)
    places = {key: place for place, key in enumerate(base.facts.ids)}
    for code in dict.fromkeys(grid):
        codes.setdefault(code or "", len(codes))
    block = {
        "keys": keys,
        "x": x,
        "y": y,
        "found": minutes,
        # An incident without any step counts as reported when it was found.
        "reported": _minutes(np.where(np.isnan(told), found, told)),
        "when": _when(minutes, base.timezone),
        "kind": [_KIND[pair] for pair in zip(stage, source, strict=True)],
        "category": [places.get(key, 0) for key in category],
        "grid": [codes[code or ""] for code in grid],
        "organisation": [key or 0 for key in organisation],
        "handler": [key or 0 for key in handler],
    }
    return {name: np.asarray(values).astype(ROWS[name]) for name, values in block.items()}


def _coordinates(wkb: Sequence[bytes | None]) -> Whole:
    """Longitudes and latitudes; NaN without a place."""
    packed = b"".join([point or _NOWHERE for point in wkb])
    if len(packed) == _POINT.itemsize * len(wkb):
        points = np.frombuffer(packed, _POINT)
        if (points["kind"] == _POINT_KIND).all():
            return points["place"].T
    # Written in another way than databases do.
    shapes = shapely.from_wkb(np.array(wkb, dtype=object))
    return np.array([shapely.get_x(shapes), shapely.get_y(shapes)])


_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("place", "<f8", 2)])
"""A point as both databases write it: 21 bytes, the lesser ones first."""

_POINT_KIND = 1
_NOWHERE = shapely.to_wkb(shapely.Point(np.nan, np.nan), byte_order=1)

_KIND = {pair: place for place, pair in enumerate(product(map(str, STAGES), map(str, SOURCES)))}


def _minutes(seconds: Any) -> Whole:
    return np.floor(np.asarray(seconds, float) / 60)


def _when(minutes: Whole, timezone: str) -> Whole:
    local = pd.to_datetime(minutes * 60, unit="s", utc=True).tz_convert(zone(timezone))
    return np.asarray(local.hour * 7 + local.day_of_week)


def _joined(base: IncidentColumns, blocks: list[Block]) -> IncidentColumns:
    """Blocks of rows as one, in the order of time."""
    if not blocks:
        return stamped(base)
    whole: dict[str, Any] = {name: np.concatenate([block[name] for block in blocks]) for name in ROWS}
    order = np.lexsort((whole["keys"], whole["found"]))
    for name in ROWS:
        whole[name] = whole[name][order]
        whole[name].flags.writeable = False
    return stamped(replace(base, **whole))


def stamped(columns: IncidentColumns) -> IncidentColumns:
    """The columns with the stamp of their contents."""
    told = (columns.community_id, columns.last_step, columns.late_steps, len(columns), columns.facts.mark)
    return replace(columns, stamp=hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest())
