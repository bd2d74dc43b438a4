"""People, organisations, postings and the chain that answers; teams; sign-ins and what they may see."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words


class Duty(StrEnum):
    """Duties the program itself asks about. A community may post people to others: the column holds any word."""

    FIRST_SECRETARY = "first_secretary"
    COMMITTEE_MEMBER = "committee_member"
    GRID_MANAGER = "grid_manager"
    GRID_WORKER = "grid_worker"
    PART_TIME_WORKER = "part_time_worker"
    GROUP_HEAD = "group_head"
    BUILDING_HEAD = "building_head"
    ENTRANCE_HEAD = "entrance_head"
    HOUSEHOLD_CONTACT = "household_contact"


class PlaceKind(StrEnum):
    """What a posting is on, smallest last."""

    COMMUNITY = "community"
    GRID = "grid"
    COMPOUND = "compound"
    BUILDING = "building"
    ENTRANCE = "entrance"
    HOUSEHOLDS = "households"


class TeamKind(StrEnum):
    """Kinds of teams the program itself asks about. A community may have others: the column holds any word."""

    RED_CAP = "red_cap"
    OTHER = "other"


class MemberRole(StrEnum):
    """What somebody is in a team."""

    LEADER = "leader"
    MEMBER = "member"


class Role(StrEnum):
    """What a signed-in person may do."""

    ADMINISTRATOR = "administrator"
    GRID_MANAGER = "grid_manager"
    GRID_WORKER = "grid_worker"
    HANDLER = "handler"
    OFFICIAL = "official"


class Organisation(Base):
    """A handling office or property firm; departments carry the 18-digit code.

    ``in_community`` is true of the community's own ones and of firms at work in it, false of departments above it.
    """

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    code: Mapped[str] = mapped_column(Phrase(18), default="")
    name: Mapped[str] = mapped_column(Phrase(128))
    in_community: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("community_id", "name"),)


class Person(Base):
    """Somebody who answers, walks or handles. ``number`` is the roster's own key."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    number: Mapped[str] = mapped_column(Phrase(32))
    name: Mapped[str] = mapped_column(Phrase(64))
    phone: Mapped[str] = mapped_column(Phrase(32), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    postings: Mapped[list["Posting"]] = relationship(back_populates="person")

    __table_args__ = (UniqueConstraint("community_id", "number"),)


class ChainLink(Base):
    """One link of a community's chain: who is asked ``position``-th (1 = nearest), on what kind of place.

    The 五包 chain and the five-level trees are rows of this table.
    """

    __tablename__ = "chain_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    position: Mapped[int]
    duty: Mapped[str] = mapped_column(Phrase(32))
    place_kind: Mapped[PlaceKind] = mapped_column(words(PlaceKind))
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))

    __table_args__ = (UniqueConstraint("community_id", "position"),)


class Posting(Base):
    """Who does which duty on which place, from when until when (``valid_until`` exclusive; None: still).

    A grid is named by its code, because codes outlive editions. ``entrance`` and the household range narrow a building.
    """

    __tablename__ = "posting"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    duty: Mapped[str] = mapped_column(Phrase(32))
    place_kind: Mapped[PlaceKind] = mapped_column(words(PlaceKind))
    grid_code: Mapped[str | None] = mapped_column(Phrase(20), index=True)
    compound_id: Mapped[int | None] = mapped_column(ForeignKey("compound.id"), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), index=True)
    entrance: Mapped[str | None] = mapped_column(Phrase(16))
    household_from: Mapped[str | None] = mapped_column(Phrase(16))
    household_until: Mapped[str | None] = mapped_column(Phrase(16))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    person: Mapped[Person] = relationship(back_populates="postings")

    __table_args__ = (Index("ix_posting_community_duty", "community_id", "duty"),)


class KindOfTeam(Base):
    """A kind of team by the name people know it by (小红帽, 小喇叭, 活雷锋 ...): a community's own row."""

    __tablename__ = "kind_of_team"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    kind: Mapped[str] = mapped_column(Phrase(32))
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("community_id", "kind"),)


class Team(Base):
    """A volunteer team (小红帽 and others); from ``ended_on`` on it walks no more."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    name: Mapped[str] = mapped_column(Phrase(128))
    kind: Mapped[str] = mapped_column(Phrase(32), default=TeamKind.RED_CAP.value)
    ended_on: Mapped[date | None]
    members: Mapped[list["TeamMember"]] = relationship(back_populates="team")

    __table_args__ = (UniqueConstraint("community_id", "name"),)


class TeamMember(Base):
    """Who belongs to a team, as what, from when until when (``valid_until`` exclusive; None: still)."""

    __tablename__ = "team_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[MemberRole] = mapped_column(words(MemberRole), default=MemberRole.MEMBER)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    team: Mapped[Team] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class User(Base):
    """A sign-in. What it may see is in its scopes; an administrator or official without scopes sees everything."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(Phrase(64), unique=True)
    password_hash: Mapped[str] = mapped_column(Phrase(255))
    role: Mapped[Role] = mapped_column(words(Role))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(Phrase(8), default="zh")
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scopes: Mapped[list["UserScope"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    person: Mapped[Person | None] = relationship()


class UserScope(Base):
    """One place a user may see: a whole community, or (with ``grid_code``) one grid of it."""

    __tablename__ = "user_scope"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    grid_code: Mapped[str | None] = mapped_column(Phrase(20))
    user: Mapped[User] = relationship(back_populates="scopes")

    __table_args__ = (UniqueConstraint("user_id", "community_id", "grid_code"),)
