"""Work beside the requests: begun once, told to who asked alone, its failure told, thrown away after a while."""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from flask import Flask, g
from flask_babel import gettext
from sqlalchemy import Engine
from visit import LOGINS, Town

from data import users
from data.database import open_session
from data.errors import NotFound
from data.models import Role
from geo.errors import GeoError
from patrols.telling import Tell, silent
from webmap import background
from webmap.access import SignedIn
from webmap.background import Standing, State
from webmap.errors import TooMuchAtOnce

PATIENCE_S = 20.0

Asking = Callable[..., Any]


@pytest.fixture
def asking(app: Flask, town: Town, town_engine: Engine) -> Callable[[Role], Any]:
    """A request of somebody of a role, in a language."""
    with open_session(town_engine) as session:
        people = {role: users.find_user(session, login) for role, login in LOGINS.items()}
        session.expunge_all()

    @contextmanager
    def asked(role: Role, language: str = "en") -> Iterator[None]:
        with app.test_request_context("/"):
            g._login_user = SignedIn(people[role])
            people[role].language = language
            yield

    return asked


@pytest.fixture
def gate() -> Iterator[Event]:
    """Works that wait for it are under way until it opens; it opens with the end of the test at the latest."""
    made = Event()
    yield made
    made.set()


def ended(word: str) -> Standing:
    """How a work stands once it is no longer under way."""
    until = time.monotonic() + PATIENCE_S
    while (now := background.standing(word)).under_way:
        assert time.monotonic() < until
        time.sleep(0.005)
    return now


def begun(key: Hashable, made: object = None, gate: Event | None = None) -> Standing:
    def do(_tell: Tell) -> object:
        assert gate is None or gate.wait(PATIENCE_S)
        return made

    return background.begin(key, do)


def test_what_comes_of_a_work_is_taken_when_it_is_done(asking: Asking) -> None:
    with asking(Role.OFFICIAL):
        word = begun("sheet", 7).word

        assert ended(word).state is State.DONE
        assert background.take(word) == 7


def test_a_work_tells_how_far_it_has_come(asking: Asking, gate: Event) -> None:
    told = Event()

    def do(tell: Tell) -> None:
        tell("Counting", 0.25)
        told.set()
        assert gate.wait(PATIENCE_S)

    with asking(Role.OFFICIAL):
        word = background.begin("sheet", do).word
        assert told.wait(PATIENCE_S)

        assert background.standing(word) == Standing(word, State.RUNNING, "Counting", 0.25)


def test_a_second_click_finds_the_work_of_the_first(asking: Asking, gate: Event) -> None:
    with asking(Role.OFFICIAL):
        first = begun("sheet", gate=gate)
    with asking(Role.OFFICIAL):
        assert begun("sheet").word == first.word
        assert begun("another sheet").word != first.word


def test_a_page_that_is_loaded_again_finds_the_work_until_it_was_taken(asking: Asking) -> None:
    with asking(Role.OFFICIAL):
        word = begun("sheet").word
        ended(word)
        before = background.find("sheet")
        background.take(word)

        assert before == ended(word)
        assert background.find("sheet") is None


def test_what_was_taken_is_made_anew_and_may_still_be_taken_again(asking: Asking) -> None:
    with asking(Role.OFFICIAL):
        first = begun("sheet", "this morning's").word
        ended(first)
        background.take(first)
        second = begun("sheet", "this evening's").word
        ended(second)

        assert (background.take(first), background.take(second)) == ("this morning's", "this evening's")


def test_nobody_else_sees_it(asking: Asking) -> None:
    with asking(Role.OFFICIAL):
        word = begun("sheet").word
        ended(word)

    with asking(Role.ADMINISTRATOR):
        assert background.find("sheet") is None
        with pytest.raises(NotFound):
            background.standing(word)
        with pytest.raises(NotFound):
            background.take(word)


def test_it_speaks_the_language_of_who_asked(asking: Asking) -> None:
    def do(_tell: Tell) -> str:
        return str(gettext("Total"))

    said = []
    for language in ("zh", "en"):
        with asking(Role.OFFICIAL, language):
            word = background.begin("total", do).word
            ended(word)
            said.append(background.take(word))

    assert said == ["合计", "Total"]


@pytest.mark.parametrize("error", [GeoError("no"), ZeroDivisionError("no")])
def test_its_failure_is_raised_where_it_is_taken(asking: Asking, error: Exception) -> None:
    def do(_tell: Tell) -> None:
        raise error

    with asking(Role.OFFICIAL):
        word = background.begin("sheet", do).word

        assert ended(word).state is State.FAILED
        with pytest.raises(type(error)):
            background.take(word)
        assert begun("sheet").word != word


def test_no_more_run_at_once_than_may_and_the_others_wait_their_turn(asking: Asking, gate: Event) -> None:
    with asking(Role.OFFICIAL):
        words = [begun(number, gate=gate).word for number in range(background.AT_ONCE + 2)]
        until = time.monotonic() + PATIENCE_S
        while [background.standing(word).state for word in words[:2]] != [State.RUNNING] * 2:
            assert time.monotonic() < until
            time.sleep(0.005)
        waiting = [background.standing(word).state for word in words[2:]]
        gate.set()

        assert waiting == [State.WAITING] * 2
        assert {ended(word).state for word in words} == {State.DONE}


def test_one_person_cannot_fill_the_queue_of_all(asking: Asking, gate: Event) -> None:
    with asking(Role.OFFICIAL):
        for number in range(background.MOST_OF_ONE):
            begun(number, gate=gate)
        with pytest.raises(TooMuchAtOnce):
            begun("one more")

    with asking(Role.ADMINISTRATOR):
        assert begun("sheet").under_way


def test_what_nobody_asks_for_is_thrown_away(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with asking(Role.OFFICIAL):
        word = begun("sheet").word
        ended(word)
        monkeypatch.setattr(background, "KEPT_S", 0.0)

        with pytest.raises(NotFound):
            background.take(word)


def test_what_is_still_under_way_cannot_be_taken(asking: Asking, gate: Event) -> None:
    with asking(Role.OFFICIAL):
        word = begun("sheet", gate=gate).word

        with pytest.raises(RuntimeError):
            background.take(word)


def test_an_application_with_nothing_to_do_keeps_no_threads(asking: Asking, app: Flask) -> None:
    with asking(Role.OFFICIAL):
        for number in range(3):
            ended(begun(number).word)
    until = time.monotonic() + PATIENCE_S
    while app.extensions["gridpatrol.works"]._threads:
        assert time.monotonic() < until
        time.sleep(0.005)

    with asking(Role.OFFICIAL):
        assert ended(background.begin("later", lambda _tell: silent).word).state is State.DONE
