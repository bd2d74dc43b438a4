"""Flaws of a draft: what stands against it or should be looked at, found anew only around what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import FlawAcceptance, GridEdition, GridKind, User
from geo.errors import N_
from geo.repair import repairs
from geo.tiling import SLIVER_M2, find_flaws
from patrols.adoption import BLOCKING
from patrols.draft_ground import Shapes
from patrols.draft_state import REACH_M, DraftState, Flaw

CUTS = ("cut_building", "cut_compound")

BELOW, ABOVE = "below_band", "above_band"
"""A general grid with fewer or more households than wished for: a warning, not a ban."""

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
    shapes = [one.shapes[one.places[code]] for one in (before, moved) for code in codes if code in one.places]
    if not shapes:
        return before.flaws
    box = shapely.box(*shapely.total_bounds(shapes)).buffer(REACH_M, join_style="mitre")
    near = moved.near([box])
    around = Around(box, codes, moved.frame.iloc[near[moved.kinds[near] == GridKind.GENERAL]])
    kept = {key: flaw for key, flaw in before.flaws.items() if not _concerns(around, flaw)}
    if around.grids.empty:
        return kept
    fresh = [
        flaw
        for flaw in (*_local(moved, around), *_local_cuts(moved, around), *_out_of_band(moved, sorted(codes)))
        if _concerns(around, flaw)
    ]
    return {**kept, **_by_key(moved, fresh)}


def _concerns(around: Around, flaw: Flaw) -> bool:
    """Whether a flaw is one of the changed grids' own, or lies where ground changed."""
    if flaw.grid_code in around.changed or flaw.other_code in around.changed:
        return True
    return flaw.kind in {"gap", "overlap", *CUTS} and bool(shapely.intersects(around.box, flaw.shape))


def _local(moved: DraftState, around: Around) -> list[Flaw]:
    """Gaps, overlaps and the like near the changed ground.

    The community's ground is narrowed to the box, and to what the grids there have of it beyond.
    """
    outline = moved.ground.outline
    if outline is None:
        return _listed(repairs(around.grids))
    here = shapely.clip_by_rect(outline, *shapely.bounds(around.box).tolist())
    mine = shapely.intersection(outline, shapely.union_all(around.grids.geometry.to_numpy()))
    found = _listed(repairs(around.grids, shapely.union(shapely.make_valid(here), mine)))
    rest = [flaw for flaw in found if flaw.kind != "not_connected"]
    return [*rest, *_apart(moved, around, {flaw.grid_code: flaw for flaw in found if flaw.kind == "not_connected"})]


def _apart(moved: DraftState, around: Around, seen: dict[str, Flaw]) -> list[Flaw]:
    """Changed grids in several pieces, on the whole outline: in the box alone its pieces may seem to be apart."""
    mine = around.grids[around.grids["grid_code"].isin(around.changed)]
    several = mine[shapely.get_num_geometries(mine.geometry.to_numpy()) > 1]
    if several.empty:
        return []
    found = find_flaws(several, moved.ground.outline)
    rows = _listed(found[found["kind"] == "not_connected"], choices=("neighbours",))
    return [seen.get(flaw.grid_code, flaw) for flaw in rows]


def _local_cuts(moved: DraftState, around: Around) -> list[Flaw]:
    ground = moved.ground
    houses = ground.buildings.iloc[_meeting(ground.buildings, around.box)]
    yards = ground.compounds.iloc[_meeting(ground.compounds, around.box)]
    things = [*houses.geometry, *yards.geometry]
    if not things:
        return []
    near = moved.near([shapely.box(*shapely.total_bounds(things))])
    return _cuts(moved.frame.iloc[near[moved.kinds[near] == GridKind.GENERAL]], houses, yards)


def _meeting(things: gpd.GeoDataFrame, box: shapely.Geometry) -> Any:
    return np.sort(things.sindex.query(box, predicate="intersects")) if len(things) else []


def _cuts(grids: gpd.GeoDataFrame, houses: gpd.GeoDataFrame, yards: gpd.GeoDataFrame) -> list[Flaw]:
    """Buildings and compounds that more than one grid has a part of."""
    found = find_flaws(grids, buildings=houses, compounds=yards)
    cuts = found[found["kind"].isin(CUTS)]
    return _listed(cuts)


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


def _listed(rows: pd.DataFrame, choices: tuple[str, ...] = ()) -> list[Flaw]:
    names = ("kind", "grid_code", "other_code", "area_m2", "geometry")
    columns = [rows[name].tolist() for name in names]
    ways = rows["choices"].tolist() if "choices" in rows else [choices] * len(rows)
    return [
        Flaw(str(kind), str(code), str(other), float(area_m2), tuple(way), shape)
        for kind, code, other, area_m2, shape, way in zip(*columns, ways, strict=True)
    ]


def _by_key(state: DraftState, flaws: list[Flaw]) -> dict[str, Flaw]:
    """Flaws by what tells the same one again: its kind, its grids, and the metre it lies at unless it is a grid's."""
    spots = shapely.get_coordinates(shapely.point_on_surface(_array([flaw.shape for flaw in flaws])))
    keyed = {}
    for flaw, (x, y) in zip(flaws, spots, strict=True):
        place = "" if flaw.kind in (BELOW, ABOVE) else f"-{x:.0f}-{y:.0f}"
        keyed["-".join(word for word in (flaw.kind, flaw.grid_code, flaw.other_code) if word) + place] = flaw
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
    spots = gpd.GeoDataFrame(
        geometry=list(shapely.point_on_surface(_array([flaw.shape for flaw in state.flaws.values()]))),
        crs=state.ground.crs,
    )
    places = shapely.get_coordinates(frames.to_degrees(spots).geometry.to_numpy()).round(7).tolist()
    lines = [
        {
            "key": key,
            "kind": flaw.kind,
            "severity": severity(flaw),
            "grid_code": flaw.grid_code,
            "other_code": flaw.other_code,
            "area_m2": round(flaw.area_m2, 2),
            "lon": lon,
            "lat": lat,
            "accepted": reasons.get(key),
            "repairs": list(flaw.choices),
        }
        for (key, flaw), (lon, lat) in zip(state.flaws.items(), places, strict=True)
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

    Raises
    ------
    NotFound
        The draft has no such flaw (any more).
    """
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
