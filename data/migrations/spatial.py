"""Dropping tables with geometries, which SQLite alone would leave half behind."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op


def drop_tables(tables: Iterable[str]) -> None:
    """Drop tables in the order given, on SpatiaLite with their spatial indexes and their rows in its own tables."""
    connection = op.get_bind()
    for table in tables:
        if connection.dialect.name == "sqlite" and _is_spatial(connection, table):
            connection.execute(sa.text("SELECT DropTable(NULL, :table)"), {"table": table})
        else:
            op.drop_table(table)


def _is_spatial(connection: sa.Connection, table: str) -> bool:
    query = sa.text("SELECT count(*) FROM geometry_columns WHERE f_table_name = :table")
    return bool(connection.scalar(query, {"table": table}))
