import json
import re
from datetime import timedelta

import make
import pytest
from sqlalchemy import select
from visit import NOW

from data.database import open_session
from data.models import Camera, Category, Community, Incident, IncidentSource, Role
from patrols import incidents

HOME, AWAY = "110108001001", "110108001002"


def given(page: str) -> dict:
    """What the map was given to draw."""
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert block is not None
    return json.loads(block[1])


NEAR = [role for role in Role if role is not Role.ADMINISTRATOR]


@pytest.mark.parametrize("role", NEAR)
def test_who_answers_for_one_community_begins_with_its_map(as_role, role):
    answer = as_role(role).get("/map")

    assert answer.status_code == 200
    assert all(code.startswith(HOME) for code in given(answer.text)["grids"]["code"])
    assert "gp-crumbs" not in answer.text


def test_who_answers_for_several_begins_with_all_of_them_and_goes_down_from_there(as_role):
    browser = as_role(Role.ADMINISTRATOR)

    above = given(browser.get("/map").text)
    inside = browser.get(above["links"]["grid"] + above["grids"]["code"][0])

    assert above["grids"]["code"] == [HOME, AWAY]
    assert all(code.startswith(HOME) for code in given(inside.text)["grids"]["code"])
    assert re.search(
        r'<nav class="gp-crumbs".*?海淀区.*?城关街道.*?aria-current="page">民悦社区', inside.text, re.DOTALL
    )


def test_a_county_is_the_sum_of_its_subdistricts(as_role):
    data = given(as_role(Role.ADMINISTRATOR).get("/map?place=110108").text)

    assert data["grids"]["code"] == ["110108001"]
    stats = {one["label"]: one["value"] for one in data["grids"]["card"][0]["stats"]}
    assert stats["open incidents"] == "4"
    assert stats["grids"] == "7"


def test_nobody_is_led_above_the_ground_they_answer_for(as_role):
    official = as_role(Role.OFFICIAL)

    assert given(official.get("/map?place=110108001").text)["grids"]["code"] == [HOME]
    assert official.get("/map?place=110109").status_code == 404
    assert official.get(f"/map?place={AWAY}").status_code == 403


def test_a_place_of_fifteen_digits_opens_its_grid_s_card(as_role):
    data = given(as_role(Role.OFFICIAL).get(f"/map?place={HOME}002").text)

    assert data["card"] == f"{HOME}002"
    assert data["place"] == HOME


@pytest.mark.parametrize(
    "part", ["incidents", "time", "found", "tracks", "walked", "duty", "boards", "keys", "cameras", "needs"]
)
def test_parts_of_the_map_are_answered_and_not_sent_twice(as_role, part):
    official = as_role(Role.OFFICIAL)

    first = official.get(f"/map/parts/{part}?place={HOME}")
    again = official.get(f"/map/parts/{part}?place={HOME}", headers={"If-None-Match": first.headers["ETag"]})

    assert first.status_code == 200
    assert first.json
    assert again.status_code == 304


def test_a_camera_says_who_keeps_it_and_where_it_looks_and_nothing_that_is_not_known(as_role, town_engine):
    with open_session(town_engine, writing=True) as session:
        home = session.scalars(select(Community).where(Community.code == HOME)).one()
        where = {"community_id": home.id, "lon": 116.3005, "lat": 40.0005}
        session.add(Camera(code="1", name="东门", owner="物业", heading_deg=90.0, **where))
        session.add(Camera(code="2", **where))
        session.commit()

    told = as_role(Role.OFFICIAL).get(f"/map/parts/cameras?place={HOME}").json["cameras"]

    assert [(one["over"], one["text"], one["facts"]) for one in told] == [
        ("1", "东门", [["Kept by", "物业"], ["Looks", "east, 90°"]]),
        ("", "2", []),
    ]
    assert {key for one in told for key in one} == {"point", "text", "over", "facts"}


def test_a_part_that_there_is_not_is_not_found(as_role):
    assert as_role(Role.OFFICIAL).get("/map/parts/secrets").status_code == 404


def test_the_parts_of_somebody_else_s_community_are_refused(as_role):
    official = as_role(Role.OFFICIAL)

    for part in ("incidents", "time", "found", "tracks", "walked", "duty", "boards", "keys", "cameras", "needs", "out"):
        assert official.get(f"/map/parts/{part}?place={AWAY}").status_code == 403


def test_a_volunteer_has_no_key_figures(as_role):
    worker = as_role(Role.GRID_WORKER)

    assert "gp-keys" not in worker.get("/map").text
    assert worker.get(f"/map/parts/keys?place={HOME}").status_code == 403


@pytest.mark.parametrize("place", [HOME, "110108001"])
def test_who_is_not_shown_reporters_is_told_that_sensitive_categories_are_left_out(as_role, place):
    said = "Sensitive categories are left out."

    assert said in as_role(Role.OFFICIAL).get(f"/map?place={place}").text
    assert said not in as_role(Role.GRID_MANAGER).get(f"/map?place={place}").text


def test_open_ones_of_a_sensitive_category_are_in_no_figure_of_an_official_s_map(as_role, town_engine):
    with open_session(town_engine, writing=True) as session:
        row = session.scalars(select(Incident).where(Incident.grid_code.like(f"{HOME}%"), Incident.stage == "reported"))
        secret = row.first()
        kind = make.add(session, Category(family="s", kind="e", code="9", zh="纠纷", en="quarrel", sensitive=True))
        secret.category_id = kind.id
        code = secret.grid_code
        session.commit()

    def told(role):
        data = given(as_role(role).get(f"/map?place={HOME}").text)
        figure = next(one for one in data["figures"] if one["key"] == "open")
        return int(figure["text"][data["grids"]["code"].index(code)])

    assert told(Role.OFFICIAL) == told(Role.GRID_MANAGER) - 1
    cards = [as_role(role).get(f"/grids/{code}").text for role in (Role.OFFICIAL, Role.GRID_MANAGER)]
    assert [int(re.search(r">(\d+)</a>", one[one.index("Open incidents") :])[1]) for one in cards] == [
        told(Role.OFFICIAL),
        told(Role.GRID_MANAGER),
    ]
    assert ["Sensitive categories are left out." in one for one in cards] == [True, False]


def test_only_incidents_of_the_time_and_the_source_are_drawn(as_role):
    official = as_role(Role.OFFICIAL)

    def drawn(query):
        return len(official.get(f"/map/parts/incidents?place={HOME}{query}").json["incidents"]["number"])

    assert drawn("") == 3
    assert drawn("&since=2026-11-21&until=2026-11-21") == 3
    assert drawn("&since=2026-11-20&until=2026-11-20") == 0
    assert drawn("&source=resident") == 3
    assert drawn("&source=patrol") == 0


def test_the_line_of_time_counts_each_day_once(as_role):
    line = as_role(Role.OFFICIAL).get(f"/map/parts/time?place={HOME}").json

    assert len(line["counts"]) == 364
    assert sum(line["counts"]) == 3
    assert line["counts"][-2] == 3


def test_a_grid_lists_its_buildings_and_each_has_a_card(as_role, town_engine):
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        house = make.building(session, place, make.degrees_square(0, 1).buffer(-0.0003), name="1号楼", households=40)
        number = house.id
        session.commit()
    official = as_role(Role.OFFICIAL)

    listed = official.get(f"/map/parts/buildings?place={HOME}001").json["buildings"]
    card = official.get(f"/map/parts/building?place={HOME}&building={number}").json

    assert listed == [{"id": number, "name": "1号楼", "households": "40"}]
    assert (card["title"], card["grid"]) == ("1号楼", f"{HOME}001")
    assert [link["name"] for link in card["chain"]] == ["王秀英", ""]
    assert official.get(f"/map/parts/buildings?place={HOME}").status_code == 422
    assert official.get(f"/map/parts/building?place={HOME}&building=999").status_code == 404
    assert given(official.get(f"/map?place={HOME}001&building={number}").text)["house"] == number


def test_what_people_asked_for_is_told_by_building_from_three_on(as_role, town_engine):
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        house = make.building(session, place, make.degrees_square(0, 1).buffer(-0.0003), name="1号楼", households=40)
        number = house.id
        for text in ("噪声", "噪声"):
            incidents.report(
                session,
                place,
                at=NOW - timedelta(days=1),
                source=IncidentSource.RESIDENT,
                description=text,
                point=(116.3005, 40.0015),
            )
        session.commit()

    told = as_role(Role.OFFICIAL).get(f"/map/parts/needs?place={HOME}").json

    assert [(one["id"], one["n"]) for one in told["needs"]] == [(number, 3)]
    assert [(one["name"], one["n"]) for one in told["needs"][0]["of"]] == [("other things", 3)]
    assert as_role(Role.GRID_WORKER).get(f"/map/parts/needs?place={HOME}").status_code == 403


def test_who_may_not_see_people_is_shown_no_buildings_cards(as_role):
    handler = as_role(Role.HANDLER)

    assert handler.get(f"/map/parts/buildings?place={HOME}001").status_code == 403
    assert given(handler.get("/map").text)["houses"] is False


def test_an_official_is_told_how_many_are_out_and_nothing_else_of_them(as_role):
    told = as_role(Role.OFFICIAL).get(f"/map/parts/out?place={HOME}").json

    assert told == {"count": 0, "more": "", "notes": {"out": "0 out now"}, "out": {}}


def test_where_incidents_are_too_many_they_are_counted_by_grid(as_role, monkeypatch):
    monkeypatch.setattr("webmap.maps.fetched.MOST_POINTS", 2)

    part = as_role(Role.OFFICIAL).get(f"/map/parts/incidents?place={HOME}").json

    assert "incidents" not in part
    assert sum(one["open"] + one["late"] for one in part["crowds"]) == 3


def test_a_big_screen_has_no_frame_around_it(as_role):
    page = as_role(Role.OFFICIAL).get("/map?screen=1").text

    assert "map-screen" in page


def test_scripts_run_by_this_answer_s_nonce_and_no_style_attribute_is_needed(as_role):
    answer = as_role(Role.OFFICIAL).get("/map")

    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in answer.text
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]*\sstyle=", re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL))


def test_a_text_of_a_resident_reaches_the_map_as_data_only(as_role, town):
    answer = as_role(Role.OFFICIAL).get(f"/map/parts/incidents?place={HOME}")

    assert answer.mimetype == "application/json"
    incidents = answer.json["incidents"]
    assert "路灯不亮 <script>alert(1)</script> ${alert(1)}" in incidents["what"]


def test_somebody_else_s_community_is_refused(as_role):
    assert as_role(Role.GRID_MANAGER).get(f"/map?community={AWAY}").status_code == 403


def test_an_unknown_colour_does_no_harm(as_role):
    assert as_role(Role.OFFICIAL).get("/map?colour=%22%3E%3Cscript%3E").status_code == 200


def test_nobody_reads_the_map_without_signing_in(client):
    assert client.get("/map").status_code == 302
