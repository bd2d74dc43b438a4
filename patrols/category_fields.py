"""What else is asked about an incident of some category: questions as a small part of JSON Schema, and answers.

A category's ``fields`` are an object whose properties are texts, whole or other numbers, yes or no, or one word of a
list. ``title`` and ``enum`` are Chinese, ``title_en`` and ``enum_en`` the same in English, for those who read that;
stored is the Chinese word. The answers are kept with the incident, as ``Incident.extra["fields"]``.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from data.models import Category, Incident
from geo.errors import N_
from patrols.errors import BadCategory, BadFields

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

KEPT = "fields"
"""Under which name of `Incident.extra` the answers are kept."""

MOST = 12
"""So many questions at most: whoever reports stands in the street."""

LONGEST = 200
"""Characters of an answer in words, unless its question says less."""

_TITLES: dict[str, Any] = {
    "title": {"type": "string", "minLength": 1, "maxLength": 64},
    "title_en": {"type": "string", "maxLength": 64},
}
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}, "minItems": 2, "maxItems": 20}


def _question(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "properties": {"type": {"const": kind}, **_TITLES, **more},
        "required": ["type", "title"],
        "additionalProperties": False,
    }


_BOUNDS = {"minimum": {"type": "number"}, "maximum": {"type": "number"}}
ALLOWED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"const": "object"},
        "properties": {
            "type": "object",
            "maxProperties": MOST,
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,31}$"},
            "additionalProperties": {
                "type": "object",
                "oneOf": [
                    _question(
                        "string",
                        maxLength={"type": "integer", "minimum": 1, "maximum": LONGEST},
                        format={"const": "date"},
                        enum={**_WORDS, "uniqueItems": True},
                        enum_en=_WORDS,
                    ),
                    _question("integer", **_BOUNDS),
                    _question("number", **_BOUNDS),
                    _question("boolean"),
                ],
            },
        },
        "required": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
    "required": ["type", "properties"],
    "additionalProperties": False,
}
"""The part of JSON Schema that questions may be written in, itself as JSON Schema."""


@dataclass(frozen=True)
class Question:
    """One question as a form asks it: ``kind`` is text, date, choice, whole, number or yes_no."""

    name: str
    zh: str
    en: str
    kind: str
    needed: bool
    least: float | None
    most: float | None
    longest: int
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """One answer as it is read: the question's title and the answer's words, in Chinese and in English."""

    title: tuple[str, str]
    zh: str
    en: str


def check(fields: Any) -> dict[str, Any]:
    """The questions, once they are ones that a form can ask.

    Raises
    ------
    BadCategory
        If they are not; says which.

    Examples
    --------
    >>> check({"type": "object", "properties": {"floor": {"type": "integer", "title": "楼层"}}})["type"]
    'object'
    """
    if fields in (None, {}):
        return {}
    wrong = next(iter(_allowed().iter_errors(fields)), None)
    if wrong is not None:
        where = ".".join(str(part) for part in wrong.absolute_path) or "fields"
        raise BadCategory(
            N_(
                "What else is asked, at %(where)s: this cannot be asked. Use text, integer, number or boolean, a title."
            ),
            where=where,
        )
    asked: dict[str, Any] = fields
    unknown = sorted(set(asked.get("required", ())) - set(asked["properties"]))
    if unknown:
        raise BadCategory(
            N_("What else is asked: %(name)s is required, but nothing of that name is asked."), name=unknown[0]
        )
    for name, one in asked["properties"].items():
        if len(one.get("enum_en", one.get("enum", ()))) != len(one.get("enum", ())):
            raise BadCategory(
                N_("What else is asked, at %(where)s: as many words in English as in Chinese."), where=name
            )
        if one.get("minimum", -math.inf) > one.get("maximum", math.inf):
            raise BadCategory(N_("What else is asked, at %(where)s: the least is more than the most."), where=name)
    return asked


def questions(category: Category | None) -> list[Question]:
    """What is asked about incidents of a category, in the order in which it was written down."""
    asked = (category.fields if category is not None else None) or {}
    needed = asked.get("required", ())
    return [_as_question(name, one, needed=name in needed) for name, one in asked.get("properties", {}).items()]


def read(category: Category | None, form: Mapping[str, str]) -> dict[str, Any]:
    """The answers of a form, each under the question's own name; what was left empty is left out.

    Raises
    ------
    BadFields
        If an answer is no number where one is asked for.
    """
    found: dict[str, Any] = {}
    for question in questions(category):
        text = form.get(question.name, "").strip()
        if text:
            found[question.name] = _value(question, text)
    return found


def answers(category: Category | None, given: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """The answers, once they fit what is asked.

    Parameters
    ----------
    whole : bool
        Whether nothing required may be missing. On a walk it may: what was found matters more.

    Raises
    ------
    BadFields
        If something is answered that is not asked, or not like this; says which question.
    """
    asked = {question.name: question for question in questions(category)}
    stranger = next((name for name in given if name not in asked), None)
    if stranger is not None:
        raise BadFields(N_("%(name)s is not asked about this category."), name=stranger)
    if category is None or not asked:
        return {}
    schema = {**category.fields, "required": category.fields.get("required", []) if whole else []}
    for wrong in _errors(schema, given):
        raise _refusal(asked, wrong, given)
    for name, value in given.items():
        if isinstance(value, str) and len(value) > asked[name].longest:
            raise BadFields(
                N_("%(title)s: at most %(most)s characters."), title=asked[name].zh, most=asked[name].longest
            )
    return dict(given)


def keep(incident: Incident, given: Mapping[str, Any]) -> None:
    """Keep checked answers with an incident; those before are replaced."""
    incident.extra = {**{name: value for name, value in incident.extra.items() if name != KEPT}, KEPT: dict(given)}


def kept(incident: Incident) -> dict[str, Any]:
    """The answers kept with an incident; a file's own column of that name is none."""
    found = (incident.extra or {}).get(KEPT)
    return found if isinstance(found, dict) else {}


def told(incident: Incident) -> list[Told]:
    """The answers kept with an incident, in the order of the questions; to those asked no more at the end."""
    return list(_told(incident.category, kept(incident)))


def in_words(category: Category | None, answered: Mapping[str, Any], *, english: bool = False) -> str:
    """The answers in one line, for tables: ``楼层：3；单元：2``."""
    between, end = (": ", "; ") if english else ("：", "；")
    rows = _told(category, answered)
    return end.join(f"{row.title[english]}{between}{row.en if english else row.zh}" for row in rows)


def _told(category: Category | None, answered: Mapping[str, Any]) -> Iterator[Told]:
    asked = {question.name: question for question in questions(category)}
    for name in (*(name for name in asked if name in answered), *(name for name in answered if name not in asked)):
        value, question = answered[name], asked.get(name)
        title = (name, name) if question is None else (question.zh, question.en)
        if isinstance(value, bool):
            yield Told(title, "是" if value else "否", "yes" if value else "no")
        else:
            english = dict(question.choices).get(str(value), str(value)) if question else str(value)
            yield Told(title, str(value), english)


def _as_question(name: str, one: Mapping[str, Any], *, needed: bool) -> Question:
    words = one.get("enum", ())
    kind = {"integer": "whole", "number": "number", "boolean": "yes_no"}.get(one["type"], "text")
    if kind == "text":
        kind = "choice" if words else "date" if one.get("format") == "date" else "text"
    return Question(
        name=name,
        zh=one["title"],
        en=one.get("title_en") or one["title"],
        kind=kind,
        needed=needed,
        least=one.get("minimum"),
        most=one.get("maximum"),
        longest=one.get("maxLength", LONGEST),
        choices=tuple(zip(words, one.get("enum_en", words), strict=True)),
    )


def _value(question: Question, text: str) -> Any:
    if question.kind == "yes_no":
        return text in {"1", "true", "yes", "on", "是"}
    if question.kind not in {"whole", "number"}:
        return text
    if question.kind == "whole" and re.fullmatch(r"-?\d{1,12}", text, re.ASCII):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if question.kind == "whole" or not math.isfinite(number):
        raise BadFields(N_("%(title)s: %(value)s is not such a number."), title=question.zh, value=text[:40])
    return number


def _errors(schema: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator["ValidationError"]:
    # Brought in here: it takes a third of a second, which every start of the program would pay for.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(dict(given))


@cache
def _allowed() -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(ALLOWED)


def _refusal(asked: Mapping[str, Question], wrong: "ValidationError", given: Mapping[str, Any]) -> BadFields:
    if wrong.validator == "required":
        missing = next(name for name, one in asked.items() if one.needed and name not in given)
        return BadFields(N_("%(title)s: please answer this."), title=asked[missing].zh)
    question = asked[str(wrong.absolute_path[0])]
    value = str(wrong.instance)[:40]
    limits = {"minimum": N_("%(title)s: %(value)s is too small, it is %(limit)s at least.")}
    limits["maximum"] = N_("%(title)s: %(value)s is too large, it is %(limit)s at most.")
    if wrong.validator in limits:
        return BadFields(limits[wrong.validator], title=question.zh, value=value, limit=wrong.validator_value)
    if wrong.validator == "enum":
        allowed = "、".join(word for word, _en in question.choices)
        return BadFields(N_("%(title)s must be one of: %(allowed)s."), title=question.zh, allowed=allowed)
    if wrong.validator == "maxLength":
        return BadFields(N_("%(title)s: at most %(most)s characters."), title=question.zh, most=question.longest)
    return BadFields(N_("%(title)s: %(value)s is not such an answer."), title=question.zh, value=value)
