"""The printed sheet of an incident: on A4, in our own letters, with a code that leads back, without the reporter."""

import io
from collections.abc import Callable

import pictures
import pypdfium2
import zxingcpp
from flask.testing import FlaskClient
from visit import Town, send
from werkzeug.test import TestResponse

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def printed(browser: FlaskClient, number: str) -> TestResponse:
    return browser.get(f"/incidents/{number}/sheet.pdf")


def test_a_sheet_says_what_where_and_every_step_and_its_code_leads_to_the_page(as_role: Signed, town: Town) -> None:
    answer = printed(as_role(Role.GRID_MANAGER), town.handed_over)

    with pypdfium2.PdfDocument(answer.data) as document:
        (page,) = document
        text = page.get_textpage().get_text_bounded()
        seen = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
        assert [round(side * 25.4 / 72) for side in page.get_size()] == [210, 297]
    assert answer.mimetype == "application/pdf"
    assert [one.text for one in seen] == [f"http://localhost/incidents/{town.handed_over}"]
    assert all(word in text for word in ("下水道堵塞", town.handed_over, "→ 环卫所", "Triage"))
    assert "李" not in text
    assert "5678" not in text
    assert b"FontFile2" in answer.data


def test_its_photos_are_on_the_sheet(as_role: Signed, town: Town) -> None:
    browser = as_role(Role.GRID_MANAGER)
    before = len(printed(browser, town.in_grid_1).data)
    photo = (io.BytesIO(pictures.photo(size=(300, 200))), "place.jpg")
    fields = {"kind": "settle_on_the_spot", "seen": "1", "note": "收走了", "photo": photo}

    assert send(browser, f"/incidents/{town.in_grid_1}/steps", **fields).status_code == 302

    answer = printed(browser, town.in_grid_1)
    with pypdfium2.PdfDocument(answer.data) as document:
        kinds = [one.type for one in document[0].get_objects()]
        assert "收走了" in document[0].get_textpage().get_text_bounded()
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE in kinds
    assert len(answer.data) > before


def test_whoever_may_not_see_an_incident_gets_no_sheet_of_it(as_role: Signed, town: Town) -> None:
    assert printed(as_role(Role.GRID_WORKER), town.in_grid_2).status_code == 403
    assert printed(as_role(Role.HANDLER), town.in_grid_1).status_code == 403
