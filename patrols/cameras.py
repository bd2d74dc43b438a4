"""The cameras that a community knows of, for maps."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.models import Camera, Community
from patrols.scope import Scope


def standing(session: Session, scope: Scope, community: Community, *, on: date) -> list[Camera]:
    """The cameras that stand on a day, by their codes.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    """
    scope.require_entry(community.id)
    wanted = select(Camera).where(
        Camera.community_id == community.id, or_(Camera.ended_on.is_(None), Camera.ended_on > on)
    )
    return list(session.scalars(wanted.order_by(Camera.code, Camera.id)))
