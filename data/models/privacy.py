"""What keeps walkers private: curtains before their doors, and what they agreed to."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime
from data.models.people import Person


class Curtain(Base):
    """A straight line before a door, behind which the ends of walks are not shown (`geo.trim`).

    ``lon``, ``lat`` are a point beside the door, never the door itself. ``bearing_deg`` turns counter-clockwise from
    the east of the community's local metres; the line lies ``ahead_m`` from the point that way. ``person_id`` is None
    for walks of which nobody knows who walked.
    """

    __tablename__ = "curtain"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    lon: Mapped[float]
    lat: Mapped[float]
    bearing_deg: Mapped[float]
    ahead_m: Mapped[float]


class ConsentText(Base):
    """What a community's walkers are asked to agree to; a new wording is a new version, and old ones stay."""

    __tablename__ = "consent_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    version: Mapped[int]
    zh: Mapped[str] = mapped_column(Prose)
    en: Mapped[str] = mapped_column(Prose)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("community_id", "version"),)


class Consent(Base):
    """That somebody agreed to a version, and until when; ``given_by`` says how: on the page, or on paper."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    text_id: Mapped[int] = mapped_column(ForeignKey("consent_text.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by: Mapped[str] = mapped_column(Phrase(16))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()
    text: Mapped[ConsentText] = relationship()
