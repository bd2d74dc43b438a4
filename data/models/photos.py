"""Photos of incidents: what is known of each; the pictures themselves are files (`data.photo_store`)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.incidents import Incident


class PhotoRole(StrEnum):
    """What a photo shows."""

    SCENE = "scene"
    BEFORE = "before"
    AFTER = "after"


class Photo(Base):
    """A photo, or (without ``file``) one that an incident names and that is still on its phone.

    ``key`` is the phone's own, a UUID; photos taken in otherwise have none. ``file`` is the SHA-256 of what is stored,
    which is not what was sent: it is drawn anew, so that nothing but the picture is left. ``deleted_at``: the picture
    is gone, and why is in the audit.
    """

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(Phrase(36), unique=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[PhotoRole] = mapped_column(words(PhotoRole), default=PhotoRole.SCENE)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file: Mapped[str | None] = mapped_column(Phrase(64), index=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    incident: Mapped[Incident | None] = relationship()

    __table_args__ = (Index("ix_photo_device_kept", "device_id", "kept_at"),)
