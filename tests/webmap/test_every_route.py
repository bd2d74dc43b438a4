"""Every address of the website, walked with every role and signed out: from the url_map, so none can be forgotten.

Whoever adds an address does three things, and a test here says which one is missing: the view says who may open it
(``access.needs`` and its kin), `addresses.furnish` makes an example of what its ``<...>`` stands for in both towns, and
if a plain visit is answered by anything but a page, `ANSWERED` or `SHUT_TO` says by what and why. What is open to all
is named in `OPENED` too.
"""

from collections.abc import Callable

import pytest
from addresses import BY_ITSELF, METHODS, REPORTER, SHUT_TO, Towns, ask, opens, right_of, rules, walks
from flask import Flask
from flask.testing import FlaskClient
from visit import Town

from data.models import Role
from webmap.access import BY_SIGNATURE, BY_TOKEN, OPEN, SIGNED_IN, May

Signed = Callable[[Role], FlaskClient]
OPENED = {
    "/sign-in": "nobody has signed in before it",
    "/language": "read by residents too",
    "/healthz": "asked by the machine that watches",
    "/readyz": "asked by the machine that watches",
    "/walk": "a shell without data, which come by the phone's token",
    "/walk/manifest.webmanifest": "as the shell",
    "/walk/worker.js": "as the shell",
    "/walk/form": "as the shell",
    "/walk/enrol": "takes the code that the office gave, once",
    "/r/<token>": "hangs at the house for whoever passes",
    "/r/<token>/report": "for residents, who have no sign-in",
    "/q": "asks for a resident's secret code",
    "/q/<code>": "goes by a resident's secret code",
    "/q/<code>/rate": "goes by a resident's secret code",
    "/q/<code>/forget-me": "goes by a resident's secret code",
    "/v/<token>": "goes by a signed link that somebody handed on",
    "/v/<token>/picture.png": "as the link",
    "/v/<token>/map.html": "as the link",
}
"""Every address that asks for no sign-in, and why it may."""

ANSWERED: dict[str, set[int]] = {
    # The grids in force were never a draft: whoever may draw is told so.
    "/api/drafts/<code>/<int:number>": {409},
    "/api/drafts/<code>/<int:number>/grids": {409},
    "/api/drafts/<code>/<int:number>/blocks": {409},
    "/api/drafts/<code>/<int:number>/edits": {200, 409},
    # The photo has a row but no file, and is none of a handler's; tests/webmap/walk/test_photos.py shows one.
    "/photos/<int:number>": {403, 404},
    "/photos/<int:number>/small": {403, 404},
    # Whoever has signed in goes home; a question without a place is refused.
    "/sign-in": {302},
    "/api/responsible": {422},
    # A picture of no window.
    "/api/v1/heat.png": {422},
    # Nobody told anything under the code of the example.
    "/q/<code>": {404},
    # A file is made beside the request, which leads to where it waits; nothing is made under the word of the example.
    "/figures/file": {303},
    "/figures/made/<word>": {404},
    "/downloads/made/<word>": {404},
    "/views/made/<word>": {404},
    "/draw/begun/<word>": {404},
    "/editions/<community>/<int:edition>/adopting/<word>": {404},
}
"""By what a visit without anything else is answered, where that is no page."""


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    unsaid = [rule.rule for rule in rules(app) if right_of(app, rule) not in {OPEN, SIGNED_IN, *BY_ITSELF, *May}]

    assert unsaid == [], "say it above the view: @access.needs(May...), or one of access.opened_to_..."


def test_only_these_addresses_are_open_to_all(app: Flask) -> None:
    opened = {rule.rule for rule in rules(app) if right_of(app, rule) == OPEN}

    assert opened - set(OPENED) == set(), "open to everybody in the world: say in OPENED why it may be"
    assert set(OPENED) - opened == set(), "no longer there, or no longer open"


def test_every_piece_of_every_address_has_an_example(app: Flask, towns: Towns) -> None:
    unknown = {rule.rule: set(rule.arguments) - set(towns.ours.of(rule)) for rule in rules(app)}

    assert {rule: names for rule, names in unknown.items() if names} == {}, "make one of each in furnish"


def test_what_is_said_of_addresses_is_said_of_some_that_are_there(app: Flask) -> None:
    assert {*ANSWERED, *SHUT_TO} <= {rule.rule for rule in rules(app)}


def test_signed_out_nothing_is_shown_and_nothing_is_done(app: Flask, client: FlaskClient, towns: Towns) -> None:
    for rule, address, method in walks(app, towns.ours):
        answer = client.open(address, method=method)
        if right_of(app, rule) == OPEN:
            shown = answer.data.decode(errors="replace")
            assert not any(word in shown for word in REPORTER), rule.rule
            assert answer.status_code < 500, rule.rule
            continue
        if right_of(app, rule) == BY_SIGNATURE:
            assert answer.status_code == 403, rule.rule
            continue
        assert answer.status_code in {302, 401}, (method, rule.rule)
        assert "/sign-in" in answer.headers.get("Location", "/sign-in"), rule.rule
        assert "自己人" not in answer.text, rule.rule


def test_what_goes_by_a_phones_token_is_shut_to_sign_ins(app: Flask, as_role: Signed, towns: Towns) -> None:
    browser, found = as_role(Role.ADMINISTRATOR), 0

    for rule, address, method in walks(app, towns.ours):
        if right_of(app, rule) == BY_TOKEN:
            answer, found = browser.open(address, method=method), found + 1
            assert answer.status_code == 401, (method, rule.rule)
            assert answer.json is not None
            assert answer.json["type"] == "urn:gridpatrol:problem:phone-unknown"
    assert found >= 5


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_the_roles_that_have_the_right_and_for_no_other(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=frozenset({"GET"})):
        if right_of(app, rule) in BY_ITSELF:
            continue
        # A handler is shown what was handed to the office, nothing else.
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        expected = ANSWERED.get(rule.rule, {200}) if opens(app, rule, role, method) else {403}
        status, shown = ask(browser, method, address)
        if status not in expected:
            wrong.append((rule.rule, status, expected))
        if any(word in shown for word in REPORTER):
            wrong.append((rule.rule, "shows who reported"))
    assert wrong == [], wrong


@pytest.mark.parametrize("role", list(Role))
def test_every_form_is_shut_to_roles_without_the_right_and_bears_being_empty(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=METHODS - {"GET"}):
        if right_of(app, rule) in BY_ITSELF:
            continue
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        status, _shown = ask(browser, method, address)
        if opens(app, rule, role) and status >= 500:
            wrong.append((method, rule.rule, status))
        if not opens(app, rule, role) and status != 403:
            wrong.append((method, rule.rule, status))
    assert wrong == [], wrong
