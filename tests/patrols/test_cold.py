from datetime import UTC, date, datetime, timedelta

import make
import numpy as np
import pytest
import shapely
from sqlalchemy import select

from data.exchange import gpx, gpx_out
from data.models import EditionStage, Incident, IncidentSource, Patrol, PatrolSource, SeenDay, Stage, StreetClass
from geo.errors import CannotPlan
from patrols import cold, next_walk, seen, wished_frequency
from patrols.errors import BadWish, NoEditionInForce, OutOfScope
from patrols.scope import Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LANE, ROAD = 40.0005, 40.0015


def line(lat, west=116.3001, east=116.3029):
    return shapely.LineString([(west, lat), (east, lat)])


def ground(session):
    """Three by two grids; a lane through the southern row, a road through the northern one, two across."""
    community, edition = make.town(session)
    make.street(session, community, line(LANE), name="磨坊巷", street_class=StreetClass.BACK_STREET)
    make.street(session, community, line(ROAD), name="长街")
    make.street(session, community, shapely.LineString([(116.3001, LANE), (116.3001, ROAD)]), name="西街")
    make.street(session, community, shapely.LineString([(116.3029, LANE), (116.3029, ROAD)]), name="东街")
    return community, edition


def walk(session, community, lat, days_ago, *, key=None):
    started = NOW - timedelta(days=days_ago, hours=2)
    track = shapely.MultiLineString([line(lat)])
    row = Patrol(
        community_id=community.id,
        source=PatrolSource.FILE,
        source_key=key or f"{lat} {days_ago}",
        started_at=started,
        ended_at=started + timedelta(minutes=10),
        metres=240.0,
        minutes=10.0,
        track=track,
    )
    return make.add(session, row)


def found(session, community, **more):
    return cold.cold_streets(session, Scope(), community, at=NOW, **more)


def of_street(table, name, column):
    return set(table.loc[table["name"] == name, column])


def test_each_street_says_how_many_days_ago_it_was_seen_and_whether_that_is_too_long(session):
    community, _ = ground(session)
    walk(session, community, LANE, 9)
    walk(session, community, LANE, 5)
    walk(session, community, ROAD, 2)

    table = found(session, community)

    assert of_street(table, "磨坊巷", "days") == {5}
    assert of_street(table, "磨坊巷", "warmth") == {"yellow"}
    assert of_street(table, "长街", "days") == {2}
    assert of_street(table, "长街", "warmth") == {"fresh"}
    assert of_street(table, "西街", "warmth") == {"red"}
    assert table.loc[table["name"] == "西街", "last_seen"].isna().all()


def test_days_are_those_of_the_community_not_of_greenwich(session):
    community, _ = ground(session)
    row = walk(session, community, LANE, 0)
    # 23:30 of the 20th in Greenwich is the 21st in Shanghai.
    row.started_at, row.ended_at = (datetime(2026, 11, 20, 23, minute, tzinfo=UTC) for minute in (30, 40))
    session.flush()

    assert of_street(found(session, community), "磨坊巷", "days") == {1}


def test_what_was_seen_is_kept_and_made_again_only_for_days_whose_walks_are_others_now(session):
    community, _ = ground(session)
    walk(session, community, LANE, 3)
    walk(session, community, ROAD, 8)
    told = []
    found(session, community, progress=lambda done, days: told.append((done, days)))
    assert told == [(1, 2), (2, 2)]

    told.clear()
    found(session, community, progress=lambda done, days: told.append((done, days)))
    assert told == []

    walk(session, community, ROAD, 3, key="handed in late")
    table = found(session, community, progress=lambda done, days: told.append((done, days)))
    assert told == [(1, 1)]
    assert of_street(table, "长街", "days") == {3}
    assert len(session.scalars(select(SeenDay)).all()) == 2


def test_what_was_made_anew_is_handed_to_whoever_keeps_it(session):
    community, _ = ground(session)
    walk(session, community, LANE, 3)
    handed = []

    found(session, community, keep=handed.append)

    assert session.scalars(select(SeenDay)).all() == []
    seen.put(session, handed[0])
    seen.put(session, handed[0])
    [row] = session.scalars(select(SeenDay)).all()
    assert row.day == date(2026, 11, 19)


def test_a_patrol_that_is_gone_was_never_there(session):
    community, _ = ground(session)
    row = walk(session, community, LANE, 3)
    found(session, community)
    session.delete(row)
    session.flush()

    assert of_street(found(session, community), "磨坊巷", "days") == {seen.LOOK_BACK_DAYS}


def test_after_a_redraw_the_days_before_are_laid_over_the_new_pieces(session):
    community, edition = ground(session)
    walk(session, community, LANE, 3)
    before = found(session, community)
    edition.valid_until, edition.stage = date(2026, 11, 20), EditionStage.RETIRED
    whole = shapely.box(116.3, 40.0, 116.303, 40.002)
    make.edition(session, community, {f"{community.code}010": whole}, number=2, valid_from=date(2026, 11, 20))

    after = found(session, community)

    assert len(after) < len(before)
    assert of_street(after, "磨坊巷", "days") == {3}
    assert of_street(after, "磨坊巷", "grid_codes") == {(f"{community.code}010",)}


def test_streets_brought_in_again_elsewhere_are_asked_for_anew(session):
    community, _ = ground(session)
    walk(session, community, LANE, 3)
    found(session, community)
    street = session.scalars(select(make.Street).where(make.Street.name == "磨坊巷")).one()
    street.geom = line(40.0009)
    session.flush()

    assert of_street(found(session, community), "磨坊巷", "warmth") == {"red"}


def test_walks_of_longer_ago_than_two_months_do_not_count(session):
    community, _ = ground(session)
    walk(session, community, LANE, seen.LOOK_BACK_DAYS - 1)
    walk(session, community, ROAD, seen.LOOK_BACK_DAYS)

    table = found(session, community)

    assert table.loc[table["name"] == "磨坊巷", "last_seen"].notna().all()
    assert table.loc[table["name"] == "长街", "last_seen"].isna().all()


def test_one_who_answers_for_a_grid_sees_its_streets_alone(session):
    community, _ = ground(session)
    code = f"{community.code}004"
    scope = Scope(communities=frozenset({community.id}), grids=frozenset({code}))

    table = cold.cold_streets(session, scope, community, at=NOW)

    assert len(table) > 0
    assert all(code in codes for codes in table["grid_codes"])
    with pytest.raises(OutOfScope):
        cold.cold_streets(session, Scope(communities=frozenset()), community, at=NOW)


def test_without_grids_there_is_nothing_to_tell(session):
    community = make.community(session)

    with pytest.raises(NoEditionInForce, match="no grids in force"):
        found(session, community)


def test_streets_and_grids_add_up_the_metres_of_their_parts(session):
    community, _ = ground(session)
    walk(session, community, ROAD, 1)
    walk(session, community, LANE, 4)
    table = found(session, community)

    streets, grids = cold.by_street(table), cold.by_grid(table)

    assert sorted(streets["name"][:2]) == ["东街", "西街"]
    assert streets["name"].tolist()[2:] == ["磨坊巷"]
    assert streets["red_metres"].iloc[2] == 0
    assert streets["yellow_metres"].iloc[2] == pytest.approx(table.loc[table["name"] == "磨坊巷", "metres"].sum())
    assert grids["grid_code"].tolist() == [f"{community.code}{number:03d}" for number in range(1, 7)]
    assert grids.set_index("grid_code").loc[f"{community.code}005", ["red_metres", "days"]].tolist() == [0.0, 4.0]


def test_the_most_particular_wish_decides_and_a_border_street_is_walked_for_the_more_demanding_grid(session):
    community, _ = ground(session)
    wished_frequency.wish(session, community, 14)
    wished_frequency.wish(session, community, 10, street_class="back_street")
    wished_frequency.wish(session, community, 5, grid_code=f"{community.code}004")
    wished_frequency.wish(session, community, 1, grid_code=f"{community.code}004", street_class="back_street")
    rows = wished_frequency.wishes(session, community)
    pieces = found(session, community).iloc[:5].copy()
    pieces["street_class"] = ["branch", "back_street", "branch", "back_street", "branch"]
    four, five = f"{community.code}004", f"{community.code}005"
    pieces["grid_codes"] = [(five,), (five,), (four,), (four,), (four, five)]

    assert wished_frequency.every_days(pieces, rows).tolist() == [14, 10, 5, 1, 5]


def test_without_wishes_back_streets_are_walked_most_often_and_expressways_never(session):
    community, _ = ground(session)
    pieces = found(session, community).iloc[:3].copy()
    pieces["street_class"] = ["back_street", "branch", "expressway"]

    assert wished_frequency.every_days(pieces, []).tolist() == [3, 7, 0]


def test_a_wish_is_changed_and_taken_back(session):
    community, _ = ground(session)

    wished_frequency.wish(session, community, 2, street_class="path")
    wished_frequency.wish(session, community, 4, street_class="path")
    assert [row.every_days for row in wished_frequency.wishes(session, community)] == [4]
    wished_frequency.wish(session, community, None, street_class="path")

    assert wished_frequency.wishes(session, community) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"every_days": 61}, "not every 61"),
        ({"every_days": -1}, "not every -1"),
        ({"every_days": 3, "street_class": "lane"}, "no class of streets lane"),
        ({"every_days": 3, "grid_code": "110108001001999"}, "no grid 110108001001999"),
    ],
)
def test_wishes_that_cannot_be_watched_are_refused(session, fields, message):
    community, _ = ground(session)

    with pytest.raises(BadWish, match=message):
        wished_frequency.wish(session, community, **fields)


def planned(session, community, longest_m=2000.0, start=(116.3001, LANE)):
    table = found(session, community)
    return next_walk.next_walk(session, Scope(), community, table, at=NOW, start=start, longest_m=longest_m)


def test_the_next_walk_goes_round_the_cold_streets_and_tells_its_turns(session):
    community, _ = ground(session)
    walk(session, community, ROAD, 4)

    plan = planned(session, community)

    assert plan.line.is_closed
    assert plan.metres == pytest.approx(2 * 239 + 2 * 111, abs=3)
    assert plan.red_metres == pytest.approx(239 + 2 * 111, abs=3)
    assert plan.yellow_metres == 0.0
    assert [step.turn for step in plan.steps] in (
        ["go", "left", "left", "left", "arrive"],
        ["go", "right", "right", "right", "arrive"],
    )
    assert {step.name for step in plan.steps} == {"磨坊巷", "东街", "长街", "西街", ""}


def test_the_next_walk_leaves_out_what_was_seen_today(session):
    community, _ = ground(session)
    for lat in (LANE, ROAD):
        walk(session, community, lat, 0)
    session.execute(make.Street.__table__.delete().where(make.Street.name.in_(["西街", "东街"])))

    plan = planned(session, community)

    assert plan.metres == 0.0
    assert plan.steps == []


def test_streets_beside_incidents_are_worth_more(session):
    community, _ = ground(session)
    table = found(session, community)
    spot = shapely.Point(116.3015, LANE + 0.0001)
    for number, stage in (("1", Stage.REPORTED), ("2", Stage.VOIDED)):
        make.add(
            session,
            Incident(
                community_id=community.id,
                number=number,
                source=IncidentSource.PATROL,
                grid_rule="inside",
                stage=stage,
                geom=spot,
                found_at=NOW - timedelta(days=2),
            ),
        )

    counts = next_walk._incidents_beside(session, Scope(), community, table, NOW)

    assert counts.sum() == 1
    assert table["name"].to_numpy()[counts.argmax()] == "磨坊巷"
    assert np.all(next_walk.worth_of(table, counts)[counts > 0] > 0)


def test_a_walk_that_nobody_walks_and_a_start_elsewhere_are_refused(session):
    community, _ = ground(session)

    with pytest.raises(BadWish, match="not 100 m"):
        planned(session, community, longest_m=100.0)
    with pytest.raises(CannotPlan, match="from the nearest street"):
        planned(session, community, start=(116.4, 40.0))


def test_a_walk_is_written_as_gpx_that_other_programs_read(session, tmp_path):
    community, _ = ground(session)
    plan = planned(session, community)
    spots = [gpx_out.Spot(step.x, step.y, f"{step.turn} <{step.name}>\x07") for step in plan.steps]

    count = gpx_out.write_walk(tmp_path / "walk.gpx", "周一 & 周二", plan.line, spots, at=NOW)

    assert count == len(plan.steps)
    reading = gpx.read_tracks(tmp_path / "walk.gpx")
    assert len(reading.frame) == len(plan.line.coords)
    assert reading.frame["at"].isna().all()
    assert reading.frame["name"].iloc[0] == "周一 & 周二"
    read = shapely.LineString(reading.frame[["lon", "lat"]])
    assert read.hausdorff_distance(plan.line) < 1e-6
