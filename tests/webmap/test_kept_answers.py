"""What maps, heat and figures answer is sent packed, and not sent twice to who has it."""

from collections.abc import Callable

import pytest
from awaited import fetched
from flask.testing import FlaskClient
from visit import HOME, Town

from data.models import Role

Signed = Callable[[Role], FlaskClient]
PACKED = {"Accept-Encoding": "gzip, br, zstd"}
BOX = "bbox=116.295,39.995,116.31,40.01"

DATA = [
    *(
        f"/map/parts/{name}?place={HOME}"
        for name in ("incidents", "time", "walked", "tracks", "keys", "duty", "boards")
    ),
    f"/heat/ground.json?community={HOME}",
    f"/heat/grids.json?community={HOME}",
    f"/api/v1/heat.json?community={HOME}&{BOX}",
    f"/api/v1/heat.png?community={HOME}&{BOX}",
    f"/views/picture?community={HOME}",
    f"/views/file?community={HOME}",
]
"""Answers without a nonce: who has one already is told so, whatever it was packed with."""

PAGES = [f"/map?place={HOME}", f"/heat?community={HOME}", f"/figures?community={HOME}", f"/shares?community={HOME}"]
"""Pages carry a nonce that is good once: nobody keeps them."""


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


@pytest.mark.parametrize("address", DATA)
def test_who_has_an_answer_is_not_sent_it_again(official: FlaskClient, town: Town, address: str) -> None:
    first = official.get(address, headers=PACKED)
    assert first.status_code == 200, first.status

    again = official.get(address, headers={**PACKED, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "no-cache" in first.headers["Cache-Control"]
    assert "private" in first.headers["Cache-Control"]


@pytest.mark.parametrize("address", DATA)
def test_an_answer_is_not_taken_for_that_of_somebody_else(official: FlaskClient, address: str) -> None:
    answer = official.get(address, headers=PACKED)

    assert "public" not in answer.headers["Cache-Control"]
    assert "Accept-Encoding" in answer.headers["Vary"]
    # The session's cookie decides what is seen, and Flask says so wherever it was read.
    assert "Cookie" in answer.headers["Vary"]


@pytest.mark.parametrize("address", [*PAGES, *DATA])
def test_texts_of_some_size_are_packed_and_pictures_are_not_packed_twice(official: FlaskClient, address: str) -> None:
    plain, packed = official.get(address), official.get(address, headers=PACKED)

    worth_it = len(plain.data) > 500 and not plain.mimetype.startswith("image/")
    assert ("Content-Encoding" in packed.headers) is worth_it
    assert len(packed.data) <= len(plain.data)


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_kept_by_nobody(official: FlaskClient, address: str) -> None:
    answer = official.get(address)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("ending", [".pdf", ".xlsx", ".docx", ".html"])
def test_files_of_figures_are_kept_by_nobody(official: FlaskClient, ending: str) -> None:
    answer = fetched(official, f"/figures/file?community={HOME}&format={ending}", headers=PACKED)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_grids_as_geojson_are_packed(official: FlaskClient) -> None:
    answer = official.get(f"/api/grids?community={HOME}", headers=PACKED)

    assert answer.mimetype == "application/geo+json"
    assert "Content-Encoding" in answer.headers
