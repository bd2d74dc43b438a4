"""What of coverage is told to those who are not shown whole walks, and what comparing it all gives an enemy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, Patrol, PatrolSource
from geo.streets import cut_streets
from patrols import cold, figures, on_map, privacy, redraw, seen
from patrols.coverage import coverage
from patrols.scope import EVERYTHING
from patrols.shown_seen import beside_by_day, tellable, told_days

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
OTHERS = replace(EVERYTHING, walkers=False, streets=False)
CELL = 0.001
"""A block's side in degrees: 85 by 111 m."""

SIDE = 16
HOME = (3, 8)
"""The corner at which the walker lives."""


@pytest.fixture
def town(session: Session) -> Community:
    """A lattice of streets, a grid of four by four blocks each."""
    cells = {(column, row): make.degrees_square(column * 4, row * 4, CELL) for column in range(4) for row in range(4)}
    shapes = {
        f"110108001001{number:03d}": shapely.box(cell.bounds[0], cell.bounds[1], *(np.add(cell.bounds[:2], 4 * CELL)))
        for number, cell in enumerate(cells.values(), start=1)
    }
    place = make.community(session, outline=shapely.union_all(list(shapes.values())))
    make.edition(session, place, shapes)
    for number in range(SIDE + 1):
        for line in (
            [corner(number, row) for row in range(SIDE + 1)],
            [corner(column, number) for column in range(SIDE + 1)],
        ):
            make.street(session, place, shapely.LineString(line))
    return place


def corner(column: int, row: int) -> tuple[float, float]:
    return round(make.ORIGIN[0] + column * CELL, 6), round(make.ORIGIN[1] + row * CELL, 6)


def walk(session: Session, place: Community, person: int | None, days_ago: float, *corners: tuple[int, int]) -> None:
    """A walk along streets from corner to corner and back."""
    way = [corner(*one) for one in corners]
    line = shapely.segmentize(shapely.LineString([*way, *way[-2::-1]]), CELL / 8)
    began = NOW - days_ago * DAY
    make.add(
        session,
        Patrol(
            community_id=place.id,
            person_id=person,
            source=PatrolSource.FILE,
            source_key=f"{person}-{days_ago}-{corners}",
            started_at=began,
            ended_at=began + timedelta(hours=1),
            metres=3000.0,
            minutes=60.0,
            track=shapely.MultiLineString([line]),
        ),
    )


def warm(session: Session, place: Community, scope: object, at: datetime = NOW) -> gpd.GeoDataFrame:
    """The pieces of street that somebody is told to have been seen in the last two months."""
    found = cold.cold_streets(session, scope, place, at=at)
    return found[found["last_seen"].notna()]


def walks_from_home(session: Session, place: Community, person: int, count: int = 50) -> None:
    """Fifty walks, each to another corner, out along the rows or the columns first, and back."""
    random = np.random.default_rng(5)
    for number in range(count):
        column, row = int(random.integers(0, SIDE + 1)), int(random.integers(0, SIDE + 1))
        turn = (column, HOME[1]) if number % 2 else (HOME[0], row)
        walk(session, place, person, 0.5 + number, HOME, turn, (column, row))


def metres_from_home(session: Session, place: Community, shapes: gpd.GeoSeries) -> float:
    home = gpd.GeoSeries([shapely.Point(corner(*HOME))], crs=4326).to_crs(frames.crs_of(session, place.id))[0]
    return float(shapes.distance(home).min())


def hang_curtains(session: Session, place: Community, seed: int) -> None:
    """As `privacy.hang_missing` does it, by chance that can be repeated."""
    kept = select(Patrol.person_id, frames.as_wkb(Patrol.track)).order_by(Patrol.id)
    persons, tracks = zip(*session.execute(kept).all(), strict=True)
    lines = gpd.GeoSeries(shapely.from_wkb(list(tracks)), crs=4326).to_crs(frames.crs_of(session, place.id))
    privacy.hang(session, place, lines, persons, random=np.random.default_rng(seed))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_difference_of_views_leads_to_the_door_of_somebody_who_walks_alone(
    session: Session, town: Community, seed: int
) -> None:
    person = make.person(session, town)
    walks_from_home(session, town, person.id)
    hang_curtains(session, town, seed)
    lines = on_map.tracks_on_map(session, OTHERS, town, since=NOW - 60 * DAY, until=NOW)
    drawn = frames.to_metres(lines, frames.crs_of(session, town.id)).geometry.to_numpy()

    def unexplained(scope: object) -> list[gpd.GeoDataFrame]:
        """Day by day, what of the streets told to be seen no shown line explains: most of it lies off all lines."""
        found = []
        for number in range(0, 50, 7):
            told = warm(session, town, scope, NOW - number * DAY)
            spots = shapely.line_interpolate_point(
                told.geometry.to_numpy()[:, None], np.linspace(0, 1, 21), normalized=True
            )
            near = np.zeros(spots.size, bool)
            near[shapely.STRtree(spots.ravel()).query(drawn, predicate="dwithin", distance=40)[1]] = True
            found.append(told[near.reshape(spots.shape).mean(axis=1) < 0.5])
        return found

    whole, told = unexplained(EVERYTHING), unexplained(OTHERS)

    # The manager's view would lead to the door: what no line explains lies around it.
    assert all(len(one) for one in whole)
    assert metres_from_home(session, town, whole[0].geometry) < 1
    assert [len(one) for one in told] == [0] * len(told)


def test_the_map_of_the_week_draws_nothing_that_no_line_explains(session: Session, town: Community) -> None:
    person = make.person(session, town)
    walks_from_home(session, town, person.id, 12)
    privacy.hang_missing(session, town)
    edition = redraw.edition_in_force(session, town.id, NOW)
    assert edition is not None
    grids = frames.grids(session, edition.id)
    pieces = cut_streets(frames.streets(session, town.id), grids)
    lines = figures.tracks(session, town, since=NOW - 7 * DAY, until=NOW, seen_by=OTHERS)

    whole = on_map.streets_seen(session, town, grids, pieces, at=NOW)
    told = on_map.streets_seen(session, town, grids, pieces, at=NOW, scope=OTHERS)

    assert metres_from_home(session, town, whole.pieces[whole.pieces["seen"]].geometry) < 1
    assert told.pieces["seen"].all()
    assert len(told.pieces) < whole.pieces["seen"].sum()
    assert shapely.distance(told.pieces.geometry.to_numpy(), lines.union_all()).max() < 60
    # A grid's total is the same for everybody.
    pd.testing.assert_frame_equal(whole.per_grid, told.per_grid)


def test_where_three_people_walked_it_is_told_since_the_third_was_there(session: Session, town: Community) -> None:
    people = [make.person(session, town, f"P{number}", name=f"某{number}") for number in range(3)]
    for person, days_ago in zip(people, (9.5, 2.5, 5.5), strict=True):
        walk(session, town, person.id, days_ago, (4, 4), (6, 4))
    walk(session, town, people[0].id, 1.5, (4, 4), (6, 4))

    told = warm(session, town, OTHERS)

    # The last three people were there one, two and five midnights ago.
    assert told["days"].unique().tolist() == [5]
    town.rules = {"told_persons": 4}
    session.flush()
    assert warm(session, town, OTHERS).empty
    town.rules = {"told_persons": 1}
    session.flush()
    assert warm(session, town, OTHERS)["days"].unique().tolist() == [1]


def test_the_own_streets_turn_green_at_once(session: Session, town: Community) -> None:
    person, other = make.person(session, town), make.person(session, town, "P2", name="某某")
    walk(session, town, person.id, 0.2, (4, 4), (6, 4))
    walk(session, town, other.id, 0.2, (9, 9), (12, 9))
    privacy.hang_missing(session, town)

    mine = warm(session, town, replace(OTHERS, person_id=person.id))
    nobodys = warm(session, town, OTHERS)

    assert len(mine) > len(nobodys)
    assert len(warm(session, town, EVERYTHING)) > len(mine)


def test_a_manager_is_told_everything(session: Session, town: Community) -> None:
    person = make.person(session, town)
    walk(session, town, person.id, 0.2, (4, 4), (6, 4))
    ground = seen.ground_of(session, town, at=NOW)
    assert ground is not None

    last = seen.last_seen(session, town, ground, at=NOW)

    whole = figures.tracks(session, town, since=NOW - DAY, until=NOW)
    _, per_piece = coverage(whole, ground.pieces, ground.grids)
    half = per_piece["metres_seen"].to_numpy() >= 0.5 * per_piece["metres"].to_numpy()
    assert (~np.isnat(last)).tolist() == half.tolist()


def test_nothing_walked_tells_nothing() -> None:
    pieces = make.frame([shapely.LineString([(0, 0), (100, 0)])])
    none = gpd.GeoDataFrame({"person_id": []}, geometry=[], crs=make.METRES)
    days = pd.Series([], dtype=object)
    never = np.array(["NaT"], "datetime64[D]")

    assert tellable(pieces, none, none).tolist() == [False]
    assert beside_by_day(pieces, none, days) == {}
    assert np.isnat(told_days(pieces, never, never, none, days)).all()
