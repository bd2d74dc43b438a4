"""What is found out about an edition before it is adopted, by reading alone: flaws, codes, what becomes of each grid.

In a large town this takes most of an adoption's time, and nobody has to wait with writing for it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition, GridKind
from geo.errors import N_
from geo.tiling import find_flaws
from patrols import ground_stamp, redraw
from patrols.lineage import NOISE_M2, compare, keeps
from patrols.telling import Tell, silent

BLOCKING = frozenset({"gap", "overlap", "outside", "invalid", "duplicate_code"})
"""Flaws that stand against adopting: ground without an answer, or with two. Exclaves exist."""


@dataclass(frozen=True)
class Outlook:
    """What adopting an edition would lead to.

    `mark` tells what it was found out from (see `mark_of`), `blocking` are the flaws that stand against it, accepted
    ones included, `misused` is a code that was used for other ground before, `lineage` as `patrols.lineage.compare`
    makes it.
    """

    mark: tuple[Any, ...]
    grids: gpd.GeoDataFrame
    blocking: gpd.GeoDataFrame
    misused: str | None
    lineage: pd.DataFrame


def look_ahead(session: Session, edition: GridEdition, *, tell: Tell = silent) -> Outlook:
    """Find out what adopting an edition would lead to.

    Parameters
    ----------
    tell : callable
        Hears how far it has come.
    """
    # First: what is changed while the rest is read must make the adoption look again.
    mark, before = mark_of(session, edition), redraw.last_adopted(session, edition.community)
    tell(N_("Looking for flaws …"), 0.05)
    grids = frames.grids(session, edition.id)
    blocking = find_blocking(session, edition.community, grids)
    tell(N_("Writing down what becomes of each grid …"), 0.5)
    if before is None:
        return Outlook(mark, grids, blocking, None, compare(None, grids))
    old = frames.grids(session, before.id)
    kept = keeps(old, grids)
    misused = _misused(session, before, old, grids[~grids["grid_code"].isin(kept.codes)])
    return Outlook(mark, grids, blocking, misused, compare(old, grids, kept=kept))


def mark_of(session: Session, edition: GridEdition) -> tuple[Any, ...]:
    """What an outlook depends on: the edition's revision, the one adopted last, and the community's ground."""
    community, before = edition.community, redraw.last_adopted(session, edition.community)
    ground = ground_stamp.stamp_of(session, community), community.outline is None
    return edition.id, edition.revision, None if before is None else before.id, *ground


def find_blocking(session: Session, community: Community, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The flaws of some grids that stand against adopting them, as `geo.tiling.find_flaws` tells them."""
    outline = None if community.outline is None else frames.outline(session, community.id)
    general = grids if "kind" not in grids else grids[grids["kind"] == GridKind.GENERAL]
    found = find_flaws(general, outline)
    return found[found["kind"].isin(BLOCKING)]


def _misused(session: Session, before: GridEdition, old: gpd.GeoDataFrame, moved: gpd.GeoDataFrame) -> str | None:
    """A code that lies nowhere on the ground it had in the last edition that used it; None where there is none.

    Parameters
    ----------
    before, old : GridEdition, GeoDataFrame
        The edition adopted last, and its grids.
    moved : GeoDataFrame
        The grids of the next one that are not as they are in that.
    """
    new = set(moved["grid_code"]) - set(old["grid_code"])
    past = pd.concat([old, *_last_of_each_code(session, before, new)])
    both = moved.merge(past[["grid_code", "geometry"]], on="grid_code", suffixes=("", "_before"))
    if both.empty:
        return None
    apart = shapely.area(shapely.intersection(both.geometry.to_numpy(), both["geometry_before"].to_numpy())) <= NOISE_M2
    return str(both.loc[apart, "grid_code"].iloc[0]) if apart.any() else None


def _last_of_each_code(session: Session, before: GridEdition, codes: set[str]) -> list[gpd.GeoDataFrame]:
    """The grid that last bore each of some codes in an edition that was ever in force before another, in metres.

    Which editions had them is asked first: a number never given is in none, and their shapes need not be read.
    """
    borne = redraw.bearers(session, before.community, codes)
    used = [row for row in redraw.editions(session, before.community) if row.id in borne and row is not before]
    found = []
    for row in sorted(used, key=lambda row: (row.valid_from or date.min, row.number), reverse=True):
        if mine := codes & borne[row.id]:
            grids = frames.grids(session, row.id)
            found.append(grids[grids["grid_code"].isin(mine)])
            codes = codes - mine
    return found
