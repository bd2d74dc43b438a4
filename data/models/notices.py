"""What people are told: notices, the ways they go, and every sending of one, tried until it arrived."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.outgoing import Outgoing


class NoticeKind(StrEnum):
    """Why somebody is told."""

    HANDED = "handed"
    SENT_BACK = "sent_back"
    RESOLVED = "resolved"
    REDO = "redo"
    RATED_LOW = "rated_low"
    REOPENED = "reopened"
    ASKED_LONGER = "asked_longer"
    REFUSED_LONGER = "refused_longer"
    GIVEN_LONGER = "given_longer"
    SUPERVISED = "supervised"
    WARNED = "warned"
    OVERDUE = "overdue"
    MORNING = "morning"


class WayKind(StrEnum):
    """How a notice leaves the house."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    WECOM = "wecom"
    DINGTALK = "dingtalk"


class NoticeWay(Base):
    """An address that notices go to: of one person, or of a community's group. Its secret never leaves the database."""

    __tablename__ = "notice_way"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[WayKind] = mapped_column(words(WayKind))
    address: Mapped[str] = mapped_column(Phrase(512))
    secret: Mapped[str] = mapped_column(Phrase(128), default="")
    language: Mapped[str] = mapped_column(Phrase(8), default="zh")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Notice(Base):
    """One thing that one person is told once: the key says what about. It waits on the person's own page."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Phrase(128), unique=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[NoticeKind] = mapped_column(words(NoticeKind))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_notice_person_read", "person_id", "read_at"),)


class Sending(Outgoing, Base):
    """A notice on one of its ways, until it arrived or was given up."""

    __tablename__ = "sending"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    way_id: Mapped[int] = mapped_column(ForeignKey("notice_way.id"), index=True)

    __table_args__ = (UniqueConstraint("notice_id", "way_id"),)
