"""The map of a community: grids and their figures, incidents, tracks, heat and names over our own base map."""

import base64
from collections.abc import Mapping
from typing import Any

import folium
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.raster_layers import ImageOverlay
from folium.template import Template

from webmap.maps import content
from webmap.maps.base import LOCAL, Literal, LocalMap, figure_of
from webmap.maps.density import Density
from webmap.maps.panel import Panel, file_switches, summary, written
from webmap.maps.style import data_block
from webmap.maps.town import Town

SCRIPTS = (
    *("shapes", "address", "fetched", "base", "labels", "grids", "incidents", "marks", "heat", "card", "search"),
    *("period", "keys", "screen", "town"),
)

SHOWN = {
    "open": ("late", "open", "words", "base"),
    "heat": ("heat", "words", "base"),
    "responsibility": ("words", "base"),
    "coverage": ("walked", "words", "base"),
}
"""Which layers are on when a map in a file opens, by what it is about."""

FIRST_FIGURE = {"open": "open", "heat": "open", "responsibility": "answering", "coverage": "walked"}


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
        What it opens with: ``open`` (open and overdue incidents), ``heat``, ``responsibility`` or ``coverage``.
    colour : str
        The figure by which grids are coloured at first, by its key; by default the one that suits `about`.

    Returns
    -------
    folium.Map
        To be taken apart with `webmap.maps.base.render`, or written to a file with `webmap.maps.export.standalone`.
    """
    data = content.content(town)
    return drawn(
        data,
        Panel(
            name=town.name,
            summary=summary(town),
            figures=data["figures"],
            first=colour or FIRST_FIGURE[about],
            sources=content.sources(town),
            layers=file_switches(town),
            shown=SHOWN[about],
            heat=town.dense,
            simulated=town.simulated,
        ),
        None if town.dense is None else overlay(town.dense),
    )


def overlay(density: Density) -> ImageOverlay:
    """Return a density as a layer of folium, not yet shown."""
    west, south, east, north = density.bounds
    picture = f"data:image/png;base64,{base64.b64encode(density.png).decode()}"
    return ImageOverlay(picture, bounds=[[south, west], [north, east]], pixelated=False, show=False, pane="heat")


def drawn(data: Mapping[str, Any], panel: Panel, picture: ImageOverlay | None = None) -> folium.Map:
    """Return a map of what was packed for the scripts, with its panel.

    Parameters
    ----------
    data : mapping
        As `webmap.maps.content.content` returns it, or `shell` with addresses from which the rest is fetched.
    picture : ImageOverlay, optional
        The density, where it is inside the map already.
    """
    view = LocalMap(attribution_control=False, zoom_control=False, min_zoom=8)
    figure = figure_of(view)
    data_id = f"data_{view.get_name()}"
    figure.html.add_child(Literal(data_block(data_id, data)), name="data")
    figure.html.add_child(Literal(written(panel)), name="panel")
    if picture is not None:
        view.add_child(picture)
    view.add_child(TownLayers(data_id, picture.get_name() if picture is not None else "null"))
    return view
