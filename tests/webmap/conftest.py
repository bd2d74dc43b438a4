"""The website on the small town of `visit`, and browsers that have signed in."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from addresses import Towns, furnish
from at_the_door import Resident
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from visit import AWAY, BOARD, HOME, LOGINS, NOW, Town, build, sign_in

from data.database import open_engine, open_session
from data.models import Role
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings


@pytest.fixture(scope="session")
def town_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Town]:
    """A SpatiaLite file with the small town; copy it, never write to it."""
    path = shutil.copyfile(migrated_file, tmp_path_factory.mktemp("town") / "town.sqlite")
    engine = open_engine(f"sqlite:///{path}")
    with open_session(engine, writing=True) as session:
        town = build(session)
        session.commit()
    engine.dispose()
    return path, town


@pytest.fixture
def town(town_file: tuple[Path, Town]) -> Town:
    """The numbers of its incidents."""
    return town_file[1]


@pytest.fixture
def town_engine(town_file: tuple[Path, Town], tmp_path: Path) -> Iterator[Engine]:
    """The small town in a database of the test's own."""
    path = shutil.copyfile(town_file[0], tmp_path / "town.sqlite")
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> list[datetime]:
    """What time it is; put another moment into its place to let time pass."""
    return [NOW]


@pytest.fixture
def app(town_engine: Engine, tmp_path: Path, clock: list[datetime]) -> Flask:
    """The website on the small town."""
    settings = WebSettings(
        storage=Settings(database_url=str(town_engine.url), instance=tmp_path),
        secret_key="a key for tests only",
        language="en",
        max_upload_mb=1,
    )
    return create_app(settings, engine=town_engine, clock=lambda: clock[0])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that has not signed in."""
    return app.test_client()


@pytest.fixture
def as_role(app: Flask) -> Callable[[Role], FlaskClient]:
    """Give a browser in which somebody of a role has signed in."""

    def signed_in(role: Role) -> FlaskClient:
        browser = app.test_client()
        answer = sign_in(browser, LOGINS[role])
        assert answer.status_code == 302, answer.text
        return browser

    return signed_in


@pytest.fixture
def resident(client: FlaskClient, clock: list[datetime]) -> Resident:
    """Somebody at a notice board of the small town."""
    return Resident(client, clock)


@pytest.fixture
def towns(town_engine: Engine, town: Town) -> Towns:
    """One of everything in the small town, and in its neighbour."""
    with open_session(town_engine, writing=True) as session:
        ours = furnish(session, HOME, town.in_grid_1, BOARD)
        theirs = furnish(session, AWAY, town.away, "a-board-of-the-neighbours")
        session.commit()
    return Towns(ours, theirs)
