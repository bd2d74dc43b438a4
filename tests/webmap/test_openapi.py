"""The OpenAPI document and the program must agree: hundreds of made-up requests, allowed and forbidden ones."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from visit import NOW, PASSWORD, Town

from data.database import open_engine
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

EXAMPLES = 12
"""Made-up requests for each operation and way of making them up."""

QUICK = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
WAYS = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def website(town_file: tuple[Path, Town], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The website on a small town that the made-up requests may change."""
    folder = tmp_path_factory.mktemp("openapi")
    path = shutil.copyfile(town_file[0], folder / "town.sqlite")
    engine = open_engine(f"sqlite:///{path}")
    storage = Settings(database_url=str(engine.url), instance=folder)
    web = WebSettings(storage=storage, secret_key="a key for tests only", language="en", sign_in_attempts=1_000_000)
    yield create_app(web, engine=engine, clock=lambda: NOW)
    engine.dispose()


def operations(website: Flask) -> list[APIOperation]:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", website)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("way", WAYS, ids=["as_the_document_says", "against_the_document"])
def test_the_program_answers_made_up_requests_as_its_document_says(website: Flask, way: GenerationMode) -> None:
    found = operations(website)
    assert len(found) >= 8
    for operation in found:
        requests = operation.as_strategy(generation_mode=way)

        @given(case=requests)
        @settings(QUICK)
        def ask(case: Case) -> None:
            case.call_and_validate(auth=("admin", PASSWORD), headers={"Accept-Encoding": "identity"})

        ask()
