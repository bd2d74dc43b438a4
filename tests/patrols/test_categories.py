"""Categories: found by a few letters, kept with their codes, ordered, and mapped to those of another family."""

from datetime import UTC, datetime

import make
import pytest
from sqlalchemy.orm import Session

from data.dictionaries import EXAMPLES, read_example
from data.errors import Conflict
from data.models import Category, IncidentSource
from patrols import categories, category_files, incidents
from patrols.errors import BadCategory

AT = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)


@pytest.fixture
def examples(session: Session) -> list[Category]:
    for family in EXAMPLES:
        category_files.take(session, read_example(family), file=family)
    return categories.in_use(session)


def of(session: Session, path: str) -> Category:
    found = categories.find(session, *path.split("/"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("路灯", "路灯不亮"),
        ("灯不亮", "路灯不亮"),
        ("ldbl", "路灯不亮"),
        ("LDB", "路灯不亮"),
        ("ludeng", "路灯不亮"),
        ("lu deng", "路灯不亮"),
        ("street lamp", "路灯不亮"),
        ("feixian", "电动车飞线充电"),
        ("xfqc", "消防器材缺失"),
        ("sdlj", "私搭乱建"),
    ],
)
def test_a_few_letters_find_a_category(examples: list[Category], typed: str, first: str) -> None:
    found = [one.zh for one in categories.search(examples, typed)]

    assert first in found[:3]


def test_letters_that_mean_nothing_find_nothing(examples: list[Category]) -> None:
    assert categories.search(examples, "qqqq") == []


def test_a_blank_finds_all_in_their_order(examples: list[Category]) -> None:
    assert categories.search(examples, "  ") == examples


def test_a_name_that_begins_so_comes_before_one_that_is_only_spelt_so(examples: list[Category]) -> None:
    found = [one.zh for one in categories.search(examples, "消防")]

    assert found[:2] == ["消防器材缺失", "消防通道堵塞"]
    assert "楼道堆物" in found, "the group is called 安全消防"


def test_what_is_retired_is_not_offered_but_stays_in_its_family(session: Session, examples: list[Category]) -> None:
    gone = examples[0]
    categories.change(gone, zh=gone.zh, en=gone.en, retired=True)
    session.flush()

    assert gone not in categories.in_use(session)
    assert gone in categories.of_family(session, gone.family)


def test_a_code_is_given_once_in_a_family_and_again_in_another(session: Session) -> None:
    categories.add(session, family="a", kind="incident", code="04", zh="突发事件", en="emergency")
    categories.add(session, family="b", kind="incident", code="04", zh="街面秩序", en="street order")

    with pytest.raises(Conflict):
        categories.add(session, family="a", kind="incident", code="04", zh="别的", en="other")


@pytest.mark.parametrize(
    "wrong",
    [{"zh": " "}, {"icon": "unicorn"}, {"fields": {"type": "object", "properties": {"a": {"type": "array"}}}}],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(session: Session, wrong: dict[str, object]) -> None:
    lamp = categories.add(session, family="a", kind="part", code="1", zh="路灯", en="lamp", icon="lamp")

    with pytest.raises(BadCategory):
        categories.change(lamp, **{"zh": "灯", "en": "light", **wrong})  # type: ignore[arg-type]

    assert (lamp.zh, lamp.en, lamp.icon, lamp.fields) == ("路灯", "lamp", "lamp", {})


def test_a_category_moves_up_and_down_and_stops_at_the_ends(session: Session) -> None:
    one, two, three = (
        categories.add(session, family="a", kind="k", code=code, zh=code, en=code) for code in ("3", "1", "2")
    )

    categories.move(session, three, up=True)
    categories.move(session, one, up=True)

    assert categories.of_family(session, "a") == [one, three, two]


def test_the_most_frequent_of_late_come_first(session: Session) -> None:
    community, _edition = make.town(session)
    litter, lamp = (categories.add(session, family="a", kind="k", code=code, zh=code, en=code) for code in "12")
    for category in (lamp, litter, lamp, None):
        incidents.report(session, community, at=AT, source=IncidentSource.OFFICE, description="路灯", category=category)

    late = categories.recent(session, community)

    assert late == [lamp.id, litter.id]
    assert categories.first_those([litter, lamp], late[:1]) == ([lamp], [litter])


def test_several_are_told_as_the_same_and_one_is_told_as_one(session: Session, examples: list[Category]) -> None:
    piled, goods = of(session, "shequ/incident/0201"), of(session, "chengguan/incident/0105")
    dirty, rubbish = of(session, "shequ/incident/0301"), of(session, "chengguan/incident/0101")

    assert categories.counterpart(session, piled, "chengguan") is goods
    assert categories.counterpart(session, goods, "shequ") is piled
    assert categories.counterpart(session, dirty, "chengguan") is rubbish
    assert categories.counterpart(session, rubbish, "shequ") is None, "three are told as this: nobody can say which"
    assert categories.counterpart(session, rubbish, "chengguan") is rubbish


def test_mapping_again_replaces_and_nothing_takes_away(session: Session, examples: list[Category]) -> None:
    piled, lamp = of(session, "shequ/incident/0201"), of(session, "chengguan/component/0102")

    categories.map_to(session, piled, "chengguan", lamp)
    assert categories.mappings(session, "shequ")[piled.id] == {"chengguan": lamp}
    categories.map_to(session, piled, "chengguan", None)

    assert categories.counterpart(session, piled, "chengguan") is None


def test_a_category_is_not_mapped_inside_its_family(session: Session, examples: list[Category]) -> None:
    with pytest.raises(BadCategory):
        categories.map_to(session, examples[0], examples[0].family, examples[1])


def test_a_family_that_nobody_described_goes_by_its_word(session: Session) -> None:
    categories.add(session, family="old", kind="k", code="1", zh="旧", en="old")

    assert [(one.family, one.zh) for one in categories.families(session)] == [("old", "old")]
