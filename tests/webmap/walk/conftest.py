"""The website on the small town of `visit`, on both databases."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from visit import NOW, build

from data.database import open_engine, open_session
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings


@pytest.fixture
def both_engine(own_url: str) -> Iterator[Engine]:
    """The small town on SpatiaLite, then on PostGIS."""
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        build(session)
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def both_clock() -> list[datetime]:
    return [NOW]


@pytest.fixture
def both(both_engine: Engine, tmp_path: Path, both_clock: list[datetime]) -> Flask:
    """The website on it."""
    settings = WebSettings(
        storage=Settings(database_url=str(both_engine.url), instance=tmp_path),
        secret_key="a key for tests only",
        language="en",
        max_upload_mb=16,
    )
    return create_app(settings, engine=both_engine, clock=lambda: both_clock[0])


@pytest.fixture
def rows(both_engine: Engine) -> Iterator[Session]:
    """A look at what is stored."""
    with open_session(both_engine) as session:
        yield session
