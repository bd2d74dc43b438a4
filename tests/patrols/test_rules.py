"""The numbers of the trade and a community's own."""

import re
from dataclasses import FrozenInstanceError, fields

import pytest

from patrols.errors import BadRule
from patrols.rules import Rules


def test_a_community_without_wishes_has_the_defaults() -> None:
    assert Rules.for_community({}) == Rules()


def test_a_communitys_own_number_replaces_the_default_and_nothing_else() -> None:
    rules = Rules.for_community({"sight_m": 20, "reach_m": 0})

    assert (rules.sight_m, rules.reach_m) == (20.0, 0.0)
    assert rules.as_dict() == Rules().as_dict() | {"sight_m": 20.0, "reach_m": 0.0}


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadRule, match=r"no rule 'sigth_m'.*sight_m"):
        Rules.for_community({"sigth_m": 20})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sight_m", "20"),
        ("sight_m", None),
        ("sight_m", True),
        ("sight_m", [15]),
        ("sight_m", float("nan")),
        ("sight_m", float("inf")),
        ("sight_m", -1),
        ("max_gap_s", 0),
        ("sure_probability", 1.2),
        ("reach_m", -0.1),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(BadRule, match=f"{name} cannot be {re.escape(repr(value))}"):
        Rules.for_community({name: value})


def test_rules_cannot_be_changed_in_passing() -> None:
    with pytest.raises(FrozenInstanceError):
        Rules().sight_m = 99.0  # type: ignore[misc]


def test_every_rule_says_its_unit_and_its_reason() -> None:
    units = ("_m", "_s", "_m_s", "_deg", "_days", "_probability", "_share", "_persons", "_rating")

    for field in fields(Rules):
        assert field.name.endswith(units) or field.name.startswith("sure_")
        assert f"\n    {field.name} : float\n" in (Rules.__doc__ or "")
