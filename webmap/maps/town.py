"""The map of a community: grids and their figures, incidents, tracks, heat and names over our own base map."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import folium
import geopandas as gpd
import pandas as pd
import shapely
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from webmap.maps import content, heat
from webmap.maps.base import LOCAL, Literal, LocalMap, figure_of
from webmap.maps.panel import panel
from webmap.maps.style import data_block

SCRIPTS = ("shapes", "base", "labels", "grids", "incidents", "card", "search", "town")
LAYERS = ("open", "done", "heat", "tracks", "walked", "words", "base")
"""The layers a reader can switch, in the order of the panel."""

SHOWN = {
    "open": ("open", "words", "base"),
    "heat": ("heat", "words", "base"),
    "responsibility": ("words", "base"),
    "coverage": ("walked", "words", "base"),
}
"""Which layers are on when a map opens, by what it is about."""

FIRST_FIGURE = {"open": "open", "heat": "open", "responsibility": "answering", "coverage": "walked"}


@dataclass(frozen=True)
class Links:
    """Where the cards lead: the address to which a grid's code or an incident's number is added; "" for nowhere."""

    grid: str = ""
    incident: str = ""


@dataclass(frozen=True)
class Town:
    """What a map of one community shows. Every frame is in WGS 84 degrees and already narrowed to what may be seen.

    Parameters
    ----------
    name : str
        The community's name.
    at : datetime
        The moment of the figures, aware.
    outline : shapely.Geometry
        The community's ground.
    grids : GeoDataFrame
        ``grid_code, name, households, open_incidents, late_incidents, last_patrol`` (aware, or NaT),
        ``days_since_patrol, street_metres, street_metres_seen`` (of the last `days`), ``explanation, geometry``.
        Figures are missing where the reader may not see them.
    borders : GeoDataFrame
        ``kind, geometry``, from `geo.borders.split_borders`.
    streets, buildings, compounds : GeoDataFrame
        ``name, geometry``; streets also ``street_class``.
    incidents : GeoDataFrame
        ``number, category, stage, is_open, is_late, found_at, due_at, grid_code, address, description, geometry``
        (points). ``attrs["hidden"]``: how many open ones are not drawn, because their category is sensitive or they
        have no place.
    dense : GeoDataFrame
        ``geometry``: points of all incidents for the heat layer, sensitive ones left out already.
    tracks : GeoDataFrame
        ``geometry``: lines of patrols without names, ends trimmed.
    walked : GeoDataFrame
        ``geometry`` and ``seen`` (whether a patrol of the last `days` saw that piece of street); may be empty.
    people : DataFrame
        ``name, title, grid_code``: everybody posted to a grid, nearest link of the chain first; ``name`` is "" when
        nobody is.
    days : int
        Over how many days patrols are shown.
    dense_since : date
        From when on incidents are in `dense`.
    """

    name: str
    at: datetime
    outline: shapely.Geometry
    grids: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    incidents: gpd.GeoDataFrame
    dense: gpd.GeoDataFrame
    tracks: gpd.GeoDataFrame
    walked: gpd.GeoDataFrame
    people: pd.DataFrame
    days: int = 7
    dense_since: date = date.min
    done_days: int = 30
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    attribution: str = ""
    simulated: bool = False
    links: Links = field(default_factory=Links)

    def says(self) -> Sequence[str]:
        """Return whose data this is, for the corner of the map."""
        return content.sources(self)


class TownLayers(JSCSSMixin, MacroElement):
    """The scripts that draw a town from its data block. Nothing of a user passes through a script."""

    default_js = [  # noqa: RUF012  folium's own way of declaring
        ("markerclusterjs", LOCAL["markerclusterjs"]),
        *((f"town_{name}", f"js/map/{name}.js") for name in SCRIPTS),
    ]
    default_css = [("markerclustercss", LOCAL["markerclustercss"]), ("town_css", "css/map.css")]  # noqa: RUF012
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gridpatrol.town({{ this._parent.get_name() }}, "{{ this.data_id }}", {{ this.image }});
        {% endmacro %}
        """
    )

    def __init__(self, data_id: str, image: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "TownLayers"
        self.data_id = data_id
        self.image = image


def town_map(town: Town, *, about: str = "open", colour: str = "") -> folium.Map:
    """Return the map of a town.

    Parameters
    ----------
    town : Town
        What it shows.
    about : str
        What it opens with: ``open`` (open incidents), ``heat``, ``responsibility`` or ``coverage``.
    colour : str
        The figure by which grids are coloured at first, by its key; by default the one that suits `about`.

    Returns
    -------
    folium.Map
        To be taken apart with `webmap.maps.base.render`, or written to a file with `webmap.maps.export.standalone`.
    """
    town_view = LocalMap(attribution_control=False, zoom_control=False, min_zoom=10)
    figure = figure_of(town_view)
    density = heat.density(*shapely.get_coordinates(town.dense.geometry.to_numpy()).T)
    picture = heat.overlay(density)
    data_id = f"data_{town_view.get_name()}"
    data = content.content(town, density)
    figure.html.add_child(Literal(data_block(data_id, data)), name="data")
    figure.html.add_child(
        Literal(panel(town, data, density, shown=SHOWN[about], first=colour or FIRST_FIGURE[about])), name="panel"
    )
    if picture is not None:
        town_view.add_child(picture)
    town_view.add_child(TownLayers(data_id, picture.get_name() if picture is not None else "null"))
    return town_view
