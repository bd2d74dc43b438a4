"""Looking for what is wrong with a database."""

from geoalchemy2 import Geometry
from sqlalchemy import Connection, Engine, text

from data.database.migrating import current_revision, head_revision
from data.errors import DatabaseUnavailable, DataError
from data.models import Base
from geo.errors import N_

GUARDED = ("audit", "incident_step")
"""Tables whose rows are only ever added; triggers see to it."""


def check(engine: Engine) -> list[DataError]:
    """Look for what is wrong with a database; an empty list means that it can be used.

    Looks at: the connection with its spatial extension, the migration, every spatial index (there, and in step with its
    table), the triggers that keep history from being altered, and on SQLite the file's own integrity and its foreign
    keys. Reads every page of the file: seconds for a city, not for every request.
    """
    try:
        with engine.connect() as connection:
            return _check_migration(connection) or [
                *_check_indexes(connection),
                *_check_triggers(connection),
                *_check_file(connection),
            ]
    except DataError as problem:
        return [problem]


def spatial_columns() -> list[tuple[str, str]]:
    """Every spatially indexed column of the models, as (table, column)."""
    return [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Geometry)
    ]


def _check_migration(connection: Connection) -> list[DataError]:
    revision, head = current_revision(connection), head_revision()
    if revision == head:
        return []
    return [
        DatabaseUnavailable(
            N_("The database is at migration %(revision)s, this program at %(head)s. Run: gridpatrol db upgrade"),
            revision=revision or "-",
            head=head,
        )
    ]


def _check_indexes(connection: Connection) -> list[DataError]:
    return [
        DatabaseUnavailable(
            N_("The spatial index of %(table)s.%(column)s is missing or out of step with its table."),
            table=table,
            column=column,
        )
        for table, column in spatial_columns()
        if not _has_index(connection, table, column)
    ]


def _has_index(connection: Connection, table: str, column: str) -> bool:
    place = {"table": table, "column": column}
    if connection.dialect.name == "sqlite":
        return bool(connection.scalar(text("SELECT CheckSpatialIndex(:table, :column) = 1"), place))
    query = text(
        "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
        " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
        " WHERE indrelid = to_regclass(quote_ident(:table)) AND amname = 'gist' AND attname = :column"
    )
    return bool(connection.scalar(query, place))


def _check_triggers(connection: Connection) -> list[DataError]:
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_only_added_%'"
    else:
        query = (
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgname LIKE '%_only_added_%' AND tgenabled <> 'D'"
        )
    guarded = set(connection.scalars(text(query)))
    return [
        DatabaseUnavailable(N_("The triggers that keep %(table)s from being altered are missing."), table=table)
        for table in GUARDED
        if table not in guarded
    ]


def _check_file(connection: Connection) -> list[DataError]:
    if connection.dialect.name != "sqlite":
        return []
    problems = [str(row) for row in connection.scalars(text("PRAGMA quick_check")) if row != "ok"]
    orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
    problems += [f"{table} {key} -> {parent}" for table, key, parent, _ in orphans]
    return [
        DatabaseUnavailable(N_("The database file is damaged: %(problem)s"), problem=problem) for problem in problems
    ]
