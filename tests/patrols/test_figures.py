"""The grids' cards and the numbers a day begins with."""

from datetime import UTC, date, datetime, timedelta

import make
import pandas as pd
import pytest
import shapely
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import (
    Category,
    ChainLink,
    Community,
    Incident,
    IncidentSource,
    IncidentStep,
    Patrol,
    PatrolCredit,
    PatrolSource,
    PlaceKind,
    Role,
    Stage,
    StepKind,
)
from patrols import check_points, figures, roster
from patrols.errors import OutOfScope
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
"""Monday noon in Beijing; the week is from Tuesday 8 September on."""

WEST, SOUTH = make.ORIGIN


def incident(session: Session, community: Community, grid: str | None, **fields: object) -> Incident:
    count = session.query(Incident).count()
    values = {"source": IncidentSource.PATROL, "found_at": AT, "grid_rule": "inside", "number": f"N{count}"} | fields
    return make.add(session, Incident(community_id=community.id, grid_code=grid, **values))


def patrol(
    session: Session,
    community: Community,
    credits: dict[str, tuple[float, float]],
    *,
    began: datetime,
    track: object = None,
) -> Patrol:
    row = Patrol(
        community_id=community.id,
        source=PatrolSource.FILE,
        source_key=f"{session.query(Patrol).count()}",
        started_at=began,
        ended_at=began + timedelta(minutes=30),
        track=track,
    )
    make.add(session, row)
    for code, (metres, minutes) in credits.items():
        make.add(session, PatrolCredit(patrol_id=row.id, grid_code=code, metres=metres, minutes=minutes))
    return row


def codes(community: Community) -> list[str]:
    return [f"{community.code}{number:03d}" for number in range(1, 7)]


def test_a_card_counts_open_and_overdue_incidents_of_its_grid(session: Session) -> None:
    community, _ = make.town(session)
    first, second, *_ = codes(community)
    incident(session, community, first, due_at=AT - timedelta(days=1))
    incident(session, community, first, stage=Stage.RESOLVED)
    incident(session, community, first, stage=Stage.CLOSED, due_at=AT - timedelta(days=1))
    incident(session, community, second, stage=Stage.VOIDED)
    incident(session, community, None)

    cards = figures.grid_cards(session, EVERYTHING, community, AT)

    assert list(cards.index) == codes(community)
    assert cards[["open_incidents", "overdue_incidents"]].loc[[first, second]].to_numpy().tolist() == [[2, 1], [0, 0]]


def test_a_card_says_when_a_patrol_was_last_there_and_what_the_week_earned(session: Session) -> None:
    community, _ = make.town(session)
    first, second, third, fourth, *_ = codes(community)
    before_the_week = datetime(2026, 9, 7, 15, 0, tzinfo=UTC)
    first_minute = datetime(2026, 9, 7, 16, 0, tzinfo=UTC)
    patrol(session, community, {first: (500.0, 9.0)}, began=before_the_week)
    patrol(session, community, {first: (300.0, 5.0), second: (20.0, 0.3)}, began=first_minute)
    patrol(session, community, {third: (100.0, 2.0)}, began=before_the_week)
    patrol(session, community, {fourth: (100.0, 2.0)}, began=AT + timedelta(hours=1))

    cards = figures.grid_cards(session, EVERYTHING, community, AT)

    week = cards[["patrols_7d", "metres_7d", "minutes_7d"]]
    assert week.loc[first].tolist() == [1, 300.0, 5.0]
    # Crossed in 18 seconds: the metres count, but nobody was there.
    assert week.loc[second].tolist() == [0, 20.0, 0.3]
    assert week.loc[third].tolist() == [0, 0.0, 0.0]
    assert cards.loc[first, "last_patrol_at"] == pd.Timestamp(first_minute + timedelta(minutes=30))
    assert cards["days_since_patrol"].loc[[first, third]].tolist() == [6.0, 7.0]
    assert cards["days_since_patrol"].loc[[second, fourth]].isna().all()


def test_coverage_is_the_share_of_street_that_the_weeks_walks_have_seen(session: Session) -> None:
    community, _ = make.town(session)
    north, south = SOUTH + 0.0018, SOUTH + 0.0002
    for y in (north, south):
        make.street(session, community, shapely.LineString([(WEST, y), (WEST + 0.003, y)]))
    walked = shapely.MultiLineString([[(WEST - 0.0003, north), (WEST + 0.0015, north)]])
    patrol(session, community, {}, began=AT - timedelta(days=1), track=walked)
    long_ago = shapely.MultiLineString([[(WEST, south), (WEST + 0.003, south)]])
    patrol(session, community, {}, began=AT - timedelta(days=30), track=long_ago)

    cards = figures.grid_cards(session, EVERYTHING, community, AT)

    assert cards["street_metres"].tolist() == pytest.approx([85.4] * 6, abs=0.5)
    # Half of the second grid's street was walked; a walker sees a few metres ahead of the last step.
    assert cards["coverage_7d"].tolist() == pytest.approx([1.0, 0.5, 0.0, 0.0, 0.0, 0.0], abs=0.06)
    assert figures.grid_cards(session, EVERYTHING, community, AT, with_coverage=False)["coverage_7d"].isna().all()


def test_a_card_counts_sensitive_ones_for_those_alone_who_are_shown_reporters(session: Session) -> None:
    community, _ = make.town(session)
    first, *_ = codes(community)
    quarrel = make.add(session, Category(family="s", kind="event", code="9", zh="纠纷", en="quarrel", sensitive=True))
    late = {"category_id": quarrel.id, "due_at": AT - timedelta(days=1)}
    incident(session, community, first)
    incident(session, community, first, **late)
    since = incident(session, community, first, stage=Stage.CLOSED, **late)
    for number, (stage, days) in enumerate([(Stage.REPORTED, -2), (Stage.CLOSED, 1)], start=1):
        step = IncidentStep(incident_id=since.id, number=number, kind=StepKind.REPORT, stage=stage)
        step.at = AT + timedelta(days=days)
        make.add(session, step)

    counts = [
        figures.grid_cards(session, Scope(reporters=shown), community, AT, with_coverage=False).loc[first]
        for shown in (True, False)
    ]

    assert [one[["open_incidents", "overdue_incidents"]].tolist() for one in counts] == [[3, 2], [1, 0]]


def test_courtyards_are_counted_by_the_ground_that_walks_of_the_week_went_in(session: Session) -> None:
    community, _ = make.town(session)
    make.street(session, community, shapely.LineString([(WEST, SOUTH), (WEST + 0.003, SOUTH)]))
    for west in (WEST + 0.0002, WEST + 0.0012):
        make.compound(session, community, shapely.box(west, SOUTH + 0.0012, west + 0.0004, SOUTH + 0.0018))
    inside = [(WEST + 0.0004, SOUTH + 0.0010), (WEST + 0.0004, SOUTH + 0.0017)]
    patrol(session, community, {}, began=AT - timedelta(days=1), track=shapely.MultiLineString([inside]))

    cards = figures.grid_cards(session, EVERYTHING, community, AT)

    assert cards["yard_m2"].tolist()[:3] == pytest.approx([2273, 2273, 0], rel=0.03)
    assert cards["yard_share_7d"].tolist()[:2] == pytest.approx([0.85, 0.0], abs=0.1)
    assert cards["yard_share_7d"].isna().tolist()[2:] == [True] * 4


def test_check_points_stand_beside_coverage_as_they_hung_and_were_visited_in_the_week(session: Session) -> None:
    community, _ = make.town(session)
    walker = make.person(session, community)
    hung = AT - timedelta(days=30)
    places = [(WEST + 0.0002, SOUTH + 0.0015), (WEST + 0.0008, SOUTH + 0.0015), (WEST + 0.0015, SOUTH + 0.0015)]
    points = [check_points.add(session, community, f"点{place}", place, at=hung) for place in places]
    for number, at in enumerate((AT - timedelta(days=1), AT - timedelta(days=20), AT - timedelta(days=2))):
        check_points.check_in(session, walker, key=f"k{number}", at=at, code=points[number].code, point=places[number])

    cards = figures.grid_cards(session, EVERYTHING, community, AT)

    assert cards[["check_points", "check_points_visited_7d"]].to_numpy().tolist()[:3] == [[2, 1], [1, 1], [0, 0]]


def test_cards_show_only_grids_in_scope(session: Session) -> None:
    community, _ = make.town(session)
    mine = codes(community)[2]
    worker = Scope(frozenset({community.id}), frozenset({mine}))

    assert list(figures.grid_cards(session, worker, community, AT).index) == [mine]
    with pytest.raises(OutOfScope):
        figures.grid_cards(session, Scope(frozenset()), community, AT)


def test_a_community_without_grids_has_no_cards_but_their_columns(session: Session) -> None:
    cards = figures.grid_cards(session, EVERYTHING, make.community(session), AT)

    assert (len(cards), list(cards.columns)) == (0, list(figures.COLUMNS))


def test_one_card_brings_its_chain_and_who_is_posted_inside(session: Session) -> None:
    community, edition = make.town(session)
    code = codes(community)[3]
    for position, (duty, kind) in enumerate(
        [("building_head", PlaceKind.BUILDING), ("grid_worker", PlaceKind.GRID)], 1
    ):
        link = ChainLink(community_id=community.id, position=position, duty=duty, place_kind=kind, zh=duty, en=duty)
        make.add(session, link)
    house = make.building(session, community, make.degrees_square(0, side=0.0002), name="3号楼")
    worker, head = make.person(session, community, "P1", name="甲"), make.person(session, community, "P2", name="乙")
    since = date(2026, 1, 1)
    roster.post(session, worker, "grid_worker", PlaceKind.GRID, grid_code=code, valid_from=since)
    roster.post(session, head, "building_head", PlaceKind.BUILDING, building_id=house.id, valid_from=since)

    card = figures.grid_card(session, EVERYTHING, code, AT)

    assert (card.community, card.edition, card.grid.code) == (community, edition, code)
    assert [link.name for link in card.chain] == ["甲"]
    assert [(link.name, link.place) for link in card.posted] == [("乙", "3号楼")]
    assert card.figures["households"] == 200


def test_cards_of_unknown_old_or_foreign_grids_are_not_shown(session: Session) -> None:
    community, _ = make.town(session)
    first, second, *_ = codes(community)

    with pytest.raises(NotFound, match="No grid in force"):
        figures.grid_card(session, EVERYTHING, "no such grid", AT)
    with pytest.raises(NotFound):
        figures.grid_card(session, EVERYTHING, first, datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(OutOfScope):
        figures.grid_card(session, Scope(frozenset({community.id}), frozenset({second})), first, AT)


def test_many_grids_take_as_many_queries_as_few(session: Session) -> None:
    small = make.town(session, columns=1, rows=1)[0]
    cells = {f"110108001002{n:03d}": make.degrees_square(n, 9) for n in range(12)}
    large = make.community(session, "110108001002", outline=shapely.union_all(list(cells.values())))
    make.edition(session, large, cells)
    for code in cells:
        incident(session, large, code)
        patrol(session, large, {code: (100.0, 5.0)}, began=AT - timedelta(days=1))
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def ask(community: Community) -> int:
        session.expire_all()
        _ = community.id
        sent.clear()
        figures.grid_cards(session, EVERYTHING, community, AT)
        return len(sent)

    assert ask(small) == ask(large)


@pytest.mark.parametrize("role", list(Role))
def test_a_day_begins_with_three_to_five_numbers_for_every_role(session: Session, role: Role) -> None:
    make.town(session)

    numbers = figures.home(session, EVERYTHING, role, AT)

    assert 3 <= len(numbers) <= 5
    assert len({number.key for number in numbers}) == len(numbers)
    assert all(number.what and number.verb for number in numbers)


def test_a_managers_numbers_say_what_waits(session: Session) -> None:
    community, _ = make.town(session)
    first, second, *_ = codes(community)
    incident(session, community, first)
    incident(session, community, first, stage=Stage.ACCEPTED, due_at=AT - timedelta(hours=1))
    incident(session, community, second, stage=Stage.RESOLVED)
    incident(session, community, second, stage=Stage.CLOSED, due_at=AT - timedelta(hours=1))
    patrol(session, community, {first: (200.0, 4.0), second: (20.0, 0.2)}, began=AT - timedelta(days=6))
    patrol(session, community, {second: (200.0, 4.0)}, began=AT - timedelta(days=7))

    numbers = {number.key: number for number in figures.home(session, EVERYTHING, Role.GRID_MANAGER, AT)}

    counts = {key: number.count for key, number in numbers.items()}
    assert counts == {"overdue": 1, "to_accept": 1, "to_triage": 1, "to_close": 1, "unpatrolled": 5}
    assert numbers["overdue"].alarm


def test_a_worker_sees_what_was_dispatched_to_them_and_their_own_grids(session: Session) -> None:
    community, _ = make.town(session)
    first, second, *_ = codes(community)
    me = make.person(session, community)
    incident(session, community, second, stage=Stage.DISPATCHED, handler_id=me.id)
    incident(session, community, first)
    incident(session, community, second)
    scope = Scope(frozenset({community.id}), frozenset({first}), person_id=me.id)

    counts = {number.key: number.count for number in figures.home(session, scope, Role.GRID_WORKER, AT)}

    assert counts == {"mine": 1, "overdue": 0, "unpatrolled": 1, "open": 2}


def test_who_stays_past_the_midnight_of_a_new_edition_visits_a_grid_once_and_long_enough(session: Session) -> None:
    community, new = make.town(session)
    old = make.edition(session, community, {}, number=2, valid_from=date(2025, 1, 1), valid_until=date(2026, 1, 1))
    long, short, both, *_ = codes(community)
    walked = patrol(session, community, {short: (10.0, 0.6)}, began=AT - timedelta(days=1))
    evening, morning = {long: (90.0, 2.0), both: (40.0, 0.6)}, {long: (60.0, 3.0), both: (30.0, 0.6)}
    for edition, earned in ((old, evening), (new, morning)):
        for code, (metres, minutes) in earned.items():
            credit = PatrolCredit(patrol_id=walked.id, edition_id=edition.id, grid_code=code)
            credit.metres, credit.minutes = metres, minutes
            make.add(session, credit)

    week = figures.grid_cards(session, EVERYTHING, community, AT)[["patrols_7d", "metres_7d"]]
    numbers = {number.key: number.count for number in figures.home(session, EVERYTHING, Role.OFFICIAL, AT)}

    assert week.loc[[long, short, both]].to_numpy().tolist() == [[1, 150.0], [0, 10.0], [1, 70.0]]
    assert numbers["unpatrolled"] == 4


def test_the_numbers_agree_with_the_cards(session: Session) -> None:
    community, _ = make.town(session)
    for hours, code in enumerate(codes(community)[:4]):
        incident(session, community, code, due_at=AT - timedelta(hours=hours - 1))
        patrol(session, community, {code: (50.0, hours)}, began=AT - timedelta(days=2 * hours))

    cards = figures.grid_cards(session, EVERYTHING, community, AT)
    counts = {number.key: number.count for number in figures.home(session, EVERYTHING, Role.OFFICIAL, AT)}

    assert counts["open"] == cards["open_incidents"].sum()
    assert counts["overdue"] == cards["overdue_incidents"].sum()
    assert counts["unpatrolled"] == (cards["patrols_7d"] == 0).sum()


def test_tracks_of_a_time_come_without_names(session: Session) -> None:
    community, _ = make.town(session)
    line = shapely.MultiLineString([[(WEST, SOUTH), (WEST + 0.001, SOUTH)]])
    walked = patrol(session, community, {}, began=AT, track=line)
    patrol(session, community, {}, began=AT)

    found = figures.tracks(session, community, since=AT, until=AT + timedelta(hours=1), degrees=True)

    assert list(found.index) == [walked.id]
    assert list(found.columns) == ["started_at", "metres", "minutes", "geometry"]
    assert found.geometry.iloc[0].equals(line)
