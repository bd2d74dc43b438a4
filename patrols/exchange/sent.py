"""What another platform sent, as rows: incidents and their steps, from JSON or from a table."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import Refusal, UnreadableFile
from data.exchange.encodings import decode
from data.exchange.reading import Reading
from data.exchange.tables import read_table
from geo.errors import N_
from patrols.exchange.fields import COLUMNS, CRS, CRS_WORDS, FORMAT, MANDATORY, OTHERS, STEPS, VERSION
from patrols.intake.sheet import Sheet

MOST = 20_000
"""So many incidents, and five times as many steps, in one file at most."""

LARGEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Sent:
    """What was sent: incidents, one row each, and steps in their order, told by the code of their incident."""

    incidents: Reading[pd.DataFrame]
    steps: Reading[pd.DataFrame]


def read_sent(path: Path, *, name: str | None = None) -> Sent:
    """Read a file of another platform: .json as `giving.give` makes it, or a table (.csv .xlsx) of the same fields.

    In a table each row is an incident with one step, or none; several rows of one code are one incident with several
    steps, and its first row counts for everything else.

    Raises
    ------
    UnreadableFile
        If nothing can be made of the file as a whole.
    """
    called = name or path.name
    if called.lower().endswith(".json"):
        if path.stat().st_size > LARGEST_BYTES:
            raise UnreadableFile(N_("%(file)s is too large to be exchanged. Split it."), file=called)
        return sent_of(_loaded(path, called), file=called)
    reading = read_table(path, name=called)
    table = Sheet(reading, COLUMNS).frame
    table.attrs = reading.frame.attrs
    return Sent(Reading(_first_rows(table), reading.refusals), Reading(_with_steps(table), []))


def sent_of(document: Any, *, file: str) -> Sent:
    """The same of a document that is read already.

    Raises
    ------
    UnreadableFile
        If it is no such document, or does not state its coordinate system.
    """
    rows = _checked(document, file)
    incidents, steps = [], []
    for number, row in enumerate(rows, start=1):
        crs = {"crs": CRS} if "lon" in row or "lat" in row else {}
        incidents.append({**_texts(row, {**MANDATORY, **OTHERS}), **crs, "source_row": number})
        steps += [
            {**_texts(step, STEPS), "code": _text(row.get("code")), "source_row": number}
            for step in row.get("steps") or []
        ]
    if len(steps) > 5 * MOST:
        raise UnreadableFile(N_("%(file)s is too large to be exchanged. Split it."), file=file)
    return Sent(_reading(incidents, file), _reading(steps, file))


def _loaded(path: Path, file: str) -> Any:
    try:
        return json.loads(decode(path.read_bytes(), file=file))
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(N_("%(file)s cannot be read as JSON: %(why)s"), file=file, why=str(wrong)[:120]) from wrong


def _checked(document: Any, file: str) -> list[dict[str, Any]]:
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise UnreadableFile(
            N_('%(file)s is no exchange of incidents: it must be JSON with "format": "%(format)s", "version": 1.'),
            file=file,
            format=FORMAT,
        )
    if not is_our_crs(str(document.get("crs", ""))):
        raise UnreadableFile(
            N_('%(file)s does not say that its places are in CGCS2000: "crs": "CGCS2000" must stand in it.'), file=file
        )
    rows = document.get("incidents")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableFile(N_("%(file)s: “incidents” must be a list of objects."), file=file)
    for row in rows:
        steps = row.get("steps") or []
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise UnreadableFile(N_("%(file)s: “steps” must be a list of objects."), file=file)
    if len(rows) > MOST:
        raise UnreadableFile(N_("%(file)s is too large to be exchanged. Split it."), file=file)
    return rows


def is_our_crs(text: str) -> bool:
    """Whether a word means CGCS2000 in degrees.

    Examples
    --------
    >>> is_our_crs("CGCS 2000"), is_our_crs("EPSG:4490"), is_our_crs("GCJ-02")
    (True, True, False)
    """
    return "".join(text.split()).lower() in CRS_WORDS


def _texts(row: dict[str, Any], names: Any) -> dict[str, str | None]:
    return {name: _text(row.get(name)) for name in names}


def _text(value: Any) -> str | None:
    """What a cell of a table would hold; objects and lists have no place there."""
    if value is None or isinstance(value, (dict, list, bool)):
        return None
    return str(value).strip() or None


def _reading(rows: list[dict[str, Any]], file: str) -> Reading[pd.DataFrame]:
    columns = list(rows[0]) if rows else ["code", "source_row"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    frame["source_row"] = frame["source_row"].astype("int64")
    frame.attrs = {"file": file, "notes": []}
    refusals: list[Refusal] = []
    return Reading(frame, refusals)


def _first_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Each incident once, by the first row of its code; rows without a code stay, to be refused."""
    if "code" not in table:
        return table
    first = table[table["code"].isna() | ~table["code"].duplicated()]
    first = first.reset_index(drop=True)
    first.attrs = table.attrs
    return first


def _with_steps(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that tell a step."""
    if "step" not in table or "code" not in table:
        empty = pd.DataFrame({"code": pd.Series(dtype=object), "source_row": pd.Series(dtype="int64")})
        empty.attrs = table.attrs
        return empty
    steps = table[table["step"].notna()].reset_index(drop=True)
    steps.attrs = {**table.attrs, "notes": []}
    return steps
