"""Grids that are held against each other are remembered, and made anew where streets were brought in."""

from datetime import date

import make
import pytest
import shapely

from data.database import open_engine, open_session
from patrols.compared_grids import compared_grids
from patrols.ground_stamp import renew
from patrols.scope import EVERYTHING, Scope

WEST, SOUTH = make.ORIGIN


def add_street(session, place, row: float) -> None:
    line = shapely.LineString([(WEST, SOUTH + row), (WEST + 0.003, SOUTH + row)])
    make.street(session, place, line)
    renew(place)


def test_streets_brought_in_later_count(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine) as session:
        place, edition = make.town(session, 3, 2)
        add_street(session, place, 0.0005)
        session.commit()
        before = compared_grids(session, EVERYTHING, place, edition)
        again = compared_grids(session, EVERYTHING, place, edition)
        add_street(session, place, 0.0015)
        session.commit()
        after = compared_grids(session, EVERYTHING, place, edition)
    engine.dispose()

    assert again.beside is before.beside
    assert (before.street_km > 0).tolist() == [False] * 3 + [True] * 3
    assert (after.street_km > 0).all()
    assert before.street_km.iloc[3] == pytest.approx(0.0854, abs=0.001)


def test_what_is_done_with_the_grids_changes_nothing_for_the_next(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine) as session:
        place, edition = make.town(session, 3, 2)
        renew(place)
        session.commit()
        compared_grids(session, EVERYTHING, place, edition).grids["households"] = 0
        again = compared_grids(session, EVERYTHING, place, edition).grids
    engine.dispose()

    assert again["households"].tolist() == [200] * 6


def test_grids_that_may_not_be_seen_are_nobodys_neighbours(spatialite_session) -> None:
    place, edition = make.town(spatialite_session, 3, 2)
    edition.valid_from = date(2026, 1, 1)
    mine = frozenset({f"{place.code}001", f"{place.code}002", f"{place.code}006"})

    found = compared_grids(spatialite_session, Scope(frozenset({place.id}), mine), place, edition)

    assert list(found.grids.index) == sorted(mine)
    assert found.beside.islands.tolist() == [False, False, True]
    assert list(found.street_km.index) == sorted(mine)
