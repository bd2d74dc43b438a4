from datetime import UTC, date, datetime, timedelta

import make
import pytest
import shapely

from data.errors import NotFound
from data.models import Category, Incident, IncidentSource, Patrol, PatrolCredit, PatrolSource, Stage
from patrols import areas
from patrols.incident_view import IncidentView
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
WEEK = IncidentView(since=date(2026, 11, 16), until=TODAY)
FIRST, SECOND, OTHER = "110108001001", "110108001002", "110108002001"


def place(session, code, column):
    cells = {f"{code}{i + 1:03d}": make.degrees_square(column + i) for i in range(2)}
    community = make.community(session, code, outline=shapely.union_all(list(cells.values())))
    make.edition(session, community, cells)
    return community


def county(session):
    return [place(session, code, 3 * i) for i, code in enumerate((FIRST, SECOND, OTHER))]


def incident(session, community, number, **fields):
    fields = {"found_at": NOW - timedelta(hours=1), "stage": Stage.REPORTED, "source": IncidentSource.PATROL} | fields
    fields = {"grid_code": f"{community.code}001"} | fields
    return make.add(session, Incident(community_id=community.id, number=number, grid_rule="inside", **fields))


def visit(session, community, grid, *, minutes=30.0, started=NOW - timedelta(days=2)):
    row = Patrol(
        community_id=community.id,
        source=PatrolSource.FILE,
        source_key=f"{grid}{started}",
        started_at=started,
        ended_at=started + timedelta(hours=1),
    )
    row.credits = [PatrolCredit(grid_code=grid, metres=900, minutes=minutes)]
    return make.add(session, row)


def figures(session, found, scope=EVERYTHING, view=WEEK):
    return areas.community_figures(session, scope, found, view, at=NOW)


def test_communities_are_found_by_the_beginning_of_their_code(session):
    county(session)

    found = areas.within(session, Scope(), "110108001", on=TODAY)

    assert [one.code for one in found] == [FIRST, SECOND]
    assert found[0].subdistrict.name == "城关街道"


def test_a_county_in_which_nothing_may_be_seen_is_not_found(session):
    first, *_ = county(session)
    scope = Scope(communities=frozenset({first.id}))

    assert [one.code for one in areas.within(session, scope, "110108", on=TODAY)] == [FIRST]
    with pytest.raises(NotFound):
        areas.within(session, scope, "110108002", on=TODAY)


def test_figures_of_communities_are_counted_one_row_each_in_the_order_given(session):
    first, second, other = county(session)
    incident(session, first, "1", due_at=NOW - timedelta(minutes=1))
    incident(session, first, "2", found_at=NOW - timedelta(days=9))
    incident(session, first, "3", stage=Stage.CLOSED)
    incident(session, first, "4", stage=Stage.VOIDED)
    incident(session, other, "5", found_at=NOW - timedelta(days=100))

    table = figures(session, [other, first, second])

    assert list(table.index) == [other.id, first.id, second.id]
    assert table.loc[first.id].to_dict() == {
        "grids": 2,
        "households": 400,
        "residents": 0,
        "open": 2,
        "overdue": 1,
        "found": 2,
        "found_before": 1,
        "unpatrolled": 2,
    }
    assert table.loc[other.id, ["open", "overdue", "found"]].tolist() == [1, 0, 0]
    assert table.loc[second.id, ["grids", "open", "found"]].tolist() == [2, 0, 0]


def test_only_the_incidents_that_the_view_means_count(session):
    first, *_ = county(session)
    litter = make.add(session, Category(family="sample", kind="part", code="1", zh="垃圾", en="litter"))
    incident(session, first, "1", category_id=litter.id)
    incident(session, first, "2", source=IncidentSource.HOTLINE)

    by_category = IncidentView(WEEK.since, WEEK.until, categories=(litter.id,))
    by_family = IncidentView(WEEK.since, WEEK.until, families=("sample",))
    by_source = IncidentView(WEEK.since, WEEK.until, sources=(IncidentSource.HOTLINE,))

    for view in (by_category, by_family, by_source):
        assert figures(session, [first], view=view).loc[first.id, ["open", "found"]].tolist() == [1, 1]


def test_days_begin_at_midnight_of_the_community(session):
    first, *_ = county(session)
    incident(session, first, "1", found_at=datetime(2026, 11, 15, 16, 0, tzinfo=UTC))
    incident(session, first, "2", found_at=datetime(2026, 11, 15, 15, 59, tzinfo=UTC))

    assert figures(session, [first]).loc[first.id, ["found", "found_before"]].tolist() == [1, 1]


def test_a_visit_of_this_week_that_was_long_enough_makes_a_grid_walked(session):
    first, second, _ = county(session)
    visit(session, first, f"{FIRST}001")
    visit(session, first, f"{FIRST}002", minutes=0.1)
    visit(session, second, f"{SECOND}001", started=NOW - timedelta(days=8))

    assert figures(session, [first, second])["unpatrolled"].tolist() == [1, 2]


def test_who_answers_for_single_grids_is_told_of_those_alone(session):
    first, *_ = county(session)
    incident(session, first, "1")
    incident(session, first, "2", grid_code=f"{FIRST}002")
    scope = Scope(communities=frozenset({first.id}), grids=frozenset({f"{FIRST}002"}))

    row = figures(session, [first], scope=scope).loc[first.id]

    assert row[["grids", "households", "open", "found", "unpatrolled"]].tolist() == [1, 200, 1, 1, 1]


def test_subdistricts_are_the_sums_of_their_communities(session):
    found = county(session)
    for i, community in enumerate(found):
        incident(session, community, str(i))

    sums = areas.by_subdistrict(found, figures(session, found))

    assert sums["found"].to_dict() == {"110108001": 2, "110108002": 1}
    assert sums["grids"].to_dict() == {"110108001": 4, "110108002": 2}


def test_many_communities_take_no_more_questions_than_one(session, engine):
    from sqlalchemy import event

    found = county(session)
    asked = []

    def note(*args):
        asked.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    figures(session, found[:1])
    one = len(asked)
    figures(session, found)
    event.remove(engine, "before_cursor_execute", note)

    assert len(asked) - one == one <= 8


def test_an_outline_keeps_its_ground(session):
    first, *_ = county(session)

    shapes = areas.outlines(session, [first])

    assert shapes[first.id].equals(shapely.box(116.3, 40.0, 116.302, 40.001))


def test_sensitive_ones_count_for_those_alone_who_are_shown_reporters(session):
    first, *_ = county(session)
    quarrel = make.add(
        session, Category(family="sample", kind="event", code="9", zh="家庭矛盾", en="family quarrel", sensitive=True)
    )
    incident(session, first, "1", due_at=NOW - timedelta(days=1))
    incident(session, first, "2", due_at=NOW - timedelta(days=1), category_id=quarrel.id)

    counts = [figures(session, [first], Scope(reporters=shown)).loc[first.id] for shown in (True, False)]

    assert [one[["open", "overdue", "found"]].tolist() for one in counts] == [[2, 2, 2], [1, 1, 1]]
