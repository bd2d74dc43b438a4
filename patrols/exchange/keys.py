"""With which platforms incidents were exchanged."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import Community, ExternalKey, Incident


class Known(NamedTuple):
    """One platform: how many incidents it has told a code of, and when the last of them was new."""

    platform: str
    incidents: int
    last_at: datetime


def platforms(session: Session, community: Community) -> list[Known]:
    """The platforms that told codes of a community's incidents, by name."""
    wanted = (
        select(ExternalKey.platform, func.count(), func.max(ExternalKey.at))
        .join(Incident, Incident.id == ExternalKey.incident_id)
        .where(Incident.community_id == community.id)
        .group_by(ExternalKey.platform)
        .order_by(ExternalKey.platform)
    )
    return [Known(*row) for row in session.execute(wanted)]
