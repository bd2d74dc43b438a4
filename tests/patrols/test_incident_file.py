"""Columns of incidents from a file are those of the database, or they are not believed."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import make
import numpy as np
import pytest
from sqlalchemy import delete, select

from data.database import open_engine, open_session
from data.kept_arrays import keep_arrays, kept_arrays
from data.models import Category, Incident, IncidentSource, StepKind
from patrols import incident_file, incident_memory, incidents
from patrols.incident_columns import ROWS, IncidentColumns, read_columns

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def report(session, place, number, **fields):
    return incidents.report(
        session,
        place,
        at=NOW - timedelta(hours=200 - number),
        source=IncidentSource.PATROL,
        description="",
        point=None if number % 5 == 4 else (116.3 + 0.0001 * number, 40.0005),
        found_at=NOW - timedelta(hours=201 - number, minutes=37),
        **fields,
    )


@pytest.fixture
def place(session):
    community, _ = make.town(session)
    kind = make.add(session, Category(family="s", kind="part", code="1", zh="垃圾", en="litter"))
    for number in range(30):
        report(session, community, number, category=kind if number % 2 else None)
    return community


def same(found: IncidentColumns | None, meant: IncidentColumns) -> bool:
    assert found is not None
    for name in ROWS:
        assert np.array_equal(getattr(found, name), getattr(meant, name), equal_nan=name in "xy"), name
    return (found.grids, found.facts.mark, found.stamp) == (meant.grids, meant.facts.mark, meant.stamp)


def test_what_was_written_is_read_again_to_the_last_number(session, place, tmp_path):
    columns = read_columns(session, place)

    incident_file.write_columns(session, columns, tmp_path)

    assert same(incident_file.columns_from_file(session, place, tmp_path), columns)


def test_what_came_since_is_added(session, place, tmp_path):
    incident_file.write_columns(session, read_columns(session, place), tmp_path)
    first = session.scalars(select(Incident).order_by(Incident.id)).first()
    incidents.step(session, first, StepKind.VOID, by=None, at=NOW, note="-")
    report(session, place, 40)
    session.flush()

    found = incident_file.columns_from_file(session, place, tmp_path)

    meant = read_columns(session, place)
    assert len(found) == 31
    assert found.stamp == meant.stamp
    assert found.kind.tolist() == meant.kind.tolist()


def test_no_person_is_in_the_file_and_nobody_else_may_read_it(session, place, tmp_path):
    person = make.person(session, place, name="王秀英")
    first = session.scalars(select(Incident).order_by(Incident.id)).first()
    first.handler_id = person.id
    session.flush()
    folder = tmp_path / "columns"

    incident_file.write_columns(session, read_columns(session, place), folder)

    (path,) = folder.iterdir()
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    kept = kept_arrays(path)
    assert set(kept.arrays) == set(ROWS) - {"handler"}
    assert "王秀英" not in json.dumps(kept.about, ensure_ascii=False)
    found = incident_file.columns_from_file(session, place, folder)
    assert found.handler[found.keys == first.id].tolist() == [person.id]
    assert np.count_nonzero(found.handler) == 1


def test_another_history_is_not_believed_even_where_it_is_longer(session, place, tmp_path):
    incident_file.write_columns(session, read_columns(session, place), tmp_path)
    (path,) = tmp_path.iterdir()
    kept = kept_arrays(path)
    # Made while the last step had another moment: a backup was put back since, and work went on.
    kept.about["steps"][-1][2] -= 5
    keep_arrays(path, kept.about, kept.arrays)
    report(session, place, 50)
    session.flush()

    assert incident_file.columns_from_file(session, place, tmp_path) is None


def test_a_file_is_not_believed_where_incidents_are_gone(session, place, tmp_path):
    incident_file.write_columns(session, read_columns(session, place), tmp_path)
    some = make.add(
        session,
        Incident(
            community_id=place.id,
            number="without a step",
            source=IncidentSource.PATROL,
            grid_rule="inside",
            found_at=NOW,
        ),
    )

    assert incident_file.columns_from_file(session, place, tmp_path) is None
    session.execute(delete(Incident).where(Incident.id == some.id))
    assert incident_file.columns_from_file(session, place, tmp_path) is not None


def test_other_hours_of_the_community_are_not_believed(session, place, tmp_path):
    incident_file.write_columns(session, read_columns(session, place), tmp_path)
    place.timezone = "Asia/Urumqi"

    assert incident_file.columns_from_file(session, place, tmp_path) is None


@pytest.mark.parametrize("length", [0, 10, 3000, -1])
def test_half_a_file_is_none(session, place, tmp_path: Path, length):
    incident_file.write_columns(session, read_columns(session, place), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:length])

    assert incident_file.columns_from_file(session, place, tmp_path) is None


def test_a_file_of_objects_is_never_unpacked(tmp_path: Path):
    path = tmp_path / "some.npz"
    np.savez(path, about=np.array([{"a": 1}], dtype=object))

    assert kept_arrays(path) is None
    assert kept_arrays(tmp_path / "none.npz") is None


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(TypeError):
        keep_arrays(tmp_path / "some.npz", {"not": object()}, {})

    assert list(tmp_path.iterdir()) == []


def test_after_a_start_the_columns_come_from_the_file(own_url, tmp_path: Path, monkeypatch):
    def begin():
        engine = open_engine(own_url)
        incident_memory.keep_files(engine, tmp_path / "columns", least=10)
        return engine

    engine = begin()
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        for number in range(12):
            report(session, place, number)
        session.commit()
    with open_session(engine) as session:
        first = incident_memory.columns_of(session, session.merge(place))
    engine.dispose()

    def never(*_args):
        raise AssertionError("read from the database")

    monkeypatch.setattr(incident_memory, "read_columns", never)
    engine = begin()
    with open_session(engine) as session:
        second = incident_memory.columns_of(session, session.merge(place))
    engine.dispose()

    assert same(second, first)


def test_few_incidents_are_not_worth_a_file(own_url, tmp_path: Path):
    engine = open_engine(own_url)
    incident_memory.keep_files(engine, tmp_path / "columns")
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        report(session, place, 1)
        session.commit()
    with open_session(engine) as session:
        incident_memory.columns_of(session, session.merge(place))
    engine.dispose()

    assert not (tmp_path / "columns").exists()
