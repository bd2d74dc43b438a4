"""The form in which a manager says what else is asked about a category: a row for each question."""

import re
from collections.abc import Mapping
from typing import Any

from data.models import Category
from geo.errors import N_
from patrols import category_fields
from patrols.category_fields import LONGEST, MOST, Question
from webmap import inputs
from webmap.errors import BadInput

KINDS = {
    "text": N_("words"),
    "choice": N_("one of a list"),
    "whole": N_("whole number"),
    "number": N_("number"),
    "yes_no": N_("yes or no"),
    "date": N_("day"),
}
"""How a question is answered."""

MORE = 2
"""Empty rows under those that are filled in."""

_TYPES = {"whole": "integer", "number": "number", "yes_no": "boolean"}


def rows(category: Category) -> list[Question | None]:
    """The questions of a category, then some empty rows."""
    found: list[Question | None] = [*category_fields.questions(category)]
    return (found + [None] * MORE)[:MOST]


def read(form: Mapping[str, str]) -> dict[str, Any]:
    """The questions of a form, as a category keeps them; a row without a title is none.

    Raises
    ------
    webmap.errors.BadInput
        If a row cannot be read; says which.
    """
    asked: dict[str, Any] = {}
    needed = []
    for row in range(MOST):
        title = inputs.text(form, f"q{row}_zh", most=64)
        if not title:
            continue
        name = inputs.text(form, f"q{row}_name", most=32) or _new_name(form, asked)
        asked[name] = _question(form, row, title)
        if form.get(f"q{row}_needed"):
            needed.append(name)
    if not asked:
        return {}
    return {"type": "object", "properties": asked, **({"required": needed} if needed else {})}


def _question(form: Mapping[str, str], row: int, title: str) -> dict[str, Any]:
    kind = form.get(f"q{row}_kind", "text")
    if kind not in KINDS:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field=f"q{row}_kind", allowed=", ".join(KINDS))
    question: dict[str, Any] = {"type": _TYPES.get(kind, "string"), "title": title}
    english = inputs.text(form, f"q{row}_en", most=64)
    if english:
        question["title_en"] = english
    if kind == "date":
        question["format"] = "date"
    if kind == "text":
        longest = inputs.whole(form, f"q{row}_most", least=1, most=LONGEST)
        question |= {} if longest is None else {"maxLength": longest}
    if kind == "choice":
        question |= _choices(form, row, title)
    if kind in ("whole", "number"):
        for word, key in (("least", "minimum"), ("most", "maximum")):
            limit = inputs.number(form, f"q{row}_{word}", least=-1e9, most=1e9)
            if limit is not None:
                question[key] = int(limit) if limit == int(limit) else limit
    return question


def _choices(form: Mapping[str, str], row: int, title: str) -> dict[str, Any]:
    """The words to choose from, with commas between, Chinese or Western."""
    zh, en = (_words(inputs.text(form, f"q{row}_{name}", most=1000)) for name in ("words", "words_en"))
    if len(zh) < 2:
        raise BadInput(N_("%(title)s: write at least two words to choose from, with commas between."), title=title)
    return {"enum": zh, **({"enum_en": en} if en else {})}


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,，、;；\n]", text) if word.strip()]


def _new_name(form: Mapping[str, str], asked: Mapping[str, Any]) -> str:
    """A name that no question of this form has; people never see it."""
    taken = {form.get(f"q{row}_name") for row in range(MOST)} | set(asked)
    return next(name for name in (f"q{number}" for number in range(1, 2 * MOST + 2)) if name not in taken)
