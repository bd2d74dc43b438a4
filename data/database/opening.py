"""Opening a database by its address, and a unit of work on it."""

import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.orm import Session

from data.errors import DatabaseUnavailable
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

CONNECT_S = 10
"""How long a PostgreSQL server may take to answer before it counts as absent."""

CACHE_KIB = 16_000
"""Page cache of a connection to SQLite: the rows of a town fit."""


def open_engine(url: str | URL) -> Engine:
    """Open a database by its address; nothing is read or written until the first connection.

    SpatiaLite connections load the extension, keep a write-ahead log, check foreign keys, wait for each other and
    never lose a committed row to a power cut (``synchronous=FULL``). Transactions are real ones: tables made in a
    transaction that fails are gone again.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///path`` or ``postgresql://user:password@host/name``.

    Raises
    ------
    BadSetting
        When the address is neither.
    DatabaseUnavailable
        When this Python cannot load SQLite extensions. On connecting: when mod_spatialite is missing, the file is not
        there or not a database, or the server does not answer. While working: when another program holds the file for
        too long, or the server goes away.
    """
    address = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    parsed = make_url(parse_url(address))
    engine = _open_spatialite(parsed) if parsed.get_backend_name() == "sqlite" else _open_postgis(parsed)
    event.listen(engine, "handle_error", _say_unavailable)
    return engine


def open_session(engine: Engine, *, writing: bool = False) -> Session:
    """Begin a unit of work; use it in a ``with`` block, and commit it yourself.

    Parameters
    ----------
    engine : Engine
    writing : bool
        True where rows are read and then changed: SQLite then takes its one write lock at once and waits for it.
        Without it, such a transaction fails at once ("database is locked") when somebody else committed between the
        reading and the writing. PostGIS does not care.
    """
    return Session(engine.execution_options(writing=writing))


def _open_postgis(url: URL) -> Engine:
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(CONNECT_S)})
    return create_engine(url, pool_pre_ping=True)


def _open_spatialite(url: URL) -> Engine:
    module = _sqlite_module()
    for whole in (np.int64, np.int32, np.int16, np.int8, np.uint8, np.uint16, np.uint32):
        # Columns of frames hold these; psycopg takes them, and so the two databases take the same rows.
        module.register_adapter(whole, int)
    engine = create_engine(url, module=module)
    event.listen(engine, "do_connect", lambda *_: _require_file(url))
    event.listen(engine, "connect", _prepare)
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


def _require_file(url: URL) -> None:
    # SQLite would make an empty file wherever a mistyped address points, and everything would seem to be lost.
    path = url.database
    if path not in (None, "", ":memory:") and not Path(str(path)).exists():
        raise DatabaseUnavailable(
            N_("There is no database at %(path)s. Check GRIDPATROL_DATABASE_URL, or make one: gridpatrol db init"),
            path=path,
        )


def _prepare(connection: Any, _record: object) -> None:
    # Left to itself the driver begins a transaction before the first INSERT only: tables and savepoints stay outside.
    connection.isolation_level = None
    _load_spatialite(connection)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _load_spatialite(connection: Any) -> None:
    # mod_spatialite pulls in the system's libraries; if GDAL's own are loaded after them, its functions are bound to
    # the wrong ones, and the first GeoPackage that is read or written kills the process.
    import_module("pyogrio")
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
    except _operational_errors():
        return False
    return True


def _operational_errors() -> tuple[type[Exception], ...]:
    return sqlite3.OperationalError, _sqlite_module().OperationalError


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _say_unavailable(context: ExceptionContext) -> None:
    # A failed ping is how the pool learns that it must connect anew: not an error yet.
    if context.is_pre_ping:
        return
    reason = str(context.original_exception).strip()
    if "database is locked" in reason:
        raise DatabaseUnavailable(
            N_("The database is busy with somebody else's changes. Try again in a moment.")
        ) from context.original_exception
    if context.connection is None or context.is_disconnect:
        raise DatabaseUnavailable(
            N_("The database cannot be opened (%(reason)s). Check GRIDPATROL_DATABASE_URL, and that the server runs."),
            reason=reason,
        ) from context.original_exception
