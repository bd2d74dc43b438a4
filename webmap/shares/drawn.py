"""A view as a folium map: one figure of the grids, a density or walked streets above it, a legend, and no more."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import folium
import shapely
from branca.element import MacroElement
from flask_babel import gettext
from folium.elements import JSCSSMixin
from folium.raster_layers import ImageOverlay
from folium.template import Template
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from webmap.maps import content, layers
from webmap.maps.address import Window
from webmap.maps.base import Literal, LocalMap, figure_of
from webmap.maps.density import Density
from webmap.maps.style import COVERAGE_COLOURS, data_block
from webmap.shares.contents import ViewContents

TEMPLATES = Path(__file__).parents[1] / "templates"
SCRIPTS = ("map/shapes", "map/base", "map/labels", "map/grids", "share/view")
Link = tuple[str, str]


class ViewLayers(JSCSSMixin, MacroElement):
    """The scripts that draw a view from its data block. Nothing of a user passes through a script."""

    default_js = [(f"view_{name}", f"js/{name}.js") for name in SCRIPTS]  # noqa: RUF012  folium's own way of declaring
    default_css = [("town_css", "css/map.css"), ("view_css", "css/share.css")]  # noqa: RUF012
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gridpatrol.view({{ this._parent.get_name() }}, "{{ this.data_id }}", {{ this.image }});
        {% endmacro %}
        """
    )

    def __init__(self, data_id: str, image: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "ViewLayers"
        self.data_id = data_id
        self.image = image


def view_map(contents: ViewContents, *, window: Window | None = None, links: tuple[Link, ...] = ()) -> folium.Map:
    """Return the map of a view.

    Parameters
    ----------
    window : Window, optional
        What part is seen first; by default all of it, or the grid that it is about.
    links : tuple of (address, words)
        Where else the view can be had; a file has none.

    Returns
    -------
    folium.Map
        For `webmap.maps.base.render` or `webmap.maps.export.standalone`.
    """
    town = LocalMap(attribution_control=False, zoom_control=False, min_zoom=10)
    # branca makes names up by chance; the same view must be the same file, so that nobody is sent it twice.
    town._id = "view"
    figure = figure_of(town)
    data_id = "view_data"
    data = _data(contents, window)
    figure.html.add_child(Literal(data_block(data_id, data)), name="data")
    figure.html.add_child(Literal(_panel(contents, data, links)), name="panel")
    image = "null"
    if contents.density is not None:
        picture = _overlay(contents.density)
        picture._id = "view"
        town.add_child(picture)
        image = picture.get_name()
    town.add_child(ViewLayers(data_id, image))
    return town


def _data(contents: ViewContents, window: Window | None) -> dict[str, Any]:
    west, south, east, north = shapely.bounds(contents.outline)
    origin = (float(west), float(south))
    codes = list(contents.grids["grid_code"])
    ground = content.ground(contents.streets, contents.buildings, contents.compounds, origin)
    return {
        "words": {name: gettext(content.WORDS[name]) for name in ("zoom_in", "zoom_out")},
        "origin": origin,
        "bounds": layers.pack_points([shapely.Point(west, south), shapely.Point(east, north)], origin),
        "window": None if window is None else list(window),
        "focus": codes.index(contents.focus) if contents.focus in codes else None,
        "outline": layers.pack_polygons([contents.outline], origin),
        "base": ground["base"],
        "grids": {
            "code": codes,
            "title": content.grid_titles(contents.grids),
            "shape": [layers.pack_polygons([shape], origin) for shape in contents.grids.geometry],
        },
        "borders": {
            kind: layers.pack_lines(part.geometry, origin) for kind, part in contents.borders.groupby("kind", sort=True)
        },
        "figure": contents.figure.packed(),
        "walked": _walked(contents, origin),
        "labels": [*content.grid_labels(contents.grids, origin), *ground["labels"]],
    }


def _walked(contents: ViewContents, origin: layers.Origin) -> list[dict[str, Any]]:
    if contents.walked.empty:
        return []
    seen = contents.walked["seen"].to_numpy(bool)
    looks = (
        (seen, COVERAGE_COLOURS[-1], 3.2, None, gettext("walked")),
        (~seen, content.UNSEEN_COLOUR, 1.9, "2 5", gettext("not walked")),
    )
    return [
        {
            "lines": layers.pack_lines(contents.walked.geometry[rows], origin),
            "colour": colour,
            "weight": weight,
            "dash": dash,
            "said": said,
        }
        for rows, colour, weight, dash, said in looks
        if rows.any()
    ]


def _panel(contents: ViewContents, data: dict[str, Any], links: tuple[Link, ...]) -> Markup:
    text = _templates().get_template("share/panel.html")
    return Markup(  # noqa: S704  the template escapes
        text.render(
            title=contents.title,
            period=contents.period,
            figure=data["figure"],
            density=contents.density,
            walked=data["walked"],
            notes=contents.notes,
            sources=contents.sources,
            links=links,
        )
    )


def _overlay(density: Density) -> ImageOverlay:
    """The density as a layer of folium that the scripts show."""
    address = "data:image/png;base64," + base64.b64encode(density.png).decode()
    west, south, east, north = density.bounds
    return ImageOverlay(address, bounds=[[south, west], [north, east]], show=False, pane="heat", interactive=False)


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["_"] = gettext
    return made
