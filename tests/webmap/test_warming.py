"""After a start the incidents of maps are read before anybody asks."""

from pathlib import Path

from sqlalchemy import Engine, select
from visit import HOME, NOW

from data.database import open_engine, open_session
from data.models import Community
from patrols import incident_memory
from patrols.incident_memory import columns_of
from webmap.warming import warm


def test_incidents_of_all_communities_are_read_ahead(town_engine: Engine) -> None:
    count = warm(town_engine, lambda: NOW)

    with open_session(town_engine) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        known = incident_memory.kept(town_engine, place.id)
        assert columns_of(session, place) is known
    assert count == 4


def test_a_database_that_does_not_answer_is_read_later(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'nowhere.sqlite'}")

    assert warm(engine, lambda: NOW) == 0
