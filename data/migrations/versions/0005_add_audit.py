"""Add the audit, and keep it and the steps of incidents from being altered: their rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

GUARDED = ("audit", "incident_step")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("user.id"), index=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_key", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("update", "delete", "insert") if sqlite else ("rows", "table"):
        op.execute(f"DROP TRIGGER incident_step_only_added_{event}" + ("" if sqlite else " ON incident_step"))
    op.drop_table("audit")
    if not sqlite:
        op.execute("DROP FUNCTION only_added()")


def _guard_sqlite() -> None:
    for table in GUARDED:
        refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
        op.execute(f"CREATE TRIGGER {table}_only_added_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_only_added_delete BEFORE DELETE ON {table} {refuse}")
        # INSERT OR REPLACE deletes the row it replaces without firing the trigger above.
        there = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608
        if table == "incident_step":
            there += (
                " OR EXISTS (SELECT 1 FROM incident_step WHERE incident_id = NEW.incident_id AND number = NEW.number)"
            )
        op.execute(f"CREATE TRIGGER {table}_only_added_insert BEFORE INSERT ON {table} WHEN {there} {refuse}")


def _guard_postgres() -> None:
    op.execute(
        "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION only_added()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_only_added_table BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION only_added()"
        )
