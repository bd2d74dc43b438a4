"""Phones: who they are, the fixes they sent, and which patrols were made of them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime, words
from data.models.patrols import Patrol
from data.models.people import Person, Team
from data.models.places import Community


class DeviceStage(StrEnum):
    """Whether a phone's fixes count."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


class Device(Base):
    """A phone. It is known by a token (its SHA-256 is kept, never the token) or by the id that its app sends.

    ``stale_from_ms`` to ``stale_until_ms``: the times of fixes that came since its patrols were last derived, None
    when there are none; ``stale_since_ms`` is when the first of them came. ``messages`` and
    ``fixes_sent`` (the same fix sent twice counts twice) only grow: who derives patrols sees by the latter whether more
    came meanwhile.
    """

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[DeviceStage] = mapped_column(words(DeviceStage))
    identity: Mapped[str | None] = mapped_column(Phrase(128), unique=True)
    token_hash: Mapped[str | None] = mapped_column(Phrase(64), unique=True)
    label: Mapped[str] = mapped_column(Phrase(64), default="")
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    datum: Mapped[str] = mapped_column(Phrase(16), default="wgs84")
    speed_unit: Mapped[str] = mapped_column(Phrase(8), default="")
    dialect: Mapped[str] = mapped_column(Phrase(16), default="")
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_ms: Mapped[int | None] = mapped_column(BigInteger)
    messages: Mapped[int] = mapped_column(BigInteger, default=0)
    fixes_sent: Mapped[int] = mapped_column(BigInteger, default=0)
    unusable: Mapped[int] = mapped_column(BigInteger, default=0)
    stale_from_ms: Mapped[int | None] = mapped_column(BigInteger)
    stale_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    stale_since_ms: Mapped[int | None] = mapped_column(BigInteger)
    expired_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    community: Mapped[Community | None] = relationship()
    person: Mapped[Person | None] = relationship()
    team: Mapped[Team | None] = relationship()

    __table_args__ = (Index("ix_device_stage_stale", "stage", "stale_since_ms"),)


class PhoneFix(Base):
    """One fix as a phone sent it, in the phone's own datum, unit and clock; never changed afterwards.

    The key is what makes the same fix one fix: device, moment and place to a tenth of a metre. ``speed`` is in the unit
    of its dialect. ``extra`` holds, as JSON, whatever else the phone said.
    """

    __tablename__ = "phone_fix"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    lat_e6: Mapped[int] = mapped_column(primary_key=True)
    lon_e6: Mapped[int] = mapped_column(primary_key=True)
    accuracy_m: Mapped[float | None]
    speed: Mapped[float | None]
    heading_deg: Mapped[float | None]
    altitude_m: Mapped[float | None]
    battery_percent: Mapped[float | None]
    dialect: Mapped[str] = mapped_column(Phrase(16))
    received_ms: Mapped[int] = mapped_column(BigInteger)
    extra: Mapped[str | None] = mapped_column(Prose)

    # One tree instead of a table and an index beside it: a fix is written once, next to the one before it.
    __table_args__ = ({"sqlite_with_rowid": False},)


class DevicePatrol(Base):
    """Which patrol was derived from which of a phone's fixes.

    ``began_ms`` and ``ended_ms`` are the phone's own times of its first and last fix; ``clock_off_s`` is what was added
    to them because its clock was wrong; ``content`` says whether deriving again gave anything else.
    """

    __tablename__ = "device_patrol"

    patrol_id: Mapped[int] = mapped_column(ForeignKey("patrol.id"), primary_key=True, autoincrement=False)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    began_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int] = mapped_column(BigInteger)
    clock_off_s: Mapped[float] = mapped_column(default=0.0)
    content: Mapped[str] = mapped_column(Phrase(32))
    patrol: Mapped[Patrol] = relationship()

    __table_args__ = (Index("ix_device_patrol_device_began", "device_id", "began_ms"),)
