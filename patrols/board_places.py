"""Where notice boards hang, for maps: those of buildings at their building, those of grids by their grid."""

from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Building, Community, NoticeBoard


class Boards(NamedTuple):
    """The boards that hang in a community.

    Parameters
    ----------
    of_buildings : GeoDataFrame
        ``name`` of the building, ``geometry``: a point inside it; WGS 84.
    of_grids : list of str
        Codes of the grids that have one; where in its grid it hangs nobody has written down.
    """

    of_buildings: gpd.GeoDataFrame
    of_grids: list[str]


def boards_on_map(session: Session, community: Community) -> Boards:
    """The boards that hang now, two queries; their secret addresses are not told."""
    hanging = (NoticeBoard.community_id == community.id, NoticeBoard.revoked_at.is_(None))
    wanted = (
        select(Building.name, frames.as_wkb(Building.geom))
        .join(NoticeBoard, NoticeBoard.building_id == Building.id)
        .where(*hanging)
        .order_by(Building.id)
    )
    rows = session.execute(wanted).all()
    spots = shapely.point_on_surface(shapely.from_wkb([shape for _, shape in rows]))
    table = pd.DataFrame({"name": [name for name, _ in rows]}, dtype=object)
    grids = select(NoticeBoard.grid_code).where(*hanging, NoticeBoard.grid_code.is_not(None))
    codes = sorted({code for code in session.scalars(grids) if code is not None})
    return Boards(gpd.GeoDataFrame(table, geometry=list(spots), crs=WGS84), codes)
