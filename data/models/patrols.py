"""Patrols, their fixes, and what each patrol earned each grid."""

from datetime import datetime
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import BigKey, Phrase, UtcDateTime, geometry, words
from data.models.people import Person, Team


class PatrolSource(StrEnum):
    """How a patrol reached us."""

    FILE = "file"
    PHONE = "phone"
    PAPER = "paper"
    DRAWN = "drawn"


class Patrol(Base):
    """One outing. ``track`` is its cleaned line, broken at signal gaps; None when no fix survived cleaning.

    From ``ends_cut_at`` on its fixes are gone, and its track is what everybody may see of it.
    """

    __tablename__ = "patrol"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    source: Mapped[PatrolSource] = mapped_column(words(PatrolSource))
    source_key: Mapped[str] = mapped_column(Phrase(128))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    metres: Mapped[float] = mapped_column(default=0.0)
    minutes: Mapped[float] = mapped_column(default=0.0)
    fixes_kept: Mapped[int] = mapped_column(default=0)
    fixes_dropped: Mapped[int] = mapped_column(default=0)
    track: Mapped[WKBElement | None] = mapped_column(geometry("MULTILINESTRING", nullable=True))
    ends_cut_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person | None] = relationship()
    team: Mapped[Team | None] = relationship()
    credits: Mapped[list["PatrolCredit"]] = relationship(back_populates="patrol")

    __table_args__ = (
        UniqueConstraint("community_id", "source_key"),
        Index("ix_patrol_community_started", "community_id", "started_at"),
    )


class Fix(Base):
    """One position of a phone. ``dropped_by`` names the rule that left it out of the track; None: kept.

    Plain numbers instead of a geometry: fixes are read by patrol, never searched by place.
    """

    __tablename__ = "fix"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    patrol_id: Mapped[int] = mapped_column(ForeignKey("patrol.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lon: Mapped[float]
    lat: Mapped[float]
    accuracy_m: Mapped[float | None]
    dropped_by: Mapped[str | None] = mapped_column(Phrase(32))

    __table_args__ = (Index("ix_fix_patrol_at", "patrol_id", "at"),)


class PatrolCredit(Base):
    """Metres and minutes that one patrol spent in one grid of the edition in force; they add up to the patrol's own.

    A walk past the midnight on which an edition was adopted has a row for each edition, even where a grid kept its
    code: its ground may be another. Who asks about patrols and grids adds them up (`patrols.credits`).
    """

    __tablename__ = "patrol_credit"

    id: Mapped[int] = mapped_column(primary_key=True)
    patrol_id: Mapped[int] = mapped_column(ForeignKey("patrol.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("grid_edition.id"))
    grid_code: Mapped[str | None] = mapped_column(Phrase(20), index=True)
    metres: Mapped[float]
    minutes: Mapped[float]
    patrol: Mapped[Patrol] = relationship(back_populates="credits")

    __table_args__ = (UniqueConstraint("patrol_id", "grid_code", "edition_id"),)
