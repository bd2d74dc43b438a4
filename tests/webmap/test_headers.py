"""Headers: what a page may load, who may frame it, who may keep it."""

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from visit import Town

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def policy(browser: FlaskClient, address: str) -> dict[str, str]:
    told = browser.get(address).headers["Content-Security-Policy"]
    return {rule.split(" ", 1)[0]: rule.split(" ", 1)[1] for rule in told.split("; ")}


def test_no_page_loads_or_runs_anything_from_elsewhere(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_MANAGER)
    for address in ("/", "/incidents", f"/incidents/{town.in_grid_1}", "/map", "/nowhere", "/api/communities"):
        rules = policy(browser, address)
        assert rules["default-src"] == "'none'"
        assert re.fullmatch(r"'self' 'nonce-[\w-]{24}'", rules["script-src"])
        assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
        assert "http" not in " ".join(rules.values())


def test_the_nonce_is_never_the_same_twice(client: FlaskClient) -> None:
    assert policy(client, "/sign-in")["script-src"] != policy(client, "/sign-in")["script-src"]


def test_pages_write_no_style_and_no_script_into_their_markup(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_MANAGER)
    for address in (
        "/",
        "/incidents",
        f"/incidents/{town.in_grid_1}",
        "/grids",
        "/people",
        "/patrols",
        "/import",
        "/figures",
    ):
        page = browser.get(address).text
        assert not re.search(r"\s(style|on\w+)=", page), address
        assert not re.search(r"(src|href|action)=\"(?!/|#|tel:)", page), address


def test_pages_are_kept_by_nobody_and_versioned_files_for_good(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)
    page = browser.get("/")
    style = re.search(r'href="(/static/css/pages\.css\?v=\w+)"', page.text)
    assert style is not None

    assert page.headers["Cache-Control"] == "no-store"
    for address, kept in ((style[1], "public, max-age=31536000"), ("/static/css/pages.css", "public, max-age=3600")):
        with browser.get(address) as answer:
            assert answer.headers["Cache-Control"] == kept


def test_every_answer_says_that_its_type_is_what_it_says(client: FlaskClient) -> None:
    for address in ("/sign-in", "/nowhere", "/static/css/pages.css", "/api/openapi.json"):
        with client.get(address) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_large_answers_are_compressed(app: Flask, client: FlaskClient) -> None:
    told = client.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})

    assert told.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in told.headers["Vary"]
