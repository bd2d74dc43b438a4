"""Check-lists that walkers tick: a community's own, in versions, and the answers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime


class CheckList(Base):
    """One version of a check-list; a changed one is a new version, and answers keep the one they were given to.

    ``code`` is the same for all versions. One that is ``withdrawn_at`` is offered no more.
    """

    __tablename__ = "check_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    code: Mapped[str] = mapped_column(Phrase(32))
    version: Mapped[int]
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    items: Mapped[list["CheckListItem"]] = relationship(
        back_populates="check_list", order_by="CheckListItem.position", cascade="all, delete-orphan"
    )

    __table_args__ = (UniqueConstraint("community_id", "code", "version"),)


class CheckListItem(Base):
    """One thing to look at."""

    __tablename__ = "check_list_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("check_list.id"))
    position: Mapped[int]
    zh: Mapped[str] = mapped_column(Phrase(128))
    en: Mapped[str] = mapped_column(Phrase(128))
    check_list: Mapped[CheckList] = relationship(back_populates="items")

    __table_args__ = (UniqueConstraint("list_id", "position"),)


class CheckListAnswer(Base):
    """A check-list that somebody filled in. ``lon``, ``lat`` go when fixes go; ``grid_code`` is the grid of then."""

    __tablename__ = "check_list_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("check_list.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    walk: Mapped[str] = mapped_column(Phrase(36), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    grid_code: Mapped[str | None] = mapped_column(Phrase(20))
    note: Mapped[str] = mapped_column(Prose, default="")
    check_list: Mapped[CheckList] = relationship()
    marks: Mapped[list["CheckListMark"]] = relationship(cascade="all, delete-orphan")

    __table_args__ = (Index("ix_check_list_answer_community_at", "community_id", "at"),)


class CheckListMark(Base):
    """What was found of one item: right, not right, or (None) not looked at."""

    __tablename__ = "check_list_mark"

    answer_id: Mapped[int] = mapped_column(ForeignKey("check_list_answer.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("check_list_item.id"), primary_key=True, index=True)
    ok: Mapped[bool | None]
    note: Mapped[str] = mapped_column(Phrase(255), default="")
