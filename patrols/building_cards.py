"""The buildings of a grid, and what a building's card says: who lives there by number, and who answers."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Building, Community
from geo.errors import N_
from patrols import chains
from patrols.chains import Link
from patrols.locating import locate_many
from patrols.scope import Scope

MOST_KEY = 2**31 - 1


@dataclass(frozen=True)
class BuildingCard:
    """A building, the grid that answers for it (None: none does), and the people of its chain, nearest first."""

    building: Building
    grid_code: str | None
    chain: list[Link]


def buildings_of_grid(
    session: Session, scope: Scope, community: Community, grid_code: str, *, at: datetime
) -> pd.DataFrame:
    """The buildings in which people live and for which a grid answers, those with most households first.

    Where a building stands is decided by its inner point, and by the overrides that hold then.

    Returns
    -------
    DataFrame
        Index: the building's key; `name`, `address`, `households`, `residents`, `entrances`, `lon`, `lat` of its inner
        point (WGS 84).

    Raises
    ------
    OutOfScope
        If the grid may not be seen.
    """
    scope.require(community.id, grid_code)
    houses = frames.buildings(session, community.id, degrees=True)
    houses = houses[houses["households"] > 0]
    spots = shapely.point_on_surface(houses.geometry.to_numpy())
    lon, lat = shapely.get_x(spots), shapely.get_y(spots)
    asked = pd.DataFrame({"lon": lon, "lat": lat, "at": pd.Timestamp(at)}, index=houses.index)
    codes = locate_many(session, asked, communities=[community])["grid_code"]
    columns = ["name", "address", "households", "residents", "entrances"]
    table = pd.DataFrame(houses[columns]).assign(lon=lon, lat=lat)[(codes == grid_code).to_numpy(bool)]
    return table.sort_values(["households", "name"], ascending=[False, True], kind="stable")


def building_card(session: Session, scope: Scope, community: Community, number: int, *, at: datetime) -> BuildingCard:
    """The card of one building.

    Raises
    ------
    NotFound
        If the community has no such building.
    OutOfScope
        If the grid that answers for it may not be seen.
    """
    building = session.get(Building, min(number, MOST_KEY))
    if building is None or building.community_id != community.id:
        raise NotFound(N_("There is no building with the key %(key)s."), key=number)
    spot = shapely.point_on_surface(frames.decode([building.geom])[0])
    asked = pd.DataFrame({"lon": [spot.x], "lat": [spot.y], "at": [pd.Timestamp(at)]})
    found = locate_many(session, asked, communities=[community])["grid_code"].iloc[0]
    code = None if pd.isna(found) else str(found)
    scope.require(community.id, code)
    chain = chains.chain_for(session, community, code, compound_id=building.compound_id, building_id=number, at=at)
    return BuildingCard(building, code, chain)
