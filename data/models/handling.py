"""How incidents are handled in time: office hours, days off, who gets what and until when, and emergencies."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words


class LimitUnit(StrEnum):
    """In what a time limit is counted."""

    URGENT_HOURS = "urgent_hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class OfficeHours(Base):
    """When a community's office works on a working day, as ``08:30-12:00 14:30-18:00``."""

    __tablename__ = "office_hours"

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), primary_key=True, autoincrement=False)
    hours: Mapped[str] = mapped_column(Phrase(64))


class CalendarDay(Base):
    """A day that a community says is worked or not, against the published calendar or before there is one."""

    __tablename__ = "calendar_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    day: Mapped[date]
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(Phrase(64), default="")

    __table_args__ = (UniqueConstraint("community_id", "day"),)


class TriageRule(Base):
    """To which office incidents of a category go, and how long it has; without a category: all that have no rule."""

    __tablename__ = "triage_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    amount: Mapped[float]
    unit: Mapped[LimitUnit] = mapped_column(words(LimitUnit))

    __table_args__ = (UniqueConstraint("community_id", "category_id"),)


class Emergency(Base):
    """平急转换: from when until when (None: still) a community works in emergency mode, who said so, and why.

    Limits given meanwhile are shortened to ``limit_share``, and streets are wished to be walked at ``frequency_share``
    of their usual days.
    """

    __tablename__ = "emergency"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    limit_share: Mapped[float]
    frequency_share: Mapped[float]
    reason: Mapped[str] = mapped_column(Phrase(255))
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (Index("ix_emergency_community_begins", "community_id", "begins_at"),)
