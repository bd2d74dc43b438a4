"""Opening, keeping and checking a database."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import make
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

import data
from data.database import (
    check,
    init,
    is_at_head,
    migrating,
    open_engine,
    open_session,
    opening,
    spatial_columns,
    upgrade,
)
from data.errors import BadSetting, DatabaseUnavailable
from data.models import Community, Subdistrict


@pytest.fixture
def own_engine(own_url):
    engine = open_engine(own_url)
    yield engine
    engine.dispose()


@pytest.fixture
def spatialite(spatialite_url):
    engine = open_engine(spatialite_url)
    yield engine
    engine.dispose()


def count(engine) -> int:
    with open_session(engine) as session:
        return session.scalar(select(func.count()).select_from(Community)) or 0


def test_a_fresh_database_is_in_order_with_every_index(own_engine):
    assert check(own_engine) == []
    assert is_at_head(own_engine)
    assert len(spatial_columns()) == 8


def test_what_is_committed_is_there_and_what_is_not_is_gone(own_engine):
    with open_session(own_engine, writing=True) as session:
        make.community(session, "110108001001")
        session.commit()
        make.community(session, "110108001002")

    assert count(own_engine) == 1


def test_a_connection_to_spatialite_is_durable_and_checks_its_keys(spatialite):
    with spatialite.connect() as connection:
        settings = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _PRAGMAS}

    assert settings == _PRAGMAS


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_no_further_extension_can_be_loaded_through_sql(spatialite):
    with spatialite.connect() as connection, pytest.raises(Exception, match="not authorized"):
        connection.execute(text("SELECT load_extension('mod_spatialite')"))


def test_a_table_made_in_a_transaction_that_is_taken_back_is_gone(own_engine):
    with own_engine.connect() as connection:
        connection.execute(text("CREATE TABLE half (id integer)"))
        connection.rollback()

        assert "half" not in own_engine.dialect.get_table_names(connection)


def test_a_savepoint_takes_back_its_own_rows_only(own_engine):
    with open_session(own_engine, writing=True) as session:
        make.community(session, "110108001001")
        with pytest.raises(IntegrityError), session.begin_nested():
            make.community(session, "110108001001")
        make.community(session, "110108001002")
        session.commit()

    assert count(own_engine) == 2


def test_readers_go_on_while_somebody_writes(own_engine):
    with open_session(own_engine, writing=True) as writer:
        make.community(writer)

        assert count(own_engine) == 0
        writer.commit()

    assert count(own_engine) == 1


def test_writers_wait_for_each_other_and_lose_nothing(own_engine):
    def add_ten(first: int) -> None:
        for number in range(first, first + 10):
            with open_session(own_engine, writing=True) as session:
                session.scalar(select(func.count()).select_from(Subdistrict))  # reading first is what used to fail
                make.community(session, f"110108{number:06d}")
                session.commit()

    threads = [threading.Thread(target=add_ten, args=(start,)) for start in (1000, 2000, 3000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(own_engine) == 30


def test_a_database_that_stays_locked_says_so_in_words(spatialite, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_MS", 1)
    other = open_engine(spatialite.url)
    with spatialite.execution_options(writing=True).begin(), pytest.raises(DatabaseUnavailable, match="busy"):
        make.community(open_session(other, writing=True))
    other.dispose()


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense"])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(BadSetting):
        open_engine(url)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path):
    path = tmp_path / "streets.shp"
    path.write_bytes(b"certainly no database" * 100)
    engine = open_engine(f"sqlite:///{path}")

    with pytest.raises(DatabaseUnavailable, match="file is not a database"):
        upgrade(engine)

    assert path.read_bytes() == b"certainly no database" * 100
    assert [type(problem) for problem in check(engine)] == [DatabaseUnavailable]
    engine.dispose()


def test_a_database_that_is_not_there_is_not_made_by_looking_at_it(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/instance/town.sqlite")

    with pytest.raises(DatabaseUnavailable, match="gridpatrol db init"):
        count(engine)

    assert [type(problem) for problem in check(engine)] == [DatabaseUnavailable]
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_made_for_its_owner_alone(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/instance/town.sqlite")

    init(engine)

    with open_session(engine, writing=True) as session:
        make.community(session)
        session.commit()
        assert {path.name for path in (tmp_path / "instance").glob("town.sqlite*")} >= {
            "town.sqlite",
            "town.sqlite-wal",
        }
        assert all(path.stat().st_mode & 0o077 == 0 for path in [tmp_path / "instance", *tmp_path.glob("instance/*")])
    engine.dispose()


def test_a_server_that_does_not_answer_is_named_without_its_password():
    engine = open_engine("postgresql://patrol:geheim@127.0.0.1:1/town")

    with pytest.raises(DatabaseUnavailable, match="GRIDPATROL_DATABASE_URL") as refused:
        count(engine)

    assert "geheim" not in str(refused.value)
    assert len(check(engine)) == 1


def test_a_server_that_went_away_is_found_again_by_the_next_unit_of_work(postgres_socket, own_url):
    if own_url.startswith("sqlite"):
        return
    engine, other = open_engine(own_url), open_engine(own_url)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :me"
    )
    with open_session(engine) as session:
        session.scalar(select(1))
        with other.connect() as connection:
            connection.execute(cut, {"me": connection.scalar(text("SELECT pg_backend_pid()"))})
        with pytest.raises(DatabaseUnavailable):
            session.scalar(select(1))

    assert count(engine) == 0
    engine.dispose()
    other.dispose()


def test_a_geopackage_can_be_written_once_spatialite_is_loaded(spatialite_url, tmp_path):
    script = (
        "import sys, geopandas, shapely\n"
        "from data.database import open_engine\n"
        "connection = open_engine(sys.argv[1]).connect()\n"
        "frame = geopandas.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=4326)\n"
        "frame.to_file(sys.argv[2])\n"
        "print(len(geopandas.read_file(sys.argv[2])))\n"
    )

    # In a process of its own: here both libraries are loaded long since, and a crash would take the whole run with it.
    done = subprocess.run(
        [sys.executable, "-c", script, spatialite_url, str(tmp_path / "out.gpkg")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(data.__file__).parents[1],
    )

    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


def test_without_spatialite_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "EXTENSION_NAMES", ("mod_that_is_not_there",))
    engine = open_engine(f"sqlite:///{tmp_path}/town.sqlite")

    with pytest.raises(DatabaseUnavailable, match="apt-get install libsqlite3-mod-spatialite"):
        upgrade(engine)


def test_a_python_without_extensions_names_the_package_that_has_them(monkeypatch):
    class Connection:
        """As in Pythons built without loadable extensions."""

    monkeypatch.setattr(sqlite3, "Connection", Connection)
    monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)

    with pytest.raises(DatabaseUnavailable, match="pip install pysqlite3-binary"):
        open_engine("sqlite:///town.sqlite")


def test_the_check_finds_an_older_database(own_engine):
    newest = max(path.name[:4] for path in (migrating.FOLDER / "versions").glob("[0-9]*.py"))
    with own_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))

    assert [str(problem) for problem in check(own_engine)] == [
        f"The database is at migration 0004, this program at {newest}. Run: gridpatrol db upgrade"
    ]
    assert not is_at_head(own_engine)


def test_the_check_finds_an_empty_database(empty_url):
    engine = open_engine(empty_url)

    assert [problem.facts["revision"] for problem in check(engine)] == ["-"]
    engine.dispose()


def test_the_check_finds_a_lost_spatial_index(own_engine):
    sqlite = own_engine.dialect.name == "sqlite"
    with own_engine.begin() as connection:
        connection.execute(text("SELECT DisableSpatialIndex('grid', 'geom')" if sqlite else "DROP INDEX idx_grid_geom"))

    assert [problem.facts for problem in check(own_engine)] == [{"table": "grid", "column": "geom"}]


def test_the_check_finds_an_index_out_of_step(spatialite):
    with open_session(spatialite) as session:
        make.town(session)
        session.execute(text("DELETE FROM idx_grid_geom WHERE pkid = 1"))
        session.commit()

    assert [problem.facts for problem in check(spatialite)] == [{"table": "grid", "column": "geom"}]


def test_the_check_finds_lost_triggers(own_engine):
    with own_engine.begin() as connection:
        if own_engine.dialect.name == "sqlite":
            for event in ("update", "delete", "insert"):
                connection.execute(text(f"DROP TRIGGER audit_only_added_{event}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))

    assert [problem.facts for problem in check(own_engine)] == [{"table": "audit"}]


def test_the_check_finds_rows_that_point_nowhere(spatialite_url, spatialite):
    path = spatialite_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as plain:
        plain.execute("INSERT INTO user_scope (user_id, community_id) VALUES (1, 77)")
    plain.close()

    assert {problem.facts["problem"] for problem in check(spatialite)} == {
        "user_scope 1 -> user",
        "user_scope 1 -> community",
    }


def test_the_package_that_is_tested_is_this_checkout():
    import data

    assert Path(data.__file__).parents[1] == Path(__file__).parents[2]
