"""Example dictionaries of categories, one JSON document a family. Invented examples, none is a standard."""

import json
from importlib import resources
from typing import Any

EXAMPLES = ("chengguan", "shequ")
"""The families that come along: what a city's order is about, and what a community is asked."""


def read_example(family: str) -> dict[str, Any]:
    """The document of one family, to be taken in by `patrols.category_files.take`.

    Examples
    --------
    >>> read_example("shequ")["zh"]
    '社区事务（示例）'
    """
    text = (resources.files(__package__) / f"{family}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
