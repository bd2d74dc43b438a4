"""What comes as JSON, read field by field; what cannot be used is refused by name."""

import math
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeVar

from flask import Request, json

from geo.errors import N_
from webmap.errors import BadInput
from webmap.inputs import LARGEST_KEY

Word = TypeVar("Word", bound=StrEnum)

MOST_BYTES = 1024 * 1024
"""What one request may bring, photos apart: two hundred reports of full length."""

_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def document(asked: Request) -> Any:
    """The body as JSON, whatever type it says it has.

    Raises
    ------
    webmap.errors.BadInput
        It is none.
    werkzeug.exceptions.RequestEntityTooLarge
        It has more than `MOST_BYTES`.
    """
    asked.max_content_length = MOST_BYTES
    try:
        return json.loads(asked.get_data(cache=False))
    except (ValueError, RecursionError):
        raise BadInput(N_("This is not JSON.")) from None


class Fields:
    """The fields of one JSON object. Everything that is read here fits the database.

    Parameters
    ----------
    said : any
        What came; anything but an object is refused.
    """

    def __init__(self, said: Any) -> None:
        if not isinstance(said, Mapping):
            raise BadInput(N_("An object with named fields is expected here."))
        self._said = said

    def has(self, name: str) -> bool:
        """Whether something is said in this field."""
        return self._said.get(name) is not None

    def text(self, name: str, *, most: int = 255) -> str:
        """A text without blanks around it; "" when it is missing."""
        value = self._said.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadInput(N_("%(field)s must be a text."), field=name)
        value = value.strip()
        if len(value) > most:
            raise BadInput(N_("%(field)s: at most %(most)s characters."), field=name, most=most)
        if "\x00" in value:
            raise BadInput(N_("%(field)s contains a character that cannot be stored."), field=name)
        return value

    def uuid(self, name: str) -> str:
        """A UUID in its usual form, small letters."""
        value = self._said.get(name)
        try:
            return str(uuid.UUID(value)) if isinstance(value, str) else _no_uuid(name)
        except ValueError:
            return _no_uuid(name)

    def word(self, name: str, kind: type[Word]) -> Word | None:
        """One of an enum's words, or None when it is missing."""
        value = self._said.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in {one.value for one in kind}:
            allowed = ", ".join(one.value for one in kind)
            raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field=name, allowed=allowed)
        return kind(value)

    def whole(self, name: str, *, least: int = 0, most: int = LARGEST_KEY) -> int | None:
        """A whole number, or None when it is missing."""
        value = self._said.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadInput(
                N_("%(field)s must be a whole number from %(least)s to %(most)s."), field=name, least=least, most=most
            )
        return value

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """A number, or None when it is missing."""
        value = self._said.get(name)
        if value is None:
            return None
        if not _is_number(value) or not least <= value <= most:
            raise BadInput(
                N_("%(field)s must be a number from %(least)s to %(most)s."), field=name, least=least, most=most
            )
        return float(value)

    def truth(self, name: str) -> bool | None:
        """True, false, or None when it is missing."""
        value = self._said.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadInput(N_("%(field)s must be true, false or empty."), field=name)
        return value

    def moment(self, name: str) -> datetime:
        """A moment with its zone; years that no phone lives in are refused."""
        value = self._said.get(name)
        try:
            read = datetime.fromisoformat(value) if isinstance(value, str) else None
            if read is not None and read.tzinfo is not None and _EARLIEST <= read <= _LATEST:
                return read
        except (ValueError, OverflowError):
            pass
        raise BadInput(N_("%(field)s must be a moment with its zone, like 2026-11-22T09:30:00+08:00."), field=name)

    def day(self, name: str) -> date:
        """A day as ``2026-11-22``."""
        value = self._said.get(name)
        try:
            read = date.fromisoformat(value) if isinstance(value, str) else date.min
        except ValueError:
            read = date.min
        if not 1900 <= read.year <= 2200:
            raise BadInput(N_("%(field)s must be a day, written like 2026-11-22."), field=name)
        return read

    def clock(self, name: str) -> time:
        """A time of day as ``08:30``, without a zone."""
        value = self._said.get(name)
        try:
            read = time.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            read = None
        if read is None or read.tzinfo is not None:
            raise BadInput(N_("%(field)s must be a time of day, written like 08:30."), field=name)
        return read

    def place(self) -> tuple[float, float] | None:
        """Longitude and latitude of ``lon`` and ``lat``; None unless both are said."""
        lon, lat = self.number("lon", least=-180, most=180), self.number("lat", least=-90, most=90)
        return None if lon is None or lat is None else (lon, lat)

    def items(self, name: str, *, most: int) -> list[Any]:
        """A list of at most so many things; empty when it is missing."""
        value = self._said.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise BadInput(N_("%(field)s must be a list of at most %(most)s."), field=name, most=most)
        return value


def lines(found: list[Any]) -> list[list[tuple[float, float]]]:
    """One line or several, as lists of (longitude, latitude).

    Raises
    ------
    webmap.errors.BadInput
        Something in it is no place.
    """
    parts = found if found and isinstance(found[0], list) and found[0] and isinstance(found[0][0], list) else [found]
    read = []
    for part in parts:
        if not isinstance(part, list) or not all(_is_place(one) for one in part):
            raise BadInput(N_("A line is a list of places, each [longitude, latitude]."))
        read.append([(float(one[0]), float(one[1])) for one in part])
    return read


def _is_place(one: Any) -> bool:
    return (
        isinstance(one, list)
        and len(one) >= 2
        and _is_number(one[0])
        and _is_number(one[1])
        and abs(one[0]) <= 180
        and abs(one[1]) <= 90
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _no_uuid(name: str) -> str:
    raise BadInput(N_("%(field)s must be a UUID."), field=name)
