"""The numbered migrations: they lead to the models, back, and up again; all of it or nothing; on both databases."""

import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import geoalchemy2.alembic_helpers  # noqa: F401 - teaches SQLite's reflection about spatial indexes
import make
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from data.database import check, downgrade, init, is_at_head, migrating, open_engine, open_session, upgrade
from data.errors import DatabaseUnavailable
from data.models import Base, Organisation, Patrol, PatrolCredit, PatrolSource

OURS = {*Base.metadata.tables, "alembic_version"}


@pytest.fixture
def empty(empty_url):
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list:
    options = {"include_object": migrating.is_ours, "target_metadata": Base.metadata}
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def everything_in(engine: Engine) -> set[str]:
    """Return the name of everything of ours in a database: tables, indexes, triggers, spatial index tables."""
    if engine.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE sql IS NOT NULL UNION SELECT f_table_name FROM geometry_columns"
    else:
        query = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION SELECT proname FROM pg_proc"
        )
        query += " UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))


def test_up_leads_to_exactly_the_models(empty):
    upgrade(empty)

    assert differences(empty) == []
    assert check(empty) == []


def test_a_missing_column_and_a_missing_index_would_be_noticed(empty):
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("ALTER TABLE team DROP COLUMN kind"))
        connection.execute(text("DROP INDEX ix_grid_code"))
        if connection.dialect.name == "sqlite":
            connection.execute(text("SELECT DisableSpatialIndex('street', 'geom')"))
            connection.execute(text("DROP TABLE idx_street_geom"))
        else:
            connection.execute(text("DROP INDEX idx_street_geom"))

    found = sorted((change[0], getattr(change[-1], "name", "")) for change in differences(empty))
    assert found == [("add_column", "kind"), ("add_index", "idx_street_geom"), ("add_index", "ix_grid_code")]


def test_every_step_goes_down_and_up_again_and_leaves_nothing(empty):
    upgrade(empty, "0001")
    downgrade(empty, "base")
    bare = everything_in(empty)
    states = []
    revisions = [script.revision for script in ScriptDirectory(str(migrating.FOLDER)).walk_revisions()][::-1]
    for revision in revisions:
        states.append(everything_in(empty))
        upgrade(empty, revision)
    full = everything_in(empty)

    for revision, before in reversed(list(zip(revisions, states, strict=True))):
        downgrade(empty, f"{revision}-1" if revision != "0001" else "base")
        assert everything_in(empty) == before
    assert everything_in(empty) == bare
    upgrade(empty)
    assert everything_in(empty) == full
    assert differences(empty) == []


def test_down_works_with_rows_in_the_tables(empty):
    upgrade(empty)
    with open_session(empty, writing=True) as session:
        place, _ = make.town(session)
        make.building(session, place, make.degrees_square(0))
        session.commit()

    downgrade(empty, "base")

    assert OURS & everything_in(empty) <= {"alembic_version"}


def test_on_the_way_back_credits_of_two_editions_become_one_and_lose_no_metre(empty):
    upgrade(empty)
    with open_session(empty, writing=True) as session:
        place, new = make.town(session)
        old = make.edition(session, place, {}, number=2)
        moment = datetime(2026, 9, 12, 16, tzinfo=UTC)
        walked = Patrol(community_id=place.id, source=PatrolSource.FILE, source_key="a", started_at=moment)
        walked.ended_at = moment
        earned = [(old.id, "1", 40.0), (new.id, "1", 2.5), (new.id, "2", 9.0), (old.id, None, 1.0), (new.id, None, 2.0)]
        for edition, code, metres in earned:
            walked.credits.append(PatrolCredit(edition_id=edition, grid_code=code, metres=metres, minutes=1.0))
        make.add(session, walked)
        session.commit()

    downgrade(empty, "0010")
    with empty.connect() as connection:
        left = connection.execute(text("SELECT grid_code, metres, minutes FROM patrol_credit ORDER BY metres")).all()

    assert [tuple(row) for row in left] == [(None, 3.0, 2.0), ("2", 9.0, 1.0), ("1", 42.5, 2.0)]


def test_offices_that_are_there_already_stay_inside_or_above_as_their_codes_had_it(empty):
    upgrade(empty)
    with open_session(empty, writing=True) as session:
        place, _ = make.town(session)
        for name, code in (("物业", ""), ("商户", "91"), ("环卫所", "1" * 18)):
            make.add(session, Organisation(community_id=place.id, name=name, code=code))
        session.commit()

    downgrade(empty, "0028")
    upgrade(empty)

    with open_session(empty) as session:
        found = {office.name: office.in_community for office in session.query(Organisation)}
    assert found == {"物业": True, "商户": True, "环卫所": False}


def test_a_second_upgrade_changes_nothing_and_keeps_the_rows(empty):
    upgrade(empty)
    with open_session(empty, writing=True) as session:
        make.town(session)
        session.commit()
    before = everything_in(empty)

    init(empty)

    assert everything_in(empty) == before
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM grid")) == 6


def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(empty, monkeypatch):
    create = Operations.create_table

    def until_incidents(self, name, *columns, **options):
        if name == "incident":
            raise RuntimeError("the power went")
        return create(self, name, *columns, **options)

    monkeypatch.setattr(Operations, "create_table", until_incidents)
    with pytest.raises(RuntimeError, match="the power went"):
        upgrade(empty)
    monkeypatch.undo()

    assert not OURS & set(inspect(empty).get_table_names())
    upgrade(empty)
    assert check(empty) == []


def test_a_database_of_a_newer_program_is_left_alone(empty):
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnavailable, match="9999"):
        upgrade(empty)


def test_programs_that_start_at_once_wait_for_each_other(empty_url):
    failures: list[BaseException] = []

    def start() -> None:
        try:
            upgrade(empty_url)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(failure)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    engine = open_engine(empty_url)
    assert is_at_head(engine)
    engine.dispose()


def test_migrations_are_numbered_without_a_gap_and_say_what_they_do():
    files = sorted(path.name for path in (migrating.FOLDER / "versions").glob("[0-9]*.py"))

    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert all(re.fullmatch(r"\d{4}_(add|drop|change|move|fill)_[a-z_]+\.py", name) for name in files)


def test_migrations_know_nothing_of_the_models():
    for path in (migrating.FOLDER / "versions").glob("*.py"):
        assert "data.models" not in path.read_text(), f"{path.name} would change when the models do"


def test_migrations_run_from_any_folder_without_a_configuration_file(tmp_path):
    script = f"from data.database import upgrade; upgrade('sqlite:///{tmp_path}/town.sqlite')"
    root = str(Path(__file__).parents[1])

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": root},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town.sqlite"]
