"""Told before? Incidents that may be the same matter: near in place, time and kind. A person decides."""

import math
from dataclasses import dataclass
from datetime import timedelta

import pyproj
import shapely
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from data import frames, nearby
from data.models import Incident, IncidentMerge
from patrols.moves import MERGE_INTO
from patrols.question import METRES_PER_DEGREE
from patrols.scope import Scope

WITHIN_M = 60.0
"""Two people at the same hole in the street stand, as their phones say it, at most so far apart."""

WITHIN = timedelta(hours=72)
MOST = 5
EARTH = pyproj.Geod(ellps="GRS80")


@dataclass(frozen=True)
class Likeness:
    """An incident that may be the same matter, how far away it was found and how many hours before (after: below 0)."""

    incident: Incident
    metres: float
    hours: float


def suggestions(session: Session, scope: Scope, incident: Incident) -> list[Likeness]:
    """The incidents that this one may be merged into, the likeliest first; none for one without a place.

    Of the same category, or where one of the two has none; found within `WITHIN_M` metres and `WITHIN` of it; open, or
    closed; not themselves merged.
    """
    if incident.geom is None:
        return []
    lon, lat = shapely.get_coordinates(frames.decode([incident.geom]))[0]
    north = WITHIN_M / METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(lat)), 0.01)
    statement = scope.narrow(select(Incident), Incident).where(
        Incident.community_id == incident.community_id,
        Incident.id != incident.id,
        Incident.stage.in_(MERGE_INTO),
        Incident.found_at.between(incident.found_at - WITHIN, incident.found_at + WITHIN),
        nearby.meets_box(Incident.geom, (lon - east, lat - north, lon + east, lat + north)),
    )
    if incident.category_id is not None:
        statement = statement.where(or_(Incident.category_id == incident.category_id, Incident.category_id.is_(None)))
    found = list(session.scalars(statement.options(joinedload(Incident.category))))
    there = shapely.get_coordinates(frames.decode([one.geom for one in found])).reshape(-1, 2)
    metres = EARTH.inv(there[:, 0], there[:, 1], [lon] * len(found), [lat] * len(found))[2]
    alike = [
        Likeness(other, float(away), (incident.found_at - other.found_at).total_seconds() / 3600)
        for other, away in zip(found, metres, strict=True)
        if away <= WITHIN_M
    ]
    return sorted(alike, key=lambda one: (one.metres, abs(one.hours), one.incident.id))[:MOST]


def merged_into(session: Session, incident: Incident) -> Incident | None:
    """The incident that this one was merged into, if it was."""
    return session.scalars(
        select(Incident)
        .join(IncidentMerge, IncidentMerge.into_id == Incident.id)
        .where(IncidentMerge.incident_id == incident.id)
    ).one_or_none()


def merged_here(session: Session, incident: Incident) -> list[Incident]:
    """The incidents that were merged into this one, the earliest first."""
    return list(
        session.scalars(
            select(Incident)
            .join(IncidentMerge, IncidentMerge.incident_id == Incident.id)
            .where(IncidentMerge.into_id == incident.id)
            .order_by(Incident.found_at, Incident.id)
        )
    )
