"""What residents told at a notice board, by which secret code they follow it, and how often somebody knocked."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime


class ResidentReport(Base):
    """That an incident was told at a notice board, and what only the code of whoever told it opens.

    The code itself is kept nowhere: ``seal`` is its SHA-256, so that nobody who reads the database can follow or rate.
    """

    __tablename__ = "resident_report"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True, autoincrement=False)
    seal: Mapped[str] = mapped_column(Phrase(64), unique=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("notice_board.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    rated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KnockCount(Base):
    """How often somebody did something since a window of time began; ``name`` says what, and whose in a sealed word."""

    __tablename__ = "knock_count"

    name: Mapped[str] = mapped_column(Phrase(96), primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    count: Mapped[int]
