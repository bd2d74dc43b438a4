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
    """Patrols that may be seen, the latest first, with their metres and minutes by grid.

    Who is not shown named tracks gets metres by 500 and minutes by 15, and of grids only which: exact numbers beside a
    line without ends would tell how much was cut off.
    """
    opened = storage.session()
    filters = outings.Filters(
        community_id=access.community(asked["community"]).id if "community" in asked else None,
        grid_code=asked.get("grid"),
        since=asked.get("since"),
        until=asked.get("until"),
    )
    found = outings.listing(opened, access.scope(), filters, page=asked["page"], rows=asked["rows"])
    credits = outings.credits(opened, found.items)
    exact = access.may(May.SEE_WALKERS)
    items = [_told(patrol, credits.get(patrol.id, []), exact=exact) for patrol in found.items]
    return {"items": items, "page": found.page, "pages": found.pages, "total": found.total}


def _told(patrol: Patrol, credits: list[Credit], *, exact: bool) -> dict[str, Any]:
    columns = ("id", "team", "source", "started_at", "ended_at", "metres", "minutes")
    told = {**{name: getattr(patrol, name) for name in columns}, "credits": credits}
    if exact:
        return told
    rough = {"metres": 500.0 * round(patrol.metres / 500), "minutes": 15.0 * round(patrol.minutes / 15)}
    where = [{"grid_code": credit.grid_code, "metres": None, "minutes": None} for credit in credits]
    return {**told, **rough, "credits": where}
