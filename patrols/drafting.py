"""A community's grids drawn from its stored ground, kept as a draft."""

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


def draw_draft(
    session: Session,
    community: Community,
    *,
    households: tuple[int, int],
    at: datetime,
    seed: int = 0,
    name: str = "",
) -> tuple[GridEdition, draw.Drawing]:
    """Draw grids from the stored outline, streets, buildings and compounds, and store them as the next draft.

    Ground that keeps more than half of an earlier grid keeps its code; see `patrols.redraw.store_draft`.

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
        name=name_grids(drawing.grids, compounds, streets), residents=sum_in(drawing.grids, buildings, "residents")
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


def name_grids(grids: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> list[str]:
    """A name for each grid as people there would say it: after its largest quarter of homes, else its longest street.

    Grids of the same name are numbered in the order of their codes: 紫荆公寓第1网格, 紫荆公寓第2网格.
    """
    ground = grids[["grid_code", "geometry"]]
    quarters = compounds.assign(
        label=compounds["name"].str.replace(r"[\d\-]+[楼号]?$", "", regex=True), size=compounds.area
    )
    quarters = quarters.set_geometry(quarters.representative_point()).sjoin(ground, predicate="within")
    roads = streets[streets["name"] != ""].rename(columns={"name": "label"})[["label", "geometry"]]
    roads = roads.overlay(ground, how="intersection", keep_geom_type=True)
    sized = pd.concat(
        [quarters[["grid_code", "label", "size"]].assign(rank=1), roads.assign(size=roads.length, rank=2)]
    )
    sized = sized.groupby(["grid_code", "rank", "label"], as_index=False)["size"].sum()
    best = sized.sort_values(["rank", "size", "label"], ascending=[True, False, True]).drop_duplicates("grid_code")
    labels = grids["grid_code"].map(best.set_index("grid_code")["label"]).fillna("")
    order = labels.groupby(labels).cumcount() + 1
    many = labels.groupby(labels).transform("size") > 1
    return [
        f"{label}第{n}网格" if again else f"{label}网格" for label, n, again in zip(labels, order, many, strict=True)
    ]
