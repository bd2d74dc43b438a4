"""The picture of a view for use inside the office: exact counts, and single incidents, for who sees them anyway."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data.models import Community
from patrols import figures, incident_counts, incident_density, on_map
from patrols.days import zone
from patrols.incident_columns import IncidentColumns
from patrols.scope import Scope
from webmap import times
from webmap.language import gettext
from webmap.maps import gather as whole_map
from webmap.maps import heat_figures, legend
from webmap.maps.address import MapAddress
from webmap.maps.density import Density, density_of, window_around
from webmap.maps.legend import Figure
from webmap.shares.contents import Dots, ViewContents
from webmap.shares.gather import COUNTED, HANDED_FIGURES, Gathering

LATE_COLOUR, OPEN_COLOUR = "#5c0a10", "#b3121f"
LIVE_FIGURES = ("open", "days_since_patrol")
"""Figures of this moment, which nothing that leaves the office tells; who answers is a name, and in no picture."""


def inside(
    session: Session, scope: Scope, communities: Sequence[Community], address: MapAddress, *, at: datetime
) -> ViewContents:
    """What the picture of a view shows inside the office, as far as the person may see it.

    Raises
    ------
    OutOfScope
        If nothing of one of the communities may be seen.
    NoEditionInForce
        If none of them had grids in force at `at`.
    """
    return _Inside(session, scope, communities, replace(address, building=None), at).contents()


class _Inside(Gathering):
    """A view with exact counts."""

    def _figure(self) -> Figure:
        return self._live(self._colour) if self._colour in LIVE_FIGURES else super()._figure()

    def _live(self, key: str) -> Figure:
        towns = [whole_map.gather(self.session, self.scope, place, self.at, layers=False) for place in self.communities]
        when = times.say_moment(self.at.astimezone(towns[0].timezone), self.at.astimezone(towns[0].timezone))
        grids = pd.concat([one.grids.drop(columns="geometry") for one in towns], ignore_index=True)
        people = pd.concat([one.people for one in towns], ignore_index=True)
        found = legend.figures(grids, people, days=figures.WEEK_DAYS, when=when)
        return next(one for one in found if one.key == key)

    def _found(self) -> Figure:
        counts = incident_counts.numbers(self._columns, self.scope, self.address.view).grids
        values = pd.Series([counts.get(code, 0) for code in self.grids["grid_code"]], dtype=float)
        return heat_figures.counted(self._mine(values), unknown=gettext("not yours to see"))

    def _density(self) -> Density:
        window = window_around(self.outline)
        heat = incident_density.heat(self._columns, self.scope, self.address.view, window)
        return density_of(heat, window, singly=True)

    def _dots(self) -> list[Dots]:
        drawn = [one for one in ("late", "open") if one in self.address.layers]
        if not drawn:
            return []
        each = [
            on_map.incidents_on_map(self.session, self.scope, place, at=self.at, done_since=self.at)
            for place in self.communities
        ]
        late = np.concatenate([one["is_late"].to_numpy(bool) for one in each])
        points = np.concatenate([one.geometry.to_numpy() for one in each])
        looks = {"late": (late, LATE_COLOUR, gettext("overdue")), "open": (~late, OPEN_COLOUR, gettext("open"))}
        rows = [(points[looks[one][0]], *looks[one][1:]) for one in drawn]
        return [Dots(shapely.get_coordinates(some), colour, said) for some, colour, said in rows]

    def _notes(self) -> list[str]:
        return [gettext("For use inside the office."), gettext("Sensitive categories are left out.")]

    def _period(self) -> str:
        if self._counts or self._colour not in LIVE_FIGURES:
            return super()._period()
        made = self.at.astimezone(zone(self.communities[0].timezone))
        return gettext("State of %(when)s.", when=f"{made:%Y-%m-%d %H:%M}")

    @property
    def _counts(self) -> bool:
        return "heat" in self.address.layers or self._colour in COUNTED

    @property
    def _colour(self) -> str:
        """By what grids are coloured: as the map would, but never by who answers, which is a name."""
        usual = "found" if "heat" in self.address.layers else LIVE_FIGURES[0]
        asked = self.address.colour or usual
        return asked if asked in (*HANDED_FIGURES, *LIVE_FIGURES) else usual

    @property
    def _columns(self) -> list[IncidentColumns]:
        return [one.columns for one in self.grounds]
