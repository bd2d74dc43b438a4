"""Errors as people and programs see them: what was wrong, what to do, and nothing that should stay inside."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.engine import Engine
from visit import NOW, PASSWORD

from data import errors as data_errors
from data.database import open_engine, open_session
from data.models import AuditRow, Role
from data.settings import Settings
from geo.errors import Fault
from patrols import errors as patrol_errors
from webmap.app import create_app
from webmap.errors import TABLE, answer_for, tell
from webmap.settings import WebSettings

Signed = Callable[[Role], FlaskClient]


def test_every_fault_of_every_layer_has_a_line_in_the_table() -> None:
    def below(kind: type[Fault]) -> set[type[Fault]]:
        return {kind, *(leaf for child in kind.__subclasses__() for leaf in below(child))}

    for kind in below(data_errors.DataError) | below(patrol_errors.PatrolError):
        assert any(issubclass(kind, listed) for listed, _answer in TABLE), kind


def test_the_special_stand_before_the_general() -> None:
    for position, (kind, _answer) in enumerate(TABLE):
        assert not any(issubclass(kind, earlier) for earlier, _ in TABLE[:position]), kind


def test_an_unforeseen_error_tells_a_number_and_nothing_else(
    app: Flask, as_role: Signed, caplog: pytest.LogCaptureFixture
) -> None:
    browser = as_role(Role.GRID_MANAGER)

    def broken() -> None:
        raise RuntimeError("secret inside")

    broken.opened_to = "signed_in"  # type: ignore[attr-defined]
    app.view_functions["help.help_page"] = broken
    with caplog.at_level(logging.ERROR):
        page = browser.get("/help")

    assert page.status_code == 500
    assert "secret" not in page.text
    reference = caplog.records[-1].args[0]  # type: ignore[index]
    assert str(reference) in page.text
    assert "secret inside" in caplog.text


def test_a_database_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'not' / 'there.sqlite'}")
    settings = WebSettings(Settings(str(engine.url), tmp_path), secret_key="a key for tests only", language="en")
    browser = create_app(settings, engine=engine, clock=lambda: NOW).test_client()

    page = browser.get("/sign-in")
    ready = browser.get("/readyz")
    told = browser.get("/api/communities", auth=("manager", PASSWORD))

    assert (page.status_code, ready.status_code, told.status_code) == (503, 503, 503)
    assert "The database does not answer" in page.text
    assert told.json["type"] == "urn:gridpatrol:problem:database-unavailable"
    assert browser.get("/healthz").status_code == 200


def test_a_missing_page_is_told_in_the_readers_language(client: FlaskClient) -> None:
    assert "Not found" in client.get("/nowhere").text
    with client.session_transaction() as session:
        session["language"] = "zh"
    assert "找不到" in client.get("/nowhere").text


def test_a_program_is_answered_with_a_problem(client: FlaskClient) -> None:
    told = client.get("/api/nowhere", auth=("manager", PASSWORD))

    assert told.status_code == 404
    assert told.mimetype == "application/problem+json"
    assert told.json["type"] == "urn:gridpatrol:problem:not-found"
    assert told.json["instance"] == "/api/nowhere"


def test_a_wrong_method_says_which_ones_are_right(client: FlaskClient) -> None:
    told = client.delete("/api/incidents", auth=("manager", PASSWORD))

    assert told.status_code == 405
    assert "GET" in told.headers["Allow"]


def test_words_of_the_database_are_translated_inside_a_sentence(app: Flask) -> None:
    fault = patrol_errors.StepNotAllowed(
        "The step %(kind)s may not follow while the incident is %(stage)s.", kind="accept", stage="closed"
    )

    with app.test_request_context():
        from flask_babel import force_locale

        with force_locale("zh"):
            assert tell(fault) == "事件已办结时不能“受理”。"
        with force_locale("en"):
            assert tell(fault) == "The step Accept may not follow while the incident is closed."


def test_a_request_that_is_too_large_is_refused_unread_and_noted(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = browser.post("/import", data=b"x" * 2_000_000, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 413
    assert "At most 1 MB are taken at once." in answer.text
    with open_session(town_engine) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "request.refused")).one()
        assert row.facts == {"kind": "too-large"}


def test_an_unlisted_exception_is_our_fault() -> None:
    assert answer_for(RuntimeError()).status == 500
