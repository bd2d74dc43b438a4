"""A community's grids drawn from its stored ground, kept as a draft."""

from collections.abc import Callable, Sequence
from datetime import datetime

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition
from geo import draw
from geo.errors import N_, CannotDraw
from patrols import redraw

Naming = Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], Sequence[str]]


def draw_draft(
    session: Session,
    community: Community,
    *,
    households: tuple[int, int],
    at: datetime,
    seed: int = 0,
    name: str = "",
    naming: Naming | None = None,
) -> tuple[GridEdition, draw.Drawing]:
    """Draw grids from the stored outline, streets, buildings and compounds, and store them as the next draft.

    Ground that keeps more than half of an earlier grid keeps its code; see `patrols.redraw.store_draft`.

    Parameters
    ----------
    households : tuple of int
        The band wished for each grid.
    naming : callable, optional
        Gives each grid (`grid_code`, `geometry`) a name from the buildings; by default its number.

    Raises
    ------
    CannotDraw
        The community has no outline or no buildings yet.
    """
    outline, buildings = frames.outline(session, community.id), frames.buildings(session, community.id)
    if outline.empty or buildings.empty:
        raise CannotDraw(
            N_("%(community)s has no outline or no buildings yet. Import them first: gridpatrol import --help"),
            community=community.name,
        )
    compounds, streets = frames.compounds(session, community.id), frames.streets(session, community.id)
    drawing = draw.draw(
        outline, streets, buildings, compounds, households=households, community_code=community.code, seed=seed
    )
    grids = drawing.grids.assign(
        name=(naming or number_grids)(drawing.grids, buildings), residents=sum_in(drawing.grids, buildings, "residents")
    )
    made_how = {"households": list(households), "seed": seed, "by": "geo.draw"}
    edition = redraw.store_draft(session, community, grids, at=at, made_how=made_how, name=name)
    return edition, drawing


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
