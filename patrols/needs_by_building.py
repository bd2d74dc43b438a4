"""What people asked for, by building (民情收集图): never fewer than three of a kind, so that no household is shown."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, Incident, NoticeBoard, ResidentReport
from patrols.incident_choice import chosen
from patrols.incident_memory import columns_of
from patrols.incident_view import IncidentView
from patrols.rates import PUBLIC
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.told_counts import FLOOR

Whole = NDArray[np.int64]

OTHERS = -1
"""Stands for categories of which there were too few to be told apart."""


def needs_by_building(session: Session, scope: Scope, community: Community, view: IncidentView) -> gpd.GeoDataFrame:
    """Count at each building what residents and the hotline asked for, as far as a person may see it.

    A need belongs to the building on whose notice board it was told; else to the one it lies in, or the nearest within
    `Rules.sight_m` (the smallest key where several are as near). Sensitive categories are left out. A building with
    fewer than `patrols.told_counts.FLOOR` needs is not told, nor is a category of a building with fewer, nor a rest by
    which that could be found out.

    For people who may see the incidents one by one: two views that differ by a day may differ by one need. Views that
    are shared are told `patrols.told_counts` instead.

    Returns
    -------
    GeoDataFrame
        Index: the buildings' keys, those with most needs first; `name`, `address`, `households`, `needs`,
        `per_100_households` (NaN where nobody lives), `by_category` (pairs of a category's id, 0 for none, `OTHERS` for
        the rest, and how many; most first), `geometry` (polygons, WGS 84). ``attrs["elsewhere"]`` counts the needs that
        lie at no building; ``attrs["untold"]`` those of buildings with too few, None where they are too few together.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    """
    scope.require_entry(community.id)
    buildings = frames.buildings(session, community.id)
    place, category = _needs(session, scope, community, view, buildings)
    counts = np.bincount(place[place >= 0], minlength=len(buildings))
    told = np.flatnonzero(counts >= FLOOR)
    told = told[np.argsort(-counts[told], kind="stable")]
    found = buildings.iloc[told][["name", "address", "households", "geometry"]].copy()
    found["needs"] = counts[told]
    households = found["households"].astype(float)
    found["per_100_households"] = 100.0 * found["needs"] / households.where(households > 0)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], told)
    kinds = [_kinds(category[order[start : start + counts[at]]]) for start, at in zip(starts, told, strict=True)]
    found["by_category"] = pd.Series(kinds, found.index, dtype=object)
    found = frames.to_degrees(found)
    untold = int(counts[counts < FLOOR].sum())
    found.attrs.update(elsewhere=int((place < 0).sum()), untold=untold if untold == 0 or untold >= FLOOR else None)
    return found


def _needs(
    session: Session, scope: Scope, community: Community, view: IncidentView, buildings: gpd.GeoDataFrame
) -> tuple[Whole, Whole]:
    """The place of each need's building (-1: at none) and the id of its category, 0 for none."""
    sources = tuple(PUBLIC & set(view.sources)) if view.sources else tuple(PUBLIC)
    columns = columns_of(session, community)
    rows = chosen(columns, scope, replace(view, sources=sources)) if sources else np.empty(0, np.int64)
    lon, lat = columns.plane.degrees(columns.x[rows], columns.y[rows])
    x, y = frames.points_in_metres(lon, lat, buildings.crs)
    reach_m = Rules.for_community(community.rules).sight_m
    place = nearest_building(x, y, buildings.geometry.to_numpy(), reach_m=reach_m)
    boards = _at_boards(session, community)
    hung = pd.Series(columns.keys[rows]).map(boards)
    by_board = buildings.index.get_indexer(hung.fillna(0).astype(np.int64))
    return np.where(by_board >= 0, by_board, place), np.array(columns.facts.ids, np.int64)[columns.category[rows]]


def _at_boards(session: Session, community: Community) -> dict[int, int]:
    """The building on whose notice board each incident was told, for those that were."""
    wanted = (
        select(ResidentReport.incident_id, NoticeBoard.building_id)
        .join(NoticeBoard, NoticeBoard.id == ResidentReport.board_id)
        .join(Incident, Incident.id == ResidentReport.incident_id)
        .where(Incident.community_id == community.id, NoticeBoard.building_id.is_not(None))
    )
    return {incident: int(building or 0) for incident, building in session.execute(wanted)}


def nearest_building(x: Any, y: Any, shapes: Any, *, reach_m: float) -> Whole:
    """The place of the building in or nearest to each point, the first where several are as near; -1 beyond the reach.

    Examples
    --------
    >>> houses = [shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)]
    >>> nearest_building([5, 15, 32, 99, float("nan")], [5, 5, 5, 5, 5], houses, reach_m=6.0).tolist()
    [0, 0, 1, -1, -1]
    """
    found = np.full(len(x), -1, np.int64)
    some = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(some) or not len(shapes):
        return found
    points = shapely.points(np.asarray(x, float)[some], np.asarray(y, float)[some])
    point, shape = shapely.STRtree(shapes).query_nearest(points, max_distance=reach_m, all_matches=True)
    first = pd.Series(shape).groupby(point).min()
    found[some[first.index.to_numpy()]] = first.to_numpy()
    return found


def _kinds(categories: Whole) -> list[tuple[int, int]]:
    """Categories and how many of each, most first: as many as can be told without telling fewer than the floor.

    Examples
    --------
    Of seven in all, telling both the four and the two apart would tell of the one.

    >>> _kinds(np.array([5, 5, 5, 5, 8, 8, 9])), _kinds(np.array([5, 5, 5, 5, 8, 8]))
    ([(5, 4), (-1, 3)], [(-1, 6)])
    """
    ids, counts = np.unique(categories, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    pairs = [(int(ids[place]), int(counts[place])) for place in order]
    left = int(counts.sum())
    told: list[tuple[int, int]] = []
    for category, count in pairs:
        told.append((category, count))
        left -= count
    while told and (told[-1][1] < FLOOR or 0 < left < FLOOR):
        left += told.pop()[1]
    return [*told, (OTHERS, left)] if left else told
