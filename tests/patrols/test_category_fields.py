"""What else is asked about an incident: which questions can be asked, and which answers fit."""

from typing import Any

import pytest

from data.models import Category, Incident
from patrols import category_fields
from patrols.errors import BadCategory, BadFields

ASKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {
            **{"type": "string", "title": "井盖种类", "title_en": "Cover"},
            **{"enum": ["雨水", "污水"], "enum_en": ["rain", "waste"]},
        },
        "floor": {"type": "integer", "title": "楼层", "minimum": -5, "maximum": 120},
        "depth_m": {"type": "number", "title": "深"},
        "day": {"type": "string", "title": "哪天", "format": "date"},
        "fenced": {"type": "boolean", "title": "已围起", "title_en": "Fenced off"},
        "note": {"type": "string", "title": "说明", "maxLength": 5},
    },
    "required": ["kind"],
}  # fmt: skip


@pytest.fixture
def cover() -> Category:
    return Category(family="a", kind="k", code="1", zh="井盖", en="cover", fields=category_fields.check(ASKED))


def with_question(**question: object) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": question}}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"type": "array"},
        {"properties": {}},
        with_question(type="array", title="x"),
        with_question(type="string"),
        with_question(type="string", title=""),
        with_question(type="string", title="x", pattern="(a+)+$"),
        with_question(type="string", title="x", enum=["only"]),
        with_question(type="string", title="x", enum=["一", "二"], enum_en=["one", "two", "three"]),
        with_question(type="integer", title="x", minimum=5, maximum=1),
        {"type": "object", "properties": {"A B": {"type": "string", "title": "x"}}},
        {"type": "object", "properties": {}, "required": ["gone"]},
        {"type": "object", "properties": {}, "$ref": "http://elsewhere"},
        {"type": "object", "properties": {f"q{n}": {"type": "boolean", "title": "x"} for n in range(13)}},
    ],
)
def test_questions_that_no_form_can_ask_are_refused(wrong: Any) -> None:
    with pytest.raises(BadCategory):
        category_fields.check(wrong)


def test_nothing_asked_is_nothing_kept() -> None:
    assert category_fields.check(None) == category_fields.check({}) == {}
    assert category_fields.questions(None) == []


def test_each_question_says_how_it_is_asked(cover: Category) -> None:
    asked = {one.name: one for one in category_fields.questions(cover)}

    assert {name: one.kind for name, one in asked.items()} == {
        **{"kind": "choice", "floor": "whole", "depth_m": "number"},
        **{"day": "date", "fenced": "yes_no", "note": "text"},
    }
    assert [name for name, one in asked.items() if one.needed] == ["kind"]
    assert asked["kind"].choices == (("雨水", "rain"), ("污水", "waste"))
    assert asked["floor"].en == "楼层", "without an English title the Chinese one is better than none"


def test_a_form_is_read_and_what_is_empty_left_out(cover: Category) -> None:
    form = {"kind": "污水", "floor": "-1", "depth_m": "0.5", "day": "", "fenced": "1", "note": "  ", "csrf": "x"}

    read = category_fields.read(cover, form)

    assert read == {"kind": "污水", "floor": -1, "depth_m": 0.5, "fenced": True}
    assert category_fields.answers(cover, read) == read


@pytest.mark.parametrize(
    "form",
    [
        *({"kind": "雨水", "floor": text} for text in ("three", "1.5", "1e3", "٣", "121", "-6", "9" * 30)),
        *({"kind": "雨水", "depth_m": text} for text in ("deep", "nan", "inf")),
        *({"kind": "雨水", "day": text} for text in ("tomorrow", "2026-02-30")),
        {"kind": "气"},
        {"kind": "雨水", "note": "六个字不行啊"},
        {},
    ],
)
def test_answers_that_do_not_fit_are_refused_by_the_name_of_the_question(cover: Category, form: dict[str, str]) -> None:
    with pytest.raises(BadFields) as refused:
        category_fields.answers(cover, category_fields.read(cover, form))

    assert refused.value.facts["title"] in {"井盖种类", "楼层", "深", "哪天", "说明"}


@pytest.mark.parametrize("given", [{"kind": "雨水", "colour": "red"}, {"kind": "雨水", "fenced": "yes"}, {"kind": 3}])
def test_what_comes_from_programs_is_checked_too(cover: Category, given: dict[str, Any]) -> None:
    with pytest.raises(BadFields):
        category_fields.answers(cover, given)


def test_a_walker_may_leave_out_what_is_required(cover: Category) -> None:
    assert category_fields.answers(cover, {"floor": 2}, whole=False) == {"floor": 2}


def test_without_a_category_nothing_is_answered() -> None:
    assert category_fields.answers(None, {}) == {}
    with pytest.raises(BadFields):
        category_fields.answers(None, {"floor": 2})


def test_answers_are_read_with_their_titles_and_those_asked_no_more_by_their_names(cover: Category) -> None:
    incident = Incident(category=cover, extra={"from": "12345"})
    category_fields.keep(incident, {"old_one": "x", "fenced": False, "kind": "雨水"})

    told = category_fields.told(incident)

    assert [(one.title[0], one.zh, one.en) for one in told] == [
        ("井盖种类", "雨水", "rain"),
        ("已围起", "否", "no"),
        ("old_one", "x", "x"),
    ]
    assert incident.extra["from"] == "12345"
    assert category_fields.in_words(cover, {"kind": "雨水", "floor": 3}) == "井盖种类：雨水；楼层：3"
    assert category_fields.in_words(cover, {"kind": "雨水"}, english=True) == "Cover: rain"
