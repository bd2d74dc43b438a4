"""Who did what when: rows that are only ever added, each sealed with the hash of the one before."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import BigKey, Phrase, UtcDateTime


class AuditRow(Base):
    """One action worth remembering. ``seal`` is SHA-256 over this row and the seal before it."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    action: Mapped[str] = mapped_column(Phrase(64))
    object_kind: Mapped[str] = mapped_column(Phrase(32), default="")
    object_key: Mapped[str] = mapped_column(Phrase(64), default="")
    address: Mapped[str] = mapped_column(Phrase(64), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    seal: Mapped[str] = mapped_column(Phrase(64))
