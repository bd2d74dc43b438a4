"""Single values as phones write them: numbers, moments, and the fix that they make."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from data.fix_store import FixRow

LAST_SECOND = 2_147_483_647
"""Larger numbers of a time are milliseconds, as Traccar's own server decides."""

LAST_MS = 4_102_444_800_000
"""The year 2100: what names a later moment names none."""

LONGEST_EXTRA = 4000
"""Characters kept of what else a phone says with one fix; keys that would not fit are left out."""

EMPTY: tuple[Any, ...] = (None, "", [], {})

# Made once: `json.dumps` makes one for every call that asks for anything unusual.
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def number(value: Any) -> float | None:
    """A finite number, or None.

    Examples
    --------
    >>> number("12.5"), number(" 7 "), number("NaN"), number(None), number(True)
    (12.5, 7.0, None, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def positive(value: Any) -> float | None:
    """A number above zero, or None: zero and less are how apps say that they do not know."""
    read = number(value)
    return read if read is not None and read > 0 else None


def not_negative(value: Any) -> float | None:
    """A number from zero on, or None."""
    read = number(value)
    return read if read is not None and read >= 0 else None


def percent(value: Any, whole: float = 100.0) -> float | None:
    """A battery's level in percent, whatever number the app calls full; None when it is out of range."""
    read = not_negative(value)
    return None if read is None or read > whole else round(read / whole * 100.0, 1)


def moment_ms(value: Any) -> int | None:
    """Milliseconds since 1970 of seconds, milliseconds or ISO 8601 (UTC where it names no zone); None when it is none.

    Examples
    --------
    >>> moment_ms("1551874878"), moment_ms(1442068686579), moment_ms("2026-05-09T12:34:56Z")
    (1551874878000, 1442068686579, 1778330096000)
    >>> moment_ms("2026-05-09 12:34:56"), moment_ms("yesterday"), moment_ms("")
    (1778330096000, None, None)
    """
    read = number(value)
    if read is not None:
        found = round(read * 1000) if abs(read) < LAST_SECOND else round(read)
    else:
        written = _iso(value)
        if written is None:
            return None
        found = round(written.timestamp() * 1000)
    return found if 0 <= found < LAST_MS else None


def _iso(value: Any) -> datetime | None:
    try:
        read = datetime.fromisoformat(value.strip())
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except (AttributeError, ValueError, OverflowError):
        return None


def make_fix(
    place: tuple[Any, Any],
    time: tuple[str, Any],
    received_ms: int,
    *,
    accuracy_m: Any = None,
    speed: float | None = None,
    heading_deg: Any = None,
    altitude_m: Any = None,
    battery_percent: float | None = None,
    extra: Mapping[str, Any] | None = None,
) -> FixRow | None:
    """A fix as it is stored; None when its place is not on earth.

    Parameters
    ----------
    place : tuple
        Latitude and longitude, degrees, as sent.
    time : tuple
        The name of the app's field and its value. A fix without a time was taken when it came; what is there, but is
        no time, is kept with the rest.
    extra : mapping, optional
        Whatever else was said; empty values are left out.
    """
    lat, lon = number(place[0]), number(place[1])
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None
    more = {str(key): value for key, value in (extra or {}).items() if value not in EMPTY}
    at_ms = moment_ms(time[1])
    if at_ms is None and time[1] not in EMPTY:
        more[time[0]] = time[1]
    return FixRow(
        received_ms if at_ms is None else at_ms,
        round(lat * 1e6),
        round(lon * 1e6),
        positive(accuracy_m),
        speed,
        not_negative(heading_deg),
        number(altitude_m),
        battery_percent,
        _written(more) if more else None,
    )


def _written(more: dict[str, Any]) -> str:
    text = _encode(more)
    while len(text) > LONGEST_EXTRA:
        longest = max(more, key=lambda key: len(json.dumps(more[key], default=str)) + len(key))
        del more[longest]
        text = _encode(more)
    return text


def identity_of(*candidates: Any) -> str | None:
    """The first thing that can name a phone: a text or number of at most 128 characters; None without any.

    Examples
    --------
    >>> identity_of(None, "", 902064), identity_of(" anna/phone ")
    ('902064', 'anna/phone')
    """
    for one in candidates:
        if isinstance(one, str | int) and not isinstance(one, bool):
            name = "".join(letter for letter in str(one) if letter.isprintable()).strip()
            if 0 < len(name) <= 128:
                return name
    return None
