import json
import re

import pytest
from flask import Flask
from flask_babel import Babel
from made_town import EVIL, small_town

from webmap.catalogues import CATALOGUES
from webmap.maps.base import render
from webmap.maps.drawn import town_map
from webmap.maps.export import standalone
from webmap.maps.town import Town


@pytest.fixture(autouse=True)
def english():
    app = Flask("webmap")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


def shown(town: Town, **options: str) -> tuple[str, dict]:
    """The map's markup and its data."""
    made = render(town_map(town, **options), nonce="n0nce", asset=str)
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', made.body, re.DOTALL)
    assert block is not None
    return made.body, json.loads(block[1])


def test_each_figure_says_how_many_grids_are_in_each_of_its_classes():
    _, data = shown(small_town())

    for figure in data["figures"]:
        counts = [one["grids"] for one in figure["classes"]]
        assert sum(counts) == 4
        assert [figure["of"].count(i) for i in range(len(counts))] == counts


def test_a_grid_that_nobody_ever_patrolled_is_never_and_one_without_streets_has_no_share():
    _, data = shown(small_town())
    figures = {figure["key"]: figure for figure in data["figures"]}

    assert figures["days_since_patrol"]["classes"][figures["days_since_patrol"]["of"][0]]["label"] == "never"
    assert figures["walked"]["classes"][figures["walked"]["of"][3]]["label"] == "no streets"


def test_each_grid_is_marked_with_the_nearest_person_posted_and_vacancies_show():
    _, data = shown(small_town(), about="responsibility")
    (figure,) = (figure for figure in data["figures"] if figure["key"] == "answering")

    assert figure["text"] == ["王秀英", "", "", ""]
    labels = [figure["classes"][number]["label"] for number in figure["of"]]
    assert labels == ["a duty vacant", "nobody known", "nobody known", "nobody known"]


def test_the_share_seen_of_courtyards_stands_beside_that_of_streets_where_there_are_any():
    _, data = shown(small_town())

    notes = [card["stats"][1]["note"] for card in data["grids"]["card"] if card["stats"]]

    assert [note.partition("; ")[2] for note in notes[:3]] == ["courtyards 25%", "", "courtyards 100%"]


def test_a_grid_without_a_name_is_called_by_its_number():
    _, data = shown(small_town())

    assert [card["title"] for card in data["grids"]["card"]] == ["第一网格", "Grid 002", "第三网格", "Grid 004"]


def test_vacant_duties_are_in_the_chain_but_cannot_be_searched_for():
    _, data = shown(small_town())

    assert data["grids"]["card"][0]["chain"][1] == {"title": "网格长", "name": ""}
    assert [one["text"] for one in data["search"] if one["kind"] == "person"] == ["王秀英"]


def test_grids_streets_compounds_buildings_and_people_can_be_found_by_name():
    _, data = shown(small_town())

    assert {one["kind"] for one in data["search"]} == {"grid", "person", "street", "compound", "building"}


def test_an_incident_outside_all_grids_stays_on_the_map():
    _, data = shown(small_town())

    assert data["incidents"]["grid"] == [1, 3, -1]


def test_every_text_of_users_reaches_the_page_as_data_or_encoded():
    markup, data = shown(small_town(EVIL))

    outside = re.sub(r'<script type="application/json".*?</script>', "", markup, flags=re.DOTALL)
    assert "<script" not in outside
    assert "<img" not in outside
    assert data["grids"]["card"][0]["title"] == f"{EVIL}第一网格"
    assert data["incidents"]["number"][0] == f"{EVIL}2026-1"


def test_no_text_of_users_enters_a_script():
    made = render(town_map(small_town(EVIL)), nonce="n0nce", asset=str)

    assert "alert" not in made.script
    assert "alert" not in made.head


def test_templates_in_users_texts_are_not_evaluated():
    markup, data = shown(small_town("{{7*7}}{% for %}"))

    assert "{{7*7}}" in data["search"][0]["text"]
    assert "{{7*7}}" in markup


def test_a_town_with_nothing_but_grids_has_a_map():
    town = small_town()
    empty = {name: getattr(town, name).iloc[:0] for name in ("streets", "buildings", "compounds", "incidents")}
    empty |= {name: getattr(town, name).iloc[:0] for name in ("tracks", "walked", "people")}

    markup, data = shown(small_town(**empty, dense=None))

    assert len(data["grids"]["shape"]) == 4
    assert 'data-layer="heat"' not in markup
    assert 'data-layer="walked"' not in markup


@pytest.mark.parametrize("about", ["open", "heat", "responsibility", "coverage"])
def test_a_file_for_the_disk_asks_for_nothing(about):
    page = standalone(town_map(small_town(EVIL), about=about), title=EVIL)

    assert not re.findall(r"<(?:link|img|iframe)\b", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    assert not re.findall(r"<script[^>]* src", page)
    assert "url(images" not in page
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")


def test_the_density_of_a_file_lies_inside_with_a_legend_of_its_classes():
    made = render(town_map(small_town()), nonce="n0nce", asset=str)

    assert "data:image/png;base64," in made.script
    classes = re.findall(r'<li><i style="background: (#\w+)"></i><span>(≥ )?(\d)</span>', made.body)
    assert classes[:2] == classes[2:] == [("#ffd56a", "", "2"), ("#fa8e4e", "≥ ", "5")]


def test_the_colour_asked_for_is_chosen_and_an_unknown_one_does_no_harm():
    chosen, _ = shown(small_town(), colour="days_since_patrol")
    unknown, _ = shown(small_town(), colour='"><script>')

    assert re.search(r'data-figure="days_since_patrol" checked', chosen)
    assert re.search(r'data-figure="open" checked', unknown)


def test_simulated_data_is_called_so_beside_the_map():
    markup, _ = shown(small_town())

    assert "people, patrols and incidents are simulated" in markup
    assert "© OpenStreetMap contributors, ODbL" in markup
