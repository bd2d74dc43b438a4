"""Cold streets and the next walk over the API."""

from typing import Any

from apiflask import APIBlueprint, Schema, fields
from apiflask.validators import Range
from flask import Response, json

from data import frames
from data.models import StreetClass
from patrols import cold, next_walk, seen
from patrols.cold import Warmth
from webmap import access, storage
from webmap.access import May
from webmap.api.fields import grid_code, latitude, longitude, words
from webmap.api.shapes import CommunityQuery

api = APIBlueprint("api_cold", __name__, url_prefix="/api/patrols", tag="Patrols")


class ColdProperties(Schema):
    """One piece of street; ``days`` is since it was last seen, ``every_days`` what is wished (0: nothing)."""

    name = fields.String()
    street_class = words(StreetClass)
    grid_codes = fields.List(fields.String())
    metres = fields.Float()
    last_seen = fields.String(allow_none=True)
    days = fields.Integer()
    every_days = fields.Integer()
    warmth = words(Warmth)


class ColdFeature(Schema):
    """A piece of street as a GeoJSON feature."""

    type = fields.String()
    geometry = fields.Dict(keys=fields.String())
    properties = fields.Nested(ColdProperties)


class ColdOut(Schema):
    """Pieces of street as a GeoJSON feature collection."""

    type = fields.String()
    features = fields.List(fields.Nested(ColdFeature))


class WalkQuery(CommunityQuery):
    """Where the walk starts and ends, and how long it may be; without a place, in a grid, or where it is coldest."""

    lon = longitude()
    lat = latitude()
    grid = grid_code()
    metres = fields.Float(
        load_default=3000.0, validate=Range(next_walk.SHORTEST_M, next_walk.LONGEST_M), allow_nan=False
    )
    seed = fields.Integer(load_default=0, validate=Range(0, 9999))


class TurnOut(Schema):
    """One turn: what to do there, into which street, and how far until the next."""

    turn = fields.String()
    name = fields.String()
    point = fields.String()
    metres = fields.Float()
    lon = fields.Float(attribute="x")
    lat = fields.Float(attribute="y")


class WalkOut(Schema):
    """A closed walk: its line as GeoJSON, its metres, those of red and yellow street, and its turns."""

    line = fields.Dict(keys=fields.String())
    metres = fields.Float()
    red_metres = fields.Float()
    yellow_metres = fields.Float()
    steps = fields.List(fields.Nested(TurnOut))


@api.get("/cold")
@api.input(CommunityQuery, location="query", arg_name="asked")
@api.output(ColdOut, content_type="application/geo+json")
@access.needs(May.SEE_PATROLS)
def streets(asked: dict[str, Any]) -> Response:
    """Pieces of street with the days since somebody last walked along them, as GeoJSON."""
    found = _streets(asked)
    columns = ["name", "street_class", "grid_codes", "metres", "days", "every_days", "warmth", "geometry"]
    table = frames.to_degrees(found[columns]).assign(
        grid_codes=found["grid_codes"].map(list), last_seen=found["last_seen"].dt.strftime("%Y-%m-%d").astype(object)
    )
    collection = json.loads(table.to_json(to_wgs84=False, drop_id=True))
    collection.pop("crs", None)
    return Response(json.dumps(collection), mimetype="application/geo+json")


@api.get("/next-walk")
@api.input(WalkQuery, location="query", arg_name="asked")
@api.output(WalkOut)
@access.needs(May.SEE_PATROLS)
def walk(asked: dict[str, Any]) -> dict[str, Any]:
    """A closed walk over the coldest streets."""
    found = _streets(asked)
    plan = next_walk.NOWHERE
    if not found.empty:
        here = (asked["lon"], asked["lat"]) if "lon" in asked and "lat" in asked else None
        plan = next_walk.next_walk(
            storage.session(),
            access.scope(),
            access.community(asked.get("community")),
            found,
            at=storage.now(),
            start=here or next_walk.start_in(found, asked.get("grid")),
            longest_m=asked["metres"],
            seed=asked["seed"],
        )
    line = {"type": "LineString", "coordinates": [list(spot) for spot in plan.line.coords]}
    return {**plan._asdict(), "line": line}


def _streets(asked: dict[str, Any]) -> Any:
    community = access.community(asked.get("community"))
    return cold.cold_streets(storage.session(), access.scope(), community, at=storage.now(), keep=_keep)


def _keep(made: seen.Made) -> None:
    with storage.apart() as opened:
        seen.put(opened, made)
