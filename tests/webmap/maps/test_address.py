from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.models import IncidentSource
from patrols.errors import BadView
from patrols.incident_view import IncidentView
from webmap.errors import BadInput
from webmap.maps.address import LAYERS, SHOWN, MapAddress, Window

TODAY = date(2026, 11, 22)
VIEW = IncidentView.of_query({}, today=TODAY)

WINDOWS = st.builds(
    Window,
    st.integers(40, 80).map(lambda quarter: quarter / 4),
    st.integers(-8_000_000, 8_000_000).map(lambda step: step / 100_000),
    st.integers(-18_000_000, 18_000_000).map(lambda step: step / 100_000),
)
PLACES = st.sampled_from(["", "110108", "110108999", "110108999001", "110108999001004"])
VIEWS = st.builds(
    IncidentView,
    since=st.just(date(2026, 3, 1)),
    until=st.just(date(2026, 3, 31)),
    sources=st.lists(st.sampled_from(list(IncidentSource))).map(tuple),
    categories=st.lists(st.integers(1, 99)).map(tuple),
)


@given(
    st.builds(
        MapAddress,
        view=VIEWS,
        timed=st.just(True),
        place=PLACES,
        building=st.none() | st.integers(1, 999_999_999),
        colour=st.sampled_from(["", "open", "days_since_patrol"]),
        layers=st.sets(st.sampled_from(LAYERS)).map(lambda chosen: tuple(one for one in LAYERS if one in chosen)),
        window=st.none() | WINDOWS,
        screen=st.booleans(),
    )
)
def test_an_address_brings_the_same_view_back(address):
    assert MapAddress.of_query(address.to_query(), today=TODAY) == address


def test_without_days_a_bookmark_does_not_grow_old():
    address = MapAddress.of_query({"source": "patrol"}, today=TODAY)

    later = MapAddress.of_query(address.to_query(), today=date(2027, 1, 5))

    assert address.to_query() == {"source": "patrol"}
    assert later.view.until == date(2027, 1, 5)


def test_days_that_were_chosen_stay_whenever_somebody_looks():
    address = MapAddress.of_query({"since": "2026-10-01"}, today=TODAY)

    later = MapAddress.of_query(address.to_query(), today=date(2027, 1, 5))

    assert (later.view.since, later.view.until) == (date(2026, 10, 1), TODAY)


def test_what_cannot_narrow_every_layer_of_a_map_narrows_none():
    address = MapAddress.of_query({"hours": "22-1", "stage": "open", "family": "sample"}, today=TODAY)

    assert address.to_query() == {"family": "sample"}


def test_without_days_the_last_thirty_are_counted():
    usual = MapAddress.of_query({}, today=TODAY)
    chosen = MapAddress.of_query({"since": "2026-11-20", "until": "2026-11-21"}, today=TODAY)

    assert (usual.counted.since, usual.counted.until, usual.counted.days) == (date(2026, 10, 24), TODAY, 30)
    assert chosen.counted == chosen.view


def test_no_layer_at_all_is_a_choice_and_unknown_layers_are_none():
    assert MapAddress.of_query({"layers": ""}, today=TODAY).layers == ()
    assert MapAddress.of_query({"layers": "heat,<script>"}, today=TODAY).layers == ("heat",)
    assert MapAddress.of_query({}, today=TODAY).layers == SHOWN


@pytest.mark.parametrize("said", ["1/2", "99/40/116", "15/99/116", "x/y/z", "15/40/999"])
def test_a_window_that_is_none_shows_all_of_the_place(said):
    assert MapAddress.of_query({"at": said}, today=TODAY).window is None


@pytest.mark.parametrize("fields", [{"place": "11010"}, {"place": "x" * 12}, {"building": "-1"}])
def test_a_place_that_is_none_is_refused_by_name(fields):
    with pytest.raises(BadInput):
        MapAddress.of_query(fields, today=TODAY)


def test_days_that_end_before_they_begin_are_refused():
    with pytest.raises(BadView):
        MapAddress.of_query({"since": "2026-11-02", "until": "2026-11-01"}, today=TODAY)


def test_the_community_of_older_addresses_is_a_place():
    assert MapAddress.of_query({"community": "110108999001"}, today=TODAY).place == "110108999001"
