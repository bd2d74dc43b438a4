"""Columns of incidents say what the database says, and go on saying it."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import make
import numpy as np
import pytest
from sqlalchemy import func, select

from data.database import open_engine, open_session
from data.models import Category, Incident, IncidentSource, Organisation, Stage, StepKind
from patrols import incidents
from patrols.days import local_day, start_of_day, zone
from patrols.incident_choice import choice, chosen, counted
from patrols.incident_columns import SOURCES, STAGES, read_columns, refreshed
from patrols.incident_memory import columns_of
from patrols.incident_view import IncidentView, Which
from patrols.moves import OPEN_STAGES
from patrols.scope import EVERYTHING, Scope

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=make.EPOCH.tzinfo)
DAYS = 40


@pytest.fixture
def town(session):
    """A community with incidents of forty days, of every source, some void, closed, sensitive, or without a place."""
    return build(session)


def build(session, count=70):
    place, _ = make.town(session)
    for code, sensitive in (("01", False), ("02", False), ("03", True)):
        make.add(
            session,
            Category(
                family="urban" if code < "02" else "home", kind="part", code=code, zh=code, en=code, sensitive=sensitive
            ),
        )
    make.add(session, Organisation(community_id=place.id, name="环卫所", code="1" * 18))
    random = np.random.default_rng(11)
    for number in range(count):
        report(session, place, random, NOW - timedelta(days=float(random.uniform(0, DAYS))), number)
    return place


def report(session, place, random, at, number=0):
    kinds = [*session.scalars(select(Category).order_by(Category.id)), None]
    point = (116.3 + random.uniform(0, 0.0035), 40.0 + random.uniform(0, 0.002)) if number % 7 else None
    found = incidents.report(
        session,
        place,
        at=at,
        source=SOURCES[random.integers(len(SOURCES))],
        description="",
        point=point,
        found_at=at - timedelta(hours=float(random.uniform(0, 30))),
        category=kinds[random.integers(len(kinds))],
    )
    if number % 5 == 0:
        incidents.step(session, found, StepKind.VOID, by=None, at=at, note="-")
    elif number % 3 == 0:
        incidents.step(session, found, StepKind.SETTLE_ON_THE_SPOT, by=None, at=at)
        incidents.step(session, found, StepKind.CLOSE, by=None, at=at)
    return found


def meant(session, place, scope, view, *, sensitive=False):
    """The ids that a view means, asked of the database and sifted one by one."""
    rows = session.scalars(scope.narrow(select(Incident).where(Incident.community_id == place.id), Incident))
    kept = []
    for row in rows:
        local = row.found_at.astimezone(zone(place.timezone))
        kind = row.category
        stages = {Which.ALL: set(Stage), Which.OPEN: set(OPEN_STAGES), Which.CLOSED: {Stage.CLOSED}}[view.stages]
        if (
            row.stage is not Stage.VOIDED
            and row.stage in stages
            and view.since <= local.date() <= view.until
            and (not view.hours or local.hour in view.hours)
            and (not view.weekdays or local.isoweekday() in view.weekdays)
            and (not view.sources or row.source in view.sources)
            and (not view.grids or row.grid_code in view.grids)
            and (sensitive or kind is None or not kind.sensitive)
            and (
                not (view.categories or view.families)
                or (kind is not None and (kind.id in view.categories or kind.family in view.families))
            )
        ):
            kept.append(row.id)
    return sorted(kept)


def views(session, place):
    grid = f"{place.code}002"
    first = session.scalars(select(Category.id).order_by(Category.id)).first()
    since, until = date(2026, 10, 20), date(2026, 11, 18)
    return [
        IncidentView(date(2026, 1, 1), date(2026, 12, 31)),
        IncidentView(since, until),
        IncidentView(since, since),
        IncidentView(since, until, categories=(first,)),
        IncidentView(since, until, families=("home",), categories=(first,)),
        IncidentView(since, until, sources=(IncidentSource.HOTLINE, IncidentSource.PATROL)),
        IncidentView(since, until, hours=(0, 1, 7, 8, 23), weekdays=(1, 7)),
        IncidentView(since, until, grids=(grid,), stages=Which.OPEN),
        IncidentView(since, until, stages=Which.CLOSED),
        IncidentView(date(2030, 1, 1), date(2030, 1, 2)),
    ]


def scopes(place):
    here = frozenset({place.id})
    return [
        EVERYTHING,
        Scope(here, frozenset({f"{place.code}001", f"{place.code}002"}), reporters=False),
        Scope(here, None, organisation_id=1, reporters=False),
        Scope(here, frozenset({f"{place.code}001"}), person_id=1),
        Scope(frozenset({place.id + 1}), None),
        Scope(frozenset(), frozenset()),
    ]


def test_every_view_means_the_incidents_that_the_database_finds(session, town):
    columns = read_columns(session, town)

    for scope in scopes(town):
        for view in views(session, town):
            found = sorted(columns.keys[chosen(columns, scope, view)].tolist())
            assert found == meant(session, town, scope, view), (scope, view)


def test_sensitive_categories_are_counted_for_those_alone_who_are_shown_reporters(session, town):
    columns = read_columns(session, town)
    view = views(session, town)[0]
    manager, official = Scope(), Scope(reporters=False)

    shown = [len(chosen(columns, scope, view, sensitive=True)) for scope in (manager, official)]

    assert shown == [
        len(meant(session, town, manager, view, sensitive=True)),
        len(meant(session, town, official, view)),
    ]
    assert shown[0] > shown[1]


def test_the_columns_hold_what_stands_in_the_rows(session, town):
    columns = read_columns(session, town)

    assert len(columns) == session.scalar(select(func.count()).select_from(Incident))
    for place in range(0, len(columns), 17):
        row = session.get(Incident, int(columns.keys[place]))
        local = row.found_at.astimezone(zone(town.timezone))
        assert columns.found[place] == int(row.found_at.timestamp()) // 60
        assert columns.reported[place] == int(row.steps[0].at.timestamp()) // 60
        assert columns.when[place] == local.hour * 7 + local.weekday()
        stage, source = divmod(int(columns.kind[place]), len(SOURCES))
        assert (STAGES[stage], SOURCES[source]) == (row.stage, row.source)
        assert columns.grids[columns.grid[place]] == (row.grid_code or "")
        assert columns.facts.ids[columns.category[place]] == (row.category_id or 0)
        assert np.isnan(columns.x[place]) == (row.geom is None)
    assert (np.diff(columns.found) >= 0).all()


def test_counts_by_a_filter_are_those_of_the_view_without_it(session, town):
    columns = read_columns(session, town)
    scope = scopes(town)[1]
    view = IncidentView(
        date(2026, 10, 20),
        date(2026, 11, 18),
        families=("home", "urban"),
        sources=SOURCES[:5],
        weekdays=(1, 2, 3, 5, 6),
    )

    found = counted(columns, choice(columns, scope, view))

    without_days = chosen(columns, scope, replace(view, weekdays=()))
    assert found.when.tolist() == np.bincount(columns.when[without_days], minlength=168).tolist()
    without_kinds = chosen(columns, scope, replace(view, families=()))
    expected = np.bincount(columns.category[without_kinds], minlength=len(found.category))
    assert found.category.tolist() == expected.tolist()
    all_days = chosen(columns, scope, view.over(date(2020, 1, 1), date(2030, 1, 1)))
    assert np.flatnonzero(found.flags).tolist() == all_days.tolist()
    assert 0 < len(all_days) < len(columns)


def test_what_is_refreshed_is_what_would_be_read_anew(session, town):
    known = read_columns(session, town)
    random = np.random.default_rng(5)
    assert refreshed(session, town, known) is known
    open_one = session.scalars(select(Incident).where(Incident.stage == Stage.REPORTED)).first()
    incidents.step(session, open_one, StepKind.ACCEPT, by=None, at=NOW)
    late = report(session, town, random, NOW - timedelta(days=90), 1)
    make.add(session, Category(family="new", kind="part", code="09", zh="新", en="new"))
    report(session, town, random, NOW, 2)
    session.flush()

    fresh = refreshed(session, town, known)

    again = read_columns(session, town)
    assert fresh.keys[0] == late.id
    assert fresh.stamp == again.stamp != known.stamp
    for name in ("keys", "found", "reported", "when", "kind", "category", "organisation", "handler"):
        assert getattr(fresh, name).tolist() == getattr(again, name).tolist(), name
    assert [fresh.grids[one] for one in fresh.grid] == [again.grids[one] for one in again.grid]
    assert np.allclose(fresh.x, again.x, atol=0.01, equal_nan=True)


def test_a_category_that_becomes_sensitive_is_left_out_at_once(session, town):
    known = read_columns(session, town)
    session.scalars(select(Category).where(Category.code == "01")).one().sensitive = True
    session.flush()

    fresh = refreshed(session, town, known)

    view = views(session, town)[0]
    assert fresh.stamp != known.stamp
    assert len(chosen(fresh, EVERYTHING, view)) == len(meant(session, town, EVERYTHING, view))


def test_another_history_is_read_anew(session, town):
    columns = read_columns(session, town)
    of_later = replace(columns, last_step=columns.last_step + 5, stamp="of a database before its backup was put back")

    fresh = refreshed(session, town, of_later)

    assert (fresh.last_step, fresh.stamp) == (columns.last_step, columns.stamp)


def test_a_community_without_incidents_has_empty_columns(session):
    place = make.community(session)

    columns = read_columns(session, place)

    assert len(columns) == 0
    assert len(chosen(columns, EVERYTHING, IncidentView(date(2026, 1, 1), date(2026, 2, 1)))) == 0


def test_the_process_remembers_what_it_read_until_something_changes(own_url):
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place = build(session, 20)
        session.commit()
    with open_session(engine) as session:
        place = session.merge(place)
        first = columns_of(session, place)
    with open_session(engine, writing=True) as session:
        assert columns_of(session, session.merge(place)) is first
        report(session, session.merge(place), np.random.default_rng(1), NOW, 1)
        session.commit()
    with open_session(engine) as session:
        second = columns_of(session, session.merge(place))
    engine.dispose()

    assert len(second) == len(first) + 1


def test_days_begin_at_the_local_midnight(session, town):
    columns = read_columns(session, town)
    midnight = start_of_day(town, date(2026, 11, 1))

    wanted = choice(columns, EVERYTHING, IncidentView(date(2026, 11, 1), date(2026, 11, 3)))

    assert columns.found[wanted.start] >= midnight.timestamp() // 60 > columns.found[wanted.start - 1]
    assert local_day(town, midnight) == date(2026, 11, 1)
