"""Categories on pages: looked through, changed, taken in and handed out; chosen and answered in a report."""

import io
import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from visit import HOME, Town, send

from data.dictionaries import read_example
from data.models import Role

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def keeper(as_role: Signed) -> FlaskClient:
    """An administrator who has taken in the example dictionaries."""
    browser = as_role(Role.ADMINISTRATOR)
    assert send(browser, "/categories/examples", page="/categories").status_code == 302
    return browser


def key_of(browser: FlaskClient, name: str) -> str:
    page = browser.get("/incidents/new?lang=zh").text
    found = re.search(rf'<option value="(\d+)" data-find="[^"]*{name}[^"]*"', page)
    assert found is not None, name
    return found[1]


def report(browser: FlaskClient, **fields: object) -> str:
    answer = send(browser, "/incidents/new", page="/incidents/new", description="看一看", community=HOME, **fields)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def test_the_examples_are_taken_in_once_and_what_is_there_stays(keeper: FlaskClient) -> None:
    send(keeper, "/categories/examples", page="/categories")

    page = keeper.get("/categories?family=shequ").text
    assert f"{len(read_example('shequ')['categories'])} categories" in page
    assert ">example<" in page
    assert "Take them in" not in page
    assert "sample" in page, "the family that was there before"


@pytest.mark.parametrize("typed", ["lddbl", "loudaodeng", "楼道灯", "stairway lamp"])
def test_a_manager_finds_a_category_by_a_few_letters(keeper: FlaskClient, typed: str) -> None:
    page = keeper.get("/categories", query_string={"family": "shequ", "q": typed}).text

    assert "Stairway lamp out" in page
    assert "Question about a policy" not in page


def test_a_new_category_gets_questions_and_the_report_asks_them(keeper: FlaskClient) -> None:
    names = {"family": "own", "kind": "incident", "code": "7", "zh": "充电亭损坏", "en": "Broken kiosk"}
    added = send(keeper, "/categories", page="/categories", **names)
    address = added.headers["Location"]
    questions = {
        **{"q0_zh": "亭号", "q0_en": "Number", "q0_kind": "whole", "q0_least": "1", "q0_most": "50", "q0_needed": "1"},
        **{"q1_zh": "坏在哪里", "q1_kind": "choice", "q1_words": "屏幕、接口", "q1_words_en": "screen, socket"},
    }
    send(keeper, address, page=address, zh="充电亭损坏", en="Broken kiosk", **questions)
    chosen = key_of(keeper, "充电亭损坏")

    refused = send(keeper, "/incidents/new", page="/incidents/new", description="x", category=chosen, ask_q1="99")
    shown = keeper.get(report(keeper, category=chosen, ask_q1="12", ask_q2="接口")).text

    assert refused.status_code == 422
    assert "99 is too large" in refused.text
    assert 'name="ask_q1" value="99"' in refused.text, "what was typed is not lost"
    assert "<dt>Number</dt><dd>12</dd>" in shown
    assert "<dd>socket</dd>" in shown


def test_what_is_required_is_missed_by_name(keeper: FlaskClient) -> None:
    chosen = key_of(keeper, "井盖缺损")

    page = send(keeper, "/incidents/new", page="/incidents/new", description="x", category=chosen)

    assert page.status_code == 422
    assert "井盖种类: please answer this." in page.text


def test_answers_are_put_right_on_the_incidents_page_and_the_change_is_written_down(keeper: FlaskClient) -> None:
    chosen = key_of(keeper, "井盖缺损")
    address = report(keeper, category=chosen, ask_kind="污水", ask_fenced="0")

    put_right = send(keeper, f"{address}/answers", page=address, ask_kind="雨水", ask_fenced="1")

    assert put_right.status_code == 302
    page = keeper.get(address).text
    assert "<dd>rain water</dd>" in page
    assert "<dd>waste water</dd>" not in page
    assert '<option value="1" selected>' in page


def test_a_retired_category_is_not_offered_but_keeps_its_page(keeper: FlaskClient) -> None:
    key = key_of(keeper, "井盖缺损")
    send(keeper, f"/categories/{key}", page=f"/categories/{key}", zh="井盖缺损", en="cover", retired="1")

    assert "井盖缺损" not in keeper.get("/incidents/new").text
    assert "not offered" in keeper.get("/categories?family=chengguan").text


def test_what_was_reported_lately_comes_first(keeper: FlaskClient) -> None:
    report(keeper, category=key_of(keeper, "积雪结冰"))

    page = keeper.get("/incidents/new").text

    lately = page[page.index('<optgroup label="Used lately">') : page.index("</optgroup>")]
    assert "Snow and ice" in lately
    assert page.count("Snow and ice</option>") == 1


def test_a_category_is_told_as_that_of_another_family_until_it_is_taken_away(keeper: FlaskClient) -> None:
    key, other = key_of(keeper, "政策咨询"), key_of(keeper, "路灯不亮")
    names = {"zh": "政策咨询", "en": "Question about a policy"}

    send(keeper, f"/categories/{key}", page=f"/categories/{key}", **names, as_chengguan=other)
    mapped = keeper.get("/categories?family=shequ&q=zczx").text
    send(keeper, f"/categories/{key}", page=f"/categories/{key}", **names, as_chengguan="")

    assert "Street lamp out" in mapped
    assert "Street lamp out" not in keeper.get("/categories?family=shequ&q=zczx").text


def test_a_category_moves_up_in_its_family(keeper: FlaskClient) -> None:
    key = key_of(keeper, "家庭纠纷")

    send(keeper, f"/categories/{key}/move", page="/categories", way="up")

    page = keeper.get("/categories?family=shequ").text
    assert page.index("Family dispute") < page.index("Dispute between neighbours")


def test_a_family_is_handed_out_and_taken_in_again(keeper: FlaskClient) -> None:
    document = json.loads(keeper.get("/categories/shequ.json").text)
    document["categories"][0]["zh"] = "邻里矛盾"

    page = send(
        keeper,
        "/categories/import",
        page="/categories",
        file=(io.BytesIO(json.dumps(document).encode()), "社区.json"),
    )

    assert page.status_code == 302
    assert "0 new, 1 changed" in keeper.get("/categories").text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "cannot be read as JSON"),
        (b"\xff\xfe", "cannot be read as JSON"),
        (b"[]", "is no dictionary of categories"),
        (json.dumps({**read_example("shequ"), "categories": [{"code": "1"}]}).encode(), "does not fit"),
    ],
)
def test_a_file_that_is_no_dictionary_is_refused_with_the_reason(
    keeper: FlaskClient, content: bytes, said: str
) -> None:
    page = send(keeper, "/categories/import", page="/categories", file=(io.BytesIO(content), "x.json"))

    assert page.status_code == 422
    assert said in page.text


def test_the_examples_limits_become_the_communitys_rules(keeper: FlaskClient) -> None:
    send(keeper, "/categories/rules", page="/categories", family="chengguan", community=HOME)

    assert "12 hours, day and night" in keeper.get("/handling").text


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        ("/categories", {"family": "own", "kind": "k", "code": "", "zh": "x"}, 422),
        ("/categories", {"family": "chengguan", "kind": "incident", "code": "0101", "zh": "x"}, 409),
        ("/categories/99999", {"zh": "x"}, 404),
        ("/categories/2", {"zh": ""}, 422),
        ("/categories/2", {"zh": "x", "icon": "unicorn"}, 422),
        ("/categories/2", {"zh": "x", "q0_zh": "哪个", "q0_kind": "choice", "q0_words": "一"}, 422),
        ("/categories/2", {"zh": "x", "q0_zh": "几个", "q0_kind": "moons"}, 422),
        ("/categories/2", {"zh": "x", "as_shequ": "99999"}, 422),
        ("/categories/rules", {"family": "sample"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(keeper: FlaskClient, address: str, fields: dict[str, str], status: int) -> None:
    assert send(keeper, address, page="/categories", **fields).status_code == status


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_others_do_not_change_categories(as_role: Signed, role: Role, town: Town) -> None:
    browser = as_role(role)

    assert browser.get("/categories").status_code == 403
    assert send(browser, "/categories/examples").status_code == 403


def test_programs_find_categories_and_answer_what_they_ask(keeper: FlaskClient) -> None:
    token = re.search(r'name="csrf-token" content="([^"]+)"', keeper.get("/account").text)
    assert token is not None
    found = keeper.get("/api/categories", query_string={"text": "jgqs"}).json
    assert found is not None
    told = {"description": "井盖", "category": found[0]["id"], "community": HOME}
    headers = {"X-CSRFToken": token[1]}

    made = keeper.post("/api/incidents", json={**told, "answers": {"kind": "雨水", "fenced": True}}, headers=headers)
    refused = keeper.post("/api/incidents", json={**told, "answers": {"kind": "金"}}, headers=headers)

    assert [(one["zh"], one["initials"], one["icon"]) for one in found] == [("井盖缺损", "jgqs", "manhole")]
    assert found[0]["asks"]["required"] == ["kind", "fenced"]
    assert made.json is not None
    assert made.json["answers"] == {"kind": "雨水", "fenced": True}
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["type"] == "urn:gridpatrol:problem:bad-fields"


def test_managers_look_at_categories_and_make_rules_but_do_not_change_them(
    keeper: FlaskClient, as_role: Signed
) -> None:
    manager = as_role(Role.GRID_MANAGER)

    page, one = manager.get("/categories?family=shequ").text, manager.get("/categories/2").text
    refused = [
        send(manager, address, page="/categories", zh="x", family="own", kind="k", code="1", way="up").status_code
        for address in ("/categories", "/categories/2", "/categories/2/move", "/categories/examples")
    ]
    file = (io.BytesIO(json.dumps(read_example("shequ")).encode()), "x.json")

    assert "Stairway lamp out" in page
    assert "Add a category" not in page
    assert '<fieldset class="whole" disabled>' in one
    assert "Download" in page
    assert refused == [403] * 4
    assert send(manager, "/categories/import", page="/categories", file=file).status_code == 403
    assert send(manager, "/categories/rules", page="/categories", family="chengguan", community=HOME).status_code == 302
