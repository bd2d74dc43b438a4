"""Fixtures of the whole suite. The databases are built by the migrations, once a run, and copied.

Where several processes share the work (``make test``), each is a run of its own: it has its own PostgreSQL server,
its own sample town and its own browser, and takes whole files of tests. No test may need a fixed port or folder.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import postgres
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.database import open_engine, upgrade

BOTH = ["spatialite", "postgis"]


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    """Folder of the socket of a private PostgreSQL server.

    Two of its databases are there to be copied: ``migrated`` has this program's tables, ``bare`` has PostGIS alone.
    """
    if postgres.find_binaries() is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed; `make test` installs it")
    with postgres.private_server() as socket:
        upgrade(postgres.create_database(socket, "migrated"))
        postgres.create_database(socket, "bare")
        postgres.execute(socket, "CREATE EXTENSION postgis", database="bare")
        yield socket


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SpatiaLite file with this program's tables and no rows; copy it, never write to it."""
    path = tmp_path_factory.mktemp("migrated") / "migrated.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def spatialite_url(migrated_file: Path, tmp_path: Path) -> str:
    """Address of a SpatiaLite database of the test's own, with tables and no rows; commit to it freely."""
    path = shutil.copyfile(migrated_file, tmp_path / "gridpatrol.sqlite")
    return f"sqlite:///{path}"


@pytest.fixture
def postgis_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a PostGIS database of the test's own, with tables and no rows; commit to it freely."""
    with _postgres_copy(request, "migrated") as url:
        yield url


@pytest.fixture(scope="session", params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database with tables and no rows, shared by the run: on SpatiaLite, then on PostGIS."""
    with _copy_of_migrated(request, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(params=BOTH)
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database of the test's own with tables and no rows, on both kinds; commit to it freely."""
    with _copy_of_migrated(request, tmp_path) as url:
        yield url


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any tables of ours, on both kinds; for trying migrations."""
    if request.param == "spatialite":
        (tmp_path / "empty.sqlite").touch()
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with _postgres_copy(request, "bare") as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the shared database. Tests that write through it must take back what they wrote: use `session`."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is undone after the test, commits included: they only end a savepoint."""
    yield from _undone(engine)


@pytest.fixture(scope="session")
def spatialite_engine(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on a shared SpatiaLite database, for tests of rules that need rows but not both databases."""
    path = shutil.copyfile(migrated_file, tmp_path_factory.mktemp("spatialite") / "gridpatrol.sqlite")
    opened = open_engine(f"sqlite:///{path}")
    yield opened
    opened.dispose()


@pytest.fixture
def spatialite_session(spatialite_engine: Engine) -> Iterator[Session]:
    """As `session`, on SpatiaLite alone."""
    yield from _undone(spatialite_engine)


def _undone(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@contextmanager
def _copy_of_migrated(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "spatialite":
        path = shutil.copyfile(request.getfixturevalue("migrated_file"), folder / "gridpatrol.sqlite")
        yield f"sqlite:///{path}"
        return
    with _postgres_copy(request, "migrated") as url:
        yield url


@contextmanager
def _postgres_copy(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    socket, name = request.getfixturevalue("postgres_socket"), f"test_{uuid.uuid4().hex[:12]}"
    yield postgres.create_database(socket, name, template=template)
    postgres.drop_database(socket, name)
