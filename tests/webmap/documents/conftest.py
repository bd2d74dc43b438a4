"""A made-up sheet, said in English, and the town it is of."""

from collections.abc import Iterator

import made_sheet
import make
import pytest
from spoken import speaking
from sqlalchemy.orm import Session

from webmap.documents import document
from webmap.documents.document import Document


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with speaking("en").app_context():
        yield


@pytest.fixture
def made(spatialite_session: Session) -> Document:
    """The sheet of a town of six grids."""
    place, edition = make.town(spatialite_session)
    return document.compose(spatialite_session, made_sheet.sheet(place, edition), place)


@pytest.fixture
def long_one(spatialite_session: Session) -> Document:
    """The same with a table that runs over several pages."""
    place, edition = make.town(spatialite_session)
    return document.compose(spatialite_session, made_sheet.sheet(place, edition, rows=118), place)
