"""Dictionaries as files: taken in whole or not at all, handed out the same, and given to a community as its rules."""

import copy
import csv
from importlib import resources
from typing import Any

import make
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.dictionaries import EXAMPLES, read_example
from data.errors import RowsRefused, UnreadableFile
from data.models import Category, CategoryMapping, LimitUnit, Organisation
from patrols import categories, category_files, handling
from patrols.category_files import Taken
from patrols.deadlines import Limit


def take_examples(session: Session) -> None:
    for family in EXAMPLES:
        category_files.take(session, read_example(family), file=f"{family}.json")


def small(**row: Any) -> dict[str, Any]:
    document = {"format": "gridpatrol categories", "version": 1, "family": "small", "zh": "小"}
    return {**document, "categories": [{"kind": "k", "code": "1", "zh": "一", **row}]}


@pytest.mark.parametrize("family", EXAMPLES)
def test_an_example_says_that_it_is_one_and_covers_its_field(family: str) -> None:
    document = read_example(family)
    groups = {row["group_zh"] for row in document["categories"]}

    assert document["example"]
    assert "标准" in document["source"]
    assert 30 <= len(document["categories"]) <= 60
    assert len(groups) >= {"chengguan": 5, "shequ": 10}[family]


def test_the_sample_towns_incidents_are_about_categories_of_the_examples() -> None:
    ours = {
        (family, row["kind"], row["code"]): (row["zh"], row["en"], row.get("sensitive", False))
        for family in EXAMPLES
        for row in read_example(family)["categories"]
    }
    with (resources.files("data.sample") / "categories.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    for row in rows:
        assert ours[row["family"], row["kind"], row["code"]] == (row["zh"], row["en"], row["sensitive"] == "yes")


def test_the_same_file_twice_changes_nothing_and_a_changed_one_only_that(session: Session) -> None:
    take_examples(session)
    again = category_files.take(session, read_example("shequ"), file="shequ.json")
    changed = read_example("shequ")
    changed["categories"][0]["zh"] = "邻里矛盾"

    third = category_files.take(session, changed, file="shequ.json")

    count = len(changed["categories"])
    assert (again.new, again.changed, again.same) == (0, 0, count)
    assert (third.new, third.changed, third.same) == (0, 1, count - 1)
    assert session.scalar(select(func.count()).select_from(CategoryMapping)) == again.mapped > 10


def test_what_is_handed_out_is_taken_in_as_the_same(session: Session) -> None:
    take_examples(session)
    document = category_files.document_of(session, "shequ")

    assert category_files.take(session, copy.deepcopy(document), file="x").changed == 0
    wanted = read_example("shequ")
    for row in wanted["categories"]:
        row.pop("limit")
        row.pop("office")
    assert document == wanted


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"code": ""}, "code"),
        ({"code": "a/b"}, "code"),
        ({"zh": ""}, "zh"),
        ({"zh": "长" * 65}, "zh"),
        ({"icon": "unicorn"}, "icon"),
        ({"colour": "red"}, None),
        ({"limit": {"amount": 1, "unit": "moons"}}, "limit.unit"),
        ({"fields": {"type": "object", "properties": {"a": {"type": "array", "title": "x"}}}}, "1"),
        ({"same_as": [{"family": "none", "kind": "k", "code": "9"}]}, "same_as"),
    ],
)
def test_a_wrong_row_is_told_by_its_number_and_nothing_is_stored(
    session: Session, wrong: dict[str, Any], column: str | None
) -> None:
    with pytest.raises(RowsRefused) as refused, session.begin_nested():
        category_files.take(session, small(**wrong), file="small.json")

    first = refused.value.refusals[0]
    assert (first.file, first.row, first.column) == ("small.json", 1, column)
    assert session.scalar(select(func.count()).select_from(Category)) == 0


def test_a_code_that_stands_twice_is_told_with_its_first_row(session: Session) -> None:
    document = small()
    document["categories"] *= 2

    with pytest.raises(RowsRefused, match=r"small.json:2:code: .* row 1"):
        category_files.take(session, document, file="small.json")


@pytest.mark.parametrize("nothing", [None, [], {}, {"format": "else"}, "text"])
def test_what_is_no_dictionary_is_told_so(session: Session, nothing: Any) -> None:
    with pytest.raises(UnreadableFile):
        category_files.take(session, nothing, file="x.json")


def test_a_community_begins_with_the_suggested_limits_and_keeps_its_own(session: Session) -> None:
    community, _edition = make.town(session)
    take_examples(session)
    office = make.add(session, Organisation(community_id=community.id, name="街道环卫所（模拟）"))
    litter = categories.find(session, "chengguan", "incident", "0101")
    handling.set_rule(session, community, litter, None, Limit(3, LimitUnit.CALENDAR_DAYS))

    begun = category_files.begin_rules(session, community, read_example("chengguan"))

    rules = {category.code: (rule, told) for rule, category, told in handling.rules(session, community) if category}
    assert begun == len(read_example("chengguan")["categories"]) - 1
    assert rules["0106"][1] is office
    own = next(rule for rule, category, _office in handling.rules(session, community) if category is litter)
    assert (own.amount, own.unit, own.organisation_id) == (3, LimitUnit.CALENDAR_DAYS, None)
    assert category_files.begin_rules(session, community, read_example("chengguan")) == 0


def test_a_family_is_handed_out_with_a_communitys_own_limits(session: Session) -> None:
    community, _edition = make.town(session)
    take_examples(session)
    litter = categories.find(session, "chengguan", "incident", "0101")
    handling.set_rule(session, community, litter, None, Limit(6, LimitUnit.URGENT_HOURS))

    rows = category_files.document_of(session, "chengguan", community=community)["categories"]

    assert [row["limit"] for row in rows if "limit" in row] == [{"amount": 6, "unit": "urgent_hours"}]
    assert isinstance(category_files.take(session, read_example("chengguan"), file="x"), Taken)
