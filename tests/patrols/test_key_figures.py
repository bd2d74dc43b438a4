from datetime import UTC, date, datetime, timedelta

import make
import pytest

from data.models import Category, Incident, IncidentSource, Patrol, PatrolSource, Stage
from patrols.incident_choice import chosen
from patrols.incident_columns import read_columns
from patrols.incident_view import IncidentView
from patrols.key_figures import key_figures
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
WEEK = IncidentView(since=date(2026, 11, 16), until=date(2026, 11, 22))
DAY = timedelta(days=1)


def incident(session, community, number, **fields):
    fields = {"found_at": NOW - DAY, "stage": Stage.REPORTED, "grid_code": f"{community.code}001"} | fields
    return make.add(
        session,
        Incident(community_id=community.id, number=number, source=IncidentSource.PATROL, grid_rule="inside", **fields),
    )


def walk(session, community, key, started, metres):
    return make.add(
        session,
        Patrol(
            community_id=community.id,
            source=PatrolSource.FILE,
            source_key=key,
            started_at=started,
            ended_at=started + timedelta(hours=1),
            metres=metres,
        ),
    )


def told(session, communities, scope=EVERYTHING, view=WEEK):
    return {one.key: (one.value, one.before) for one in key_figures(session, scope, communities, view, at=NOW)}


def test_what_was_found_and_settled_stands_beside_the_week_before(session):
    place, _ = make.town(session)
    done = {"stage": Stage.CLOSED, "found_at": NOW - 9 * DAY}
    incident(session, place, "1")
    incident(session, place, "2", closed_at=NOW - DAY, due_at=NOW, **done)
    incident(session, place, "3", closed_at=NOW - DAY, due_at=NOW - 2 * DAY, **done)
    incident(session, place, "4", closed_at=NOW - DAY, **done)
    incident(session, place, "5", closed_at=NOW - 8 * DAY, due_at=NOW, **done)
    incident(session, place, "6", stage=Stage.VOIDED)

    figures = told(session, [place])

    assert figures["found"] == (1, 4)
    assert figures["closed"] == (3, 1)
    assert figures["on_time"] == (pytest.approx(1 / 2), pytest.approx(1))


def test_open_and_overdue_ones_count_whenever_they_were_found(session):
    place, _ = make.town(session)
    incident(session, place, "1", found_at=NOW - 300 * DAY, due_at=NOW - 200 * DAY)
    incident(session, place, "2", due_at=NOW + DAY)

    figures = told(session, [place])

    assert figures["open"] == (2, None)
    assert figures["overdue"] == (1, None)


def test_patrols_and_their_metres_are_added_up(session):
    place, _ = make.town(session)
    walk(session, place, "a", NOW - DAY, 900.0)
    walk(session, place, "b", NOW - 2 * DAY, 600.0)
    walk(session, place, "c", NOW - 10 * DAY, 2000.0)

    figures = told(session, [place])

    assert figures["walks"] == (2, 1)
    assert figures["metres"] == (1500.0, 2000.0)


def test_a_share_of_nothing_is_none(session):
    place, _ = make.town(session)

    assert told(session, [place])["on_time"] == (None, None)


def test_what_may_not_be_seen_is_not_counted_and_a_category_narrows_the_incidents_alone(session):
    place, _ = make.town(session)
    litter = make.add(session, Category(family="sample", kind="part", code="1", zh="垃圾", en="litter"))
    incident(session, place, "1")
    incident(session, place, "2", grid_code=f"{place.code}002", category_id=litter.id)
    walk(session, place, "a", NOW - DAY, 900.0)
    own = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}002"}))
    of_litter = IncidentView(WEEK.since, WEEK.until, categories=(litter.id,))

    assert told(session, [place], scope=own)["found"] == (1, 0)
    assert told(session, [place], view=of_litter)["found"] == (1, 0)
    assert told(session, [place], view=of_litter)["walks"] == (1, 0)


def test_several_communities_are_added_up(session):
    first, _ = make.town(session)
    second = make.community(session, "110108001002")
    incident(session, first, "1")
    incident(session, second, "2")

    assert told(session, [first, second])["found"] == (2, 0)


def test_sensitive_ones_count_for_those_alone_who_are_shown_reporters(session):
    place, _ = make.town(session)
    quarrel = make.add(
        session, Category(family="sample", kind="event", code="9", zh="家庭矛盾", en="family quarrel", sensitive=True)
    )
    late = {"due_at": NOW - DAY}
    incident(session, place, "1", **late)
    incident(session, place, "2", category_id=quarrel.id, **late)
    incident(session, place, "3", category_id=quarrel.id, stage=Stage.CLOSED, closed_at=NOW - DAY, **late)

    manager, official = (told(session, [place], scope=Scope(reporters=shown)) for shown in (True, False))

    keys = ("found", "closed", "open", "overdue")
    assert [manager[key][0] for key in keys] == [3, 1, 2, 2]
    assert [official[key][0] for key in keys] == [1, 0, 1, 1]


def test_the_number_found_is_that_of_the_line_of_time_for_every_reader(session):
    place, _ = make.town(session)
    kinds = [
        make.add(session, Category(family="sample", kind="event", code=code, zh=code, en=code, sensitive=code == "9"))
        for code in ("1", "9")
    ]
    for number in range(6):
        incident(session, place, str(number), category_id=[None, *[kind.id for kind in kinds]][number % 3])
    columns = read_columns(session, place)

    for scope in (Scope(), Scope(reporters=False)):
        assert told(session, [place], scope=scope)["found"][0] == len(chosen(columns, scope, WEEK, sensitive=True))
