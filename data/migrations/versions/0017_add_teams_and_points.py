"""Add kinds of teams, who leads them, and points: areas, rules, accounts, a ledger, claims and goods."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

KEYS: Mapping[str, tuple[str, ...]] = {
    "points_redemption": ("key = NEW.key",),
    "points_entry": (
        "community_id = NEW.community_id AND fact_key = NEW.fact_key",
        "reverses_id = NEW.reverses_id",
    ),
    "points_stock": ("redemption_id = NEW.redemption_id AND kind = NEW.kind",),
}
"""Tables whose rows are only ever added, with what else makes two rows the same one beside their id."""

TABLES = (
    "points_claim",
    "points_stock",
    "points_entry",
    "points_redemption",
    "points_good",
    "points_account",
    "points_rule",
    "points_area",
    "kind_of_team",
)


def _key() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _link(name: str, to: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{to}.id"), nullable=nullable, **options)


def _words(name: str, length: int = 32) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _teams()
    _books()
    _goods()
    _ledger()
    guard = _guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgres
    for table in KEYS:
        guard(table)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("team_member", "role")
    op.drop_column("team", "ended_on")


def _teams() -> None:
    op.create_table(
        "kind_of_team",
        _key(),
        _link("community_id", "community"),
        _words("kind"),
        _words("zh", 64),
        _words("en", 64),
        _whole("position"),
        sa.UniqueConstraint("community_id", "kind"),
    )
    op.add_column("team", sa.Column("ended_on", sa.Date))
    op.add_column("team_member", sa.Column("role", sa.String(32), nullable=False, server_default="member"))


def _books() -> None:
    op.create_table(
        "points_area",
        _key(),
        _link("community_id", "community"),
        _words("code"),
        _words("zh", 64),
        _words("en", 64),
        _whole("position"),
        sa.UniqueConstraint("community_id", "code"),
    )
    op.create_table(
        "points_rule",
        _key(),
        _link("community_id", "community"),
        _link("area_id", "points_area"),
        _words("code"),
        _words("zh", 128),
        _words("en", 128),
        _words("fact"),
        _whole("points"),
        _whole("least"),
        *(_whole(name, nullable=True) for name in ("cap_day", "cap_month", "cap_year")),
        _words("confirmed_by"),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("for_persons", "for_households", "for_shops")),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.UniqueConstraint("community_id", "code", "valid_from"),
    )
    op.create_table(
        "points_account",
        _key(),
        _link("community_id", "community"),
        _words("kind"),
        _words("number", 40),
        _words("name", 128),
        sa.Column("grid_code", sa.String(20)),
        _link("person_id", "person", nullable=True, unique=True),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.UniqueConstraint("community_id", "number"),
    )


def _goods() -> None:
    op.create_table(
        "points_good",
        _key(),
        _link("community_id", "community"),
        _link("area_id", "points_area", nullable=True),
        _words("name", 128),
        _whole("points"),
        sa.Column("offered", sa.Boolean, nullable=False),
        sa.UniqueConstraint("community_id", "name"),
    )
    op.create_table(
        "points_redemption",
        _key(),
        _link("account_id", "points_account", index=True),
        _link("good_id", "points_good"),
        _whole("quantity"),
        _whole("points"),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        _moment("at"),
        _link("by_user_id", "user", nullable=True),
    )


def _ledger() -> None:
    op.create_table(
        "points_entry",
        _key(),
        _link("community_id", "community"),
        _link("account_id", "points_account"),
        _link("area_id", "points_area"),
        _words("kind"),
        _whole("points"),
        _link("rule_id", "points_rule", nullable=True),
        _link("redemption_id", "points_redemption", nullable=True, index=True),
        _link("reverses_id", "points_entry", nullable=True, unique=True),
        _words("fact_key", 200),
        sa.Column("fact_on", sa.Date, nullable=False),
        _moment("at"),
        _link("by_user_id", "user", nullable=True),
        _words("note", 255),
        sa.UniqueConstraint("community_id", "fact_key"),
    )
    op.create_index("ix_points_entry_account_fact_on", "points_entry", ["account_id", "fact_on"])
    op.create_table(
        "points_stock",
        _key(),
        _link("good_id", "points_good", index=True),
        _words("kind"),
        _whole("quantity"),
        _link("redemption_id", "points_redemption", nullable=True),
        _moment("at"),
        _link("by_user_id", "user", nullable=True),
        _words("note", 255),
        sa.UniqueConstraint("redemption_id", "kind"),
    )
    op.create_table(
        "points_claim",
        _key(),
        _link("account_id", "points_account", index=True),
        _link("rule_id", "points_rule"),
        sa.Column("fact_on", sa.Date, nullable=False),
        _words("note", 255),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        _words("stage"),
        _moment("at"),
        _link("by_user_id", "user", nullable=True),
        _moment("decided_at", nullable=True),
        _link("decided_by_id", "user", nullable=True),
        _words("reason", 255),
    )


def _guard_sqlite(table: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    op.execute(f"CREATE TRIGGER {table}_only_added_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_only_added_delete BEFORE DELETE ON {table} {refuse}")
    # INSERT OR REPLACE deletes the row it replaces without firing the trigger above.
    same = " OR ".join(f"({key})" for key in ("id = NEW.id", *KEYS[table]))
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
    op.execute(f"CREATE TRIGGER {table}_only_added_insert BEFORE INSERT ON {table} WHEN {there} {refuse}")


def _guard_postgres(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_only_added_rows BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION only_added()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_added_table BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added()"
    )
