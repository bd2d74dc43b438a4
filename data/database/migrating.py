"""Bringing a database to this program's tables, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from data.database.opening import open_engine
from data.errors import DatabaseUnavailable
from geo.errors import N_

FOLDER = Path(__file__).parents[1] / "migrations"
"""Where the numbered migrations lie, in a checkout and in an installed package alike."""

_LOCK = 7_104_202
"""Key of PostgreSQL's advisory lock; any number that nothing else in the database uses."""


def init(engine: Engine | str) -> None:
    """Make the tables in an empty database, or bring an older one up to date; as `upgrade`."""
    upgrade(engine)


def upgrade(engine: Engine | str, revision: str = "head") -> None:
    """Bring the tables to this program's migration: all of it or nothing.

    Two programs that start at once wait for each other. A fresh database gets its spatial tables first; an
    embedded one that is not there yet is made, with its folder, for its owner alone.

    Parameters
    ----------
    engine : Engine or str
        An engine of `open_engine`, or an address.
    revision : str
        The migration to stop at; by default the newest.

    Raises
    ------
    DatabaseUnavailable
        When the database cannot be opened, PostGIS cannot be installed in it, or a newer program wrote it.
    """
    with _opened(engine) as opened, _alone(opened) as connection:
        _prepare_spatial(connection)
        _refuse_newer(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine | str, revision: str) -> None:
    """Take the tables back to an earlier migration (``base``: none at all); the rows of dropped tables are lost."""
    with _opened(engine) as opened, _alone(opened) as connection:
        command.downgrade(_config(connection), revision)


def is_at_head(engine: Engine) -> bool:
    """Whether the tables are those of this program."""
    with engine.connect() as connection:
        return current_revision(connection) == head_revision()


def current_revision(connection: Connection) -> str | None:
    """The migration a database is at; None when it has none of our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The newest migration of this program."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def is_ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether Alembic may touch this: tables that only the database has belong to its spatial extension.

    Deciding by "not in the models" instead of by a list of names (which differs by version of SpatiaLite) is safe here:
    a table that leaves the models is dropped by a migration written by hand.
    """
    return not (kind == "table" and reflected and compare_to is None)


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
        _make_file(Path(str(engine.url.database)))
    with engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


def _make_file(path: Path) -> None:
    # Tracks are sensitive personal data: nobody else on the machine reads them. SQLite's other files follow this one.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _prepare_spatial(connection: Connection) -> None:
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
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _refuse_newer(connection: Connection) -> None:
    revision = current_revision(connection)
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseUnavailable(
            N_("The database is at migration %(revision)s, which this program does not know. Install a newer program."),
            revision=revision,
        )
