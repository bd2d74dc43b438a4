"""The atlas of many grids takes seconds: who opens it waits on a page; a short one is answered at once."""

from collections.abc import Callable
from io import BytesIO

import pypdfium2
import pytest
from awaited import JSON, PAGE, begun, fetched, waited
from flask.testing import FlaskClient
from visit import HOME

from data.models import Role
from geo.errors import N_
from patrols.errors import NoEditionInForce
from webmap import takeaway
from webmap.printing import contents

Signed = Callable[[Role], FlaskClient]
ATLAS = "/downloads/atlas"


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The six grids of the town are many."""
    monkeypatch.setattr(takeaway, "LONG_ATLAS", 5)


def test_a_short_one_is_answered_at_once(official: FlaskClient) -> None:
    answer = official.get(ATLAS, headers=PAGE)

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")


@pytest.mark.usefixtures("long")
def test_a_long_one_is_waited_for_and_then_opened(official: FlaskClient) -> None:
    answer = fetched(official, ATLAS)

    assert answer.headers["Content-Disposition"] == f"inline; filename=atlas-{HOME}-1.pdf"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    with pypdfium2.PdfDocument(BytesIO(answer.data)) as document:
        assert len(document) == 8


@pytest.mark.usefixtures("long")
def test_a_page_is_led_to_where_it_waits_and_a_program_waits_for_the_answer(official: FlaskClient) -> None:
    led, answered = official.get(ATLAS, headers=PAGE), official.get(ATLAS)
    waited(official, led.location)

    assert led.status_code == 303
    assert answered.data.startswith(b"%PDF")
    assert official.get(led.location, headers=PAGE, buffered=True).data.startswith(b"%PDF")


@pytest.mark.usefixtures("long")
def test_it_is_what_is_answered_to_who_cannot_wait(official: FlaskClient) -> None:
    assert _pages(fetched(official, ATLAS).data) == _pages(official.get(ATLAS).data)


@pytest.mark.usefixtures("long")
def test_only_who_asked_gets_it(official: FlaskClient, as_role: Signed) -> None:
    address = begun(official, ATLAS)
    waited(official, address)

    assert as_role(Role.ADMINISTRATOR).get(address).status_code == 404


@pytest.mark.usefixtures("long")
def test_who_may_not_see_people_gets_none(as_role: Signed) -> None:
    stranger = as_role(Role.HANDLER)

    assert [stranger.get(ATLAS, headers=says).status_code for says in (PAGE, JSON)] == [403, 403]
    assert stranger.get("/downloads/made/a-word", headers=PAGE).status_code == 403


@pytest.mark.usefixtures("long")
def test_what_goes_wrong_is_told_to_who_asked(official: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object, **_how: object) -> None:
        raise NoEditionInForce(N_("No grids of %(community)s are in force."), community="here")

    monkeypatch.setattr(contents, "gather", fails)
    told = waited(official, begun(official, ATLAS))

    assert (told.status_code, told.json["detail"]) == (409, "No grids of here are in force.")


def _pages(atlas: bytes) -> list[bytes]:
    """What the pages look like, the code on each included."""
    with pypdfium2.PdfDocument(BytesIO(atlas)) as document:
        return [page.render(scale=1).to_numpy().tobytes() for page in document]
