"""A view of several communities takes seconds to draw: who opens it as a page waits on one, everybody else for it."""

from collections.abc import Callable
from io import BytesIO
from threading import Event
from typing import Any

import pypdfium2
import pytest
from awaited import JSON, PAGE, begun, fetched, waited
from flask.testing import FlaskClient
from shared_views import NAMES, VIEW, answer_for
from sqlalchemy import Engine
from visit import AWAY, HOME, Town

from data.models import Role
from geo.errors import N_
from patrols.errors import NoEditionInForce
from webmap.access import ROLES, May
from webmap.shares import gather

Signed = Callable[[Role], FlaskClient]
PLACE = HOME[:9]
ASKED = f"kind=map&place={PLACE}&{VIEW}&layers=open,base"
PICTURE, FILE = f"/views/picture?{ASKED}", f"/views/file?{ASKED}"
STARTS = {"png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture
def official(as_role: Signed, town: Town, town_engine: Engine) -> FlaskClient:
    """Somebody who answers for both communities."""
    answer_for(town_engine, "official", (HOME, None), (AWAY, None))
    return as_role(Role.OFFICIAL)


@pytest.mark.parametrize("ending", STARTS)
def test_a_picture_is_waited_for_and_then_opened(official: FlaskClient, ending: str) -> None:
    answer = fetched(official, f"{PICTURE}&format={ending}")

    assert answer.data.startswith(STARTS[ending])
    assert answer.headers["Content-Disposition"] == f"inline; filename=map.{ending}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_is_waited_for_and_never_opened_under_our_own_address(official: FlaskClient) -> None:
    answer = fetched(official, FILE)

    assert answer.headers["Content-Disposition"] == "attachment; filename=map.html"
    assert "default-src 'none'" in answer.text
    assert not any(name in answer.text for name in NAMES)


@pytest.mark.parametrize("address", [f"{PICTURE}&format=png", FILE])
def test_what_was_waited_for_is_what_is_answered_to_who_cannot_wait(official: FlaskClient, address: str) -> None:
    at_once = official.get(address)

    assert at_once.status_code == 200
    assert fetched(official, address).data == at_once.data


def test_a_page_without_scripts_is_led_to_the_picture_and_back_to_the_view(
    official: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, led = _asked_early(official, monkeypatch)

    assert (led.status_code, page.status_code, page.headers["Refresh"]) == (303, 202, "2")
    assert f'href="/shares?kind=map&amp;place={PLACE}' in page.text
    waited(official, led.location)
    assert official.get(led.location, buffered=True).mimetype == "image/png"


@pytest.mark.parametrize(
    "says",
    [
        {"Accept": "image/avif,image/webp,*/*;q=0.8", "Sec-Fetch-Dest": "image"},
        {"Accept": PAGE["Accept"], "Sec-Fetch-Dest": "empty"},
        {"Accept": "*/*"},
        {},
    ],
    ids=["a picture in a page", "a link that is saved", "a program", "a program that says nothing"],
)
def test_who_would_take_the_waiting_for_the_picture_gets_the_picture(
    official: FlaskClient, says: dict[str, str]
) -> None:
    assert official.get(PICTURE, headers=says).mimetype == "image/png"


def test_a_view_of_one_community_is_answered_at_once(official: FlaskClient) -> None:
    answer = official.get(f"/views/picture?kind=map&community={HOME}&{VIEW}", headers=PAGE)

    assert (answer.status_code, answer.mimetype) == (200, "image/png")


def test_the_picture_for_inside_is_refused_on_every_way_to_who_sees_no_single_incidents(
    official: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLES, Role.OFFICIAL, ROLES[Role.OFFICIAL] - {May.SEE_INCIDENTS})

    for says in ({}, PAGE, JSON):
        for ground in (f"place={PLACE}", f"community={HOME}"):
            assert official.get(f"/views/picture?kind=map&{ground}&for=inside", headers=says).status_code == 403
    assert official.get(PICTURE, headers=PAGE).status_code == 303


def test_the_picture_for_inside_is_none_of_those_to_be_handed_on(official: FlaskClient) -> None:
    address = f"{PICTURE}&format=pdf"

    handed_on, inside = (_text(fetched(official, f"{address}{more}").data) for more in ("", "&for=inside"))

    assert "2 communities" in handed_on
    assert "2 communities" in inside
    assert ("For use inside" in handed_on, "For use inside" in inside) == (False, True)


def test_only_who_asked_gets_it(official: FlaskClient, as_role: Signed) -> None:
    address = begun(official, PICTURE)
    waited(official, address)

    other = as_role(Role.ADMINISTRATOR).get(address)
    assert (other.status_code, "no longer kept" in other.text) == (404, True)


def test_what_goes_wrong_is_told_to_who_asked(official: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object, **_how: object) -> None:
        raise NoEditionInForce(N_("No grids of %(community)s are in force."), community="here")

    monkeypatch.setattr(gather, "told", fails)
    script = waited(official, begun(official, FILE))
    led = official.get(PICTURE, headers=PAGE).location
    waited(official, led)
    page = official.get(led, headers=PAGE)

    assert (script.status_code, script.json["detail"]) == (409, "No grids of here are in force.")
    assert (page.status_code, "No grids of here are in force." in page.text) == (409, True)


def test_the_form_waits_for_the_file_of_several_without_leaving_the_page(official: FlaskClient) -> None:
    several, one = (official.get(f"/shares?kind=map&{ground}").text for ground in (f"place={PLACE}", "place=" + HOME))

    assert ("data-file" in several, "js/share/file" in several) == (True, True)
    assert ("data-file" in one, "js/share/file" in one) == (False, False)


def test_a_place_that_is_not_there_is_refused_at_once(official: FlaskClient) -> None:
    assert official.get("/views/file?kind=map&place=110109", headers=PAGE).status_code == 404


def _asked_early(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The page that waits for a picture which is not ready, and the answer that led to it; then it is made."""
    goes_on, real = Event(), gather.told

    def waits(*given: Any, **how: Any) -> Any:
        assert goes_on.wait(60)
        return real(*given, **how)

    monkeypatch.setattr(gather, "told", waits)
    led = browser.get(PICTURE, headers=PAGE)
    page = browser.get(led.location, headers=PAGE)
    goes_on.set()
    return page, led


def _text(page: bytes) -> str:
    with pypdfium2.PdfDocument(BytesIO(page)) as document:
        return " ".join(document[0].get_textpage().get_text_bounded().split())
