"""Kinds of values that the API takes: each says in the OpenAPI document exactly what is accepted."""

from datetime import datetime
from typing import Any

from apiflask import fields
from apiflask.validators import Length, Range, Regexp

from webmap.words import sentences

DAY = (
    r"(?:20\d\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8]))|20(?:0[048]|[2468][048]|[13579][26])-02-29)"
).replace(r"\d", "[0-9]")
"""A day of this century that the calendar really has."""

MOMENT = DAY + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
"""A moment of this century with its zone (RFC 3339); without a zone nobody knows which one it is."""

COMMUNITY = r"^[0-9]{12}$"
GRID = r"^[0-9A-Za-z]{1,20}$"
LARGEST_KEY = 2**31 - 1


class Moment(fields.Field):  # type: ignore[type-arg]
    """An aware moment, as RFC 3339 text."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("metadata", {})
        settings["metadata"] = {
            "type": "string",
            "pattern": f"^{MOMENT}$",
            "example": "2026-11-22T14:30:00+08:00",
            **settings["metadata"],
        }
        super().__init__(**settings)
        self._check = Regexp(f"{MOMENT}\\Z", error="A moment with its time zone, like 2026-11-22T14:30:00+08:00.")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> datetime:
        return datetime.fromisoformat(self._check(value if isinstance(value, str) else ""))

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **settings: Any) -> str | None:
        return None if value is None else value.isoformat(timespec="seconds")


SOMETHING = r"[\s\S]*[^\s\x00-\x20\x7f-\xa0]"
"""A text in which something can be seen."""


class Text(fields.String):
    """Text of a person. Characters that no database stores (nulls, halves of letters) are left out."""

    def __init__(self, *, most: int, least: int = 0, **settings: Any) -> None:
        # What is only blanks is empty once it is read: the document says so, too.
        wanted = [Length(least or None, most), *([Regexp(SOMETHING)] if least else [])]
        super().__init__(validate=wanted, **settings)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        read = super()._deserialize(value, attr, data, **settings)
        return read.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


class Sentences(fields.String):
    """Sentences of the program, in the reader's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **settings: Any) -> str:
        return sentences(value or ())


def longitude(**settings: Any) -> fields.Float:
    """Degrees east, WGS 84."""
    return fields.Float(validate=Range(-180, 180), allow_nan=False, **settings)


def latitude(**settings: Any) -> fields.Float:
    """Degrees north, WGS 84."""
    return fields.Float(validate=Range(-90, 90), allow_nan=False, **settings)


def accuracy(**settings: Any) -> fields.Float:
    """Radius of uncertainty in metres."""
    return fields.Float(validate=Range(0, 100_000), allow_nan=False, **settings)


def key(**settings: Any) -> fields.Integer:
    """The key of a row."""
    return fields.Integer(validate=Range(1, LARGEST_KEY), **settings)


def community_code(**settings: Any) -> fields.String:
    """The twelve digits of a community."""
    return fields.String(validate=Regexp(COMMUNITY), **settings)


def grid_code(**settings: Any) -> fields.String:
    """The code of a grid; text, never a number."""
    return fields.String(validate=Regexp(GRID), **settings)


def words(kind: Any, **settings: Any) -> fields.Enum[Any]:
    """One of an enum's words."""
    return fields.Enum(kind, by_value=fields.String(), **settings)
