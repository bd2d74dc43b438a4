"""What a volunteer's phone takes along, so that a walk needs no signal: the ground, and what to report and tick."""

import json
from collections import OrderedDict
from threading import Lock
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Category, Community, Device, Incident, ThingKind, WalkThing
from patrols import ground_stamp

COARSE_M = 2.0
"""How far a line of the phone's map may be off: less than a pencil's width on a screen that shows a community."""

PLACES = 6
"""Decimals of a degree: a tenth of a metre, so that lines that meet still meet."""

RECENT = 8
"""So many categories that a person used lately come first."""

_KEPT = 8
_grounds: "OrderedDict[str, dict[str, Any]]" = OrderedDict()
_lock = Lock()


def ground(session: Session, community: Community) -> dict[str, Any]:
    """A community's outline, its corners and its streets, light enough to be taken along.

    The last few are remembered by the stamp of their ground.

    Returns
    -------
    dict
        `outline` (GeoJSON, None without one), `bounds` (west, south, east, north; None where nothing is), `streets`
        (a FeatureCollection; `id`, `name`, `class`). Degrees, WGS 84. Not to be changed.
    """
    stamp = ground_stamp.stamp_of(session, community)
    with _lock:
        found = _grounds.get(stamp) if stamp else None
    if found is None:
        found = _ground(session, community)
        with _lock:
            _grounds[stamp or "none"] = found
            while len(_grounds) > _KEPT:
                _grounds.popitem(last=False)
    return found


def recent_categories(session: Session, device: Device) -> list[int]:
    """The ids of the categories that a phone's person reported lately, the last first."""
    mine = select(Device.id).where(Device.person_id == device.person_id)
    wanted = (
        select(Incident.category_id)
        .join(WalkThing, (WalkThing.made_id == Incident.id) & (WalkThing.kind == ThingKind.REPORT))
        .where(WalkThing.device_id.in_(mine), Incident.category_id.is_not(None))
        .group_by(Incident.category_id)
        .order_by(func.max(Incident.found_at).desc(), Incident.category_id)
        .limit(RECENT)
    )
    return [key for key in session.scalars(wanted) if key is not None]


def sorted_categories(categories: list[Category], recent: list[int]) -> list[Category]:
    """Those used lately first, the others as they were."""
    place = {key: number for number, key in enumerate(recent)}
    return sorted(categories, key=lambda category: place.get(category.id, len(place)))


def _ground(session: Session, community: Community) -> dict[str, Any]:
    outline, streets = frames.outline(session, community.id), frames.streets(session, community.id)
    shapes = _light(outline)
    lines = _light(streets)
    whole = [frame.total_bounds for frame in (shapes, lines) if len(frame)]
    return {
        "outline": _geojson(shapes)[0] if len(shapes) else None,
        "bounds": [round(float(edge), PLACES) for edge in whole[0]] if whole else None,
        "streets": {"type": "FeatureCollection", "features": _features(streets, lines)},
    }


def _light(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """The shapes with the fewest vertices that still look right, in degrees."""
    return frame.geometry.simplify(COARSE_M).to_crs(WGS84)


def _geojson(shapes: gpd.GeoSeries) -> list[dict[str, Any]]:
    rounded = shapely.transform(shapes.to_numpy(), lambda places: places.round(PLACES))
    return [json.loads(text) for text in shapely.to_geojson(rounded)]


def _features(streets: gpd.GeoDataFrame, lines: gpd.GeoSeries) -> list[dict[str, Any]]:
    shapes = _geojson(lines) if len(lines) else []
    return [
        {
            "type": "Feature",
            "id": int(key),
            "properties": {"name": name or "", "class": str(kind)},
            "geometry": shape,
        }
        for key, name, kind, shape in zip(streets.index, streets["name"], streets["street_class"], shapes, strict=True)
    ]
