"""Platforms that incidents are exchanged with: their codes, their steps, and what is told them at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime
from data.models.outgoing import Outgoing


class ExternalKey(Base):
    """That a platform calls an incident by its own code. Each platform has one code for an incident, ever."""

    __tablename__ = "external_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(Phrase(32))
    key: Mapped[str] = mapped_column(Phrase(64))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("platform", "key"), UniqueConstraint("platform", "incident_id"))


class ExternalStep(Base):
    """That a step was a platform's, under which key it told it, and when it says that it was done."""

    __tablename__ = "external_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(Phrase(32))
    key: Mapped[str] = mapped_column(Phrase(96))
    step_id: Mapped[int] = mapped_column(ForeignKey("incident_step.id"), unique=True)
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("platform", "key"),)


class Platform(Base):
    """A platform that a community exchanges incidents with step by step: where it is told, and who signs with what.

    Without an ``address`` it only tells us. ``organisation_id`` is the office whose incidents are the platform's,
    besides those that it told us itself. An ended one has no secrets any more.
    """

    __tablename__ = "platform"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    name: Mapped[str] = mapped_column(Phrase(32))
    address: Mapped[str] = mapped_column(Phrase(512), default="")
    secret_out: Mapped[str] = mapped_column(Phrase(128))
    secret_in: Mapped[str] = mapped_column(Phrase(128))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("community_id", "name"),)


class Telling(Outgoing, Base):
    """What a platform is told after a step of an incident, in the words of that moment, until it took it."""

    __tablename__ = "telling"

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    number: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("platform_id", "incident_id", "number"),
        Index("ix_telling_incident", "incident_id"),
    )


class HeardMessage(Base):
    """A message that a platform signed and sent: taken once, and answered the same however often it comes."""

    __tablename__ = "heard_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    key: Mapped[str] = mapped_column(Phrase(128))
    digest: Mapped[str] = mapped_column(Phrase(64))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (UniqueConstraint("platform_id", "key"),)
