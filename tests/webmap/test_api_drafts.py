"""The editor's API: a draft from its opening to its last undoing, and who may do what."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drawn_town as town
import make
import pytest
from flask import Flask
from flask.testing import FlaskClient
from visit import AWAY, HOME, NOW, PASSWORD, hashed
from werkzeug.test import TestResponse

from data import users
from data.database import open_engine, open_session
from data.models import Role
from data.settings import Settings
from webmap.app import create_app
from webmap.settings import WebSettings

ADDRESS = f"/api/drafts/{HOME}/2"


@pytest.fixture
def website(spatialite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The website on a town that can be drawn, with two managers and a worker."""
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        place, _ = town.build(session)
        away = make.community(session, AWAY)
        people = [
            ("one", Role.GRID_MANAGER, (place.id, None)),
            ("two", Role.GRID_MANAGER, (place.id, None)),
            ("worker", Role.GRID_WORKER, (place.id, town.code(1))),
            ("part", Role.GRID_MANAGER, (place.id, town.code(1))),
            ("away", Role.GRID_MANAGER, (away.id, None)),
        ]
        for login, role, scope in people:
            users.add_user(
                session, login=login, password_hash=hashed(PASSWORD), role=role, at=NOW, places=[scope], language="en"
            )
        session.commit()
    storage = Settings(database_url=spatialite_url, instance=tmp_path)
    yield create_app(
        WebSettings(storage=storage, secret_key="a key for tests only", language="en"),
        engine=engine,
        clock=lambda: NOW,
    )
    engine.dispose()


class Manager:
    """Somebody who edits with a program of their own, and knows the revision that they saw last."""

    def __init__(self, website: Flask, login: str) -> None:
        self.browser: FlaskClient = website.test_client()
        self.login, self.revision = login, 0

    def ask(self, method: str, path: str = "", **options: Any) -> TestResponse:
        headers = options.pop("headers", {})
        if method == "POST" and "If-Match" not in headers:
            headers = {**headers, "If-Match": f'"{self.revision}"'}
        address = path if path.startswith("/api") else ADDRESS + path
        return self.browser.open(address, method=method, headers=headers, auth=(self.login, PASSWORD), **options)

    def edit(self, kind: str, **told: Any) -> TestResponse:
        answer = self.ask("POST", "/edits", json={"kind": kind, **told})
        if answer.status_code == 200:
            self.revision = answer.get_json()["revision"]
        return answer


@pytest.fixture
def one(website: Flask) -> Manager:
    manager = Manager(website, "one")
    answer = manager.ask("POST", "/api/drafts", json={"community": HOME})
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["number"] == 2
    return manager


@pytest.fixture
def two(website: Flask, one: Manager) -> Manager:
    return Manager(website, "two")


def test_a_draft_tells_its_table_band_and_flaws(one):
    answer = one.ask("GET")

    told = answer.get_json()
    assert re.fullmatch(r'"0-[0-9a-f]+"', answer.headers["ETag"])
    assert (told["number"], told["stage"], told["revision"], told["band"]) == (2, "draft", 0, [150, 500])
    assert (told["can_undo"], told["can_redo"], told["flaws"]) == (False, False, [])
    assert [row["households"] for row in told["table"]] == [200] * 6
    assert set(told["table"][0]) == {
        "code", "name", "kind", "households", "residents", "buildings", "compounds", "street_metres",
        "open_incidents", "in_band", "colour", "explanation",
    }  # fmt: skip


def test_a_browser_that_has_the_draft_hears_of_a_new_stage_all_the_same(one):
    known = {"If-None-Match": one.ask("GET").headers["ETag"]}
    before = one.ask("GET", headers=known)

    step = one.ask("POST", f"/api/editions/{HOME}/2/steps", json={"move": "submit", "seen": 0})
    assert step.status_code == 201
    after = one.ask("GET", headers=known)

    assert (before.status_code, after.status_code) == (304, 200)
    assert (after.get_json()["revision"], after.get_json()["stage"]) == (0, "submitted")


def test_the_tag_of_a_draft_serves_as_the_revision_of_an_edit(one):
    tag = one.ask("GET").headers["ETag"]

    told = {"kind": "rename", "code": town.code(1), "name": "东头"}
    answer = one.ask("POST", "/edits", json=told, headers={"If-Match": tag})

    assert answer.get_json()["revision"] == 1


def test_drafts_are_listed(one):
    listed = one.ask("GET", f"/api/drafts?community={HOME}").get_json()

    assert [(draft["number"], draft["community"]) for draft in listed] == [(2, HOME)]


def test_grids_are_geojson_and_a_browser_that_has_them_gets_none(one):
    answer = one.ask("GET", "/grids")
    collection = answer.get_json()

    assert answer.mimetype == "application/geo+json"
    assert [feature["id"] for feature in collection["features"]] == [town.code(number) for number in range(1, 7)]
    assert set(collection["features"][0]["properties"]) == {"code", "name", "kind", "colour", "households"}
    again = one.ask("GET", "/grids", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_neighbours_have_different_colours(one):
    colour = {row["code"]: row["colour"] for row in one.ask("GET").get_json()["table"]}

    for left, right in [(1, 2), (2, 3), (4, 5), (5, 6), (1, 4), (2, 5), (3, 6)]:
        assert colour[town.code(left)] != colour[town.code(right)]


def test_blocks_say_their_grid_and_households(one):
    blocks = one.ask("GET", "/blocks").get_json()["features"]

    assert sum(block["properties"]["households"] for block in blocks) == 1200
    assert {block["properties"]["code"] for block in blocks} == {town.code(number) for number in range(1, 7)}


def test_an_edit_answers_with_what_changed(one):
    answer = one.edit("merge", codes=[town.code(1), town.code(2)], into=town.code(1))

    told = answer.get_json()
    assert answer.headers["ETag"] == '"1"'
    assert (told["revision"], told["rebased"], told["gone"]) == (1, False, [town.code(2)])
    assert town.code(1) in [feature["id"] for feature in told["changed"]["features"]]
    assert [row["households"] for row in told["table"] if row["code"] == town.code(1)] == [400]
    assert (told["can_undo"], told["can_redo"]) == (True, False)


def test_painted_blocks_are_told_with_their_new_grid(one):
    blocks = one.ask("GET", "/blocks").get_json()["features"]
    number = next(b["properties"]["number"] for b in blocks if b["properties"]["code"] == town.code(1))

    told = one.edit("paint", blocks=[number], to=town.code(2)).get_json()

    assert {"number": number, "code": town.code(2)} in told["blocks"]


def test_buildings_go_to_another_grid_with_their_plots(one):
    told = one.edit("plots", buildings=[1], to=town.code(2)).get_json()

    assert [row["households"] for row in told["table"] if row["code"] == town.code(2)] == [250]


def test_grids_since_a_revision_are_only_those_that_changed(one):
    one.edit("rename", code=town.code(5), name="东关")
    one.edit("merge", codes=[town.code(1), town.code(2)])

    told = one.ask("GET", "/grids?since=1").get_json()

    assert town.code(1) in [feature["id"] for feature in told["features"]]
    assert town.code(6) not in [feature["id"] for feature in told["features"]]
    assert told["gone"] == [town.code(2)]


def test_undo_and_redo_answer_like_edits(one):
    one.edit("merge", codes=[town.code(1), town.code(2)])

    undone = one.ask("POST", "/undo").get_json()
    assert {feature["id"] for feature in undone["changed"]["features"]} >= {town.code(1), town.code(2)}
    assert (undone["can_undo"], undone["can_redo"]) == (False, True)
    one.revision = undone["revision"]
    redone = one.ask("POST", "/redo").get_json()
    assert (redone["gone"], redone["can_redo"]) == ([town.code(2)], False)


def test_an_edit_without_its_revision_is_refused(one):
    answer = one.browser.post(f"{ADDRESS}/edits", json={"kind": "rename"}, auth=(one.login, PASSWORD))

    assert answer.status_code == 428
    assert answer.get_json()["type"].endswith("revision-needed")


def test_whoever_comes_second_is_told_what_the_first_did(one, two):
    one.edit("rename", code=town.code(1), name="东关")

    answer = two.edit("merge", codes=[town.code(1), town.code(2)])

    told = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (412, "application/problem+json")
    assert told["type"].endswith("draft-changed")
    assert told["revision"] == 1
    assert [(change["by"], change["kind"], change["codes"]) for change in told["since"]] == [
        ("one", "rename", [town.code(1)])
    ]


def test_the_second_can_do_it_again_on_the_new_revision(one, two):
    one.edit("rename", code=town.code(1), name="东关")
    two.revision = two.edit("merge", codes=[town.code(1), town.code(2)]).get_json()["revision"]

    answer = two.edit("merge", codes=[town.code(1), town.code(2)])

    assert answer.status_code == 200
    assert answer.get_json()["table"][0]["name"] == "东关"


def test_an_edit_elsewhere_goes_through_and_brings_the_others_changes_along(one, two):
    one.edit("rename", code=town.code(1), name="东关")

    told = two.edit("rename", code=town.code(6), name="西关").get_json()

    assert (told["rebased"], told["revision"]) == (True, 2)
    assert {row["name"] for row in told["table"]} == {"东关", "西关"}


def test_the_log_says_who_did_what(one, two):
    one.edit("rename", code=town.code(1), name="东关")
    two.revision = 1
    two.edit("merge", codes=[town.code(5), town.code(6)])

    told = one.ask("GET", "/edits?since=0").get_json()

    assert [(change["revision"], change["action"], change["kind"], change["by"]) for change in told] == [
        (1, "edit", "rename", "one"),
        (2, "edit", "merge", "two"),
    ]


def test_a_flaw_is_accepted_with_a_reason(one):
    flaws = one.edit("merge", codes=[town.code(1), town.code(2), town.code(3)]).get_json()["flaws"]
    assert [(flaw["kind"], flaw["severity"], flaw["accepted"]) for flaw in flaws] == [("above_band", "warning", None)]

    answer = one.ask("POST", f"/flaws/{flaws[0]['key']}/accept", json={"reason": "一栋楼"})

    assert [flaw["accepted"] for flaw in answer.get_json()] == ["一栋楼"]
    assert [flaw["accepted"] for flaw in one.ask("GET").get_json()["flaws"]] == ["一栋楼"]


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "paint"},
        {"kind": "plots", "buildings": [], "to": town.code(1)},
        {"kind": "paint", "blocks": [], "to": "1"},
        {"kind": "split", "code": town.code(1), "line": {"type": "Point", "coordinates": [1, 2]}},
        {"kind": "move_vertex", "at": [1], "to": [1, 2]},
        {"kind": "merge", "codes": [town.code(1)]},
        {"kind": "nonsense"},
        {"kind": "rename", "code": town.code(1), "name": "x", "more": 1},
        {"kind": "split", "code": town.code(1), "line": {"type": "LineString", "coordinates": [[1, 2], "x"]}},
        {"kind": "split", "code": town.code(1), "line": {"type": "LineString", "coordinates": [[1, 2]]}},
        {"kind": "give", "to": None, "ground": {"type": "Polygon", "coordinates": [[[1, 2], [1, 2], [1, 2], [1, 2]]]}},
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_and_changes_nothing(one, told):
    answer = one.ask("POST", "/edits", json=told)

    assert answer.status_code == 422, answer.text
    assert answer.get_json()["type"].startswith("urn:gridpatrol:problem:")
    assert one.ask("GET").get_json()["revision"] == 0


@pytest.mark.parametrize("login", ["worker", "part", "away"])
def test_only_who_answers_for_the_whole_community_draws(website, one, login):
    other = Manager(website, login)

    assert other.ask("GET").status_code == 403
    assert other.ask("GET", "/grids").status_code == 403
    assert other.edit("rename", code=town.code(1), name="x").status_code == 403
    assert other.ask("POST", "/api/drafts", json={"community": HOME}).status_code == 403


def test_a_page_of_another_site_cannot_edit(website, one):
    answer = website.test_client().post(f"{ADDRESS}/undo", headers={"If-Match": '"0"'})

    assert answer.status_code in (400, 401)


def test_a_draft_that_is_not_there_is_not_found(one):
    assert one.ask("GET", f"/api/drafts/{HOME}/99").status_code == 404


def test_an_edition_in_force_is_not_edited(one):
    answer = one.ask("POST", f"/api/drafts/{HOME}/1/edits", json={"kind": "rename", "code": town.code(1), "name": "x"})

    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("draft-closed")


def test_a_draft_drawn_anew_keeps_to_its_band(one):
    answer = one.ask(
        "POST", "/api/drafts", json={"community": HOME, "source": "drawn", "households": [250, 500], "seed": 1}
    )

    assert answer.status_code == 201
    told = one.ask("GET", f"/api/drafts/{HOME}/{answer.get_json()['number']}").get_json()
    assert told["band"] == [250, 500]
    assert all(250 <= row["households"] <= 500 for row in told["table"])
