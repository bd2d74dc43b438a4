"""The base map with grids and nothing else, for pages that lay something of their own over it."""

from datetime import datetime

import numpy as np
from flask import Response, json, request
from geopandas import GeoDataFrame
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from patrols import redraw
from webmap.maps import layers
from webmap.maps.content import grid_labels, ground
from webmap.maps.memory import remembered


def quiet_map(session: Session, community: Community, at: datetime) -> Response:
    """The base map of a community as an answer; a browser that has it already keeps it."""
    response = Response(quiet_facts(session, community, at), mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def quiet_facts(session: Session, community: Community, at: datetime) -> str:
    """The base map of a community as JSON.

    ``origin``, ``bounds``, ``outline``, ``base`` and ``labels`` are what the map's scripts unpack; ``grids`` are those
    in force, none without an edition.
    """
    read = (frames.streets, frames.buildings, frames.compounds, frames.outline)
    streets, buildings, compounds, outline = (layer(session, community.id, degrees=True) for layer in read)
    edition = redraw.edition_in_force(session, community.id, at)
    grids = frames.grids(session, edition.id, degrees=True) if edition else outline.iloc[:0].assign(grid_code="")
    return _packed(streets, buildings, compounds, outline, grids[["grid_code", "geometry"]])


@remembered(most=4)
def _packed(
    streets: GeoDataFrame, buildings: GeoDataFrame, compounds: GeoDataFrame, outline: GeoDataFrame, grids: GeoDataFrame
) -> str:
    there = [frame.total_bounds for frame in (outline, grids, streets, buildings) if len(frame)]
    west, south, east, north = there[0] if there else (0.0, 0.0, 0.0, 0.0)
    origin = (float(west), float(south))
    drawn = ground(streets, buildings, compounds, origin)
    corners = np.rint(np.array([0.0, 0.0, east - west, north - south]) * layers.STEPS).astype(int).tolist()
    facts = {
        "origin": origin,
        "bounds": [corners[:2], corners[2:]],
        "outline": layers.pack_polygons(outline.geometry, origin),
        "base": drawn["base"],
        "labels": [*grid_labels(grids, origin), *drawn["labels"]],
        "grids": {
            "code": list(grids["grid_code"]),
            "shape": [layers.pack_polygons([shape], origin) for shape in grids.geometry],
        },
    }
    return str(json.dumps(facts))
