"""Under which codes other platforms know our incidents, and which of their steps were taken over."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime


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
