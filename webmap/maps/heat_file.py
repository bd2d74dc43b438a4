"""The heat of a view as one map that opens from a disk: pictures, numbers and ground inside, nothing to be fetched."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import folium
from branca.element import MacroElement
from flask_babel import gettext
from folium.elements import JSCSSMixin
from folium.template import Template
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from webmap.maps.base import Literal, LocalMap, figure_of
from webmap.maps.style import data_block

TEMPLATES = Path(__file__).parents[1] / "templates"
SCRIPTS = ("map/shapes", "map/base", "map/labels", "heat/ground", "heat/grids", "heat/legend", "heat/alone")


@dataclass(frozen=True)
class Slice:
    """The heat of a part of the time: how it is called, how many incidents, and a PNG (None: nothing to draw)."""

    said: str
    count: int
    picture: bytes | None


@dataclass(frozen=True)
class HeatFile:
    """What the file shows.

    Parameters
    ----------
    title : str
        Of the page: the community and what is shown.
    ground : dict
        The base map as `webmap.maps.quiet` packs it.
    corners : tuple
        South-west and north-east of all pictures, latitude first, WGS 84.
    slices : sequence of Slice
        The whole time first, then its parts one after the other.
    legend : dict
        What the pictures' colours mean: ``title``, ``classes``.
    codes : sequence of str
        Codes of the grids, in the order of what follows.
    figures : sequence of dict
        Figures of the grids, packed as by `webmap.maps.heat_figures.packed`.
    hatched : sequence of bool
        In which grids nobody looked.
    lines : sequence of str
        What else is to be known: of what, since when, what is left out.
    sources : sequence of str
        Whose data they are.
    words : dict
        What the script says.
    simulated : bool
        Whether they are made up.
    """

    title: str
    ground: dict[str, Any]
    corners: tuple[tuple[float, float], tuple[float, float]]
    slices: Sequence[Slice]
    legend: dict[str, Any]
    codes: Sequence[str]
    figures: Sequence[dict[str, Any]]
    hatched: Sequence[bool]
    lines: Sequence[str]
    sources: Sequence[str]
    words: dict[str, str]
    simulated: bool = False


class HeatLayers(JSCSSMixin, MacroElement):
    """The scripts that draw the heat from its data block. Nothing of a user passes through a script."""

    default_js = [(f"heat_{name}", f"js/{name}.js") for name in SCRIPTS]  # noqa: RUF012  folium's own way of declaring
    default_css = [(f"heat_{name}", f"css/{name}.css") for name in ("tokens", "pages", "heat")]  # noqa: RUF012
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gridpatrol.heatFile({{ this._parent.get_name() }}, "{{ this.data_id }}");
        {% endmacro %}
        """
    )

    def __init__(self, data_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "HeatLayers"
        self.data_id = data_id


def heat_map(given: HeatFile) -> folium.Map:
    """Return the heat as a folium map, for `webmap.maps.export.standalone`."""
    view = LocalMap(attribution_control=False, zoom_control=False, min_zoom=9)
    figure = figure_of(view)
    data_id = f"data_{view.get_name()}"
    figure.html.add_child(Literal(data_block(data_id, _data(given))), name="data")
    figure.html.add_child(Literal(_panel(given)), name="panel")
    view.add_child(HeatLayers(data_id))
    return view


def _data(given: HeatFile) -> dict[str, Any]:
    return {
        "words": given.words,
        "ground": given.ground,
        "corners": given.corners,
        "slices": [{"said": one.said, "count": one.count, "picture": _inside(one.picture)} for one in given.slices],
        "legend": given.legend,
        "figures": list(given.figures),
        "codes": list(given.codes),
        "hatched": list(given.hatched),
        "lines": list(given.lines),
        "show": "density",
    }


def _inside(picture: bytes | None) -> str | None:
    return None if picture is None else "data:image/png;base64," + base64.b64encode(picture).decode()


def _panel(given: HeatFile) -> Markup:
    shows = [("density", gettext("Density")), *((one["key"], one["title"]) for one in given.figures)]
    text = _templates().get_template("map/heat_file.html")
    return Markup(  # noqa: S704  the template escapes
        text.render(title=given.title, simulated=given.simulated, shows=shows, sources=given.sources)
    )


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["_"] = gettext
    return made
