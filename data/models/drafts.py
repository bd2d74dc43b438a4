"""What drafting an edition leaves: steps, edits, blocks, given codes, accepted flaws; and its grids' notice boards."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime, geometry, words
from data.models.places import EditionStage


class EditionStep(Base):
    """One step of an edition on its way: who submitted, reviewed, sent back, adopted or called it back, and why."""

    __tablename__ = "edition_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    number: Mapped[int]
    stage: Mapped[EditionStage] = mapped_column(words(EditionStage))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(Prose, default="")

    __table_args__ = (UniqueConstraint("edition_id", "number"),)


class DraftEdit(Base):
    """One change of a draft: what was done, and the rows of the grids it touched before and after, as they were stored.

    ``before`` and ``after`` map a grid's code to its row (its shape as WKB in hexadecimal), or to None where there was
    no such grid. An undone edit stays until another is made in its place.
    """

    __tablename__ = "draft_edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(Phrase(32))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("edition_id", "number"),)


class DraftChange(Base):
    """What happened to a draft at one revision: it was opened, an edit was done, undone or done again.

    Rows are only ever added. ``codes`` are the grids that changed, ``corners`` those that only got or lost a corner on
    their border because a neighbour did; ``stamp`` is a word that no other state of any draft
    carries, so that what a process remembers of a draft is known to be its present state.
    """

    __tablename__ = "draft_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    revision: Mapped[int]
    action: Mapped[str] = mapped_column(Phrase(16))
    kind: Mapped[str] = mapped_column(Phrase(32))
    codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    corners: Mapped[list[str]] = mapped_column(JSON, default=list)
    stamp: Mapped[str] = mapped_column(Phrase(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("edition_id", "revision"),)


class DraftBlock(Base):
    """A block of a draft: what is painted with, a piece of ground that no street, compound or building crosses."""

    __tablename__ = "draft_block"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    number: Mapped[int]
    households: Mapped[int] = mapped_column(default=0)
    residents: Mapped[int] = mapped_column(default=0)
    buildings: Mapped[int] = mapped_column(default=0)
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))

    __table_args__ = (UniqueConstraint("edition_id", "number"),)


class GivenCode(Base):
    """A code that no earlier edition bore, and the draft that a grid got it in: it is given once in a community.

    The rows of a draft that is discarded before it was submitted go; all others stay, whatever becomes of the grid.
    """

    __tablename__ = "given_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    code: Mapped[str] = mapped_column(Phrase(20))
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"), index=True)

    __table_args__ = (UniqueConstraint("community_id", "code"),)


class FlawAcceptance(Base):
    """A flaw of an edition that somebody accepts as it is, with the reason; ``flaw_key`` tells the same flaw again."""

    __tablename__ = "flaw_acceptance"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    flaw_key: Mapped[str] = mapped_column(Phrase(128))
    reason: Mapped[str] = mapped_column(Prose)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("edition_id", "flaw_key"),)


class NoticeBoard(Base):
    """A notice board (公示牌) of a grid or a building; its QR carries the token, which can be called back.

    ``staff_phones``: whether the numbers of those who do this as their job are shown beside the office's.
    """

    __tablename__ = "notice_board"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    grid_code: Mapped[str | None] = mapped_column(Phrase(20), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), index=True)
    token: Mapped[str] = mapped_column(Phrase(64), unique=True)
    staff_phones: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("(grid_code IS NULL) <> (building_id IS NULL)", name="one_place"),)
