"""A forecast of the next week is shown where it told more than plain counts did, and else says why not."""

from datetime import UTC, date, datetime, timedelta

import make
import numpy as np
import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from data.models import Community, Incident, IncidentSource, Stage
from patrols.errors import OutOfScope
from patrols.forecast import NO_BETTER, TOO_FEW, TOO_FEW_GRIDS, TOO_SHORT, Forecast, forecast
from patrols.incident_view import IncidentView
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
VIEW = IncidentView(date(2026, 11, 1), date(2026, 11, 22))
LAST_WEEK = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
COLUMNS, ROWS = 6, 5


def town(session: Session, columns: int = COLUMNS, rows: int = ROWS) -> Community:
    place, edition = make.town(session, columns, rows)
    edition.valid_from = date(2020, 1, 1)
    session.flush()
    return place


def weekly(session: Session, place: Community, counts: np.ndarray) -> None:
    """Add incidents by week (the last one ends yesterday) and grid."""
    rows = [
        {
            "number": f"{week}-{grid}-{number}",
            "community_id": place.id,
            "source": IncidentSource.RESIDENT,
            "stage": Stage.CLOSED,
            "found_at": LAST_WEEK - timedelta(weeks=len(counts) - 1 - week),
            "grid_code": f"{place.code}{grid + 1:03d}",
            "grid_rule": "inside",
        }
        for week, by_grid in enumerate(counts)
        for grid, count in enumerate(by_grid)
        for number in range(count)
    ]
    session.execute(insert(Incident), rows)


def moving(weeks: int) -> np.ndarray:
    """Around a column that goes once through the town in that time."""
    random = np.random.default_rng(3)
    column = np.arange(COLUMNS * ROWS) % COLUMNS
    centre = np.linspace(0, COLUMNS - 1, weeks)[:, None]
    return random.poisson(0.1 + np.exp(-2 * (column - centre) ** 2))


def told(session: Session, place: Community, view: IncidentView = VIEW) -> Forecast:
    return forecast(session, EVERYTHING, place, view, NOW)


def test_where_trouble_moves_the_next_week_is_told(session: Session) -> None:
    place = town(session)
    weekly(session, place, moving(70))

    found = told(session, place)

    assert found.shown
    assert found.why_not == ""
    assert (found.since, found.until) == (date(2026, 11, 22), date(2026, 11, 28))
    # It has arrived in the east: the sixth column of each row.
    assert set(found.grids.index[found.grids["named"] > 0]) <= {f"{place.code}{row * 6 + 6:03d}" for row in range(5)}
    assert found.grids["expected"].sum() == pytest.approx(moving(70)[-4:].sum() / 4, rel=0.3)


def test_where_a_plain_count_is_as_good_nothing_is_shown_and_both_are_told(spatialite_session: Session) -> None:
    place = town(spatialite_session)
    random = np.random.default_rng(2)
    weekly(spatialite_session, place, random.poisson(random.gamma(1, 1, COLUMNS * ROWS), (45, COLUMNS * ROWS)))

    found = told(spatialite_session, place)

    assert not found.shown
    assert found.grids.empty
    assert found.trial is not None
    assert found.why_not == NO_BETTER
    assert "Over the last 14 weeks" in found.why_not % found.facts


@pytest.mark.parametrize(
    ("columns", "rows", "counts", "why_not"),
    [
        (6, 5, np.full((20, 30), 1), TOO_SHORT),
        (3, 2, np.full((60, 6), 1), TOO_FEW_GRIDS),
        (6, 5, np.eye(60, 30, dtype=int), TOO_FEW),
        (6, 5, np.zeros((1, 30), int), TOO_SHORT),
    ],
)
def test_where_there_is_too_little_it_says_what_is_missing(
    spatialite_session: Session, columns: int, rows: int, counts: np.ndarray, why_not: str
) -> None:
    place = town(spatialite_session, columns, rows)
    if counts.any():
        weekly(spatialite_session, place, counts)

    found = told(spatialite_session, place)

    assert (found.shown, found.why_not, found.trial) == (False, why_not, None)
    assert found.why_not % found.facts


def test_a_view_of_the_past_is_told_from_what_was_known_then(spatialite_session: Session) -> None:
    place = town(spatialite_session)
    counts = moving(80)
    weekly(spatialite_session, place, counts)
    then = IncidentView(date(2026, 6, 1), date(2026, 9, 12))

    found = told(spatialite_session, place, then)
    weekly_later = forecast(spatialite_session, EVERYTHING, place, then, NOW + timedelta(days=30))

    assert (found.since, found.weeks) == (date(2026, 9, 13), 69)
    assert found.trial is not None
    assert weekly_later.trial is not None
    assert np.array_equal(found.trial.expected, weekly_later.trial.expected)


def test_nothing_is_told_of_ground_that_may_not_be_seen(spatialite_session: Session) -> None:
    place = town(spatialite_session)

    with pytest.raises(OutOfScope):
        forecast(spatialite_session, Scope(frozenset()), place, VIEW, NOW)
