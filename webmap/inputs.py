"""What comes in with a query or a form, read field by field; what cannot be used is refused by name."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from geo.errors import N_
from webmap.errors import BadInput
from webmap.storage import LOCAL

Word = TypeVar("Word", bound=StrEnum)
Fields = Mapping[str, str]

LARGEST_KEY = 2**31 - 1
"""Keys above this cannot be stored: PostgreSQL would refuse the question itself."""


def text(fields: Fields, name: str, *, most: int = 255) -> str:
    """A text without blanks around it; "" when it is missing.

    Raises
    ------
    webmap.errors.BadInput
        Longer than `most` characters, or with a null character, which PostgreSQL cannot store.
    """
    value = fields.get(name, "").strip()
    if len(value) > most:
        raise BadInput(N_("%(field)s: at most %(most)s characters."), field=name, most=most)
    if "\x00" in value:
        raise BadInput(N_("%(field)s contains a character that cannot be stored."), field=name)
    return value


def whole(fields: Fields, name: str, *, least: int = 0, most: int = LARGEST_KEY) -> int | None:
    """A whole number, or None when it is missing.

    Raises
    ------
    webmap.errors.BadInput
        Not a whole number from `least` to `most`.
    """
    value = fields.get(name, "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
        raise BadInput(
            N_("%(field)s must be a whole number from %(least)s to %(most)s."), field=name, least=least, most=most
        )
    return int(value)


def number(fields: Fields, name: str, *, least: float, most: float) -> float | None:
    """A number, or None when it is missing.

    Raises
    ------
    webmap.errors.BadInput
        Not a number from `least` to `most`.
    """
    value = fields.get(name, "").strip()
    if not value:
        return None
    try:
        read = float(value)
    except ValueError:
        read = math.nan
    if not least <= read <= most:
        raise BadInput(N_("%(field)s must be a number from %(least)s to %(most)s."), field=name, least=least, most=most)
    return read


def word(fields: Fields, name: str, kind: type[Word]) -> Word | None:
    """One of an enum's words, or None when it is missing.

    Raises
    ------
    webmap.errors.BadInput
        Another word.
    """
    value = fields.get(name, "").strip()
    if not value:
        return None
    if value not in {one.value for one in kind}:
        raise BadInput(
            N_("%(field)s must be one of: %(allowed)s."), field=name, allowed=", ".join(one.value for one in kind)
        )
    return kind(value)


def day(fields: Fields, name: str) -> date | None:
    """A day as ``2026-11-22``, or None when it is missing.

    Raises
    ------
    webmap.errors.BadInput
        No day of the calendar from 1900 to 2200.
    """
    value = fields.get(name, "").strip()
    if not value:
        return None
    try:
        read = date.fromisoformat(value)
    except ValueError:
        read = date.min
    if not 1900 <= read.year <= 2200:
        raise BadInput(N_("%(field)s must be a day, written like 2026-11-22."), field=name)
    return read


def start_of(when: date | None) -> datetime | None:
    """The first moment of a day on the office's clock."""
    return None if when is None else datetime.combine(when, time(), LOCAL)


def end_of(when: date | None) -> datetime | None:
    """The first moment after a day on the office's clock."""
    return None if when is None else datetime.combine(when + timedelta(days=1), time(), LOCAL)


def page(fields: Fields) -> int:
    """Which page of a list, from 1."""
    return whole(fields, "page", least=1, most=1_000_000) or 1
