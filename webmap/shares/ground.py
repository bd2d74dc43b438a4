"""The ground of one community in a view that is handed on, and what is counted on it."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from patrols import areas, on_map, redraw
from patrols.errors import NoEditionInForce
from patrols.incident_columns import IncidentColumns
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import IncidentView
from patrols.on_map import StreetsSeen
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.shares import check_number
from patrols.told_counts import Groups, told
from webmap.language import ngettext
from webmap.maps import gather as whole_map


class Ground:
    """One community of a view; what it tells is the same in every view that shows it.

    Raises
    ------
    NoEditionInForce
        If it had no grids in force at `at`.
    """

    def __init__(self, session: Session, scope: Scope, community: Community, view: IncidentView, at: datetime) -> None:
        scope.require_entry(community.id)
        self.session, self.scope, self.community, self.view, self.at = session, scope, community, view, at
        self.edition = redraw.require_edition(session, community, at)
        self.grids = frames.grids(session, self.edition.id)
        self.streets = frames.streets(session, community.id)
        self.outline = cast(BaseGeometry, whole_map.outline(session, community, self.grids))

    @cached_property
    def columns(self) -> IncidentColumns:
        """Its incidents."""
        return columns_of(self.session, self.community)

    @cached_property
    def groups(self) -> Groups:
        """What may be told of the view, above the floor."""
        parted = groups_of(self.session, self.community, self.columns, at=self.at)
        return told(parted, self.community.id, self.scope, self.view)

    @cached_property
    def seen(self) -> StreetsSeen:
        """Which streets were walked."""
        return on_map.streets_seen(self.session, self.community, self.grids, self.cut, at=self.at, scope=self.scope)

    @cached_property
    def cut(self) -> gpd.GeoDataFrame:
        """The streets cut at junctions and grid borders."""
        border_m = Rules.for_community(self.community.rules).border_street_m
        return whole_map.cut(self.streets, self.grids, border_m)

    @property
    def mine(self) -> "pd.Series[bool]":
        """Which of the grids may be seen, in their order."""
        codes = self.grids["grid_code"]
        return pd.Series([self.scope.allows(self.community.id, code) for code in codes], codes.index, bool)

    def pieces(self) -> gpd.GeoDataFrame:
        """The pieces of street that were walked or not, of the grids that may be seen; in degrees."""
        pieces = frames.to_degrees(self.seen.pieces)
        if self.scope.allows(self.community.id):
            return pieces
        ground = shapely.union_all(self.grids.geometry.to_numpy()[self.mine.to_numpy()])
        return pieces[shapely.intersects(ground, shapely.centroid(self.seen.pieces.geometry.to_numpy()))]

    def street_metres(self) -> "pd.Series[float]":
        """Metres of street in each grid, in the grids' order."""
        metres = self.cut.explode("grid_codes").groupby("grid_codes")["metres"].sum()
        found: pd.Series[float] = self.grids["grid_code"].map(metres).astype(float)
        return found

    def walked_share(self) -> "pd.Series[float]":
        """How much of its streets was walked, of each grid that may be seen."""
        rows = self.grids[["grid_code"]].merge(self.seen.per_grid, on="grid_code", how="left")
        share: pd.Series[float] = rows["street_metres_seen"] / rows["street_metres"].where(rows["street_metres"] > 0)
        return share.where(self.mine.to_numpy(), np.nan)


def grounds_of(
    session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView, at: datetime
) -> list[Ground]:
    """The grounds of a view; of several communities those without grids are left out.

    Raises
    ------
    NoEditionInForce
        If none of them had grids in force.
    BadView
        If they are more than a view shows.
    """
    check_number(communities)
    found, missing = [], None
    for community in communities:
        try:
            found.append(Ground(session, scope, community, view, at))
        except NoEditionInForce as error:
            missing = error
    if not found and missing is not None:
        raise missing
    return found


def named(communities: Sequence[Community]) -> str:
    """What some communities are called together: by their subdistrict or county, and how many of it they are."""
    if len(communities) == 1:
        return communities[0].name
    count = ngettext("%(num)s community", "%(num)s communities", len(communities))
    code = areas.smallest_around(communities)
    if not code:
        return count
    above = communities[0].subdistrict
    return f"{above.name if len(code) == areas.SUBDISTRICT else above.county_name} · {count}"


def within(session: Session, scope: Scope, place: str, *, on: date) -> list[Community]:
    """The communities of a subdistrict or county of which the person may see anything.

    Raises
    ------
    NotFound
        There is none.
    BadView
        There are more than one view shows.
    """
    found = areas.within(session, scope, place, on=on)
    check_number(found)
    return found
