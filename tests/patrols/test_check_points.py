"""Check-points hang, move and close; a check-in is kept once, at the point it was at."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import make
import pytest

from data.database import open_engine, open_session
from data.errors import NotFound
from data.models import CheckIn, CheckInBy, Person, Team
from geo.errors import BadGeometry
from patrols import check_points
from patrols.errors import BadCheckIn, BadCheckPoint
from patrols.scope import EVERYTHING, Scope

LON, LAT = 116.3005, 40.0005
"""The middle of the south-western of six squares: `community.code` + 004."""

METRE_NORTH = 1 / 111_000
"""Degrees of latitude, about."""


@pytest.fixture
def place(session):
    return make.town(session)[0]


@pytest.fixture
def walker(session, place):
    return make.person(session, place)


@pytest.fixture
def gate(session, place):
    return check_points.add(session, place, "  北门  岗亭 ", (LON, LAT), at=make.EPOCH)


def later(minutes):
    return make.EPOCH + timedelta(minutes=minutes)


def north(metres):
    return LON, LAT + metres * METRE_NORTH


def test_a_check_point_gets_a_number_a_code_and_the_grid_it_hangs_in(session, place, gate):
    second = check_points.add(session, place, "菜市场", (LON + 0.001, LAT), at=make.EPOCH)

    found = check_points.hanging(session, place, at=later(1))

    assert [(one.point.number, one.point.name, one.grid_code[-3:]) for one in found] == [
        (1, "北门 岗亭", "004"),
        (2, "菜市场", "005"),
    ]
    assert len({gate.code, second.code}) == 2
    assert len(gate.code) == 10


def test_only_check_points_in_grids_that_may_be_seen_are_shown(session, place, gate):
    check_points.add(session, place, "菜市场", (LON + 0.001, LAT), at=make.EPOCH)
    worker = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}005"}))

    found = check_points.hanging(session, place, at=later(1), scope=worker)

    assert [one.point.name for one in found] == ["菜市场"]


def test_a_check_point_needs_a_name_a_free_number_and_a_place_on_the_globe(session, place, gate):
    for name, spot, number, refused in (
        (" ", (LON, LAT), 0, BadCheckPoint),
        ("南门", (LON, LAT), 1, BadCheckPoint),
        ("南门", (LON, 95.0), 0, BadGeometry),
    ):
        with pytest.raises(refused):
            check_points.add(session, place, name, spot, at=make.EPOCH, number=number)


def test_a_moved_point_keeps_its_code_and_hung_elsewhere_before(session, place, gate):
    code = gate.code

    check_points.move(session, gate, (LON + 0.001, LAT), at=later(60))

    before, after = (check_points.hanging(session, place, at=later(minutes)) for minutes in (59, 60))
    assert [one.grid_code[-3:] for one in before + after] == ["004", "005"]
    assert gate.code == code
    assert len(gate.places) == 2


def test_a_closed_point_hung_until_then_and_its_number_is_not_used_again(session, place, gate):
    check_points.close(session, gate, at=later(60), why="岗亭拆了")

    assert check_points.hanging(session, place, at=later(60)) == []
    assert len(check_points.hanging(session, place, at=later(59))) == 1
    assert check_points.closed(session, place) == [gate]
    assert check_points.add(session, place, "南门", (LON, LAT), at=later(61)).number == 2
    for late in (
        lambda: check_points.close(session, gate, at=later(62)),
        lambda: check_points.move(session, gate, (LON, LAT), at=later(62)),
    ):
        with pytest.raises(BadCheckPoint):
            late()


def test_a_point_is_found_by_its_number_or_refused(session, place, gate):
    assert check_points.get(session, EVERYTHING, place, 1) is gate
    with pytest.raises(NotFound):
        check_points.get(session, EVERYTHING, place, 2)


def test_a_code_says_at_which_point_somebody_is_however_it_was_read(session, walker, gate):
    code = gate.code
    reads = [code, f"https://gp.example/walk?check={code}", f" {code[:5].lower()}-{code[5:]} "]

    rows = [check_points.check_in(session, walker, key=f"k{n}", at=later(n), code=read) for n, read in enumerate(reads)]

    assert {row.check_point_id for row in rows} == {gate.id}
    assert {(row.said_by, row.counts, row.grid_code[-3:]) for row in rows} == {(CheckInBy.CODE, True, "004")}


def test_the_same_key_twice_is_one_check_in(session, walker, gate):
    first = check_points.check_in(session, walker, key="k", at=later(1), code=gate.code)
    again = check_points.check_in(session, walker, key="k", at=later(9), point=(LON, LAT))

    assert again is first
    assert session.query(CheckIn).count() == 1


def test_a_key_of_somebody_else_is_refused(session, place, walker, gate):
    check_points.check_in(session, walker, key="k", at=later(1), code=gate.code)

    with pytest.raises(BadCheckIn):
        check_points.check_in(session, make.person(session, place, "P002"), key="k", at=later(1), code=gate.code)


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "is_there"),
    [(0, 8, True), (22, 8, True), (24, 8, False), (24, None, True), (26, None, False), (0, 51, False)],
)
def test_a_position_is_at_a_point_within_sight_and_its_accuracy(session, walker, gate, metres, accuracy_m, is_there):
    row = check_points.check_in(session, walker, key="k", at=later(1), point=north(metres), accuracy_m=accuracy_m)

    assert (row.check_point_id == gate.id) == is_there
    assert row.grid_code[-3:] == "004"
    assert row.said_by is CheckInBy.POSITION


def test_the_nearest_point_is_taken_and_of_two_as_near_the_smaller_number(session, place, walker, gate):
    twin = check_points.add(session, place, "北门二", (LON, LAT), at=make.EPOCH)
    nearer = check_points.add(session, place, "北门三", north(10), at=make.EPOCH)

    at_both = check_points.check_in(session, walker, key="a", at=later(1), point=(LON, LAT))
    at_third = check_points.check_in(session, walker, key="b", at=later(1), point=north(8))

    assert at_both.check_point_id == gate.id != twin.id
    assert at_third.check_point_id == nearer.id


@pytest.mark.parametrize(("metres", "accuracy_m", "counts"), [(38, 8, True), (40, 8, False), (400, 60, True)])
def test_a_code_read_far_from_its_point_is_kept_and_does_not_count(
    session, place, walker, gate, metres, accuracy_m, counts
):
    there = {"point": north(metres), "accuracy_m": accuracy_m}

    row = check_points.check_in(session, walker, key="k", at=later(1), code=gate.code, **there)

    assert (row.check_point_id, row.counts) == (gate.id, counts)
    assert row.distance_m == pytest.approx(metres, rel=0.01)
    assert check_points.visits(session, place) == ({gate.id: (1, row.at)} if counts else {})


def test_a_code_that_hangs_nowhere_any_more_or_elsewhere_is_refused(session, place, walker, gate):
    other = make.community(session, "110108001002")
    away = check_points.add(session, other, "别处", (LON, LAT), at=make.EPOCH)
    check_points.close(session, gate, at=later(60))

    for code, minutes in ((gate.code, 61), (away.code, 1), ("ABC", 1)):
        with pytest.raises(BadCheckIn):
            check_points.check_in(session, walker, key="k", at=later(minutes), code=code)
    assert check_points.check_in(session, walker, key="k", at=later(59), heard_at=later(99), code=gate.code).counts


def test_a_check_in_says_where(session, walker):
    with pytest.raises(BadCheckIn):
        check_points.check_in(session, walker, key="k", at=later(1))
    with pytest.raises(BadGeometry):
        check_points.check_in(session, walker, key="k", at=later(1), point=(200.0, 40.0))


def test_nobody_checks_in_ahead_of_time(session, place, walker, gate):
    team = make.add(session, Team(community_id=place.id, name="小红帽一队"))

    row = check_points.check_in(
        session, walker, key="k", at=later(90), heard_at=later(2), code=gate.code, team=team, walk="w1"
    )

    assert (row.at, row.heard_at) == (later(2), later(2))
    assert (row.team_id, row.walk) == (team.id, "w1")


def test_phones_that_send_the_same_key_at_once_get_one_row(own_url):
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as opened:
        place, _ = make.town(opened)
        person, point = make.person(opened, place), check_points.add(opened, place, "北门", (LON, LAT), at=make.EPOCH)
        key, code = person.id, point.code
        opened.commit()

    def send(_):
        with open_session(engine, writing=True) as opened:
            row = check_points.check_in(opened, opened.get_one(Person, key), key="k", at=later(1), code=code)
            opened.commit()
            return row.id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(send, range(8)))

    with open_session(engine) as opened:
        assert opened.query(CheckIn).count() == len(ids) == 1
    engine.dispose()
