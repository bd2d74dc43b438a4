"""A draft as its editor sees it: shapes in metres, what stands in each grid, colours; brought forward edit by edit.

States are never changed: each edit makes the next one, which shares with the last whatever stayed the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import DraftBlock, GridEdition, GridKind
from patrols import draft_rows
from patrols.draft_ground import (
    NOWHERE,
    Ground,
    Numbers,
    OpenIncidents,
    Shapes,
    Spots,
    ground_of,
    incidents_of,
    inside,
    street_metres,
    whose,
)
from patrols.draft_rows import Row, Rows

BAND = (150, 500)
"""Households wished for a grid where the draft does not say."""

REACH_M = 1.0
"""Grids this near to changed ground are looked at anew."""


@dataclass(frozen=True)
class Blocks:
    """What is painted with: their numbers in the draft, shapes in metres, households, and a spot in each."""

    numbers: Numbers
    shapes: Shapes
    households: Numbers
    spots: Spots
    degrees: Shapes
    texts: list[str] = field(default_factory=list, compare=False, repr=False)


@dataclass(frozen=True)
class Flaw:
    """Something wrong with a draft, or worth a look: see `patrols.draft_flaws`.

    ``choices`` are the ways in which `geo.repair` can mend it; ``shape`` is where it is, in metres, ``lon`` and
    ``lat`` a place in it, in degrees.
    """

    kind: str
    grid_code: str
    other_code: str
    area_m2: float
    choices: tuple[str, ...]
    shape: shapely.Geometry
    lon: float = 0.0
    lat: float = 0.0


@dataclass(frozen=True)
class DraftState:
    """One revision of a draft.

    ``codes`` is ascending, ``shapes`` and ``rows`` go with it. ``slots`` gives each code, once and for all, the number
    under which ``owners`` (whose are the houses, yards, incidents and blocks) and ``streets`` keep it.
    """

    community: str
    band: tuple[int, int]
    ground: Ground
    incidents: OpenIncidents
    blocks: Blocks
    codes: tuple[str, ...]
    shapes: Shapes
    rows: dict[str, Row]
    slots: dict[str, int]
    owners: dict[str, Numbers]
    streets: NDArray[np.float64]
    flaws: dict[str, Flaw] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each code stands in ``codes``."""
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def kinds(self) -> NDArray[np.object_]:
        """``general`` or ``special``, in the order of ``codes``."""
        return np.array([self.rows[code]["kind"] for code in self.codes], dtype=object)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """West, south, east and north of each grid."""
        return np.asarray(shapely.bounds(self.shapes)).reshape(-1, 4)

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """``grid_code, kind, geometry`` in metres, as `geo.reshape` takes them."""
        columns = {"grid_code": list(self.codes), "kind": self.kinds}
        return gpd.GeoDataFrame(columns, geometry=list(self.shapes), crs=self.ground.crs)

    @cached_property
    def figures(self) -> dict[str, NDArray[Any]]:
        """By name, what each slot counts: households, residents, buildings, compounds, open incidents."""
        houses, count = self.ground.buildings, len(self.slots)
        owner, yards, incidents = self.owners["houses"], self.owners["yards"], self.owners["incidents"]
        found = {
            "households": _sums(owner, count, houses["households"].to_numpy()),
            "residents": _sums(owner, count, houses["residents"].to_numpy()),
            "buildings": _sums(owner, count),
            "compounds": _sums(yards, count),
            "open_incidents": _sums(incidents, count),
        }
        for code in self.incidents.placeless:
            if code in self.slots:
                found["open_incidents"][self.slots[code]] += 1
        for code in self._special():
            for name, value in self._in_special(code).items():
                found[name][self.slots[code]] = value
        return found

    def _special(self) -> list[str]:
        return [code for code, kind in zip(self.codes, self.kinds, strict=True) if kind == GridKind.SPECIAL]

    def _in_special(self, code: str) -> dict[str, int]:
        shape = self.shapes[self.places[code]]
        houses = self.ground.buildings.iloc[inside(self.ground.houses, shape)]
        return {
            "households": int(houses["households"].sum()),
            "residents": int(houses["residents"].sum()),
            "buildings": len(houses),
            "compounds": len(inside(self.ground.yards, shape)),
            "open_incidents": len(inside(self.incidents.spots, shape)),
        }

    def near(self, shapes: Iterable[shapely.Geometry]) -> Numbers:
        """Positions of the grids whose boxes come within a metre of the box of any of the shapes."""
        close = np.zeros(len(self.codes), dtype=bool)
        for west, south, east, north in np.asarray(shapely.bounds(list(shapes))).reshape(-1, 4):
            close |= (
                (self.boxes[:, 0] <= east + REACH_M)
                & (self.boxes[:, 2] >= west - REACH_M)
                & (self.boxes[:, 1] <= north + REACH_M)
                & (self.boxes[:, 3] >= south - REACH_M)
            )
        return np.flatnonzero(close)

    def told(self, code: str) -> dict[str, Any]:
        """One line of the table of grids."""
        row, slot = self.rows[code], self.slots[code]
        counts = {name: int(values[slot]) for name, values in self.figures.items()}
        special = row["kind"] == GridKind.SPECIAL
        return {
            "code": code,
            "name": row["name"],
            "kind": row["kind"],
            **counts,
            "street_metres": round(float(self.streets[slot]), 1),
            "in_band": special or self.band[0] <= counts["households"] <= self.band[1],
            "colour": row["colour"],
            "explanation": row["explanation"],
        }

    def table(self) -> list[dict[str, Any]]:
        """All lines of the table, by code."""
        return [self.told(code) for code in self.codes]

    def codes_of_blocks(self) -> list[str | None]:
        """The grid that each block lies in, in the order of the blocks."""
        names = {slot: code for code, slot in self.slots.items()}
        return [names.get(slot) for slot in self.owners["blocks"].tolist()]


def load(session: Session, edition: GridEdition, ground: Ground | None = None) -> DraftState:
    """Read a draft from the database, with its ground unless that is at hand."""
    community = edition.community
    ground = ground or ground_of(session, community)
    rows = {code: row for code, row in draft_rows.read(session, edition.id).items() if row is not None}
    shapes = draft_rows.shapes_in_metres(rows.values(), ground.crs)
    incidents = incidents_of(session, community, ground.crs)
    slots = {code: slot for slot, code in enumerate(rows)}
    general = np.array([row["kind"] == GridKind.GENERAL for row in rows.values()], dtype=bool)
    codes = np.array(list(rows), dtype=object)
    blocks = _blocks(session, edition, ground)
    spots = {"houses": ground.houses, "yards": ground.yards, "incidents": incidents.spots, "blocks": blocks.spots}
    owners = {name: whose(ones.points, codes[general].tolist(), shapes[general], slots) for name, ones in spots.items()}
    return DraftState(
        community=community.code,
        band=band_of(edition),
        ground=ground,
        incidents=incidents,
        blocks=blocks,
        codes=tuple(rows),
        shapes=shapes,
        rows=rows,
        slots=slots,
        owners=owners,
        streets=street_metres(ground, shapes),
    )


def band_of(edition: GridEdition) -> tuple[int, int]:
    """The band of households that a draft was drawn for."""
    told = edition.made_how.get("households") if edition.made_how else None
    if isinstance(told, list | tuple) and len(told) == 2:
        return int(told[0]), int(told[1])
    return BAND


def _blocks(session: Session, edition: GridEdition, ground: Ground) -> Blocks:
    wanted = select(DraftBlock.number, DraftBlock.households, frames.as_wkb(DraftBlock.geom)).where(
        DraftBlock.edition_id == edition.id
    )
    rows = sorted(session.execute(wanted).all(), key=lambda row: int(row[0]))
    told: list[Row] = [{"geom": bytes(row[2]).hex()} for row in rows]
    shapes = draft_rows.shapes_in_metres(told, ground.crs) if told else np.empty(0, dtype=object)
    return Blocks(
        numbers=np.array([row[0] for row in rows], dtype=np.int64),
        shapes=shapes,
        households=np.array([row[1] for row in rows], dtype=np.int64),
        spots=Spots.at(shapely.point_on_surface(shapes)),
        degrees=np.asarray(shapely.from_wkb([bytes(row[2]) for row in rows]), dtype=object),
    )


def with_incidents(state: DraftState, incidents: OpenIncidents) -> DraftState:
    """The same draft with the incidents that are open now."""
    general = state.kinds == GridKind.GENERAL
    codes = np.array(state.codes, dtype=object)[general].tolist()
    owner = whose(incidents.spots.points, codes, state.shapes[general], state.slots)
    return replace(state, incidents=incidents, owners={**state.owners, "incidents": owner})


def with_rows(state: DraftState, rows: Rows, shapes: Mapping[str, shapely.Geometry]) -> DraftState:
    """The state after grids became what `rows` say; `shapes` has the new metres of those whose ground changed.

    What stands where is found anew only around the changed ground.
    """
    slots = {**state.slots}
    for code in rows:
        slots.setdefault(code, len(slots))
    kept = {code: row for code, row in state.rows.items() if code not in rows}
    known = dict(sorted({**kept, **{code: row for code, row in rows.items() if row is not None}}.items()))
    old = dict(zip(state.codes, state.shapes, strict=True))
    every = np.empty(len(known), dtype=object)
    every[:] = [shapes[code] if code in shapes else old[code] for code in known]
    texts = {code: text for code, text in state.texts.items() if code not in rows}
    streets = np.append(state.streets, np.zeros(len(slots) - len(state.slots)))
    moved = replace(state, codes=tuple(known), shapes=every, rows=known, slots=slots, streets=streets, texts=texts)
    changed = [code for code in rows if code in shapes or rows[code] is None]
    if not changed:
        return moved
    _count_streets(moved, changed)
    ground = [old[code] for code in changed if code in old] + [shapes[code] for code in changed if code in shapes]
    return replace(moved, owners=_owners_after(state, moved, changed, ground))


def _count_streets(moved: DraftState, changed: Sequence[str]) -> None:
    there = [code for code in changed if code in moved.rows]
    shapes = moved.shapes[[moved.places[code] for code in there]]
    moved.streets[[moved.slots[code] for code in there]] = street_metres(moved.ground, shapes)


def _owners_after(
    before: DraftState, after: DraftState, changed: Sequence[str], ground: list[shapely.Geometry]
) -> dict[str, Numbers]:
    """Who owns each spot now: looked at again are those of the changed grids, and those on their new ground."""
    near = after.near(ground)
    near = near[after.kinds[near] == GridKind.GENERAL]
    codes, shapes = [after.codes[place] for place in near], after.shapes[near]
    mine = np.array([after.slots[code] for code in changed], dtype=np.int64)
    new = [after.shapes[after.places[code]] for code in changed if code in after.places]
    spots = {
        "houses": after.ground.houses,
        "yards": after.ground.yards,
        "incidents": after.incidents.spots,
        "blocks": after.blocks.spots,
    }
    owners = {}
    for name, ones in spots.items():
        owner = before.owners[name].copy()
        again = np.isin(owner, mine)
        for shape in new:
            again[inside(ones, shape)] = True
        places = np.flatnonzero(again)
        owner[places] = whose(ones.points[places], codes, shapes, after.slots)
        owners[name] = owner
    return owners


def _sums(owner: Numbers, count: int, weights: NDArray[Any] | None = None) -> Numbers:
    """What the spots of each slot come to."""
    known = owner != NOWHERE
    values = None if weights is None else np.asarray(weights)[known]
    return np.bincount(owner[known], values, minlength=count).astype(np.int64)
