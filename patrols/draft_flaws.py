"""Flaws of a draft: what stands against it or should be looked at, found anew only around what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import FlawAcceptance, GridEdition, GridKind, User
from geo.errors import N_
from geo.fits import misfits
from geo.give import is_sliver
from geo.repair import NEIGHBOURS, SMALLEST_M2, repairs
from geo.tiling import SLIVER_M2, find_cuts, find_flaws
from patrols import draft_log
from patrols.before_adoption import BLOCKING
from patrols.draft_ground import Shapes
from patrols.draft_state import REACH_M, DraftState, Flaw

CUTS = ("cut_building", "cut_compound")

BELOW, ABOVE = "below_band", "above_band"
"""A general grid with fewer or more households than wished for: a warning, not a ban."""

APART = "not_connected"

ELSEWHERE = frozenset({*CUTS, APART, BELOW, ABOVE})
"""Kinds that are found by themselves, not with the shapes of grids."""

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Around:
    """What is looked at after an edit: the box of the changed ground, the codes that changed, the grids in it."""

    box: shapely.Geometry
    changed: frozenset[str]
    grids: gpd.GeoDataFrame


def find(state: DraftState) -> dict[str, Flaw]:
    """All flaws of a draft, by their keys."""
    general = state.frame[state.kinds == GridKind.GENERAL]
    if general.empty:
        return {}
    found = _listed(repairs(general, state.ground.outline))
    cuts = _cuts(general, state.ground.buildings, state.ground.compounds)
    return _by_key(state, [*found, *cuts, *_out_of_band(state, state.codes)])


def after(before: DraftState, moved: DraftState, changed: Iterable[str]) -> dict[str, Flaw]:
    """The flaws once grids have changed: those elsewhere stay, those of the changed ground are found anew."""
    codes = frozenset(changed)
    if not codes:
        return before.flaws
    around = _around(before, moved, codes)
    kept = {key: flaw for key, flaw in before.flaws.items() if not _concerns(around, flaw)}
    old = [flaw for key, flaw in before.flaws.items() if key not in kept and flaw.kind not in ELSEWHERE]
    fresh = [*_local_cuts(moved, around), *_out_of_band(moved, sorted(codes)), *_apart(moved, around)]
    if old or not _still_whole(before, moved, around):
        fresh += _local(moved, around)
    return {**kept, **_by_key(moved, [flaw for flaw in fresh if _concerns(around, flaw)])}


def _around(before: DraftState, moved: DraftState, codes: frozenset[str]) -> Around:
    """The changed ground's box, wide enough for the gaps and overlaps that reach beyond it."""
    shapes = [one.shapes[one.places[code]] for one in (before, moved) for code in codes if code in one.places]
    box = _box(shapes)
    first = Around(box, codes, moved.frame.iloc[:0])
    wide = [flaw.shape for flaw in before.flaws.values() if _concerns(first, flaw)]
    if wide:
        box = _box([*shapes, *wide])
    near = moved.near([box])
    return Around(box, codes, moved.frame.iloc[near[moved.kinds[near] == GridKind.GENERAL]])


def _box(shapes: list[shapely.Geometry]) -> shapely.Geometry:
    west, south, east, north = shapely.total_bounds(_array(shapes)).tolist()
    return shapely.Polygon.from_bounds(west - REACH_M, south - REACH_M, east + REACH_M, north + REACH_M)


def _concerns(around: Around, flaw: Flaw) -> bool:
    """Whether a flaw is one of the changed grids' own, or lies where ground changed."""
    if flaw.grid_code in around.changed or flaw.other_code in around.changed:
        return True
    return flaw.kind in {"gap", "overlap", *CUTS} and bool(shapely.intersects(around.box, flaw.shape))


def _still_whole(before: DraftState, moved: DraftState, around: Around) -> bool:
    """Whether the changed grids hold as much ground as before, share their borders, and have no slivers.

    Then nothing can be wrong with their shapes that was not wrong before, and looking for it would be wasted.
    """
    parts = shapely.get_parts(_general_shapes(moved, around.changed))
    if is_sliver(parts).any():
        return False
    area_m2 = [float(shapely.area(_general_shapes(one, around.changed)).sum()) for one in (before, moved)]
    if abs(area_m2[0] - area_m2[1]) > SMALLEST_M2:
        return False
    return not len(misfits(np.asarray(around.grids.geometry.to_numpy(), dtype=object)))


def _general_shapes(state: DraftState, codes: frozenset[str]) -> Shapes:
    places = [state.places[code] for code in codes if code in state.places]
    return state.shapes[[place for place in places if state.kinds[place] == GridKind.GENERAL]]


def _local(moved: DraftState, around: Around) -> list[Flaw]:
    """Gaps, overlaps and the like near the changed ground.

    The community's ground is narrowed to the box, and to what the grids there have of it beyond.
    """
    outline = moved.ground.outline
    if outline is None:
        return [flaw for flaw in _listed(repairs(around.grids)) if flaw.kind != APART]
    here = shapely.clip_by_rect(outline, *shapely.bounds(around.box).tolist())
    mine = shapely.intersection(outline, shapely.union_all(around.grids.geometry.to_numpy()))
    found = _listed(repairs(around.grids, shapely.union(shapely.make_valid(here), mine)))
    return [flaw for flaw in found if flaw.kind != APART]


def _apart(moved: DraftState, around: Around) -> list[Flaw]:
    """Changed grids in several pieces, on the whole outline: in the box alone its pieces may seem to be apart."""
    mine = around.grids[around.grids["grid_code"].isin(around.changed)]
    several = mine[shapely.get_num_geometries(mine.geometry.to_numpy()) > 1]
    if several.empty:
        return []
    # On ground in one piece every grid in several is one, which is quicker to say without the outline.
    islands = shapely.get_num_geometries(moved.ground.outline) > 1 if moved.ground.outline is not None else False
    found = find_flaws(several, moved.ground.outline if islands else None)
    return _listed(found[found["kind"] == APART])


def _local_cuts(moved: DraftState, around: Around) -> list[Flaw]:
    """Cut buildings and compounds near the changed ground; most lie whole in one grid, which is quickly seen."""
    ground = moved.ground
    houses = ground.buildings.iloc[_meeting(ground.buildings, around.box)]
    yards = ground.compounds.iloc[_meeting(ground.compounds, around.box)]
    shapes = np.asarray(around.grids.geometry.to_numpy(), dtype=object)
    houses, yards = houses[~_whole(houses, shapes)], yards[~_whole(yards, shapes)]
    things = [*houses.geometry, *yards.geometry]
    if not things:
        return []
    near = moved.near([_box(things)])
    return _cuts(moved.frame.iloc[near[moved.kinds[near] == GridKind.GENERAL]], houses, yards)


def _whole(things: gpd.GeoDataFrame, shapes: Shapes) -> NDArray[np.bool_]:
    """Which things lie in one of the shapes as a whole."""
    whole = np.zeros(len(things), dtype=bool)
    if len(things) and len(shapes):
        thing, _ = shapely.STRtree(shapes).query(things.geometry.to_numpy(), predicate="covered_by")
        whole[thing] = True
    return whole


def _meeting(things: gpd.GeoDataFrame, box: shapely.Geometry) -> Any:
    return np.sort(things.sindex.query(box, predicate="intersects")) if len(things) else []


def _cuts(grids: gpd.GeoDataFrame, houses: gpd.GeoDataFrame, yards: gpd.GeoDataFrame) -> list[Flaw]:
    """Buildings and compounds that more than one grid has a part of."""
    codes = grids["grid_code"].to_numpy(dtype=object)
    shapes = np.asarray(grids.geometry.to_numpy(), dtype=object)
    rows = [
        row
        for kind, things in zip(CUTS, (houses, yards), strict=True)
        for row in find_cuts(kind, codes, shapes, things)
    ]
    return [Flaw(kind, code, other, area_m2, (), shape) for kind, code, other, area_m2, shape in rows]


def _out_of_band(state: DraftState, codes: Sequence[str]) -> list[Flaw]:
    """Grids with fewer or more households than wished for."""
    flaws = []
    for code in codes:
        if code not in state.rows or state.rows[code]["kind"] != GridKind.GENERAL:
            continue
        people = int(state.figures["households"][state.slots[code]])
        if not state.band[0] <= people <= state.band[1]:
            kind = BELOW if people < state.band[0] else ABOVE
            flaws.append(Flaw(kind, code, "", 0.0, (), state.shapes[state.places[code]]))
    return flaws


def _listed(rows: pd.DataFrame) -> list[Flaw]:
    """Rows of `geo.repair.repairs` or `geo.tiling.find_flaws`; a grid in pieces is mended in one way only."""
    names = ("kind", "grid_code", "other_code", "area_m2", "geometry")
    columns = [rows[name].tolist() for name in names]
    ways = rows["choices"].tolist() if "choices" in rows else [()] * len(rows)
    return [
        Flaw(str(kind), str(code), str(other), float(area), (NEIGHBOURS,) if kind == APART else tuple(way), shape)
        for kind, code, other, area, shape, way in zip(*columns, ways, strict=True)
    ]


def _by_key(state: DraftState, flaws: list[Flaw]) -> dict[str, Flaw]:
    """Flaws by what tells the same one again: its kind, its grids, and the metre it lies at unless it is a grid's."""
    if not flaws:
        return {}
    spots = shapely.point_on_surface(_array([flaw.shape for flaw in flaws]))
    degrees = frames.to_degrees(gpd.GeoDataFrame(geometry=spots, crs=state.ground.crs)).geometry.to_numpy()
    keyed = {}
    for flaw, spot, at in zip(
        flaws, shapely.get_coordinates(spots), shapely.get_coordinates(degrees).round(7), strict=True
    ):
        place = "" if flaw.kind in (BELOW, ABOVE) else f"-{spot[0]:.0f}-{spot[1]:.0f}"
        key = "-".join(word for word in (flaw.kind, flaw.grid_code, flaw.other_code) if word) + place
        keyed[key] = replace(flaw, lon=float(at[0]), lat=float(at[1]))
    return keyed


def _array(shapes: list[shapely.Geometry]) -> Shapes:
    every = np.empty(len(shapes), dtype=object)
    every[:] = shapes
    return every


def told(session: Session, edition: GridEdition, state: DraftState) -> list[dict[str, Any]]:
    """The flaws as a page lists them: errors before warnings, each with its place in degrees and why it is accepted."""
    if not state.flaws:
        return []
    reasons = accepted(session, edition)
    lines = [
        {
            "key": key,
            "kind": flaw.kind,
            "severity": severity(flaw),
            "grid_code": flaw.grid_code,
            "other_code": flaw.other_code,
            "area_m2": round(flaw.area_m2, 2),
            "lon": flaw.lon,
            "lat": flaw.lat,
            "accepted": reasons.get(key),
            "repairs": list(flaw.choices),
        }
        for key, flaw in state.flaws.items()
    ]
    return sorted(lines, key=lambda line: (line["severity"], line["kind"], line["grid_code"], line["key"]))


def severity(flaw: Flaw) -> str:
    """``error`` for what stands against adopting the draft, else ``warning``."""
    return ERROR if flaw.kind in BLOCKING and flaw.area_m2 >= SLIVER_M2 else WARNING


def accepted(session: Session, edition: GridEdition) -> dict[str, str]:
    """Why flaws were accepted, by their keys."""
    wanted = select(FlawAcceptance.flaw_key, FlawAcceptance.reason).where(FlawAcceptance.edition_id == edition.id)
    return {row[0]: row[1] for row in session.execute(wanted)}


def accept(
    session: Session, edition: GridEdition, state: DraftState, key: str, reason: str, *, at: Any, by: User | None
) -> None:
    """Accept a flaw as it is, with the reason; an empty reason takes that back.

    Only while it is a draft: whoever reviews and adopts sees what was handed in.

    Raises
    ------
    NotFound
        The draft has no such flaw (any more).
    DraftClosed
        The edition is no draft (any more).
    """
    draft_log.lock_to_change(session, edition)
    if key not in state.flaws:
        raise NotFound(N_("This flaw is not there any more: load the list again."))
    kept = session.scalar(
        select(FlawAcceptance).where(FlawAcceptance.edition_id == edition.id, FlawAcceptance.flaw_key == key)
    )
    if not reason.strip():
        if kept is not None:
            session.delete(kept)
        return
    if kept is None:
        kept = FlawAcceptance(edition_id=edition.id, flaw_key=key)
        session.add(kept)
    kept.reason, kept.at, kept.by_user_id = reason.strip(), at, None if by is None else by.id
    session.flush()
