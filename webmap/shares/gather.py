"""Collects what a view shows, for the person who asks or, through the floor, for whoever has a link."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Community, SharedView, ViewKind
from geo.errors import N_
from patrols import figures, shares
from patrols.days import local_day, zone
from patrols.incident_view import Which
from patrols.scope import Scope
from patrols.told_ground import heat_over_grids, together
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
from webmap.shares.ground import Ground, grounds_of, named
from webmap.shares.said import view_said
from webmap.shares.told_figures import came_in, per_households, per_km

SHOWN_SINGLY = 4
"""Of more communities than this no single buildings are drawn: each would be a dot, and the page would be slow."""

HANDED_LAYERS = frozenset({"heat", "walked", "words", "base"})
"""What of a map may be handed on; the others show single incidents, walks or people."""

DENSITY = "density"
COUNTED = ("found", "per_households", "per_km")
HANDED_FIGURES = (*COUNTED, "walked", "households")
"""By which figures the grids of a shared view may be coloured; any other becomes the first. Some count incidents."""


def address_of(kind: ViewKind, query: Mapping[str, str], community: Community, at: datetime) -> MapAddress:
    """Read the address of a page's view. That of the page of heat says by `show` whether it is of density or of grids.

    Parameters
    ----------
    community : Community
        The one of the view, or the first of those in its subdistrict or county.

    Raises
    ------
    BadInput, BadView
        Names the field that cannot be read.
    BadInput
        If the view is of ground elsewhere.
    """
    read = MapAddress.of_query(query, today=local_day(community, at))
    if read.place[: len(community.code)] != community.code[: len(read.place)]:
        raise BadInput(N_("This view is of another place. Open the place on the map first."))
    if kind is ViewKind.MAP or "layers" in query:
        return read
    if (show := str(query.get("show") or DENSITY)) == DENSITY:
        return replace(read, layers=("heat", "words", "base"))
    return replace(read, layers=("words", "base"), colour=show if show in COUNTED else COUNTED[0])


def handed(session: Session, share: SharedView, *, at: datetime) -> tuple[ViewContents, MapAddress]:
    """What a shared view shows to whoever has its link: figures above the floor; no person, no single incident.

    Raises
    ------
    NoEditionInForce
        If none of its communities has grids in force.
    NotFound
        If none of its communities is in force any more.
    """
    address = address_of(share.kind, share.query, share.community, at)
    places = shares.communities_of(share, on=local_day(share.community, at))
    if not places:
        raise NotFound(N_("This link no longer opens anything. Ask whoever gave it to you for a new one."))
    contents = told(session, shares.scope_of(share), places, address, at=at)
    return (replace(contents, title=share.title) if share.title else contents), address


def told(
    session: Session, scope: Scope, communities: Sequence[Community], address: MapAddress, *, at: datetime
) -> ViewContents:
    """What a view shows once it leaves the house: figures above the floor; no person, no single incident.

    Raises
    ------
    OutOfScope
        If nothing of one of the communities may be seen.
    NoEditionInForce
        If none of them had grids in force at `at`.
    """
    kept = tuple(one for one in address.layers if one in HANDED_LAYERS)
    unnamed = replace(scope, reporters=False, walkers=False, streets=False)
    return Gathering(session, unnamed, communities, replace(address, layers=kept, building=None), at).contents()


class Gathering:
    """One view that is being collected, told above the floor; `webmap.shares.inside` tells more.

    Every community is told by itself, and what is shown of several is put together from that: the floor of one is not
    moved by the others.
    """

    def __init__(
        self, session: Session, scope: Scope, communities: Sequence[Community], address: MapAddress, at: datetime
    ) -> None:
        self.session, self.scope, self.address, self.at = session, scope, address, at
        self.grounds = grounds_of(session, scope, communities, address.view, at)
        self.communities = [one.community for one in self.grounds]
        self.grids = self._joined([frames.to_degrees(one.grids) for one in self.grounds])
        self.outline = shapely.union_all([one.outline for one in self.grounds])

    def contents(self) -> ViewContents:
        first, keys = self.communities[0], [one.id for one in self.communities]
        streets = self._joined([frames.to_degrees(one.streets) for one in self.grounds])
        figure = self._figure()
        return ViewContents(
            title=self._title(figure),
            period=self._period(),
            at=self.at,
            timezone=zone(first.timezone),
            outline=self.outline,
            grids=self.grids[["grid_code", "name", "geometry"]],
            borders=self._joined([whole_map.borders(one.grids, one.streets) for one in self.grounds]),
            streets=streets,
            buildings=self._buildings(keys),
            compounds=self._joined([frames.compounds(self.session, key, degrees=True) for key in keys]),
            figure=figure,
            density=self._density() if "heat" in self.address.layers else None,
            walked=self._walked() if "walked" in self.address.layers else gpd.GeoDataFrame(),
            dots=self._dots(),
            notes=self._notes(),
            sources=sources(self.communities),
            focus=self.address.place if len(self.address.place) > WHOLE else "",
        )

    def _joined(self, frames_of: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
        """Frames of all communities as one, in degrees."""
        some = [one for one in frames_of if not one.empty] or frames_of[:1]
        return gpd.GeoDataFrame(pd.concat(some, ignore_index=True), geometry="geometry", crs=some[0].crs)

    def _values(self, of: Callable[[Ground], "pd.Series[Any]"]) -> "pd.Series[float]":
        """A figure of all grids, in their order."""
        return pd.concat([of(one) for one in self.grounds], ignore_index=True).astype(float)

    def _buildings(self, keys: Sequence[int]) -> gpd.GeoDataFrame:
        """The buildings; none of so many communities that each would be a dot."""
        found = self._joined([frames.buildings(self.session, key, degrees=True) for key in keys[:SHOWN_SINGLY]])
        return found if len(keys) <= SHOWN_SINGLY else found.iloc[:0]

    def _title(self, figure: Figure) -> str:
        about = gettext("Density of incidents") if "heat" in self.address.layers else figure.title
        return f"{named(self.communities)} · {about}"

    @property
    def _counts(self) -> bool:
        """Whether incidents are counted in it at all."""
        return "heat" in self.address.layers or self.address.colour not in ("walked", "households")

    def _period(self) -> str:
        if self._counts:
            return view_said(self.session, self.address.view)
        day = local_day(self.communities[0], self.at).isoformat()
        if self.address.colour == "households":
            return gettext("State of %(when)s.", when=day)
        return gettext("Patrols of the %(days)s days until %(day)s", days=figures.WEEK_DAYS, day=day)

    def _walked(self) -> gpd.GeoDataFrame:
        return self._joined([one.pieces() for one in self.grounds])

    def _dots(self) -> list[Dots]:
        """Single incidents: none outside the office."""
        return []

    def _figure(self) -> Figure:
        if self.address.colour == "walked":
            return self._walked_figure()
        return self._households() if self.address.colour == "households" else self._found()

    def _density(self) -> Density:
        window = window_around(self.outline)
        each = [
            heat_over_grids(one.groups, window, frames.to_degrees(one.grids[["grid_code", "geometry"]]))
            for one in self.grounds
        ]
        return density_of(together(each), window)

    def _found(self) -> Figure:
        counts = self._values(lambda one: one.grids["grid_code"].map(one.groups.by_grid()))
        if self.address.colour == "per_households":
            return per_households(counts, self.grids["households"])
        if self.address.colour == "per_km":
            return per_km(counts, self._values(Ground.street_metres))
        return came_in(counts)

    def _notes(self) -> list[str]:
        if not self._counts:
            return []
        view, last = self.address.view, min(one.groups.over_until for one in self.grounds)
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

    def _walked_figure(self) -> Figure:
        return Figure(
            "walked",
            gettext("Streets walked"),
            gettext(
                "Metres of street seen on patrols of the last %(days)s days ÷ metres of street in the grid.",
                days=figures.WEEK_DAYS,
            ),
            self._values(Ground.walked_share),
            Scale(COVERAGE_BOUNDS, COVERAGE_COLOURS),
            words.percent,
            gettext("no streets"),
        )

    def _mine(self, values: "pd.Series[Any]") -> "pd.Series[float]":
        """A figure of the grids in their order, unknown where the grid may not be seen."""
        mine = pd.concat([one.mine for one in self.grounds], ignore_index=True).to_numpy(bool)
        return values.astype(float).where(mine, np.nan)


def sources(communities: Sequence[Community]) -> list[str]:
    """Say whose data the views of communities rest on, and that they are simulated where they are."""
    said = list(dict.fromkeys(one.attribution or OPENSTREETMAP for one in communities))
    if any(one.simulated for one in communities):
        said.append(gettext("people, patrols and incidents are simulated"))
    return said
