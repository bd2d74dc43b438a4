"""Places: subdistricts, communities, compounds, buildings, streets, editions of grids and their grids."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.kinds import GridKind
from data.models.base import Base
from data.models.columns import Phrase, Prose, UtcDateTime, geometry, words


class StreetClass(StrEnum):
    """How important a street is, most important first."""

    EXPRESSWAY = "expressway"
    ARTERIAL = "arterial"
    SECONDARY = "secondary"
    BRANCH = "branch"
    BACK_STREET = "back_street"
    PATH = "path"


class EditionStage(StrEnum):
    """How far one edition of a community's grids has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    ADOPTED = "adopted"
    RETIRED = "retired"
    DISCARDED = "discarded"


class LineageKind(StrEnum):
    """What became of a grid from one edition to the next."""

    KEPT = "kept"
    ADJUSTED = "adjusted"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    VOIDED = "voided"


class LevelName(Base):
    """What people here call a level of the tree: 街道 or 镇, 社区 or 村, 网格 or 片区."""

    __tablename__ = "level_name"

    level: Mapped[str] = mapped_column(Phrase(32), primary_key=True)
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))


class Subdistrict(Base):
    """A subdistrict or town, with the county it belongs to."""

    __tablename__ = "subdistrict"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Phrase(12), index=True)
    name: Mapped[str] = mapped_column(Phrase(128))
    county_code: Mapped[str] = mapped_column(Phrase(6))
    county_name: Mapped[str] = mapped_column(Phrase(128))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    communities: Mapped[list["Community"]] = relationship(back_populates="subdistrict")

    __table_args__ = (UniqueConstraint("code", "valid_from"),)


class Community(Base):
    """A community: the ground that its grids tile. ``rules`` overrides fields of `patrols.rules.Rules` by name.

    ``office_phone`` is the number that notice boards print for everybody. ``ground_stamp`` is another word whenever
    outline, streets, buildings or compounds were brought in.
    """

    __tablename__ = "community"

    id: Mapped[int] = mapped_column(primary_key=True)
    subdistrict_id: Mapped[int] = mapped_column(ForeignKey("subdistrict.id"), index=True)
    code: Mapped[str] = mapped_column(Phrase(12), index=True)
    name: Mapped[str] = mapped_column(Phrase(128))
    timezone: Mapped[str] = mapped_column(Phrase(64), default="Asia/Shanghai")
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    simulated: Mapped[bool] = mapped_column(default=False)
    attribution: Mapped[str] = mapped_column(Phrase(255), default="")
    office_phone: Mapped[str] = mapped_column(Phrase(32), default="")
    ground_stamp: Mapped[str] = mapped_column(Phrase(32), default="")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    outline: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON", nullable=True))
    subdistrict: Mapped[Subdistrict] = relationship(back_populates="communities")

    __table_args__ = (UniqueConstraint("code", "valid_from"),)


class Compound(Base):
    """A residential compound, courtyard or dormitory area; never cut by a grid border."""

    __tablename__ = "compound"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    source_key: Mapped[str | None] = mapped_column(Phrase(128))
    name: Mapped[str] = mapped_column(Phrase(255), default="")
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))

    __table_args__ = (UniqueConstraint("community_id", "source_key"),)


class Building(Base):
    """A building with its households and residents (counts, never a register of people)."""

    __tablename__ = "building"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    compound_id: Mapped[int | None] = mapped_column(ForeignKey("compound.id"), index=True)
    source_key: Mapped[str | None] = mapped_column(Phrase(128))
    name: Mapped[str] = mapped_column(Phrase(255), default="")
    address: Mapped[str] = mapped_column(Phrase(255), default="")
    households: Mapped[int] = mapped_column(default=0)
    residents: Mapped[int] = mapped_column(default=0)
    entrances: Mapped[int] = mapped_column(default=1)
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))

    __table_args__ = (UniqueConstraint("community_id", "source_key"),)


class Street(Base):
    """A street, lane or path (街、路、巷). ``BACK_STREET`` is 背街小巷."""

    __tablename__ = "street"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    source_key: Mapped[str | None] = mapped_column(Phrase(128))
    name: Mapped[str] = mapped_column(Phrase(255), default="")
    street_class: Mapped[StreetClass] = mapped_column(words(StreetClass))
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))

    __table_args__ = (UniqueConstraint("community_id", "source_key"),)


class GridEdition(Base):
    """One edition of a community's grids, in force from ``valid_from`` until before ``valid_until`` (None: still).

    ``revision`` grows with every change of a draft, undoing included. The first ``edits`` of its edits are done, the
    later ones undone.
    """

    __tablename__ = "grid_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Phrase(128), default="")
    stage: Mapped[EditionStage] = mapped_column(words(EditionStage), default=EditionStage.DRAFT)
    filing_number: Mapped[str] = mapped_column(Phrase(64), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_how: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    edits: Mapped[int] = mapped_column(default=0)
    grids: Mapped[list["Grid"]] = relationship(back_populates="edition", order_by="Grid.code")
    community: Mapped[Community] = relationship()

    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        Index("ix_grid_edition_in_force", "community_id", "stage", "valid_from"),
    )


class Grid(Base):
    """A grid of one edition. Its code lives on in later editions and is never used for other ground.

    ``colour`` is a small number that no neighbour has, so that a map can tell them apart.
    """

    __tablename__ = "grid"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"))
    code: Mapped[str] = mapped_column(Phrase(20), index=True)
    name: Mapped[str] = mapped_column(Phrase(128), default="")
    kind: Mapped[GridKind] = mapped_column(words(GridKind), default=GridKind.GENERAL)
    households: Mapped[int] = mapped_column(default=0)
    residents: Mapped[int] = mapped_column(default=0)
    buildings: Mapped[int] = mapped_column(default=0)
    compounds: Mapped[int] = mapped_column(default=0)
    explanation: Mapped[str] = mapped_column(Prose, default="")
    colour: Mapped[int] = mapped_column(default=0)
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    edition: Mapped[GridEdition] = relationship(back_populates="grids")

    __table_args__ = (UniqueConstraint("edition_id", "code"),)


class GridLineage(Base):
    """From which grid of an earlier edition a grid of this one came (either side None: new, or voided)."""

    __tablename__ = "grid_lineage"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("grid_edition.id"), index=True)
    parent_code: Mapped[str | None] = mapped_column(Phrase(20), index=True)
    child_code: Mapped[str | None] = mapped_column(Phrase(20), index=True)
    kind: Mapped[LineageKind] = mapped_column(words(LineageKind))
    shared_m2: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[str] = mapped_column(Prose, default="")


class GridOverride(Base):
    """A building or compound in grid ``grid_code`` that grid ``served_by`` serves all the same.

    In force from ``valid_from`` until before ``valid_until`` (None: still). Grids are named by their codes, because
    codes outlive editions: an override rests while an edition lacks either grid.
    """

    __tablename__ = "grid_override"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), index=True)
    compound_id: Mapped[int | None] = mapped_column(ForeignKey("compound.id"), index=True)
    grid_code: Mapped[str] = mapped_column(Phrase(20))
    served_by: Mapped[str] = mapped_column(Phrase(20))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Prose, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    building: Mapped[Building | None] = relationship()
    compound: Mapped[Compound | None] = relationship()

    __table_args__ = (CheckConstraint("(building_id IS NULL) <> (compound_id IS NULL)", name="one_object"),)
