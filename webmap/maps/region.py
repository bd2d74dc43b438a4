"""The map of a county or subdistrict: the areas of which it is made, their figures, and the way into each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from flask_babel import gettext, ngettext

from geo.errors import N_
from webmap import words
from webmap.maps import content, layers
from webmap.maps.legend import Figure, spread_scale
from webmap.maps.style import COVERAGE_COLOURS, OPEN_COLOURS, Scale, count_scale

EMPTY_BASE: Mapping[str, Any] = {"streets": {}, "buildings": [], "compounds": []}
LATE_BOUNDS = (0.0, 0.05, 0.1, 0.2, 0.4)
COLD_BOUNDS = (0.0, 0.1, 0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Region:
    """Areas to be drawn side by side, each with a way into it.

    Parameters
    ----------
    name : str
        What the whole is called.
    areas : GeoDataFrame
        Index: the code. ``name, geometry`` (degrees; None where no outline is known), and the columns of
        `patrols.areas.community_figures`.
    of : str
        ``subdistrict`` or ``community``: what an area is.
    days : str
        The days in which incidents were found, in words.
    when : str
        The moment of the figures, in words.
    """

    name: str
    areas: gpd.GeoDataFrame
    of: str
    days: str
    when: str

    @property
    def drawn(self) -> gpd.GeoDataFrame:
        """The areas whose outline is known."""
        return self.areas[self.areas.geometry.notna()]


KINDS = {"subdistrict": N_("subdistrict"), "community": N_("community")}


def packed(region: Region, *, inside: str) -> dict[str, Any]:
    """Return what the scripts need to draw a region, as JSON can carry it: areas stand where grids else do.

    Parameters
    ----------
    inside : str
        The address of a map, to which an area's code is added.
    """
    areas = region.drawn
    outline = shapely.union_all(areas.geometry.to_numpy()) if len(areas) else shapely.box(73.0, 18.0, 135.0, 54.0)
    west, south, east, north = shapely.bounds(outline)
    origin = content.origin_of(outline)
    spots = layers.pack_points(layers.inner_points(areas.geometry), origin) if len(areas) else []
    names = [{"kind": "grid", "text": name, "point": spot} for name, spot in zip(areas["name"], spots, strict=True)]
    kind = gettext(KINDS[region.of])
    shown = figures(areas, region.days, region.when)
    return {
        "words": content.said() | {"grid": kind, "open_card": gettext("Look inside")},
        "links": {"grid": inside, "incident": ""},
        "origin": origin,
        "bounds": layers.pack_points([shapely.Point(west, south), shapely.Point(east, north)], origin),
        "outline": layers.pack_polygons(areas.geometry, origin),
        "base": EMPTY_BASE,
        "grids": {
            "code": list(areas.index),
            "shape": [layers.pack_polygons([shape], origin) for shape in areas.geometry],
            "spot": spots,
            "card": [card(row) for row in areas.itertuples()],
        },
        "borders": {"outer": layers.pack_lines(shapely.boundary(areas.geometry.to_numpy()), origin)},
        "figures": [figure.packed(lambda number: counted(number, region.of)) for figure in shown],
        "labels": names,
        "inside": True,
        "search": [
            {"kind": "grid", "text": name, "more": code, "grid": i}
            for i, (code, name) in enumerate(areas["name"].items())
        ],
    }


def card(row: Any) -> dict[str, Any]:
    """Return the card of an area: what it is, and its figures."""
    before = gettext("%(count)s before", count=words.number(row.found_before))
    return {
        "title": row.name,
        "over": row.Index,
        "chain": [],
        "explanation": "",
        "stats": [
            {
                "value": words.number(row.open),
                "label": gettext("open incidents"),
                "note": gettext("Incidents reported and neither closed nor voided."),
            },
            {"value": words.number(row.overdue), "label": gettext("overdue"), "note": ""},
            {"value": words.number(row.found), "label": gettext("found in the time below"), "note": before},
            {
                "value": f"{words.number(row.unpatrolled)} / {words.number(row.grids)}",
                "label": gettext("grids not patrolled for seven days"),
                "note": "",
            },
            {"value": words.number(row.households), "label": gettext("households"), "note": ""},
            {"value": words.number(row.grids), "label": gettext("grids"), "note": ""},
        ],
    }


def figures(areas: pd.DataFrame, days: str, when: str) -> Sequence[Figure]:
    """Return the figures by which areas are coloured: none of them is higher only because an area is larger."""
    nobody = gettext("nothing to count")
    homes = areas["households"].where(areas["households"] > 0).astype(float)
    found = 1000 * areas["found"] / homes
    return [
        Figure(
            "overdue",
            gettext("Overdue"),
            gettext("Open incidents past their due time ÷ open incidents. State of %(when)s.", when=when),
            areas["overdue"] / areas["open"].where(areas["open"] > 0),
            Scale(LATE_BOUNDS, OPEN_COLOURS),
            words.percent,
            gettext("none open"),
        ),
        Figure(
            "open",
            gettext("Open incidents"),
            gettext("Incidents reported and neither closed nor voided. State of %(when)s.", when=when),
            areas["open"],
            count_scale(areas["open"]),
            words.number,
            nobody,
        ),
        Figure(
            "found",
            gettext("Found per 1000 households"),
            gettext("Incidents found in %(days)s ÷ households × 1000.", days=days),
            found,
            count_scale(found.fillna(0)),
            words.number,
            nobody,
        ),
        Figure(
            "unpatrolled",
            gettext("Not patrolled"),
            gettext("Grids that nobody patrolled for seven days ÷ grids."),
            areas["unpatrolled"] / areas["grids"].where(areas["grids"] > 0),
            Scale(COLD_BOUNDS, COVERAGE_COLOURS[::-1]),
            words.percent,
            nobody,
        ),
        Figure(
            "households",
            gettext("Households"),
            gettext("Households of the grids in force."),
            areas["households"],
            spread_scale(areas["households"]),
            words.number,
            nobody,
        ),
    ]


def counted(number: int, of: str) -> str:
    """Return how many areas there are, by what they are called."""
    if of == "subdistrict":
        return str(ngettext("%(num)s subdistrict", "%(num)s subdistricts", number))
    return str(ngettext("%(num)s community", "%(num)s communities", number))


def summary(region: Region) -> str:
    """Return the region in one line: how many areas, open incidents, how many of them are overdue."""
    count, still, late = len(region.areas), int(region.areas["open"].sum()), int(region.areas["overdue"].sum())
    said = [counted(count, region.of), ngettext("%(num)s open incident", "%(num)s open incidents", still)]
    if late:
        said.append(ngettext("%(num)s overdue", "%(num)s overdue", late))
    without = len(region.areas) - len(region.drawn)
    if without:
        said.append(ngettext("%(num)s without an outline", "%(num)s without an outline", without))
    return " · ".join(said)


def of_communities(
    codes: Sequence[str], names: Sequence[str], shapes: Sequence[Any], table: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the areas of a subdistrict: one for each community, in the order of its figures."""
    return gpd.GeoDataFrame(
        table.set_axis(list(codes)).assign(name=list(names)), geometry=list(shapes), crs="EPSG:4326"
    )


def of_subdistricts(
    codes: Sequence[str], names: Mapping[str, str], shapes: gpd.GeoSeries, table: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the areas of a county: the ground of each subdistrict is that of its communities.

    Parameters
    ----------
    codes : sequence of str
        The subdistrict of each shape.
    names : mapping
        What subdistricts are called, by code.
    table : DataFrame
        Index: the subdistrict's code.
    """
    of = np.asarray(codes, dtype=object)
    ground = [_joined(shapes.to_numpy()[of == code]) for code in table.index]
    return gpd.GeoDataFrame(table.assign(name=[names[code] for code in table.index]), geometry=ground, crs="EPSG:4326")


def _joined(shapes: Any) -> Any:
    """The ground of several outlines as one; neighbours whose outlines miss each other by a hair still touch."""
    there = shapes[~shapely.is_missing(shapes)]
    return shapely.union_all(shapely.make_valid(there)) if len(there) else None
