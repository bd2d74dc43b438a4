"""Long work tells how far it has come to the person whose page named it, and to nobody else."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from visit import HOME, PASSWORD, Town, send

from data.database import open_session
from data.models import Role
from patrols import drafting
from webmap import progress

Signed = Callable[[Role], FlaskClient]
WORD = "0123456789abcdef0123456789abcdef"
MANAGER = ("manager", PASSWORD)


def test_nobody_hears_of_work_that_was_not_named(client: FlaskClient, town: Town) -> None:
    answer = client.post("/api/drafts", json={"community": HOME}, auth=MANAGER)

    assert answer.status_code == 201
    assert client.get(f"/draw/progress/{WORD}", auth=MANAGER).json in ({}, None)


def test_who_opens_a_draft_hears_of_it_and_others_do_not(as_role: Signed, town: Town) -> None:
    manager, boss = as_role(Role.GRID_MANAGER), as_role(Role.ADMINISTRATOR)

    opened = send(manager, "/draw", source="in_force", community=HOME, progress=WORD)
    told = manager.get(f"/draw/progress/{WORD}")

    assert opened.status_code == 302
    assert (told.json["doing"], told.json["share"]) == ("Counting what stands in each grid …", 0.8)
    assert told.headers["Cache-Control"] == "no-store"
    assert boss.get(f"/draw/progress/{WORD}").json == {}


def test_a_draft_that_came_from_a_file_is_made_ready_with_its_progress_told(
    client: FlaskClient, as_role: Signed, town: Town, town_engine: Engine
) -> None:
    client.post("/api/drafts", json={"community": HOME}, auth=MANAGER)
    with open_session(town_engine, writing=True) as session:
        session.execute(text("DELETE FROM draft_change"))
        session.commit()
    manager = as_role(Role.GRID_MANAGER)

    answer = manager.get(f"/api/drafts/{HOME}/2", headers={"X-Progress": WORD})

    assert answer.status_code == 200
    assert manager.get(f"/draw/progress/{WORD}").json["share"] == 0.8


@pytest.mark.parametrize("word", ["", "short", "<script>", "0123456789ABCDEF0"])
def test_a_work_without_a_proper_name_is_told_to_nobody(app: Flask, word: str) -> None:
    with app.test_request_context(headers={"X-Progress": word}):
        progress.teller()("Cutting", 0.5)

        assert progress.heard(word) is None


def test_while_blocks_are_cut_others_can_write(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient, town: Town, town_engine: Engine
) -> None:
    cut, wrote = drafting.blocks_of, []

    def write() -> None:
        with open_session(town_engine, writing=True) as session:
            session.execute(text("UPDATE community SET office_phone = '0931-1234567'"))
            session.commit()
        wrote.append(True)

    def meanwhile(*given: Any, **how: Any) -> Any:
        somebody = Thread(target=write)
        somebody.start()
        somebody.join(timeout=10)
        return cut(*given, **how)

    monkeypatch.setattr(drafting, "blocks_of", meanwhile)

    answer = client.post("/api/drafts", json={"community": HOME}, auth=MANAGER)

    assert answer.status_code == 201
    assert wrote == [True]
