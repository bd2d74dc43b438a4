"""The map of a community: grids and their figures, incidents, tracks, heat and names over our own base map."""

import folium
import shapely
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from webmap.maps import content, heat
from webmap.maps.base import LOCAL, Literal, LocalMap, figure_of
from webmap.maps.panel import panel
from webmap.maps.style import data_block
from webmap.maps.town import Town

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
