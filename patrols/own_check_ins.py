"""Check-ins as personal data: given out to whom they are about, taken from their names, and from their places."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session, joinedload

from data.models import CheckIn, Community, Person

CHECK_IN: Table = CheckIn.__table__  # type: ignore[assignment]

NOWHERE = {"lon": None, "lat": None, "accuracy_m": None}


def told(session: Session, person: Person) -> list[dict[str, Any]]:
    """Everything that is kept about a person's check-ins, as JSON values, the oldest first."""
    wanted = select(CheckIn).options(joinedload(CheckIn.check_point)).where(CheckIn.person_id == person.id)
    return [
        {
            "at": row.at.isoformat(),
            "check_point": row.check_point.name if row.check_point else None,
            "said_by": row.said_by.value,
            "counts": row.counts,
            "grid": row.grid_code,
            "lon": row.lon,
            "lat": row.lat,
            "accuracy_m": row.accuracy_m,
            "distance_m": row.distance_m,
        }
        for row in session.scalars(wanted.order_by(CheckIn.at, CheckIn.id))
    ]


def forget_person(session: Session, person: Person) -> int:
    """Take a person's check-ins from their name and place; that the point was visited stays with the team."""
    nobody = {**NOWHERE, "person_id": None, "walk": ""}
    done: Any = session.execute(update(CHECK_IN).where(CHECK_IN.c.person_id == person.id).values(**nobody))
    return int(done.rowcount)


def forget_places(session: Session, community: Community, *, until: datetime) -> int:
    """Forget where phones were at check-ins before a moment; how far from the check-point stays."""
    due = (CHECK_IN.c.community_id == community.id) & (CHECK_IN.c.at < until) & CHECK_IN.c.lon.is_not(None)
    done: Any = session.execute(update(CHECK_IN).where(due).values(**NOWHERE))
    return int(done.rowcount)
