"""Points: areas, rules, accounts, the ledger whose rows are only ever added, claims, and goods to redeem them for."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.people import Person


class AccountKind(StrEnum):
    """Whose account it is."""

    PERSON = "person"
    HOUSEHOLD = "household"
    SHOP = "shop"


class PointsFact(StrEnum):
    """What a rule rewards: something the program knows by itself, or what somebody says and another confirms."""

    PATROL_KEPT = "patrol_kept"
    VALID_REPORT = "valid_report"
    BY_HAND = "by_hand"


class ConfirmedBy(StrEnum):
    """Who must confirm before a rule earns anything."""

    NOBODY = "nobody"
    LEADER = "leader"
    MANAGER = "manager"


class EntryKind(StrEnum):
    """Why points came or went."""

    OPENING = "opening"
    EARNED = "earned"
    REDEEMED = "redeemed"
    REVERSED = "reversed"


class ClaimStage(StrEnum):
    """Where a claim stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class StockKind(StrEnum):
    """Why goods came or went."""

    DELIVERED = "delivered"
    COUNTED = "counted"
    HANDED_OUT = "handed_out"
    RETURNED = "returned"


class PointsArea(Base):
    """One of the areas that points are earned in, by the community's own name for it."""

    __tablename__ = "points_area"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    code: Mapped[str] = mapped_column(Phrase(32))
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("community_id", "code"),)


class PointsRule(Base):
    """What earns how many points, at most how many, confirmed by whom, from when until when (exclusive; None: still).

    A changed rule is a new row under the same code, and the old one ends. ``least`` is what a fact must come to: the
    minutes of a patrol; of a report it means nothing.
    """

    __tablename__ = "points_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("points_area.id"))
    code: Mapped[str] = mapped_column(Phrase(32))
    zh: Mapped[str] = mapped_column(Phrase(128))
    en: Mapped[str] = mapped_column(Phrase(128))
    fact: Mapped[PointsFact] = mapped_column(words(PointsFact))
    points: Mapped[int]
    least: Mapped[int] = mapped_column(default=0)
    cap_day: Mapped[int | None]
    cap_month: Mapped[int | None]
    cap_year: Mapped[int | None]
    confirmed_by: Mapped[ConfirmedBy] = mapped_column(words(ConfirmedBy))
    for_persons: Mapped[bool] = mapped_column(default=True)
    for_households: Mapped[bool] = mapped_column(default=False)
    for_shops: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    area: Mapped[PointsArea] = relationship()

    __table_args__ = (UniqueConstraint("community_id", "code", "valid_from"),)


class PointsAccount(Base):
    """Who collects points: somebody of the roster, a household, or a shop. It has no balance: its entries add up to it.

    ``name`` is what a household or shop is called; a person's is on the roster.
    """

    __tablename__ = "points_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    kind: Mapped[AccountKind] = mapped_column(words(AccountKind))
    number: Mapped[str] = mapped_column(Phrase(40))
    name: Mapped[str] = mapped_column(Phrase(128), default="")
    grid_code: Mapped[str | None] = mapped_column(Phrase(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    person: Mapped[Person | None] = relationship()

    __table_args__ = (UniqueConstraint("community_id", "number"),)


class PointsGood(Base):
    """Something that points are redeemed for; only those of one area, or of all where ``area_id`` is None."""

    __tablename__ = "points_good"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("points_area.id"))
    name: Mapped[str] = mapped_column(Phrase(128))
    points: Mapped[int]
    offered: Mapped[bool] = mapped_column(default=True)
    area: Mapped[PointsArea | None] = relationship()

    __table_args__ = (UniqueConstraint("community_id", "name"),)


class PointsRedemption(Base):
    """Goods handed out for points. Only ever added; ``key`` makes the same form sent twice one redemption."""

    __tablename__ = "points_redemption"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("points_account.id"), index=True)
    good_id: Mapped[int] = mapped_column(ForeignKey("points_good.id"))
    quantity: Mapped[int]
    points: Mapped[int]
    key: Mapped[str] = mapped_column(Phrase(64), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    good: Mapped[PointsGood] = relationship()
    account: Mapped[PointsAccount] = relationship()


class PointsEntry(Base):
    """One line of the ledger. Only ever added; an account's balance is the sum of its lines.

    ``fact_key`` names what earned it, so that one fact earns once; ``fact_on`` is the local day it belongs to, which
    caps count by. A reversal points at what it takes back (``reverses_id``, once) and carries its rule and day.
    """

    __tablename__ = "points_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("points_account.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("points_area.id"))
    kind: Mapped[EntryKind] = mapped_column(words(EntryKind))
    points: Mapped[int]
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("points_rule.id"))
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("points_redemption.id"), index=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("points_entry.id"), unique=True)
    fact_key: Mapped[str] = mapped_column(Phrase(200))
    fact_on: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(Phrase(255), default="")
    account: Mapped[PointsAccount] = relationship()
    area: Mapped[PointsArea] = relationship()
    rule: Mapped[PointsRule | None] = relationship()
    redemption: Mapped[PointsRedemption | None] = relationship()

    __table_args__ = (
        UniqueConstraint("community_id", "fact_key"),
        Index("ix_points_entry_account_fact_on", "account_id", "fact_on"),
    )


class PointsStock(Base):
    """Goods that came or went. Only ever added; what is in stock is the sum of a good's lines."""

    __tablename__ = "points_stock"

    id: Mapped[int] = mapped_column(primary_key=True)
    good_id: Mapped[int] = mapped_column(ForeignKey("points_good.id"), index=True)
    kind: Mapped[StockKind] = mapped_column(words(StockKind))
    quantity: Mapped[int]
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("points_redemption.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(Phrase(255), default="")

    __table_args__ = (UniqueConstraint("redemption_id", "kind"),)


class PointsClaim(Base):
    """What somebody says was done, until another confirms or declines it; a form sent twice has one ``key``."""

    __tablename__ = "points_claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("points_account.id"), index=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("points_rule.id"))
    fact_on: Mapped[date]
    note: Mapped[str] = mapped_column(Phrase(255), default="")
    key: Mapped[str] = mapped_column(Phrase(64), unique=True)
    stage: Mapped[ClaimStage] = mapped_column(words(ClaimStage), default=ClaimStage.WAITING)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Phrase(255), default="")
    account: Mapped[PointsAccount] = relationship()
    rule: Mapped[PointsRule] = relationship()
