"""The plan of patrols: weekly windows, check-points with where they hung, and who checked in."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.people import Person, Team


class CheckInBy(StrEnum):
    """How a check-in says where it was."""

    CODE = "code"
    POSITION = "position"


class PatrolWindow(Base):
    """A time of the week at which a team, or one person, is to walk a grid or some streets.

    ``weekday`` is 1 (Monday) to 7; ``begins`` and ``ends`` are local times, and one that ends before it begins ends on
    the next day. It holds from ``valid_from`` until before ``valid_until`` (None: still). A grid is named by its code,
    and streets by their names, because both outlive editions and files; ``grid_code`` is empty where streets are named.
    """

    __tablename__ = "patrol_window"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    grid_code: Mapped[str] = mapped_column(Phrase(20), default="")
    streets: Mapped[list[str]] = mapped_column(JSON, default=list)
    weekday: Mapped[int]
    begins: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    team: Mapped[Team | None] = relationship()
    person: Mapped[Person | None] = relationship()

    __table_args__ = (CheckConstraint("(team_id IS NULL) <> (person_id IS NULL)", name="one_walker"),)


class CheckPoint(Base):
    """A place that patrols pass and say so. ``code`` is what its QR carries, ``number`` what people call it by."""

    __tablename__ = "check_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    number: Mapped[int]
    code: Mapped[str] = mapped_column(Phrase(32), unique=True)
    name: Mapped[str] = mapped_column(Phrase(128))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str] = mapped_column(Phrase(255), default="")
    places: Mapped[list["CheckPointPlace"]] = relationship(
        back_populates="check_point", order_by="CheckPointPlace.since"
    )

    __table_args__ = (UniqueConstraint("community_id", "number"),)


class CheckPointPlace(Base):
    """Where a check-point hung from ``since`` until before ``until`` (None: still); longitude and latitude, WGS 84."""

    __tablename__ = "check_point_place"

    id: Mapped[int] = mapped_column(primary_key=True)
    check_point_id: Mapped[int] = mapped_column(ForeignKey("check_point.id"), index=True)
    lon: Mapped[float]
    lat: Mapped[float]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_point: Mapped[CheckPoint] = relationship(back_populates="places")


class CheckIn(Base):
    """That somebody was at a place and said so. ``key`` is the phone's own, so that sending it twice is one check-in.

    ``check_point_id`` is None for a check-in away from every check-point. ``counts`` is false where the phone says that
    it was elsewhere than the code it read. ``lon``, ``lat`` are the phone's own, and go when fixes go; ``distance_m``
    to the check-point stays. ``grid_code`` is the grid of then. ``walk`` is the phone's key of the outing.
    """

    __tablename__ = "check_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Phrase(64), unique=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    check_point_id: Mapped[int | None] = mapped_column(ForeignKey("check_point.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    said_by: Mapped[CheckInBy] = mapped_column(words(CheckInBy))
    counts: Mapped[bool]
    grid_code: Mapped[str | None] = mapped_column(Phrase(20))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    distance_m: Mapped[float | None]
    walk: Mapped[str] = mapped_column(Phrase(64), default="")
    check_point: Mapped[CheckPoint | None] = relationship()

    __table_args__ = (Index("ix_check_in_community_at", "community_id", "at"),)
