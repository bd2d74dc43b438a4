"""Incidents, their categories and their append-only steps."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime, geometry, words
from data.models.people import Organisation, Person


class IncidentSource(StrEnum):
    """Who found it first."""

    PATROL = "patrol"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    OFFICE = "office"
    CAMERA = "camera"
    LEADER = "leader"


class Stage(StrEnum):
    """Where an incident stands. Resolved (the handler says so), closed (the manager agrees) and satisfied are apart."""

    REPORTED = "reported"
    ACCEPTED = "accepted"
    TRIAGED = "triaged"
    DISPATCHED = "dispatched"
    PARKED = "parked"
    RESOLVED = "resolved"
    CLOSED = "closed"
    VOIDED = "voided"
    DECLINED = "declined"


class Outcome(StrEnum):
    """How a dispute ended that was mediated."""

    SETTLED = "settled"
    NOT_SETTLED = "not_settled"
    TO_COURT = "to_court"


class StepKind(StrEnum):
    """What somebody did to an incident."""

    REPORT = "report"
    ACCEPT = "accept"
    DECLINE = "decline"
    VOID = "void"
    MERGE = "merge"
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    SEND_BACK = "send_back"
    EXTEND = "extend"
    ASK_LONGER = "ask_longer"
    REFUSE_LONGER = "refuse_longer"
    PARK = "park"
    SUPERVISE = "supervise"
    ESCALATE = "escalate"
    REPLY = "reply"
    RESOLVE = "resolve"
    CHECK = "check"
    REDO = "redo"
    CLOSE = "close"
    RATE = "rate"
    REOPEN = "reopen"
    SETTLE_ON_THE_SPOT = "settle_on_the_spot"
    HAND_OVER = "hand_over"


class Category(Base):
    """What an incident is about. The key is (family, kind, code): the same number means other things elsewhere.

    ``fields`` is the JSON Schema of what else is asked about such an incident (`patrols.category_fields`); empty:
    nothing. A ``retired`` one keeps its incidents but is not offered any more.
    """

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(Phrase(32))
    kind: Mapped[str] = mapped_column(Phrase(32))
    code: Mapped[str] = mapped_column(Phrase(32))
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    sensitive: Mapped[bool] = mapped_column(default=False)
    group_zh: Mapped[str] = mapped_column(Phrase(64), default="")
    group_en: Mapped[str] = mapped_column(Phrase(64), default="")
    icon: Mapped[str] = mapped_column(Phrase(32), default="")
    position: Mapped[int] = mapped_column(default=0)
    retired: Mapped[bool] = mapped_column(default=False)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (UniqueConstraint("family", "kind", "code"),)


class Incident(Base):
    """Something found, and where it stands. Whose ground it was is decided once and kept with its rule.

    ``grid_facts`` keeps what else was known when it was decided, so that the answer can be explained ever after. What
    its steps say (`patrols.moves`) stands in its own columns once more, so that lists can be narrowed by it.
    """

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Phrase(64))
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    source: Mapped[IncidentSource] = mapped_column(words(IncidentSource))
    description: Mapped[str] = mapped_column(Prose, default="")
    address: Mapped[str] = mapped_column(Phrase(255), default="")
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accuracy_m: Mapped[float | None]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("grid_edition.id"))
    grid_code: Mapped[str | None] = mapped_column(Phrase(20))
    grid_rule: Mapped[str] = mapped_column(Phrase(32))
    border_m: Mapped[float | None]
    sure: Mapped[bool] = mapped_column(default=True)
    grid_facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    stage: Mapped[Stage] = mapped_column(words(Stage), default=Stage.REPORTED)
    on_the_spot: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalations: Mapped[int] = mapped_column(default=0)
    supervised: Mapped[bool] = mapped_column(default=False)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome))
    rating: Mapped[int | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    reporter_name: Mapped[str] = mapped_column(Phrase(64), default="")
    reporter_phone: Mapped[str] = mapped_column(Phrase(32), default="")
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT", nullable=True))
    category: Mapped[Category | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    handler: Mapped[Person | None] = relationship()
    steps: Mapped[list["IncidentStep"]] = relationship(back_populates="incident", order_by="IncidentStep.number")

    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        Index("ix_incident_community_found", "community_id", "found_at"),
        Index("ix_incident_community_stage", "community_id", "stage", "closed_at", "found_at"),
        Index("ix_incident_community_due", "community_id", "due_at"),
        Index("ix_incident_grid_found", "grid_code", "found_at"),
    )


class IncidentMerge(Base):
    """That an incident was told before: the other one is the matter that is worked on."""

    __tablename__ = "incident_merge"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True, autoincrement=False)
    into_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)


class IncidentStep(Base):
    """One step of an incident's history. Rows are only ever added; the number makes two people at once collide.

    ``said`` holds what only some steps say: ``limit`` and ``asked`` (a number and a unit), ``due`` (a moment that
    somebody else set), ``outcome``, ``other`` (a number).
    """

    __tablename__ = "incident_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    number: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(words(StepKind))
    stage: Mapped[Stage] = mapped_column(words(Stage))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    to_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    note: Mapped[str] = mapped_column(Prose, default="")
    said: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    incident: Mapped[Incident] = relationship(back_populates="steps")

    __table_args__ = (UniqueConstraint("incident_id", "number"), Index("ix_incident_step_at", "at"))
