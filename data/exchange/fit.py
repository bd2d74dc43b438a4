"""FIT: what sports watches record."""

from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from data.errors import UnreadableFile
from data.exchange.fixes import Fix
from data.exchange.reading import Refusals
from data.exchange.unpack import Source
from geo.errors import N_

DEGREES = 180.0 / 2**31
"""A semicircle, in which FIT writes places."""


def from_fit(source: Source, refusals: Refusals) -> tuple[list[Fix], dict[Hashable, str]]:
    """One track of all records that have a place; of a recording that breaks off, what there is up to there.

    Raises
    ------
    UnreadableFile
        It is no FIT file, or breaks off before its first place.
    """
    # Brought in here: its table of every field of every watch takes a while, and few files need it.
    fit = import_module("fitdecode")
    fixes: list[Fix] = []
    segment = 1
    try:
        for message in _messages(fit, source):
            if message.name == "record":
                fixes += _fix(message, segment, len(fixes) + 1)
            elif message.name == "event" and _value(message, "event_type") in {"stop", "stop_all"}:
                segment += 1
    except (fit.FitError, ValueError, OverflowError) as error:
        if not fixes:
            raise UnreadableFile(
                N_("%(file)s is no FIT file, or a broken one (%(reason)s)."), file=source.name, reason=error
            ) from error
        refusals.note(N_("The recording breaks off after %(count)s fixes; they were read."), count=len(fixes))
    return fixes, {}


def _messages(fit: Any, source: Source) -> Iterator[Any]:
    quiet = {"check_crc": fit.CrcCheck.DISABLED, "error_handling": fit.ErrorHandling.IGNORE}
    with fit.FitReader(str(source.path), **quiet) as reader:
        yield from (frame for frame in reader if frame.frame_type == fit.FIT_FRAME_DATA)


def _fix(message: Any, segment: int, row: int) -> list[Fix]:
    lat, lon = _value(message, "position_lat"), _value(message, "position_long")
    if lat is None or lon is None:
        return []  # under a roof the watch goes on counting heartbeats
    at = _value(message, "timestamp")
    written = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else None
    ele = _value(message, "enhanced_altitude") or _value(message, "altitude")
    return [Fix(1, segment, written, lon * DEGREES, lat * DEGREES, ele, _value(message, "gps_accuracy"), row)]


def _value(message: Any, field: str) -> Any:
    return message.get_value(field, fallback=None)
