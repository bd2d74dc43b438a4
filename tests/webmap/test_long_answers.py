"""Opening a draft and adopting an edition take long in a large town: the page is answered at once and led to wait."""

import re
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from visit import HOME, PASSWORD, Town, send
from werkzeug.test import TestResponse

from data.database import open_session
from data.models import AuditRow, EditionStage, GridEdition, Role
from patrols import adoption, before_adoption, draft_opening, drafting
from patrols import preview as previewing
from patrols.errors import AdoptionRefused
from webmap import previews
from webmap.pages import editions as editions_pages

Signed = Callable[[Role], FlaskClient]
MANAGER = ("manager", PASSWORD)
LATER = {"filing_number": "京网字1号", "valid_from": "2026-12-01"}


def follow(browser: FlaskClient, begun: TestResponse) -> TestResponse:
    """Ask where a page is led to wait, until the work is done."""
    for _ in range(600):
        answer = browser.get(begun.headers["Location"])
        if answer.status_code != 202:
            return answer
        time.sleep(0.05)
    raise AssertionError("the work never ended")


class Held:
    """Work that has begun and goes on only once it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.begun, self.go, self.times, self._real = Event(), Event(), 0, getattr(owner, name)
        monkeypatch.setattr(owner, name, self._wait)

    def _wait(self, *given: Any, **how: Any) -> Any:
        self.times += 1
        how.get("tell", lambda *_: None)("Looking for flaws …", 0.25)
        self.begun.set()
        assert self.go.wait(timeout=30)
        return self._real(*given, **how)


def test_who_begins_a_draft_is_answered_at_once_and_led_to_it(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town
) -> None:
    work, manager = Held(monkeypatch, draft_opening, "lay_out"), as_role(Role.GRID_MANAGER)

    begun = send(manager, "/draw", source="in_force", community=HOME, beside="1")
    assert work.begun.wait(timeout=30)
    asked_early = manager.get(begun.headers["Location"])
    again = send(manager, "/draw", source="in_force", community=HOME, beside="1")
    stranger = as_role(Role.ADMINISTRATOR).get(begun.headers["Location"])
    work.go.set()
    led = follow(manager, begun)

    assert begun.status_code == 303
    assert asked_early.status_code == 202
    assert 'value="0.2"' in asked_early.text
    assert again.headers["Location"] == begun.headers["Location"]
    assert stranger.status_code == 404
    assert led.headers["Location"] == f"/draw/{HOME}/2"
    assert work.times == 1


def test_an_adoption_is_answered_at_once_and_a_second_click_finds_it(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town, town_engine: Engine
) -> None:
    boss, work = as_role(Role.ADMINISTRATOR), Held(monkeypatch, before_adoption, "look_ahead")
    reviewed(boss)

    begun = adopt(boss)
    assert work.begun.wait(timeout=30)
    again = adopt(boss)
    meanwhile = boss.get(begun.headers["Location"])
    work.go.set()
    led = follow(boss, begun)

    assert again.headers["Location"] == begun.headers["Location"]
    assert (meanwhile.status_code, meanwhile.headers["Refresh"]) == (202, "2")
    assert led.headers["Location"] == f"/editions/{HOME}/2"
    assert "2026-12-01" in boss.get(led.headers["Location"]).text
    assert work.times == 1
    with open_session(town_engine) as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.action == "grids.adopted")).one()
        assert (entry.object_key, entry.address) == (HOME, "127.0.0.1")
        assert entry.user_id is not None


def test_what_was_found_out_before_an_adoption_is_not_found_out_again(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town, town_engine: Engine
) -> None:
    boss, looked = as_role(Role.ADMINISTRATOR), []
    reviewed(boss)
    again = adoption.look_ahead
    monkeypatch.setattr(adoption, "look_ahead", lambda *given, **how: looked.append(1) or again(*given, **how))

    led = follow(boss, adopt(boss))

    assert led.status_code == 302
    assert looked == []


def test_what_stands_against_an_adoption_beside_the_request_is_told_to_who_asked(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town, town_engine: Engine
) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    reviewed(boss)

    def refuse(*_given: Any, **_how: Any) -> None:
        raise AdoptionRefused("Edition %(number)s has been adopted already.", number=2)

    monkeypatch.setattr(adoption, "adopt", refuse)
    told = follow(boss, adopt(boss))
    monkeypatch.undo()
    second = follow(boss, adopt(boss))

    assert told.status_code == 409
    assert "2" in told.text
    assert second.status_code == 302
    assert stage(town_engine) is EditionStage.ADOPTED


def test_what_is_missing_or_out_of_turn_is_refused_before_anything_begins(as_role: Signed, town: Town) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    send(boss, "/draw", source="in_force", community=HOME)

    unreviewed = adopt(boss)
    send(boss, f"/editions/{HOME}/2/steps", move="submit", note="")
    send(boss, f"/editions/{HOME}/2/steps", move="review", note="")
    unnumbered = adopt(boss, filing_number="")
    outdated = adopt(boss, seen="7")

    assert [one.status_code for one in (unreviewed, unnumbered, outdated)] == [409, 422, 409]


def test_an_adoption_that_was_recalled_can_be_asked_for_again_in_the_same_words(
    as_role: Signed, town: Town, town_engine: Engine
) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    reviewed(boss)
    begun = adopt(boss)
    while stage(town_engine) is not EditionStage.ADOPTED:
        time.sleep(0.05)
    send(boss, f"/editions/{HOME}/2/steps", move="recall", note="")

    again = adopt(boss)

    assert again.headers["Location"] != begun.headers["Location"]
    assert follow(boss, again).status_code == 302
    assert stage(town_engine) is EditionStage.ADOPTED


def test_a_script_that_can_wait_hears_how_far_the_reading_of_a_draft_is(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient, town: Town, town_engine: Engine
) -> None:
    client.post("/api/drafts", json={"community": HOME}, auth=MANAGER)
    with open_session(town_engine, writing=True) as session:
        session.execute(text("DELETE FROM draft_change"))
        session.commit()
    work, address = Held(monkeypatch, drafting, "blocks_of"), f"/api/drafts/{HOME}/2"
    with open_session(town_engine, writing=True) as session:
        # Other ground than that of the draft before, whose blocks would be taken as they are.
        session.execute(text("UPDATE community SET ground_stamp = 'other'"))
        session.commit()
    willing = {"Prefer": "respond-async"}

    early = client.get(address, headers=willing, auth=MANAGER)
    assert work.begun.wait(timeout=30)
    work.go.set()
    answers = [early]
    while answers[-1].status_code == 202:
        time.sleep(0.05)
        answers.append(client.get(address, headers=willing, auth=MANAGER))

    assert early.status_code == 202
    assert set(early.json) == {"doing", "share"}
    assert answers[-1].status_code == 200
    assert answers[-1].json["number"] == 2


def test_what_a_large_redraw_changes_is_worked_out_beside_the_requests_and_shared(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town
) -> None:
    boss, manager = as_role(Role.ADMINISTRATOR), as_role(Role.GRID_MANAGER)
    send(boss, "/draw", source="in_force", community=HOME)
    work, address = Held(monkeypatch, previewing, "preview"), f"/editions/{HOME}/2"
    whole = boss.get(address) if work.go.set() is None else None
    work.go.clear()
    work.begun.clear()
    monkeypatch.setattr(previews, "LARGE", 0)

    early = boss.get(address)
    assert work.begun.wait(timeout=30)
    work.go.set()
    late = boss.get(address)
    while late.status_code == 202:
        time.sleep(0.05)
        late = boss.get(address)
    other = manager.get(address)

    assert whole is not None
    assert (early.status_code, late.status_code, other.status_code) == (202, 200, 200)
    assert body_of(late) == body_of(whole)
    assert work.times == 2


def test_what_was_worked_out_is_worked_out_anew_once_it_is_another(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient, town: Town, town_engine: Engine
) -> None:
    client.post("/api/drafts", json={"community": HOME}, auth=MANAGER)
    monkeypatch.setattr(previews, "LARGE", 0)
    address = f"/api/editions/{HOME}/2/preview"
    first = client.get(address, auth=MANAGER).json
    with open_session(town_engine, writing=True) as session:
        session.execute(text("UPDATE incident SET stage = 'voided' WHERE grid_code IS NOT NULL"))
        session.commit()

    second = client.get(address, auth=MANAGER).json

    assert first["before"]["open_incidents"] > second["before"]["open_incidents"]


def test_grids_that_do_not_fit_on_one_page_are_one_click_away(
    monkeypatch: pytest.MonkeyPatch, as_role: Signed, town: Town
) -> None:
    monkeypatch.setattr(editions_pages, "AT_ONCE", 1)
    boss, address = as_role(Role.ADMINISTRATOR), f"/editions/{HOME}/1"

    first, second = boss.get(address).text, boss.get(f"{address}?from=1").text

    assert "from=1#every-grid" in first
    assert "Grids 1 to 1 of 6" in first
    assert "from=0#every-grid" in second
    assert "Grids 2 to 2 of 6" in second


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


def body_of(page: TestResponse) -> str:
    """What a page says, without the tokens of its forms."""
    return re.sub(r'(csrf[-_]token"[^>]*?)(content|value)="[^"]*"|nonce="[^"]*"', r"\1", page.text)


def reviewed(boss: FlaskClient) -> None:
    """A draft of the grids in force, handed in and looked through."""
    send(boss, "/draw", source="in_force", community=HOME)
    for move in ("submit", "review"):
        send(boss, f"/editions/{HOME}/2/steps", move=move, note="")


def adopt(boss: FlaskClient, **told: str) -> TestResponse:
    """The form of the edition's page."""
    return send(boss, f"/editions/{HOME}/2/steps", **{"move": "adopt", "note": "", "beside": "1", **LATER, **told})


def stage(engine: Engine) -> EditionStage:
    """How far the second edition is."""
    with open_session(engine) as session:
        return session.scalars(select(GridEdition).where(GridEdition.number == 2)).one().stage
