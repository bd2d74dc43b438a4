"""Which grids have more than chance would bring, what that is held against, and where nobody looked."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.orm import Session

from data.models import (
    Category,
    Community,
    EditionStage,
    Grid,
    GridEdition,
    GridKind,
    Incident,
    IncidentSource,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Stage,
)
from geo.contiguity import border_on
from patrols.errors import NoEditionInForce, OutOfScope
from patrols.exposures import Looked, Per
from patrols.hotspots import FLOORED, SAID, TOO_FEW_GRIDS, Verdict, hot_grids, judge
from patrols.incident_view import IncidentView
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
OCTOBER = IncidentView(date(2026, 10, 1), date(2026, 10, 31))
MID = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)
COLUMNS, ROWS = 6, 5
HOT = (8, 9, 10, 3, 15)
"""The grid in the second row, fourth column, and its four neighbours."""


@pytest.fixture
def town(session: Session) -> tuple[Community, GridEdition]:
    """Thirty squares of 200 households each."""
    return make.town(session, COLUMNS, ROWS)


def code(place: Community, number: int) -> str:
    return f"{place.code}{number + 1:03d}"


def incident(session: Session, place: Community, grid: int | None, key: str, at: datetime = MID, **fields: Any) -> None:
    fields = {"source": IncidentSource.RESIDENT, "stage": Stage.ACCEPTED} | fields
    fields |= {} if "grid_code" in fields else {"grid_code": None if grid is None else code(place, grid)}
    row = Incident(number=key, community_id=place.id, found_at=at, grid_rule="inside", **fields)
    session.add(row)


def incidents(session: Session, place: Community, counts: Sequence[int], **fields: Any) -> None:
    for grid, count in enumerate(counts):
        for number in range(count):
            incident(session, place, grid, f"{grid}-{number}", **fields)
    session.flush()


def patrol(session: Session, place: Community, grid: int, minutes: float, at: datetime = MID, **fields: Any) -> None:
    row = Patrol(
        community_id=place.id,
        source=PatrolSource.PHONE,
        source_key=f"{grid}-{at.isoformat()}",
        started_at=at,
        ended_at=at + timedelta(hours=1),
        credits=[PatrolCredit(grid_code=code(place, grid), metres=100.0, minutes=minutes)],
        **fields,
    )
    make.add(session, row)


def table(session: Session, place: Community, view: IncidentView = OCTOBER, scope: Scope = EVERYTHING, **how: Any):
    return hot_grids(session, scope, place, view, NOW, **how)


def quiet_counts() -> np.ndarray:
    """About three in each grid, as chance would have it."""
    return np.random.default_rng(4).poisson(3, COLUMNS * ROWS)


def test_a_planted_hot_spot_is_told_and_where_none_is_none_is_told(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, _ = town
    incidents(session, place, quiet_counts() + 9 * np.isin(np.arange(30), HOT))
    other = make.community(session, "110108001002", outline=place.outline)
    shapes = [make.degrees_square(column, row) for row in reversed(range(ROWS)) for column in range(COLUMNS)]
    make.edition(session, other, {code(other, number): shape for number, shape in enumerate(shapes)})
    incidents(session, other, quiet_counts())

    hot, calm = table(session, place), table(session, other)

    assert code(place, 9) in hot.index[hot["verdict"] == Verdict.HOT.value]
    assert set(hot.index[hot["verdict"] == Verdict.HOT.value]) <= {code(place, number) for number in HOT}
    assert set(calm["verdict"]) == {Verdict.CHANCE.value}
    assert hot.attrs["why_not"] == ""


def test_rates_are_of_what_there_is(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, edition = town
    edition.grids[2].households = 0
    incidents(session, place, [3, 0, 4])
    patrol(session, place, 0, 90.0, at=datetime(2026, 10, 1, 2, tzinfo=UTC))
    west, south = make.ORIGIN
    # Along the northern border of the upper row's first grid: one side of it lies in the community.
    make.street(session, place, shapely.LineString([(west, south + 0.0045), (west + 0.001, south + 0.0045)]))

    found = table(session, place)

    row = found.loc[code(place, 0)]
    assert (row["count"], row["per_100_households"], row["per_patrol_hour"]) == (3, 1.5, 2.0)
    assert row["per_street_km"] == pytest.approx(3 / 0.0854, rel=0.01)
    without = found.loc[code(place, 2)]
    assert without[["per_100_households", "per_street_km", "per_patrol_hour"]].isna().all()
    assert without["verdict"] == Verdict.NO_EXPOSURE.value


def test_quiet_is_told_apart_from_unvisited(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    west, south = make.ORIGIN
    incidents(session, place, [2])
    patrol(session, place, 1, 20.0)
    patrol(session, place, 2, 0.5)
    # Past the second row's first grid, in its southern neighbour, near their border; and away from all others.
    y = south + 0.003 - 0.00005
    line = shapely.MultiLineString([[(west + 0.0002, y), (west + 0.0008, y)]])
    patrol(session, place, 12, 20.0, track=line)

    found = table(session, place)

    at = [found.loc[code(place, number)] for number in (0, 1, 2, 6, 12)]
    assert [row["empty"] for row in at] == ["", "quiet", "unvisited", "quiet", "quiet"]
    looked = [Looked.NOBODY, Looked.WALKED, Looked.NOBODY, Looked.PASSED, Looked.WALKED]
    assert [row["looked"] for row in at] == [one.value for one in looked]


def test_where_only_patrols_find_unvisited_grids_tell_nothing(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, _ = town
    incidents(session, place, [3] * 30, source=IncidentSource.PATROL)
    for grid in range(20):
        patrol(session, place, grid, 30.0)
    walkers = IncidentView(OCTOBER.since, OCTOBER.until, sources=(IncidentSource.PATROL,))

    by_walkers, by_all = table(session, place, walkers), table(session, place)

    assert (by_walkers["verdict"] == Verdict.UNVISITED.value).tolist() == [False] * 20 + [True] * 10
    assert Verdict.UNVISITED.value not in set(by_all["verdict"])
    per_hour = table(session, place, walkers, per=Per.PATROLS)
    assert per_hour["verdict"].tolist() == by_walkers["verdict"].tolist()


def test_hours_of_patrol_are_held_against_what_was_found_since_they_are_recorded(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, _ = town
    incident(session, place, 0, "before", at=datetime(2026, 10, 2, 4, tzinfo=UTC))
    incidents(session, place, [2])
    patrol(session, place, 0, 60.0, at=MID)

    found = table(session, place, per=Per.PATROLS)

    row = found.loc[code(place, 0)]
    assert (row["count"], row["count_patrolled"], row["per_patrol_hour"]) == (3, 2, 2.0)
    assert found.attrs["patrols_since"] == date(2026, 10, 15)


def test_without_any_patrol_nothing_is_said_per_hour(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    incidents(session, place, [2] * 30)

    found = table(session, place, per=Per.PATROLS)

    assert found.attrs["patrols_since"] is None
    assert found["per_patrol_hour"].isna().all()
    assert found.attrs["why_not"] == TOO_FEW_GRIDS


def test_an_island_and_what_lies_over_others_are_told_as_such(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, edition = town
    far = make.degrees_square(40, 40)
    island = Grid(code=code(place, 30), geom=shapely.MultiPolygon([far]), households=200)
    school = Grid(
        code=code(place, 31),
        geom=shapely.MultiPolygon([make.degrees_square(0, 0, 0.0004)]),
        households=0,
        kind=GridKind.SPECIAL,
    )
    edition.grids += [island, school]
    session.flush()
    incidents(session, place, [2] * 30 + [60, 5])

    found = table(session, place)

    assert found.loc[code(place, 30), "verdict"] == Verdict.ISLAND.value
    assert found.loc[code(place, 31), "verdict"] == Verdict.OVERLAID.value
    assert np.isnan(found.loc[code(place, 30), "p"])
    assert found.loc[code(place, 31), "count"] == 5


def test_sensitive_void_and_future_ones_are_not_counted(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    secret = Category(family="home", kind="part", code="09", zh="家庭纠纷", en="Family dispute", sensitive=True)
    make.add(session, secret)
    incident(session, place, 0, "shown")
    incident(session, place, 0, "secret", category=secret)
    incident(session, place, 0, "void", stage=Stage.VOIDED)
    incident(session, place, 0, "later", at=datetime(2026, 11, 1, 4, tzinfo=UTC))
    incident(session, place, None, "nowhere")
    session.flush()

    found = table(session, place)

    assert found["count"].sum() == 1
    assert (found.attrs["total"], found.attrs["without_grid"]) == (2, 1)


def test_what_lay_in_a_grid_given_up_counts_where_it_lies_now(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, edition = town
    west, south = make.ORIGIN
    inside_last = shapely.Point(west + 0.0055, south + 0.0005)
    incident(session, place, None, "old", grid_code=f"{place.code}900", geom=inside_last)
    incident(session, place, None, "old, nowhere", grid_code=f"{place.code}900")
    edition.valid_from = date(2026, 10, 20)
    session.flush()

    found = table(session, place)

    assert found["count"].to_dict() == {code(place, n): int(n == 29) for n in range(30)}
    assert found.attrs["without_grid"] == 1
    assert found.attrs["redrawn"]


def test_few_grids_are_not_judged_and_it_is_said_why(session: Session) -> None:
    place, _ = make.town(session, 3, 2)
    incidents(session, place, [90, 1, 1, 1, 1, 1])

    found = table(session, place)

    assert set(found["verdict"]) == {Verdict.UNTESTED.value}
    assert found.attrs["why_not"] % found.attrs["facts"] == (
        "Hot spots are told from 8 grids on; here are 6 that can be compared."
    )


def test_people_are_told_of_their_own_grids_alone(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    incidents(session, place, [5] * 30)
    mine = frozenset(code(place, number) for number in range(9))

    found = table(session, place, scope=Scope(frozenset({place.id}), mine))

    assert set(found.index) == mine
    # The ninth has neighbours in the north and west of its own, none of those that may not be seen.
    assert found["window_count"].max() == 20
    with pytest.raises(OutOfScope):
        table(session, place, scope=Scope(frozenset()))


def test_who_may_not_see_single_incidents_is_told_groups_and_no_hot_spots(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, _ = town
    incidents(session, place, [40, 2, 0, 40])
    # A week is over for good when something came in after it.
    incident(session, place, 5, "later", at=datetime(2026, 11, 18, 4, tzinfo=UTC))
    session.flush()
    since_july = IncidentView(date(2026, 7, 1), date(2026, 11, 15))

    seen, told = table(session, place, since_july), table(session, place, since_july, floored=True)

    # One or the other of forty may have gone with the two that are too few alone.
    assert (told["count"] >= 37).tolist() == [n in (0, 3) for n in range(30)]
    assert (told["count"] <= seen["count"]).all()
    assert set(told["verdict"]) == {Verdict.UNTESTED.value}
    assert set(told["empty"]) == {""}
    assert told["p"].isna().all()
    assert told.attrs["why_not"] == FLOORED
    assert seen.attrs["total"] == 82


def test_before_the_first_grids_nothing_can_be_told(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, edition = town
    edition.valid_from, edition.stage = date(2026, 11, 1), EditionStage.ADOPTED
    session.flush()

    with pytest.raises(NoEditionInForce):
        table(session, place)


def test_the_same_question_gets_the_same_answer(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    incidents(session, place, quiet_counts())

    pd.testing.assert_frame_equal(table(session, place), table(session, place))


def test_every_verdict_has_words() -> None:
    assert set(SAID) == set(Verdict)


def test_grids_left_out_are_in_no_window() -> None:
    shapes = [make.square(column, 0) for column in range(10)]
    counts = np.array([1, 1, 1, 1, 500, 1, 1, 1, 1, 1])
    asked = np.arange(10) != 4

    found = judge(counts, np.ones(10), border_on(shapes, near_m=0.01, least_m=0.1), asked)

    assert np.nanmax(found.window_count) == 3
    assert np.isnan(found.z[4])
