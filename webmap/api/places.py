"""Communities, their grids, and who answers for a place."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, json

from data import frames
from data.models import Community
from patrols import redraw, responsibility
from patrols.responsibility import Answer
from webmap import access, storage
from webmap.access import May
from webmap.api.shapes import AnswerOut, AtQuery, CommunityOut, GridsOut, PlaceQuery

api = APIBlueprint("api_places", __name__, url_prefix="/api", tag="Places")


@api.get("/communities")
@api.output(CommunityOut(many=True))
@access.needs(May.SEE_PLACES)
def communities() -> list[Community]:
    """Communities that may be seen."""
    return access.communities()


@api.get("/grids")
@api.input(AtQuery, location="query", arg_name="asked")
@api.output(GridsOut, content_type="application/geo+json")
@access.needs(May.SEE_PLACES)
def grids(asked: dict[str, Any]) -> Response:
    """Grids in force at a moment, as GeoJSON."""
    opened, community = storage.session(), access.community(asked.get("community"))
    edition = redraw.require_edition(opened, community, asked.get("at") or storage.now())
    frame = frames.grids(opened, edition.id, degrees=True)
    frame = frame[[access.scope().allows(community.id, code) for code in frame["grid_code"]]]
    text = frame.set_index("grid_code", drop=False).to_json(to_wgs84=False, drop_id=False)
    collection = json.loads(text)
    collection.pop("crs", None)
    return Response(json.dumps(collection), mimetype="application/geo+json")


@api.get("/responsible")
@api.input(PlaceQuery, location="query", arg_name="asked")
@api.output(AnswerOut)
@access.needs(May.SEE_PLACES)
def responsible(asked: dict[str, Any]) -> Answer:
    """Who answers for a place at a moment, by which rule, and how sure that is."""
    answer = responsibility.find_responsible(
        storage.session(),
        (asked["lon"], asked["lat"]),
        at=asked.get("at") or storage.now(),
        accuracy_m=asked.get("accuracy_m"),
    )
    if answer.community is not None:
        access.scope().require_entry(answer.community.id)
    return answer
