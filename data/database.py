"""The two databases: opening them, bringing them to this program's tables, checking them.

All that differs between SpatiaLite and PostGIS lives here and in `data.nearby`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import Geometry
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.errors import DatabaseUnavailable, DataError
from data.models import Base
from data.settings import parse_url
from geo.errors import N_

EXTENSION_NAMES = (
    "mod_spatialite",
    "mod_spatialite.so.8",
    "mod_spatialite.so.7",
    "/usr/lib/x86_64-linux-gnu/mod_spatialite.so",
    "/usr/lib/aarch64-linux-gnu/mod_spatialite.so",
    "/opt/homebrew/lib/mod_spatialite.dylib",
    "/usr/local/lib/mod_spatialite.dylib",
)
"""Under which names systems ship SpatiaLite, tried in this order."""

BUSY_MS = 30_000
"""How long a connection to SQLite waits for another's write: longer than any page, shorter than a person's patience."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_104_202
_ONLY_ADDED = ("audit", "incident_step")


def open_engine(url: str | URL) -> Engine:
    """Open a database by its address; nothing is read or written until the first connection.

    SpatiaLite connections load the extension, keep a write-ahead log, check foreign keys, wait for each other and never
    lose a committed row to a power cut (``synchronous=FULL``). Transactions are real ones: tables made in a transaction that
    fails are gone again.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///path`` or ``postgresql://user:password@host/name``.

    Raises
    ------
    BadSetting
        When the address is neither.
    DatabaseUnavailable
        When this Python cannot load SQLite extensions. On connecting: when mod_spatialite is missing, the file is not a
        database, or the server does not answer.
    """
    parsed = make_url(parse_url(url if isinstance(url, str) else url.render_as_string(hide_password=False)))
    engine = _spatialite(parsed) if parsed.get_backend_name() == "sqlite" else create_engine(parsed, pool_pre_ping=True)
    event.listen(engine, "handle_error", _say_unavailable)
    return engine


def open_session(engine: Engine, *, writing: bool = False) -> Session:
    """Begin a unit of work; use it in a ``with`` block, and commit it yourself.

    Parameters
    ----------
    engine : Engine
    writing : bool
        True where rows are read and then changed: SQLite then takes its one write lock at once and waits for it. Without
        it, such a transaction fails at once ("database is locked") when somebody else committed between the reading and
        the writing. PostGIS does not care.
    """
    return Session(engine.execution_options(writing=writing))


def init(engine: Engine) -> None:
    """Create an empty database for this program, or bring an older one up to date."""
    upgrade(engine)


def upgrade(engine: Engine | str, revision: str = "head") -> None:
    """Bring the tables to this program's migration: all of it or nothing.

    Two programs that start at once wait for each other. A fresh database gets its spatial tables first.

    Raises
    ------
    DatabaseUnavailable
        When the database cannot be opened, PostGIS cannot be installed in it, or it was written by a newer program.
    """
    with _opened(engine) as opened, _alone(opened) as connection:
        _prepare(connection)
        _refuse_newer(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine | str, revision: str) -> None:
    """Take the tables back to an earlier migration (``base``: none at all); their rows are lost."""
    with _opened(engine) as opened, _alone(opened) as connection:
        command.downgrade(_config(connection), revision)


def is_at_head(engine: Engine) -> bool:
    """Whether the tables are those of this program."""
    with engine.connect() as connection:
        return _revision(connection) == _head()


def check(engine: Engine) -> list[DataError]:
    """Look for what is wrong with a database; an empty list means that it can be used.

    Looks at: the connection, the spatial extension, the migration, every spatial index (there, and in step with its table),
    the triggers that keep history from being altered, and on SQLite the file's own integrity and its foreign keys.
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


def is_ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether Alembic may touch this: tables that only the database has belong to its spatial extension.

    Deciding by "not in the models" instead of by a list of names is safe here: a table that leaves the models is dropped by
    the migration that removes it, written by hand.
    """
    return not (kind == "table" and reflected and compare_to is None)


def _spatialite(url: URL) -> Engine:
    engine = create_engine(url, module=_sqlite_module())
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _sqlite_module() -> Any:
    if hasattr(sqlite3.Connection, "enable_load_extension"):
        return sqlite3
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        raise DatabaseUnavailable(
            N_("This Python's sqlite3 cannot load extensions. Install one that can: %(command)s"),
            command="pip install pysqlite3-binary",
        ) from None


def _prepare_connection(connection: Any, _record: object) -> None:
    # Left to itself the driver begins a transaction before the first INSERT only, so tables and savepoints stay outside.
    connection.isolation_level = None
    _load_spatialite(connection)
    for pragma in ("busy_timeout", BUSY_MS), ("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON"):
        connection.execute("PRAGMA %s = %s" % pragma)  # noqa: UP031


def _load_spatialite(connection: Any) -> None:
    connection.enable_load_extension(True)
    try:
        if not any(_loads(connection, name) for name in EXTENSION_NAMES):
            raise DatabaseUnavailable(
                N_("SpatiaLite is not installed (mod_spatialite was not found). Install it: %(command)s"),
                command="apt-get install libsqlite3-mod-spatialite  (macOS: brew install libspatialite)",
            )
    finally:
        connection.enable_load_extension(False)


def _loads(connection: Any, name: str) -> bool:
    try:
        connection.load_extension(name)
    except Exception as error:
        if type(error).__name__ != "OperationalError":
            raise
        return False
    return True


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _say_unavailable(context: ExceptionContext) -> None:
    if context.connection is not None and not context.is_disconnect:
        return
    raise DatabaseUnavailable(
        N_(
            "The database cannot be opened (%(reason)s). Check the address in GRIDPATROL_DATABASE_URL, and that it runs."
        ),
        reason=str(context.original_exception).strip(),
    ) from context.original_exception


@contextmanager
def _opened(engine: Engine | str) -> Iterator[Engine]:
    if isinstance(engine, Engine):
        yield engine
        return
    opened = open_engine(engine)
    try:
        yield opened
    finally:
        opened.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    with engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        yield connection


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        if not connection.scalar(text("SELECT CheckSpatialMetaData()")):
            # WGS 84 alone: all of EPSG takes eight seconds, and no coordinates are converted in the database. The first
            # argument (a transaction of its own) stays off, because we are inside one.
            connection.execute(text("SELECT InitSpatialMetaData(0, 'WGS84')"))
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    except DBAPIError as error:
        raise DatabaseUnavailable(
            N_("PostGIS cannot be installed in this database (%(reason)s). As its superuser, run: %(command)s"),
            reason=str(error.orig).strip(),
            command="CREATE EXTENSION postgis;",
        ) from error


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _head() -> str | None:
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseUnavailable(
            N_("The database is at migration %(revision)s, which this program does not know. Install a newer program."),
            revision=revision,
        )


def _check_migration(connection: Connection) -> list[DataError]:
    revision, head = _revision(connection), _head()
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
    if connection.dialect.name == "sqlite":
        query = text("SELECT CheckSpatialIndex(:table, :column)")
        return connection.scalar(query, {"table": table, "column": column}) == 1
    query = text(
        "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
        " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
        " WHERE indrelid = to_regclass(quote_ident(:table)) AND amname = 'gist' AND attname = :column"
    )
    return bool(connection.scalar(query, {"table": table, "column": column}))


def _check_triggers(connection: Connection) -> list[DataError]:
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_only_added%'"
    else:
        query = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_only_added%' AND tgenabled <> 'D'"
    guarded = set(connection.scalars(text(query)))
    return [
        DatabaseUnavailable(N_("The triggers that keep %(table)s from being altered are missing."), table=table)
        for table in _ONLY_ADDED
        if table not in guarded
    ]


def _check_file(connection: Connection) -> list[DataError]:
    if connection.dialect.name != "sqlite":
        return []
    problems = [row for row in connection.scalars(text("PRAGMA quick_check")) if row != "ok"]
    problems += [
        f"{table} {row} -> {parent}" for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return [
        DatabaseUnavailable(N_("The database file is damaged: %(problem)s"), problem=problem) for problem in problems
    ]


__all__ = [
    "check",
    "downgrade",
    "init",
    "is_at_head",
    "is_ours",
    "open_engine",
    "open_session",
    "spatial_columns",
    "upgrade",
]
