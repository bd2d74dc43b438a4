"""Words and numbers as people say them, in both languages."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from visit import NOW

from data.models import (
    Duty,
    EditionStage,
    GridKind,
    IncidentSource,
    LimitUnit,
    LineageKind,
    PatrolSource,
    Role,
    Stage,
    StepKind,
    StreetClass,
)
from patrols.deadlines import Limit
from patrols.editions import EditionMove
from patrols.responsibility import Rule
from webmap import times, words
from webmap.storage import LOCAL


@pytest.fixture
def request_of(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    "kind", [Duty, EditionStage, GridKind, IncidentSource, PatrolSource, Role, Stage, StepKind, StreetClass]
)
def test_every_word_of_the_database_has_a_name_on_pages(kind: type) -> None:
    assert [word for word in kind if word not in words.WORDS] == []


@pytest.mark.parametrize("kind", [EditionMove, LineageKind])
def test_words_that_others_spell_the_same_have_names_of_their_own(kind: type) -> None:
    assert [word for word in kind if word not in words.OWN_WORDS[kind]] == []


@pytest.mark.usefixtures("request_of")
def test_an_edition_is_sent_back_in_other_words_than_an_incident() -> None:
    with force_locale("en"):
        told = [words.word(one) for one in (StepKind.SEND_BACK, EditionMove.SEND_BACK, LineageKind.VOIDED)]

    assert told == ["Send back", "Send back to be changed", "grid voided"]


@pytest.mark.usefixtures("request_of")
@pytest.mark.parametrize(
    ("amount", "unit", "told"),
    [
        (1, LimitUnit.WORKING_DAYS, "1 working day"),
        (2, LimitUnit.WORKING_DAYS, "2 working days"),
        (3, LimitUnit.CALENDAR_DAYS, "3 calendar days"),
        (0.5, LimitUnit.WORKING_HOURS, "0.5 working hour"),
        (1.5, LimitUnit.WORKING_HOURS, "1.5 working hours"),
        (24, LimitUnit.URGENT_HOURS, "24 hours, day and night"),
    ],
)
def test_a_limit_is_told_with_its_unit_and_half_hours_stay_halves(amount: float, unit: LimitUnit, told: str) -> None:
    with force_locale("en"):
        assert words.limit(Limit(amount, unit)) == told


@pytest.mark.usefixtures("request_of")
def test_every_unit_of_a_limit_has_a_sentence_with_its_number() -> None:
    for language in ("zh", "en"):
        with force_locale(language):
            assert len({words.limit(Limit(7, unit)).partition("7")[2] for unit in LimitUnit}) == len(LimitUnit)


@pytest.mark.usefixtures("request_of")
@pytest.mark.parametrize(
    ("degrees", "told"),
    [
        (0, "north, 0°"),
        (22.4, "north, 22°"),
        (22.5, "north-east, 22°"),
        (90, "east, 90°"),
        (337.5, "north, 338°"),
        (360, "north, 360°"),
    ],
)
def test_where_a_camera_looks_is_one_of_eight_directions_with_its_degrees(degrees: float, told: str) -> None:
    with force_locale("en"):
        assert words.heading(degrees) == told


def test_every_rule_that_decides_whose_ground_it_is_has_a_sentence() -> None:
    assert {rule.value for rule in Rule} <= set(words.RULES)


@pytest.mark.usefixtures("request_of")
@pytest.mark.parametrize(
    ("ago", "zh", "en"),
    [
        (timedelta(0), "今天 14:30", "today 14:30"),
        (timedelta(days=1), "昨天 14:30", "yesterday 14:30"),
        (timedelta(days=-1), "明天 14:30", "tomorrow 14:30"),
        (timedelta(days=19), "11月03日 14:30", "11-03 14:30"),
        (timedelta(days=400), "2025-10-18 14:30", "2025-10-18 14:30"),
    ],
)
def test_moments_are_said_as_people_say_them(ago: timedelta, zh: str, en: str) -> None:
    local = NOW.astimezone(LOCAL)
    for language, said in (("zh", zh), ("en", en)):
        with force_locale(language):
            assert times.say_moment(local - ago, local) == said


@pytest.mark.usefixtures("request_of")
@pytest.mark.parametrize(
    ("ago", "zh", "en"),
    [
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(minutes=1), "1 分钟前", "1 minute ago"),
        (timedelta(minutes=59), "59 分钟前", "59 minutes ago"),
        (timedelta(hours=23, minutes=59), "23 小时前", "23 hours ago"),
        (timedelta(days=3, hours=5), "3 天前", "3 days ago"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_unit(ago: timedelta, zh: str, en: str) -> None:
    for language, said in (("zh", zh), ("en", en)):
        with force_locale(language):
            assert times.say_ago(NOW - ago, NOW) == said


def test_a_day_is_that_of_the_offices_clock_not_of_utc(app: Flask, clock: list[datetime]) -> None:
    clock[0] = datetime.fromisoformat("2026-11-22T17:00:00+00:00")
    with app.test_request_context(), force_locale("zh"):
        assert "今天 01:00" in times.moment(clock[0])
        assert times.day(date(2026, 11, 22)) == "11月22日"


@pytest.mark.usefixtures("request_of")
@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 m"), (999.4, "999 m"), (1520, "1.5 km"), (12345.6, "12.3 km"), (None, "–"), (float("nan"), "–")],
)
def test_lengths_are_rounded_to_what_people_need(value: float | None, said: str) -> None:
    assert words.metres(value) == said


@pytest.mark.usefixtures("request_of")
def test_missing_numbers_and_moments_are_a_dash() -> None:
    nan = float("nan")
    assert [words.number(nan), words.percent(nan), words.minutes(nan)] == ["–", "–", "–"]
    assert "–" in times.moment(None)
    assert "never" in times.ago(None)


@pytest.mark.parametrize(("name", "covered"), [("李小明", "李**"), ("欧", "欧"), ("", "")])
def test_of_a_name_only_the_first_character_shows(name: str, covered: str) -> None:
    assert words.covered_name(name) == covered


@pytest.mark.parametrize(("phone", "covered"), [("13912345678", "139****5678"), ("5551234", "*******"), ("", "")])
def test_of_a_phone_number_only_the_ends_show(phone: str, covered: str) -> None:
    assert words.covered_phone(phone) == covered


@pytest.mark.usefixtures("request_of")
def test_the_five_steps_follow_the_stage() -> None:
    reached = {stage: sum(done for _name, done in words.five_steps(stage)) for stage in Stage}

    assert reached[Stage.REPORTED] == 2
    assert reached[Stage.DISPATCHED] == 3
    assert reached[Stage.RESOLVED] == 3
    assert reached[Stage.CLOSED] == 4
    assert sum(done for _name, done in words.five_steps(Stage.CLOSED, 5)) == 5
