"""Volunteers' own phones, the walks they began and ended, and what they sent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.devices import Device
from data.models.people import User


class WalkEnd(StrEnum):
    """Why a walk ended."""

    PERSON = "person"
    LONGEST = "longest"
    OUTSIDE = "outside"
    NEXT = "next"
    WITHDRAWN = "withdrawn"


class ThingKind(StrEnum):
    """What a volunteer's phone sends, besides fixes and photos."""

    CONSENT = "consent"
    WITHDRAW = "withdraw"
    START = "start"
    STOP = "stop"
    CHECK_IN = "check_in"
    CHECK_LIST = "check_list"
    REPORT = "report"
    DRAWN_WALK = "drawn_walk"
    PAPER_WALK = "paper_walk"


class WalkPhone(Base):
    """That a phone is a volunteer's browser: it walks between a start and a stop, and at no other time.

    ``browser`` is the same for all members who share one browser; ``user_id`` is the sign-in that enrolled it.
    """

    __tablename__ = "walk_phone"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True, autoincrement=False)
    browser: Mapped[str] = mapped_column(Phrase(36), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    device: Mapped[Device] = relationship()
    user: Mapped[User] = relationship()


class Walk(Base):
    """An outing that somebody began and ended by pressing a button.

    ``started_ms`` and ``ended_ms`` are the phone's own clock, as its fixes are; ``started_at`` and ``ended_at`` are put
    right where that clock was wrong. Both ends are None while it goes on. ``key`` is the phone's own, a UUID.
    """

    __tablename__ = "walk"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Phrase(36), unique=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    started_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[WalkEnd | None] = mapped_column(words(WalkEnd))

    __table_args__ = (
        Index("ix_walk_device_started", "device_id", "started_ms"),
        Index("ix_walk_community_started", "community_id", "started_at"),
    )


class WalkThing(Base):
    """That a thing of a phone is stored: whoever sends it again is told so, and nothing is done twice.

    ``made_id`` is the row that came of it, in the table that its kind belongs to.
    """

    __tablename__ = "walk_thing"

    key: Mapped[str] = mapped_column(Phrase(36), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    kind: Mapped[ThingKind] = mapped_column(words(ThingKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_id: Mapped[int | None]

    __table_args__ = (
        Index("ix_walk_thing_device_received", "device_id", "received_at"),
        Index("ix_walk_thing_kind_made", "kind", "made_id"),
    )
