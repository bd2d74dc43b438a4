"""A view as a picture, as a page, as a file: handed on above the floor, or for use inside the office."""

from collections.abc import Callable
from io import BytesIO

import pypdfium2
import pytest
from flask.testing import FlaskClient
from PIL import Image
from shared_views import NAMES, VIEW
from visit import HOME

from data.models import Role
from webmap.access import ROLES, May

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


def test_the_own_picture_is_a_png_or_a_page(official: FlaskClient) -> None:
    picture = official.get(f"/views/picture?kind=heat&community={HOME}&{VIEW}&paper=slide")
    page = official.get(f"/views/picture?kind=map&community={HOME}&{VIEW}&format=pdf")

    assert (picture.mimetype, page.mimetype) == ("image/png", "application/pdf")
    with Image.open(BytesIO(picture.data)) as read:
        assert read.size == (2000, 1125)
    assert page.data.startswith(b"%PDF")
    again = official.get(picture.request.full_path, headers={"If-None-Match": picture.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("bad", "status"), [("paper=a0", 422), ("format=gif", 422), ("place=110109", 404), ("since=x", 409)]
)
def test_a_picture_that_cannot_be_drawn_is_refused(official: FlaskClient, bad: str, status: int) -> None:
    assert official.get(f"/views/picture?kind=map&community={HOME}&{bad}").status_code == status


def test_the_own_file_opens_without_us_and_names_nobody(official: FlaskClient) -> None:
    answer = official.get(f"/views/file?kind=map&community={HOME}&{VIEW}")

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.text
    assert not any(name in answer.text for name in NAMES)


def test_a_picture_for_use_inside_shows_every_number_and_says_so(official: FlaskClient) -> None:
    address = f"/views/picture?kind=map&community={HOME}&{VIEW}&format=pdf"

    handed_on, inside = official.get(address), official.get(f"{address}&for=inside&layers=open,late,heat")

    said = [_text(answer.data) for answer in (handed_on, inside)]
    assert "For use inside the office" in said[1]
    assert "For use inside the office" not in said[0]
    assert "open: 3" in said[1]
    assert not any(name in text for name in NAMES for text in said)


def test_the_picture_for_use_inside_is_for_those_who_see_single_incidents(
    official: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLES, Role.OFFICIAL, ROLES[Role.OFFICIAL] - {May.SEE_INCIDENTS})

    assert official.get(f"/views/picture?community={HOME}&for=inside").status_code == 403
    assert official.get(f"/views/picture?community={HOME}").status_code == 200
    assert "inside the office" not in official.get(f"/shares?kind=map&community={HOME}").text


def _text(page: bytes) -> str:
    with pypdfium2.PdfDocument(page) as document:
        return " ".join(document[0].get_textpage().get_text_bounded().split())
