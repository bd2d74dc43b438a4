"""A community's grids drawn from its stored ground, kept as a draft."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.metres import to_metres
from data.models import Community, GridEdition, Incident
from geo import draw
from geo.errors import N_, CannotDraw
from geo.site import make_site
from patrols import redraw
from patrols.moves import OPEN_STAGES
from patrols.telling import Tell, silent
from patrols.wishing import Asked, find_wishes

Naming = Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], Sequence[str]]


class Design(NamedTuple):
    """Grids drawn from stored ground, not stored themselves: with names and residents, and the settings kept beside."""

    drawing: draw.Drawing
    grids: gpd.GeoDataFrame
    made_how: dict[str, Any]


def draw_draft(
    session: Session,
    community: Community,
    *,
    households: tuple[int, int] | None,
    at: datetime,
    seed: int = 0,
    name: str = "",
    naming: Naming | None = None,
    asked: Asked | None = None,
) -> tuple[GridEdition, draw.Drawing]:
    """Draw grids as `design` does, and store them as the next draft.

    Ground that keeps more than half of an earlier grid keeps its code; see `patrols.redraw.store_draft`.

    Raises
    ------
    CannotDraw
        The community has no outline or no buildings yet.
    """
    made = design(session, community, households=households, seed=seed, naming=naming, asked=asked)
    edition = redraw.store_draft(session, community, made.grids, at=at, made_how=made.made_how, name=name)
    return edition, made.drawing


def design(
    session: Session,
    community: Community,
    *,
    households: tuple[int, int] | None,
    seed: int = 0,
    naming: Naming | None = None,
    asked: Asked | None = None,
) -> Design:
    """Draw grids from the stored outline, streets, buildings and compounds.

    Parameters
    ----------
    households : tuple of int, optional
        The band wished for each grid; None where a number of grids is asked for.
    asked : Asked, optional
        A number of grids, another load (``open_incidents`` is known besides the buildings' columns), and wishes.
    naming : callable, optional
        Gives each grid (`grid_code`, `geometry`) a name from the buildings; by default its number.

    Raises
    ------
    CannotDraw
        The community has no outline or no buildings yet.
    """
    ground = _stored_ground(session, community)
    buildings = ground[2]
    asked = asked or Asked()
    drawing = draw.draw(
        *ground,
        households=households,
        grids=asked.grids,
        load=asked.load,
        places=_open_incidents(session, community, ground[0].crs) if asked.by_more else None,
        wishes=find_wishes(asked, buildings, ground[3]),
        community_code=community.code,
        seed=seed,
    )
    grids = drawing.grids.assign(
        name=(naming or number_grids)(drawing.grids, buildings), residents=sum_in(drawing.grids, buildings, "residents")
    )
    made_how = {"households": list(drawing.band), "seed": seed, "by": "geo.draw"}
    if asked.by_more:
        made_how["load"] = asked.load
    if asked.grids is not None:
        made_how["grids"] = asked.grids
    return Design(drawing, grids, made_how)


def blocks_of(session: Session, community: Community, *, least: int = 150, tell: Tell = silent) -> gpd.GeoDataFrame:
    """Cut a community's stored ground into the blocks that an editor paints with.

    The blocks of `geo.blocks.build_blocks`: along streets, no building and no compound cut. A block with more
    households than the lower limit of the band (`least`) is split between houses into pieces of about a third of it,
    so that there is always something small enough to balance a grid with.

    Returns
    -------
    GeoDataFrame
        ``block_id`` (0, 1, 2 ..., row by row from the north, in each row from the west), ``households``,
        ``residents``, ``buildings``, ``geometry`` (polygons): one valid coverage of the outline, in `frames.crs_of`.

    Raises
    ------
    CannotDraw
        The community has no outline or no buildings yet.
    """
    tell(N_("Reading streets and buildings …"), 0.0)
    outline, streets, buildings, compounds = _stored_ground(session, community)
    tell(N_("Bringing the streets into order …"), 0.1)
    site = make_site(outline, streets, buildings, compounds)
    tell(N_("Cutting the blocks …"), 0.4)
    blocks, _ = site.blocks(largest=max(least, 1), piece=max(least // 3, 1))
    tell(N_("Counting households in the blocks …"), 0.9)
    blocks = site.put_back(blocks)
    spots = shapely.get_coordinates(blocks.geometry.representative_point().array.to_numpy())
    blocks = blocks.iloc[draw.reading_order(spots, blocks.total_bounds)].reset_index(drop=True)
    blocks = blocks.assign(block_id=range(len(blocks)), residents=sum_in(blocks, buildings, "residents"))
    return blocks[["block_id", "households", "residents", "buildings", "geometry"]]


def _stored_ground(
    session: Session, community: Community
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The outline, streets, buildings and compounds of a community, as `geo.draw.draw` takes them."""
    outline, buildings = frames.outline(session, community.id), frames.buildings(session, community.id)
    if outline.empty or buildings.empty:
        raise CannotDraw(
            N_("%(community)s has no outline or no buildings yet. Import them first: gridpatrol import --help"),
            community=community.name,
        )
    return outline, frames.streets(session, community.id), buildings, frames.compounds(session, community.id)


def _open_incidents(session: Session, community: Community, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """A point for each open incident, with ``open_incidents`` 1."""
    wanted = select(frames.as_wkb(Incident.geom)).where(
        Incident.community_id == community.id, Incident.stage.in_(OPEN_STAGES), Incident.geom.is_not(None)
    )
    shapes = shapely.from_wkb(list(session.scalars(wanted)))
    places = gpd.GeoDataFrame({"open_incidents": np.ones(len(shapes), dtype=int)}, geometry=shapes, crs=4326)
    return to_metres(places, crs)


def sum_in(grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, column: str) -> "pd.Series[int]":
    """The sum of a column of the buildings that stand in each grid, with the grids' index."""
    spots = shapely.point_on_surface(buildings.geometry.array.to_numpy())
    spot, grid = shapely.STRtree(grids.geometry.array.to_numpy()).query(spots, predicate="intersects")
    # A building stands in one grid, but its spot may touch two that meet there: the first counts.
    first = pd.Series(grid).groupby(spot).min()
    sums = buildings[column].iloc[first.index].groupby(first.to_numpy()).sum()
    return pd.Series(sums.reindex(range(len(grids)), fill_value=0).to_numpy(int), index=grids.index)


def number_grids(grids: gpd.GeoDataFrame, _buildings: gpd.GeoDataFrame) -> list[str]:
    """Call each grid by the number at the end of its code: 第7网格."""
    return [f"第{int(code[-3:])}网格" for code in grids["grid_code"]]
