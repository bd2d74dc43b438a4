"""Cameras that a community knows of: where they look, never what they see."""

from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase


class Camera(Base):
    """A camera at a place (longitude and latitude, WGS 84) until before ``ended_on`` (None: still).

    ``code`` is the key of the list that it came from, ``owner`` who keeps it (公安, 物业, 社区), ``heading_deg`` where
    it looks, clockwise from north (None: all around, or not known).
    """

    __tablename__ = "camera"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    code: Mapped[str] = mapped_column(Phrase(64))
    name: Mapped[str] = mapped_column(Phrase(128), default="")
    owner: Mapped[str] = mapped_column(Phrase(64), default="")
    lon: Mapped[float]
    lat: Mapped[float]
    heading_deg: Mapped[float | None]
    ended_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("community_id", "code"),)
