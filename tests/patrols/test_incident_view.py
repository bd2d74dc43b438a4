"""Which incidents are meant, and the address that says it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.models import IncidentSource
from patrols.errors import BadView
from patrols.incident_view import FIELDS, IncidentView, Which

TODAY = date(2026, 11, 22)
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@given(
    st.tuples(days, days).map(sorted),
    st.lists(st.integers(1, 2**31 - 1), max_size=5),
    st.lists(st.sampled_from(list(IncidentSource))),
    st.lists(st.integers(0, 23)),
    st.lists(st.integers(1, 7)),
    st.sampled_from(list(Which)),
)
def test_an_address_brings_back_the_view_it_was_made_of(time, categories, sources, hours, weekdays, stages):
    view = IncidentView(
        time[0],
        time[1],
        categories=tuple(categories),
        families=("urban", "hotline"),
        sources=tuple(sources),
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        grids=("621102001001001",),
        stages=stages,
    )

    query = view.to_query()

    assert IncidentView.of_query(query, today=TODAY) == view
    assert set(query) <= set(FIELDS)


def test_without_any_field_it_is_the_year_of_whole_weeks_that_ends_today():
    view = IncidentView.of_query({}, today=TODAY)

    assert (view.days, view.until) == (364, TODAY)
    assert list(view.to_query()) == ["since", "until"]


def test_a_first_day_in_the_future_is_its_own_last_day():
    view = IncidentView.of_query({"since": "2026-12-24"}, today=TODAY)

    assert view.since == view.until == date(2026, 12, 24)


def test_a_form_may_send_a_name_several_times():
    view = IncidentView.of_query({"category": ["3", "7,5"], "source": ["patrol"]}, today=TODAY)

    assert view.categories == (3, 5, 7)
    assert view.sources == (IncidentSource.PATROL,)


def test_hours_go_past_midnight_and_days_past_sunday():
    view = IncidentView.of_query({"hours": "22-2", "weekdays": "6-1"}, today=TODAY)

    assert view.hours == (0, 1, 2, 22, 23)
    assert view.weekdays == (1, 6, 7)


def test_the_time_before_is_as_long_and_ends_the_day_before():
    view = IncidentView(date(2026, 11, 1), date(2026, 11, 30))

    assert view.before() == IncidentView(date(2026, 10, 2), date(2026, 10, 31))
    assert view.year_before().since.weekday() == view.since.weekday()


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-11-23", "until": "2026-11-22"},
        {"since": "yesterday"},
        {"until": "0001-01-01"},
        {"category": "urban"},
        {"category": "0"},
        {"category": "99999999999"},
        {"hours": "24"},
        {"hours": "-1"},
        {"hours": "3-" * 50},
        {"weekdays": "0"},
        {"weekdays": "1-8"},
        {"source": "rumour"},
        {"stage": "gone"},
        {"family": "x" * 33},
        {"grid": "1\x002"},
        {"hours": ",".join(["1"] * 500)},
    ],
)
def test_what_means_nothing_is_refused(query):
    with pytest.raises(BadView):
        IncidentView.of_query(query, today=TODAY)
