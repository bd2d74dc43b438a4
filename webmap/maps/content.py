"""What the scripts of a map get to read: plain data, every text as its author wrote it, times already in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from flask_babel import gettext, ngettext

from geo.errors import N_
from webmap import times, words
from webmap.maps import layers
from webmap.maps.legend import figures
from webmap.maps.memory import remembered
from webmap.maps.style import COVERAGE_COLOURS
from webmap.maps.town import Town

OPENSTREETMAP = "© OpenStreetMap contributors, ODbL"
UNSEEN_COLOUR = "#cb6230"
LONGEST_TEXT = 160
"""Characters of a description on its card; the incident's own page has all of it."""

WORDS = {
    "grid": N_("grid"),
    "street": N_("street"),
    "compound": N_("compound"),
    "building": N_("building"),
    "person": N_("person"),
    "vacant": N_("vacant"),
    "chain": N_("Who answers here"),
    "open_incidents": N_("Open incidents"),
    "open_card": N_("Open the grid's page"),
    "open_incident": N_("Open the incident"),
    "open": N_("open"),
    "late": N_("overdue"),
    "done": N_("closed"),
    "found_at": N_("found"),
    "due_at": N_("due"),
    "address": N_("where"),
    "what": N_("what"),
    "nothing_found": N_("Nothing of that name here."),
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
    "coming": N_("Coming …"),
    "failed": N_("Could not be fetched. Switch it off and on to try again."),
    "found_between": N_("%(since)s to %(until)s: %(n)s incidents found"),
    "until": N_("%(who)s, until %(time)s"),
    "out": N_("%(n)s out"),
    "board": N_("Notice board"),
    "buildings": N_("Buildings"),
    "needs": N_("What people asked for"),
    "households": N_("%(n)s households"),
    "per_hectare": N_("a hectare"),
    "heat_note": N_(
        "%(n)s incidents found in the time below, spread by a bell of %(reach)s m; sensitive categories left out."
    ),
    "up": N_("more than before"),
    "down": N_("less than before"),
    "same": N_("as before"),
}


def content(town: Town) -> dict[str, Any]:
    """Return everything the scripts need to draw a town from a file, as JSON can carry it."""
    origin = origin_of(town.outline)
    position = positions(town.grids)
    return {
        **shell(town),
        **incidents(town, origin, position),
        "tracks": tracks(town.tracks, origin),
        "walked": walked(town, origin),
    }


def shell(town: Town, *, streets_seen: bool = True) -> dict[str, Any]:
    """Return what a map shows before any layer is switched on, as JSON can carry it.

    Without `streets_seen` the figure of streets walked is named, but its values are left to be fetched.
    """
    west, south, east, north = shapely.bounds(town.outline)
    origin, position = origin_of(town.outline), positions(town.grids)
    drawn = ground(town.streets, town.buildings, town.compounds, origin)
    names = grid_labels(town.grids, origin)
    return {
        "words": said(),
        "links": {"grid": town.links.grid, "incident": town.links.incident},
        "origin": origin,
        "bounds": layers.pack_points([shapely.Point(west, south), shapely.Point(east, north)], origin),
        "outline": layers.pack_polygons([town.outline], origin),
        "base": drawn["base"],
        "grids": {
            "code": list(town.grids["grid_code"]),
            "shape": [layers.pack_polygons([shape], origin) for shape in town.grids.geometry],
            "spot": [name["point"] for name in names],
            "card": grid_cards(town, streets_seen=streets_seen),
        },
        "borders": {
            kind: layers.pack_lines(part.geometry, origin) for kind, part in town.borders.groupby("kind", sort=True)
        },
        "figures": packed_figures(town, streets_seen=streets_seen),
        "labels": [*names, *drawn["labels"]],
        "search": [*search(town, position), *drawn["places"]],
    }


def said() -> dict[str, str]:
    """Return the words that the scripts say."""
    return {name: gettext(template) for name, template in WORDS.items()} | {
        "cluster_open": gettext("%(open)s open of %(all)s", open="%(open)s", all="%(all)s"),
        "cluster_done": gettext("%(all)s closed", all="%(all)s"),
    }


def packed_figures(town: Town, *, streets_seen: bool) -> list[dict[str, object]]:
    """Return the figures as the scripts read them; of one that is fetched later only its name and note."""
    when = times.say_moment(town.at.astimezone(town.timezone), town.at.astimezone(town.timezone))
    found = figures(town.grids, town.people, days=town.days, when=when)
    return [
        one.packed() if streets_seen or one.key != "walked" else {**one.named(), "fetch": "walked"} for one in found
    ]


def origin_of(outline: shapely.Geometry) -> layers.Origin:
    """Return the corner from which all steps of a community's map are counted."""
    west, south, *_ = shapely.bounds(outline)
    return float(west), float(south)


def positions(grids: pd.DataFrame) -> dict[str, int]:
    """Return where in the list of grids each code stands."""
    return {code: i for i, code in enumerate(grids["grid_code"])}


def tracks(lines: gpd.GeoDataFrame, origin: layers.Origin) -> list[list[list[int]]]:
    """Return patrols' lines without corners that nobody sees."""
    return [layers.pack_lines([shape], origin) for shape in lines.geometry.simplify(1.5e-5)]


@remembered(most=8)
def ground(
    streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, origin: layers.Origin
) -> dict[str, Any]:
    """Return what seldom changes: the base map's shapes, the names on it, and where they are found."""
    return {
        "base": {
            "streets": layers.streets_by_class(streets, origin),
            "buildings": layers.pack_polygons(buildings.geometry, origin),
            "compounds": layers.pack_polygons(compounds.geometry, origin),
        },
        "labels": [
            *layers.street_names(streets, origin),
            *layers.place_names(compounds, "compound", origin),
            *layers.place_names(buildings, "building", origin),
        ],
        "places": places(streets, compounds, buildings, origin),
    }


def sources(town: Town) -> Sequence[str]:
    """Return whose data the map shows, and that it is simulated where it is."""
    said = [town.attribution or OPENSTREETMAP]
    if town.simulated:
        said.append(gettext("people, patrols and incidents are simulated"))
    return said


def grid_titles(grids: pd.DataFrame) -> list[str]:
    """Return what each grid is called: its name, else its number within the community."""
    pairs = zip(grids["name"].fillna(""), grids["grid_code"], strict=True)
    return [name or gettext("Grid %(number)s", number=code[-3:]) for name, code in pairs]


def grid_cards(town: Town, *, streets_seen: bool = True) -> list[dict[str, Any]]:
    """Return the card of each grid: what it is, four figures, and the people of its chain."""
    links: dict[str, list[dict[str, str]]] = {code: [] for code in town.grids["grid_code"]}
    for name, title, code in zip(town.people["name"], town.people["title"], town.people["grid_code"], strict=True):
        if code in links:
            links[code].append({"title": title, "name": name})
    rows = town.grids.assign(title=grid_titles(town.grids))
    seen = walked_stats(town.grids, town.days) if streets_seen else [waiting_stat(town.days)] * len(rows)
    return [
        {
            "title": row.title,
            "over": row.grid_code,
            "chain": links[row.grid_code],
            "explanation": gettext("You do not answer for this grid.")
            if pd.isna(row.open_incidents)
            else row.explanation,
            "stats": [] if pd.isna(row.open_incidents) else _stats(row, town, walked),
        }
        for row, walked in zip(rows.itertuples(), seen, strict=True)
    ]


def walked_stats(grids: pd.DataFrame, days: int) -> list[dict[str, str]]:
    """Return for each grid the share of its streets that was walked, as its card shows it."""
    share = grids["street_metres_seen"] / grids["street_metres"].where(grids["street_metres"] > 0)
    return [_walked_stat(row, days) for row in grids.assign(walked=share).itertuples()]


def _walked_stat(row: Any, days: int) -> dict[str, str]:
    return {**waiting_stat(days), "value": words.percent(row.walked), "note": _seen_in_words(row)}


def waiting_stat(days: int) -> dict[str, str]:
    """Return the same before it is known."""
    label = ngettext("of its streets walked in %(num)s day", "of its streets walked in %(num)s days", days)
    return {"value": "…", "label": label, "note": "", "fetch": "walked"}


def _stats(row: Any, town: Town, walked: dict[str, str]) -> list[dict[str, str]]:
    late = 0 if pd.isna(row.late_incidents) else int(row.late_incidents)
    patrolled = gettext("never") if pd.isna(row.last_patrol) else times.say_ago(row.last_patrol, town.at)
    return [
        {
            "value": words.number(row.open_incidents),
            "label": ngettext("open, %(num)s overdue", "open, %(num)s overdue", late)
            if late
            else gettext("open incidents"),
            "note": gettext("Incidents reported and neither closed nor voided."),
        },
        walked,
        {"value": patrolled, "label": gettext("last patrol"), "note": ""},
        {"value": words.number(row.households), "label": gettext("households"), "note": ""},
    ]


def _seen_in_words(row: Any) -> str:
    """The metres of street behind the share, and what was seen of the courtyards, where there are any."""
    seen, streets = words.metres(row.street_metres_seen), words.metres(row.street_metres)
    if not row.yard_m2 > 0:
        return str(gettext("%(seen)s of %(all)s", seen=seen, all=streets))
    yards = words.percent(row.yard_m2_seen / row.yard_m2)
    return str(gettext("%(seen)s of %(all)s; courtyards %(yards)s", seen=seen, all=streets, yards=yards))


def incidents(town: Town, origin: layers.Origin, position: dict[str, int]) -> dict[str, Any]:
    """Return the incidents of a town as columns."""
    return incident_columns(town.incidents, town.at.astimezone(town.timezone), origin, position)


def incident_columns(
    frame: gpd.GeoDataFrame, now: datetime, origin: layers.Origin, position: dict[str, int]
) -> dict[str, Any]:
    """Return incidents as columns, categories by number, times in words as seen from a local moment."""
    category, names = pd.factorize(frame["category"].fillna(""))
    said = [
        ["" if pd.isna(at) else times.say_moment(at.astimezone(now.tzinfo), now) for at in frame[name]]
        for name in ("found_at", "due_at")
    ]
    table = layers.columns(
        frame, {"number": "number", "stage": "stage", "address": "address", "open": "is_open", "late": "is_late"}
    )
    grids = frame["grid_code"].map(position).fillna(-1).astype(int)
    return {
        "categories": list(names),
        "incidents": table
        | {
            "place": layers.pack_points(frame.geometry, origin),
            "category": category.tolist(),
            "found": said[0],
            "due": said[1],
            "grid": grids.tolist(),
            "what": [shortened(text) for text in frame["description"].fillna("")],
        },
    }


def shortened(text: str) -> str:
    """Return a text no longer than a card has room for.

    Examples
    --------
    >>> shortened("x" * 200)[-3:], len(shortened("x" * 200))
    ('xx…', 160)
    """
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def walked(town: Town, origin: layers.Origin) -> list[dict[str, Any]]:
    """Return the streets of a town that were walked, and those that were not."""
    return street_looks(town.walked, origin)


def street_looks(pieces: gpd.GeoDataFrame, origin: layers.Origin) -> list[dict[str, Any]]:
    """Return the streets that were walked, and those that were not, each with its look."""
    if pieces.empty:
        return []
    seen = pieces["seen"].to_numpy(bool)
    looks = ((~seen, UNSEEN_COLOUR, 1.9, "2 5"), (seen, COVERAGE_COLOURS[-1], 3.2, None))
    return [
        {"lines": layers.pack_lines(pieces.geometry[rows], origin), "colour": colour, "weight": weight, "dash": dash}
        for rows, colour, weight, dash in looks
    ]


def grid_labels(grids: gpd.GeoDataFrame, origin: layers.Origin) -> list[dict[str, Any]]:
    """Return the numbers of the grids, each in the middle of its ground. What comes later on the map gives way."""
    spots = layers.pack_points(layers.inner_points(grids.geometry), origin) if len(grids) else []
    return [
        {"kind": "grid", "text": code[-3:], "point": spot} for code, spot in zip(grids["grid_code"], spots, strict=True)
    ]


def search(town: Town, position: dict[str, int]) -> list[dict[str, Any]]:
    """Return the grids and the people that can be found by name."""
    titles = grid_titles(town.grids)
    found = [
        {"kind": "grid", "text": title, "more": code, "grid": position[code]}
        for title, code in zip(titles, town.grids["grid_code"], strict=True)
    ]
    people = town.people[(town.people["name"].fillna("") != "") & town.people["grid_code"].isin(list(position))]
    for name, title, code in zip(people["name"], people["title"], people["grid_code"], strict=True):
        found.append(
            {"kind": "person", "text": name, "more": f"{title} · {titles[position[code]]}", "grid": position[code]}
        )
    return found


def places(
    streets: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, origin: layers.Origin
) -> list[dict[str, Any]]:
    """Return the streets, compounds and buildings that can be found by name; one of each name."""
    found: list[dict[str, Any]] = []
    for kind, frame in (("street", streets), ("compound", compounds), ("building", buildings)):
        named = frame[frame["name"].fillna("") != ""].drop_duplicates("name")
        shapes = named.geometry.to_numpy()
        lines = np.isin(shapely.get_type_id(shapes), (1, 5))
        halfway = shapely.line_interpolate_point(np.where(lines, shapes, None), 0.5, normalized=True)
        spots = layers.pack_points(np.where(lines, halfway, shapely.point_on_surface(shapes)), origin)
        found += [
            {"kind": kind, "text": name, "point": spot, **({"building": int(key)} if kind == "building" else {})}
            for key, name, spot in zip(named.index, named["name"], spots, strict=True)
        ]
    return found
