"""Patrols over the API: who was out when, without names."""

from typing import Any

from apiflask import APIBlueprint

from data.models import Patrol
from patrols import outings
from patrols.credits import Credit
from webmap import access, storage
from webmap.access import May
from webmap.api.shapes import PatrolQuery, PatrolsOut

api = APIBlueprint("api_patrols", __name__, url_prefix="/api/patrols", tag="Patrols")


@api.get("")
@api.input(PatrolQuery, location="query", arg_name="asked")
@api.output(PatrolsOut)
@access.needs(May.SEE_PATROLS)
def listing(asked: dict[str, Any]) -> dict[str, Any]:
    """Patrols that may be seen, the latest first, with their metres and minutes by grid."""
    opened = storage.session()
    filters = outings.Filters(
        community_id=access.community(asked["community"]).id if "community" in asked else None,
        grid_code=asked.get("grid"),
        since=asked.get("since"),
        until=asked.get("until"),
    )
    found = outings.listing(opened, access.scope(), filters, page=asked["page"], rows=asked["rows"])
    credits = outings.credits(opened, found.items)
    items = [_told(patrol, credits.get(patrol.id, [])) for patrol in found.items]
    return {"items": items, "page": found.page, "pages": found.pages, "total": found.total}


def _told(patrol: Patrol, credits: list[Credit]) -> dict[str, Any]:
    columns = ("id", "team", "source", "started_at", "ended_at", "metres", "minutes")
    return {**{name: getattr(patrol, name) for name in columns}, "credits": credits}
