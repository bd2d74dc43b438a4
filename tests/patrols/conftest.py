"""Drafts that tests of patrols draw in."""

import drawn_town as town
import make
import pytest
from sqlalchemy.orm import Session

from data.models import GridEdition
from patrols import drafts


@pytest.fixture
def draft(session: Session) -> GridEdition:
    """A draft of six grids, on both databases."""
    place, _ = town.build(session)
    return drafts.open(session, place, at=make.EPOCH)


@pytest.fixture
def quick_draft(spatialite_session: Session) -> GridEdition:
    """A draft of twelve grids, on one database."""
    place, _ = town.build(spatialite_session, 4, 3)
    return drafts.open(spatialite_session, place, at=make.EPOCH)
