"""Statements: an account's lines with the balance after each, and what everybody's lines come to by area."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from data.models import (
    AccountKind,
    Community,
    EntryKind,
    PointsAccount,
    PointsArea,
    PointsEntry,
    PointsRedemption,
)
from patrols.days import start_of_day, zone
from patrols.points import rules
from patrols.points.accounts import called
from patrols.scope import Scope

COLUMNS = [
    *("account", "name", "at", "fact_on", "kind", "area"),
    *("rule", "good", "quantity", "points", "balance", "note"),
]
"""Columns of a statement as a table."""


@dataclass(frozen=True)
class Line:
    """One line of a statement, with the balance after it, and whether it was taken back since."""

    entry: PointsEntry
    balance: int
    taken_back: bool


@dataclass(frozen=True)
class Statement:
    """What an account had, its lines in a time, and what it has; `areas` is what it has at the end, by area.

    `before` plus the lines' points is `after`, and `after` is the sum of `areas`.
    """

    account: PointsAccount
    before: int
    lines: list[Line]
    after: int
    areas: list[tuple[PointsArea, int]]


@dataclass
class Sums:
    """Points by why they came or went; signed, so that they add up to what is left."""

    opening: int = 0
    earned: int = 0
    redeemed: int = 0
    reversed: int = 0

    @property
    def left(self) -> int:
        """What is left of them."""
        return self.opening + self.earned + self.redeemed + self.reversed


@dataclass(frozen=True)
class Totals:
    """What a community's lines come to, by area and by kind of account; both add up to `all`."""

    areas: list[tuple[PointsArea, Sums]] = field(default_factory=list)
    kinds: dict[AccountKind, Sums] = field(default_factory=dict)
    all: Sums = field(default_factory=Sums)


def statement(
    session: Session,
    community: Community,
    account: PointsAccount,
    *,
    since: date | None = None,
    until: date | None = None,
) -> Statement:
    """An account's lines as they were entered, the oldest first, from a local day on, until another (exclusive)."""
    mine = select(PointsEntry).where(PointsEntry.account_id == account.id).order_by(PointsEntry.id)
    lines = mine.options(
        joinedload(PointsEntry.area),
        joinedload(PointsEntry.rule),
        joinedload(PointsEntry.redemption).joinedload(PointsRedemption.good),
    )
    first = None if since is None else start_of_day(community, since)
    last = None if until is None else start_of_day(community, until)
    before = 0 if first is None else _sum(session, mine.where(PointsEntry.at < first))
    if first is not None:
        lines = lines.where(PointsEntry.at >= first)
    if last is not None:
        lines = lines.where(PointsEntry.at < last)
    entries = list(session.scalars(lines))
    undone = _undone(session, account)
    told, running = [], before
    for entry in entries:
        running += entry.points
        told.append(Line(entry, running, entry.id in undone))
    return Statement(account, before, told, running, _areas(session, community, account, last))


def _sum(session: Session, wanted: "Select[PointsEntry]") -> int:
    points = wanted.order_by(None).with_only_columns(func.sum(PointsEntry.points))
    return int(session.scalar(points) or 0)


def _undone(session: Session, account: PointsAccount) -> set[int]:
    wanted = select(PointsEntry.reverses_id).where(
        PointsEntry.account_id == account.id, PointsEntry.reverses_id.is_not(None)
    )
    return {number for number in session.scalars(wanted) if number is not None}


def _areas(
    session: Session, community: Community, account: PointsAccount, last: datetime | None
) -> list[tuple[PointsArea, int]]:
    sums = select(PointsEntry.area_id, func.sum(PointsEntry.points)).where(PointsEntry.account_id == account.id)
    if last is not None:
        sums = sums.where(PointsEntry.at < last)
    held = {area: int(points) for area, points in session.execute(sums.group_by(PointsEntry.area_id))}
    return [(area, held.get(area.id, 0)) for area in rules.areas(session, community)]


def totals(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    since: date | None = None,
    until: date | None = None,
) -> Totals:
    """What was earned, redeemed and taken back in a time, by area and kind of account, as far as it may be seen.

    One query over all accounts: nobody is named.
    """
    wanted = (
        select(PointsEntry.area_id, PointsAccount.kind, PointsEntry.kind, func.sum(PointsEntry.points))
        .join(PointsAccount, PointsAccount.id == PointsEntry.account_id)
        .where(PointsEntry.community_id == community.id, scope.condition(PointsAccount))
        .group_by(PointsEntry.area_id, PointsAccount.kind, PointsEntry.kind)
    )
    if since is not None:
        wanted = wanted.where(PointsEntry.at >= start_of_day(community, since))
    if until is not None:
        wanted = wanted.where(PointsEntry.at < start_of_day(community, until))
    areas = {area.id: (area, Sums()) for area in rules.areas(session, community)}
    found = Totals(list(areas.values()), {kind: Sums() for kind in AccountKind}, Sums())
    for area_id, account_kind, kind, points in session.execute(wanted):
        for sums in (areas[area_id][1], found.kinds[account_kind], found.all):
            _add(sums, kind, int(points))
    return found


def by_community(session: Session, scope: Scope, communities: Sequence[Community]) -> list[tuple[Community, Sums]]:
    """What each community's lines come to since the beginning, as far as it may be seen; one query."""
    wanted = (
        select(PointsEntry.community_id, PointsEntry.kind, func.sum(PointsEntry.points))
        .join(PointsAccount, PointsAccount.id == PointsEntry.account_id)
        .where(PointsEntry.community_id.in_([one.id for one in communities]), scope.condition(PointsAccount))
        .group_by(PointsEntry.community_id, PointsEntry.kind)
    )
    found = {one.id: (one, Sums()) for one in communities}
    for number, kind, points in session.execute(wanted):
        _add(found[number][1], kind, int(points))
    return list(found.values())


def _add(sums: Sums, kind: EntryKind, points: int) -> None:
    setattr(sums, kind.value, getattr(sums, kind.value) + points)


def as_table(found: Statement, community: Community) -> pd.DataFrame:
    """A statement as rows to take away.

    Returns
    -------
    DataFrame
        `account`, `name`, `at` (local time), `fact_on`, `kind`, `area`, `rule`, `good`, `quantity`, `points`,
        `balance`, `note`; a row for each line.
    """
    local = zone(community.timezone)
    rows: list[dict[str, Any]] = []
    for line in found.lines:
        entry, goods = line.entry, line.entry.redemption
        rows.append(
            {
                "account": found.account.number,
                "name": called(found.account),
                "at": entry.at.astimezone(local).strftime("%Y-%m-%d %H:%M"),
                "fact_on": entry.fact_on.isoformat(),
                "kind": entry.kind.value,
                "area": entry.area.zh,
                "rule": entry.rule.zh if entry.rule else "",
                "good": goods.good.name if goods else "",
                "quantity": goods.quantity if goods else None,
                "points": entry.points,
                "balance": line.balance,
                "note": entry.note,
            }
        )
    columns = [
        "account",
        "name",
        "at",
        "fact_on",
        "kind",
        "area",
        "rule",
        "good",
        "quantity",
        "points",
        "balance",
        "note",
    ]
    return pd.DataFrame(rows, columns=columns)
