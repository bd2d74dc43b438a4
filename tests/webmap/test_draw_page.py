"""Pages for drawing grids as the server gives them out."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from visit import AWAY, HOME, send

from data.models import Role
from webmap.pages.draw_words import WORDS
from webmap.vendor import STATIC

Signed = Callable[[Role], FlaskClient]


def given(page: str) -> dict[str, object]:
    """What the scripts of the editor read out of its page."""
    block = re.search(r'id="draw-data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    return dict(json.loads(block[1]))


def modules(page: str) -> dict[str, str]:
    found = re.search(r'<script type="importmap" nonce="[^"]+">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1])["imports"])


def test_a_draft_begins_from_the_grids_in_force_and_opens_in_the_editor(as_role: Signed) -> None:
    manager = as_role(Role.GRID_MANAGER)

    answer = send(manager, "/draw", page="/draw", community=HOME, source="in_force")

    assert answer.status_code == 302
    assert answer.location == f"/draw/{HOME}/2"
    page = manager.get(answer.location)
    assert given(page.text)["api"] == f"/api/drafts/{HOME}/2"
    assert f'href="/editions/{HOME}/2"' in page.text
    assert f'href="/draw/{HOME}/2"' in manager.get("/draw").text


@pytest.mark.parametrize(("least", "most"), [("500", "300"), ("", "300"), ("0", "10"), ("many", "more")])
def test_a_band_that_cannot_be_met_is_refused_before_anything_is_drawn(as_role: Signed, least: str, most: str) -> None:
    manager = as_role(Role.GRID_MANAGER)

    answer = send(manager, "/draw", page="/draw", community=HOME, source="drawn", least=least, most=most)

    assert answer.status_code == 422
    assert f'href="/draw/{HOME}/2"' not in manager.get("/draw").text


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.GRID_WORKER, Role.HANDLER])
def test_who_may_not_draw_is_neither_shown_nor_let_in(as_role: Signed, role: Role) -> None:
    browser = as_role(role)

    assert browser.get("/draw").status_code == 403
    assert browser.get(f"/draw/{HOME}/1").status_code == 403
    assert 'href="/draw"' not in browser.get("/").text


def test_somebody_else_s_community_is_not_drawn(as_role: Signed) -> None:
    manager = as_role(Role.GRID_MANAGER)

    assert manager.get(f"/draw/{AWAY}/1").status_code == 403
    assert manager.get(f"/draw/{AWAY}/base.json").status_code == 403
    assert send(manager, "/draw", page="/draw", community=AWAY, source="in_force").status_code == 403


def test_an_edition_that_is_not_there_is_not_found(as_role: Signed) -> None:
    assert as_role(Role.GRID_MANAGER).get(f"/draw/{HOME}/77").status_code == 404


def test_streets_and_buildings_come_once_and_are_kept(as_role: Signed) -> None:
    manager = as_role(Role.GRID_MANAGER)
    first = manager.get(f"/draw/{HOME}/base.json")

    again = manager.get(f"/draw/{HOME}/base.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.get_json()["base"]["streets"]
    assert any(label["text"] == "学院路" for label in first.get_json()["labels"])
    assert again.status_code == 304
    assert again.data == b""


def test_every_module_is_served_by_us_under_its_version(as_role: Signed) -> None:
    manager = as_role(Role.GRID_MANAGER)
    named = modules(manager.get(f"/draw/{HOME}/1").text)

    files = {path.name for path in (STATIC / "js" / "draw").glob("*.js")}
    assert {name.removeprefix("draw/") for name in named} == files | {"waiting.js"}
    for address in named.values():
        assert re.fullmatch(r"/static/js/(draw/)?\w+\.js\?v=[0-9a-f]+", address)
        with manager.get(address) as answer:
            assert answer.mimetype in {"text/javascript", "application/javascript"}


def test_modules_ask_only_for_modules_and_words_that_there_are() -> None:
    for path in (STATIC / "js" / "draw").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for wanted in re.findall(r'from "draw/(\w+\.js)"', text):
            assert (path.parent / wanted).is_file(), (path.name, wanted)
        for word in re.findall(r"words\.([a-z_]+)", text):
            assert word in WORDS, (path.name, word)


def test_no_style_attribute_is_needed_and_nothing_runs_without_the_nonce(as_role: Signed) -> None:
    answer = as_role(Role.GRID_MANAGER).get(f"/draw/{HOME}/1")

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<[^>]*\sstyle=", answer.text)
    assert not re.search(r"<script(?![^>]*(?:nonce=|src=|application/json))[^>]*>", answer.text)


@pytest.mark.parametrize("page", ["/draw", "/api/drafts", "/editions"])
def test_a_number_beyond_all_numbers_is_not_found(as_role: Signed, page: str) -> None:
    manager = as_role(Role.GRID_MANAGER)

    assert manager.get(f"{page}/{HOME}/99999999999999999999").status_code == 404
