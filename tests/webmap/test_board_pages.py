"""Notice boards on the website: what a passer-by sees, and who may print, change and take down."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, BOARD, HOME, NOW, send

from data.database import open_session
from data.models import AuditRow, Community, NoticeBoard, Person, Role

Signed = Callable[[Role], FlaskClient]
PHONE = "13800000001"


@pytest.fixture
def manager(as_role: Signed) -> FlaskClient:
    return as_role(Role.GRID_MANAGER)


def actions(engine: Engine) -> list[str]:
    with open_session(engine) as session:
        return list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


def test_whoever_scans_a_board_sees_who_answers_and_nobodys_number(client: FlaskClient, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        session.scalars(select(Community).where(Community.code == HOME)).one().office_phone = "0930-8321234"
        session.commit()

    answer = client.get(f"/r/{BOARD}")

    assert answer.status_code == 200
    assert "王秀英" in answer.text
    assert "0930-8321234" in answer.text
    assert PHONE not in answer.text
    assert "noindex" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_shows_the_people_of_the_day(client: FlaskClient, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        for person in session.scalars(select(Person)):
            for posting in person.postings:
                posting.valid_until = NOW.date() - timedelta(days=1)
        session.commit()

    answer = client.get(f"/r/{BOARD}")

    assert "王秀英" not in answer.text
    assert "vacant" in answer.text


@pytest.mark.parametrize("token", ["guessed", "x" * 300, "%00", "..%2f..", "<script>"])
def test_a_board_that_is_not_there_is_said_to_be_no_longer_valid(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/r/{token}")

    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_a_manager_prints_the_boards_of_all_grids_and_their_codes_lead_here(
    manager: FlaskClient, town_engine: Engine
) -> None:
    answer = send(manager, "/boards/print", page="/boards", community=HOME, phones="staff")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    with pypdfium2.PdfDocument(BytesIO(answer.data)) as document:
        images = [page.render(scale=2).to_pil() for page in document]
        text = document[0].get_textpage().get_text_bounded()
    codes = [code.text for image in images for code in zxingcpp.read_barcodes(image)]
    assert len(codes) == 6
    assert codes[0] == f"http://localhost/r/{BOARD}"
    assert all(manager.get(code.removeprefix("http://localhost")).status_code == 200 for code in codes)
    assert PHONE in text
    assert PHONE in manager.get(f"/r/{BOARD}").text
    assert actions(town_engine)[-1] == "boards.printed"


def test_one_grids_board_is_printed_from_its_page(manager: FlaskClient) -> None:
    form = re.search(
        r'action="(/boards/print)".*?name="grid" value="(\d+)"', manager.get(f"/grids/{HOME}001").text, re.S
    )
    assert form is not None

    answer = send(manager, form[1], page="/boards", community=HOME, grid=form[2], paper="a4-landscape")

    with pypdfium2.PdfDocument(BytesIO(answer.data)) as document:
        assert len(document) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"grid": f"{HOME}999"}, 404),
        ({"grid": f"{AWAY}001"}, 404),
        ({"community": AWAY}, 403),
        ({"paper": "a0"}, 422),
        ({"kind": "streets"}, 422),
        ({"kind": "buildings"}, 422),
    ],
)
def test_what_cannot_be_printed_is_refused_and_nothing_is_put_up(
    manager: FlaskClient, town_engine: Engine, fields: dict[str, str], status: int
) -> None:
    answer = send(manager, "/boards/print", page="/boards", **{"community": HOME, **fields})

    assert answer.status_code == status
    with open_session(town_engine) as session:
        assert session.scalars(select(NoticeBoard.token)).all() == [BOARD]


def test_a_board_taken_down_answers_no_more(manager: FlaskClient, client: FlaskClient, town_engine: Engine) -> None:
    assert send(manager, f"/boards/{BOARD}/take-down", page="/boards").status_code == 302

    assert client.get(f"/r/{BOARD}").status_code == 404
    assert actions(town_engine)[-1] == "board.taken_down"


def test_the_offices_number_is_kept_or_refused(manager: FlaskClient, client: FlaskClient) -> None:
    kept = send(manager, "/boards/office-phone", page="/boards", community=HOME, number="0930-8321234")
    refused = send(manager, "/boards/office-phone", page="/boards", community=HOME, number="ask Wang")

    assert kept.status_code == 302
    assert refused.status_code == 422
    assert "0930-8321234" in client.get(f"/r/{BOARD}").text


def test_the_list_says_what_hangs_and_where_the_codes_lead(manager: FlaskClient) -> None:
    text = manager.get("/boards").text

    assert f"/r/{BOARD}" in text
    assert "http://localhost" in text
