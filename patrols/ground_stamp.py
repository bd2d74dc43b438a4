"""The stamp of a community's ground: another word whenever its outline, streets, buildings or compounds are brought in.

Counts and keys would not tell that a house brought in again stands elsewhere; a stamp does, and is read in no time.
"""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community


def renew(community: Community) -> None:
    """Note that a community's ground is another one now."""
    community.ground_stamp = secrets.token_hex(16)


def stamp_of(session: Session, community: Community) -> str:
    """The word that marks the ground as the database has it; empty where nothing was ever brought in."""
    return session.scalar(select(Community.ground_stamp).where(Community.id == community.id)) or ""
