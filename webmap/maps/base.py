"""A folium map that takes everything from us: local files, a nonce on each script, no address of another host."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template
from markupsafe import Markup

from webmap.errors import WebError
from webmap.maps.style import safe

LOCAL = {
    "leaflet": "vendor/leaflet/leaflet.js",
    "leaflet_css": "vendor/leaflet/leaflet.css",
    "markerclusterjs": "vendor/leaflet.markercluster/leaflet.markercluster.js",
    "markerclustercss": "vendor/leaflet.markercluster/MarkerCluster.css",
    "markerclusterdefaultcss": "vendor/leaflet.markercluster/MarkerCluster.css",
}
"""Our file for each key under which folium and its plugins ask for one."""

FOREIGN = re.compile(r"(?i)^\s*(?:[a-z][a-z0-9+.-]*:)?//")
OPENING = re.compile(r"<(script|style)\b(?![^>]*\bnonce=)", re.IGNORECASE)
ADDRESSES = ("url", "tiles", "embed_link")


class LocalMap(folium.Map):
    """A folium map with Leaflet from our own files, without Bootstrap, jQuery, icon fonts, tiles or inline styles."""

    default_js = [("leaflet", LOCAL["leaflet"])]  # noqa: RUF012  folium's own way of declaring
    default_css = [("leaflet_css", LOCAL["leaflet_css"])]  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}<div class="gp-map" id="{{ this.get_name() }}"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map("{{ this.get_name() }}", {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(tiles=None, **{"max_zoom": 20, "zoom_snap": 0.25, "zoom_delta": 0.5, **options})
        # Clusters ask the map for its highest zoom, which without tiles nobody else has set.
        self.options.setdefault("max_zoom", 20)
        self.options.pop("zoom", None)


class Literal(Element):
    """Markup that is already finished. branca reads every other string as a template, braces of users included."""

    _template = Template("{{ this.markup }}")

    def __init__(self, markup: Markup) -> None:
        super().__init__()
        self._name = "Literal"
        self.markup = markup


@dataclass(frozen=True)
class Parts:
    """The pieces of a map, for a page to put where they belong.

    Parameters
    ----------
    head : Markup
        Style sheets and whatever an element wants in the head.
    body : Markup
        The map's own element, panels and data.
    script : Markup
        Scripts, to stand at the end of the body.
    """

    head: Markup
    body: Markup
    script: Markup


def render(town: folium.Map, *, nonce: str, asset: Callable[[str], str]) -> Parts:
    """Take a folium map apart into pieces that run under a strict content policy.

    Parameters
    ----------
    town : folium.Map
        Any map; its plugins must be among those of which we serve the files (`LOCAL`).
    nonce : str
        Of this request.
    asset : callable
        Turns a file's name below ``static/`` into its address.

    Raises
    ------
    ForeignAsset
        Something on the map would be fetched from another host.
    """
    figure = figure_of(town)
    for child in figure._children.values():
        child.render()
    refuse_foreign(figure)
    links, scripts, rest = sort_header(figure)
    style = Markup('<link rel="stylesheet" href="{}">')
    script = Markup('<script src="{}" nonce="{}"></script>')
    run = figure.script.render()
    head = [style.format(asset(name)) for name in links] + [with_nonce(markup, nonce) for markup in rest]
    tail = [script.format(asset(name), nonce) for name in scripts]
    tail.append(Markup(f'<script nonce="{safe(nonce)}">{run}</script>'))  # noqa: S704  folium's own script
    # Never a nonce in the body: markup that a user managed to get there must not be let run.
    body = Markup(figure.html.render())  # noqa: S704  elements escape their own texts
    return Parts(Markup("\n").join(head), body, Markup("\n").join(tail))


def figure_of(town: folium.Map) -> Figure:
    """Return the figure that a map's pieces are collected in."""
    figure = town.get_root()
    if not isinstance(figure, Figure):
        raise TypeError("a map is rendered inside a figure of its own")
    return figure


def sort_header(figure: Figure) -> tuple[list[str], list[str], list[str]]:
    """Return names of style sheets, names of scripts, and the other markup that elements put into the head."""
    links: list[str] = []
    scripts: list[str] = []
    rest: list[str] = []
    for key, child in figure.header._children.items():
        if isinstance(child, JavascriptLink | CssLink):
            name = local_name(key, child.url)
            wanted = scripts if isinstance(child, JavascriptLink) else links
            if name not in wanted:
                wanted.append(name)
        elif key != "meta_http":
            rest.append(child.render())
    return links, scripts, rest


def local_name(key: str, url: str) -> str:
    """Return our own file for what an element asks for.

    Raises
    ------
    ForeignAsset
        It lies on another host, and we have no copy.
    """
    name = LOCAL.get(key, url)
    if FOREIGN.match(name):
        raise ForeignAsset("The map asks for %(url)s (%(key)s) from another host.", url=url, key=key)
    return name


def refuse_foreign(element: Element) -> None:
    """Raise `ForeignAsset` when a layer below this element draws from another host (tiles, pictures, data)."""
    for part in walk(element):
        for name in ADDRESSES:
            value = getattr(part, name, None)
            if isinstance(value, str) and FOREIGN.match(value) and not isinstance(part, JavascriptLink | CssLink):
                raise ForeignAsset("The map asks for %(url)s (%(key)s) from another host.", url=value, key=part._name)


def walk(element: Element) -> Iterator[Element]:
    """Yield this element and everything below it."""
    yield element
    for child in element._children.values():
        yield from walk(child)


def with_nonce(markup: str, nonce: str) -> Markup:
    """Return markup of folium whose opening script and style tags carry the nonce."""
    return Markup(OPENING.sub(lambda tag: f'{tag[0]} nonce="{safe(nonce)}"', markup))  # noqa: S704


class ForeignAsset(WebError):
    """A map element that would make the browser fetch something from another host."""
