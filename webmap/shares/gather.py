"""Collects what a view shows, for the person who asks or, through the floor, for whoever has a link."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, SharedView, ViewKind
from geo.errors import N_
from patrols import figures, on_map, redraw, shares
from patrols.days import local_day, zone
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import Which
from patrols.on_map import StreetsSeen
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.told_counts import Groups
from patrols.told_counts import told as told_groups
from patrols.told_ground import heat_over_grids
from webmap import words
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.maps import gather as whole_map
from webmap.maps import legend
from webmap.maps.address import MapAddress
from webmap.maps.content import OPENSTREETMAP
from webmap.maps.density import Density, density_of, window_around
from webmap.maps.legend import COVERAGE_BOUNDS, Figure
from webmap.maps.style import COVERAGE_COLOURS, Scale
from webmap.shares.contents import WHOLE, Dots, ViewContents
from webmap.shares.said import view_said
from webmap.shares.told_figures import came_in, per_households, per_km

HANDED_LAYERS = frozenset({"heat", "walked", "words", "base"})
"""What of a map may be handed on; the others show single incidents, walks or people."""

DENSITY = "density"
COUNTED = ("found", "per_households", "per_km")
HANDED_FIGURES = (*COUNTED, "walked", "households")
"""By which figures the grids of a shared view may be coloured; any other becomes the first. Some count incidents."""


def address_of(kind: ViewKind, query: Mapping[str, str], community: Community, at: datetime) -> MapAddress:
    """Read the address of a page's view. That of the page of heat says by `show` whether it is of density or of grids.

    Raises
    ------
    BadInput, BadView
        Names the field that cannot be read.
    BadInput
        If the view is of more than one community.
    """
    read = MapAddress.of_query(query, today=local_day(community, at))
    if read.place and not read.place.startswith(community.code):
        raise BadInput(N_("A picture or a link shows one community. Open the community on the map first."))
    if kind is ViewKind.MAP or "layers" in query:
        return read
    if (show := str(query.get("show") or DENSITY)) == DENSITY:
        return replace(read, layers=("heat", "words", "base"))
    return replace(read, layers=("words", "base"), colour=show if show in COUNTED else COUNTED[0])


def handed(session: Session, share: SharedView, *, at: datetime) -> tuple[ViewContents, MapAddress]:
    """What a shared view shows to whoever has its link: figures above the floor; no person, no single incident."""
    address = address_of(share.kind, share.query, share.community, at)
    contents = told(session, shares.scope_of(share), share.community, address, at=at)
    return (replace(contents, title=share.title) if share.title else contents), address


def told(session: Session, scope: Scope, community: Community, address: MapAddress, *, at: datetime) -> ViewContents:
    """What a view shows once it leaves the house: figures above the floor; no person, no single incident.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If it had no grids in force at `at`.
    """
    kept = tuple(one for one in address.layers if one in HANDED_LAYERS)
    unnamed = replace(scope, reporters=False, walkers=False, streets=False)
    return Gathering(session, unnamed, community, replace(address, layers=kept, building=None), at).contents()


class Gathering:
    """One view that is being collected, told above the floor; `webmap.shares.inside` tells more."""

    def __init__(self, session: Session, scope: Scope, community: Community, address: MapAddress, at: datetime) -> None:
        scope.require_entry(community.id)
        self.session, self.scope, self.community, self.address, self.at = session, scope, community, address, at
        self.edition = redraw.require_edition(session, community, at)
        self.grids = frames.grids(session, self.edition.id)
        self.streets = frames.streets(session, community.id)
        self.outline = cast(BaseGeometry, whole_map.outline(session, community, self.grids))

    @cached_property
    def groups(self) -> Groups:
        """What may be told of the view, above the floor."""
        columns = columns_of(self.session, self.community)
        parted = groups_of(self.session, self.community, columns, at=self.at)
        return told_groups(parted, self.community.id, self.scope, self.address.view)

    def contents(self) -> ViewContents:
        place = self.community
        seen = self._walked() if "walked" in self.address.layers or self.address.colour == "walked" else None
        figure = self._figure(seen)
        return ViewContents(
            title=self._title(figure),
            period=self._period(),
            at=self.at,
            timezone=zone(place.timezone),
            outline=self.outline,
            grids=frames.to_degrees(self.grids[["grid_code", "name", "geometry"]]),
            borders=whole_map.borders(self.grids, self.streets),
            streets=frames.to_degrees(self.streets),
            buildings=frames.buildings(self.session, place.id, degrees=True),
            compounds=frames.compounds(self.session, place.id, degrees=True),
            figure=figure,
            density=self._density() if "heat" in self.address.layers else None,
            walked=self._pieces(seen) if seen and "walked" in self.address.layers else gpd.GeoDataFrame(),
            dots=self._dots(),
            notes=self._notes(),
            sources=sources(place),
            focus=self.address.place if len(self.address.place) > WHOLE else "",
        )

    def _title(self, figure: Figure) -> str:
        about = gettext("Density of incidents") if "heat" in self.address.layers else figure.title
        return f"{self.community.name} · {about}"

    @property
    def _counts(self) -> bool:
        """Whether incidents are counted in it at all."""
        return "heat" in self.address.layers or self.address.colour not in ("walked", "households")

    def _period(self) -> str:
        if self._counts:
            return view_said(self.session, self.address.view)
        day = local_day(self.community, self.at).isoformat()
        if self.address.colour == "households":
            return gettext("State of %(when)s.", when=day)
        return gettext("Patrols of the %(days)s days until %(day)s", days=figures.WEEK_DAYS, day=day)

    def _walked(self) -> StreetsSeen:
        return on_map.streets_seen(self.session, self.community, self.grids, self._cut(), at=self.at, scope=self.scope)

    def _cut(self) -> gpd.GeoDataFrame:
        """The streets cut at junctions and grid borders."""
        border_m = Rules.for_community(self.community.rules).border_street_m
        return whole_map.cut(self.streets, self.grids, border_m)

    def _pieces(self, seen: StreetsSeen) -> gpd.GeoDataFrame:
        """The pieces of street that were seen, of the grids that may be seen."""
        pieces = frames.to_degrees(seen.pieces)
        if self.scope.allows(self.community.id):
            return pieces
        mine = self.grids["grid_code"].map(lambda code: self.scope.allows(self.community.id, code)).to_numpy(bool)
        ground = shapely.union_all(self.grids.geometry.to_numpy()[mine])
        return pieces[shapely.intersects(ground, shapely.centroid(seen.pieces.geometry.to_numpy()))]

    def _dots(self) -> list[Dots]:
        """Single incidents: none outside the office."""
        return []

    def _figure(self, seen: StreetsSeen | None) -> Figure:
        if self.address.colour == "walked" and seen is not None:
            return self._walked_figure(seen.per_grid)
        return self._households() if self.address.colour == "households" else self._found()

    def _density(self) -> Density:
        window = window_around(self.outline)
        grids = frames.to_degrees(self.grids[["grid_code", "geometry"]])
        return density_of(heat_over_grids(self.groups, window, grids), window)

    def _found(self) -> Figure:
        counts = self.grids["grid_code"].map(self.groups.by_grid()).astype(float)
        if self.address.colour == "per_households":
            return per_households(counts, self.grids["households"])
        if self.address.colour == "per_km":
            return per_km(counts, self._street_metres())
        return came_in(counts)

    def _street_metres(self) -> pd.Series:
        """Metres of street in each grid, in the grids' order."""
        metres = self._cut().explode("grid_codes").groupby("grid_codes")["metres"].sum()
        found: pd.Series = self.grids["grid_code"].map(metres).astype(float)
        return found

    def _notes(self) -> list[str]:
        if not self._counts:
            return []
        view, last = self.address.view, self.groups.over_until
        said = []
        if view.until > last:
            said.append(gettext("Incidents are told week by week, until %(day)s.", day=last.isoformat()))
        if view.hours or view.weekdays or view.sources or view.stages is not Which.ALL:
            said.append(gettext("Outside the office nothing is told by hour, day of the week, source or stage."))
        return said

    def _households(self) -> Figure:
        return Figure(
            "households",
            gettext("Households"),
            gettext("Households in the grid, summed over its buildings."),
            self._mine(self.grids["households"]),
            legend.spread_scale(self.grids["households"]),
            words.number,
            gettext("not yours to see"),
        )

    def _walked_figure(self, per_grid: pd.DataFrame) -> Figure:
        rows = self.grids[["grid_code"]].merge(per_grid, on="grid_code", how="left")
        share = rows["street_metres_seen"] / rows["street_metres"].where(rows["street_metres"] > 0)
        return Figure(
            "walked",
            gettext("Streets walked"),
            gettext(
                "Metres of street seen on patrols of the last %(days)s days ÷ metres of street in the grid.",
                days=figures.WEEK_DAYS,
            ),
            self._mine(share),
            Scale(COVERAGE_BOUNDS, COVERAGE_COLOURS),
            words.percent,
            gettext("no streets"),
        )

    def _mine(self, values: pd.Series) -> pd.Series:
        """A figure of the grids in their order, unknown where the grid may not be seen."""
        mine = np.array([self.scope.allows(self.community.id, code) for code in self.grids["grid_code"]], bool)
        return values.astype(float).where(mine, np.nan)


def sources(community: Community) -> list[str]:
    """Say whose data a community's views rest on, and that they are simulated where they are."""
    said = [community.attribution or OPENSTREETMAP]
    if community.simulated:
        said.append(gettext("people, patrols and incidents are simulated"))
    return said
