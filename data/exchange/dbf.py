"""The table of a Shapefile (.dbf), read as it lies in the file, with the encoding decided over all of it."""

import codecs
import re
import struct
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.errors import UnreadableFile
from data.exchange.columns import settle, unique_names
from data.exchange.encodings import choose, decode_cut
from data.exchange.reading import Refusals
from data.exchange.unpack import Source
from geo.errors import N_

LANGUAGE_IDS = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x26: "cp866", 0x4D: "gb18030", 0x4E: "cp949",
    0x4F: "cp950", 0x50: "cp874", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252", 0x64: "cp852", 0x65: "cp866",
    0x78: "cp950", 0x79: "cp949", 0x7A: "gb18030", 0x7B: "cp932", 0x7C: "cp874", 0xC8: "cp1250", 0xC9: "cp1251",
    0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
"""The byte of the header that names a code page, as dBase and ESRI use it."""
CPG_NAMES = {
    "936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "big-5": "big5",
    "koi8r": "koi8-r",
    "utf8": "utf-8",
    "oem": "",
    "system": "",
}
FIELD_BYTES = 32


class Field(NamedTuple):
    """One field of the header: its raw name, kind (C N F D L ...), decimals and place in a record."""

    name: bytes
    kind: str
    decimals: int
    start: int
    stop: int


def read_dbf(
    source: Source,
    refusals: Refusals,
    *,
    encoding: str | None = None,
    path: Path | None = None,
    count: int | None = None,
) -> pd.DataFrame:
    """Every record that was not deleted, indexed by its position in the file from 0.

    The encoding is what fits the bytes: UTF-8 if they are valid, else what .cpg or the header declares, else GBK if
    they look like it, else Latin-1 if they look like that. Text whose encoding stays open is refused, not guessed.

    Parameters
    ----------
    source : Source
        The .dbf, or the .shp beside which ``path`` lies.
    refusals : Refusals
        Receives a refusal for each value that is no number where its field says so.
    encoding : str, optional
        When the user declares it.
    path : Path, optional
        The .dbf when ``source`` is another file of its Shapefile.
    count : int, optional
        How many records there must be.
    """
    path = path or source.path
    data = path.read_bytes()
    fields = _fields(data, source)
    _check_count(data, count, source)
    body = _body(data, source, width_needed=max((field.stop for field in fields), default=1))
    raw = [_raw(body, field) for field in fields]
    texts = [text for field, column in zip(fields, raw, strict=True) if field.kind == "C" for text in np.unique(column)]
    chosen = choose(
        [field.name for field in fields] + texts, declared=codec(encoding) if encoding else _declared(data, source)
    )
    if chosen is None or chosen.startswith("utf-16"):
        raise UnreadableFile(
            N_(
                "%(file)s: the encoding of its text (.dbf) is not known. Put a file of the same "
                "name ending in .cpg beside it "
                "that names the encoding (such as GBK or UTF-8), or save it again as GeoPackage."
            ),
            file=source.name,
        )
    kept = np.flatnonzero(body[:, 0] != ord("*"))
    names = unique_names([decode_cut(field.name, chosen).strip() for field in fields])
    columns = {
        name: _column(column[kept], kept, field, chosen, name, refusals)
        for name, field, column in zip(names, fields, raw, strict=True)
    }
    return pd.DataFrame(columns, index=kept)


def _check_count(data: bytes, count: int | None, source: Source) -> None:
    (found,) = struct.unpack_from("<I", data, 4)
    if count is not None and found != count:
        raise UnreadableFile(
            N_(
                "%(file)s has %(shapes)s shapes, but %(rows)s rows in its table (.dbf): they do not belong together. "
                "Copy all files of the Shapefile again."
            ),
            file=source.name,
            shapes=count,
            rows=found,
        )


def _fields(data: bytes, source: Source) -> list[Field]:
    """The fields as the header describes them."""
    if len(data) < FIELD_BYTES + 1 or data[0] & 0x07 not in {2, 3, 4, 5}:
        raise _broken(source)
    (header,) = struct.unpack_from("<H", data, 8)
    fields: list[Field] = []
    start = 1
    for position in range(FIELD_BYTES, min(header, len(data)) - FIELD_BYTES + 1, FIELD_BYTES):
        raw = data[position : position + FIELD_BYTES]
        if raw[0] == 0x0D:
            break
        kind, length, decimals = chr(raw[11]), raw[16], raw[17]
        if kind == "C":
            length, decimals = length + 256 * decimals, 0
        if not kind.isalpha() and kind not in "+@0":
            raise _broken(source)
        fields.append(Field(raw[:11].split(b"\x00", 1)[0], kind, decimals, start, start + length))
        start += length
    return fields


def _body(data: bytes, source: Source, *, width_needed: int) -> "npt.NDArray[np.uint8]":
    """All records, one a row, as bytes."""
    count, header, width = struct.unpack_from("<IHH", data, 4)
    if width < width_needed or header > len(data):
        raise _broken(source)
    found = (len(data) - header) // width
    if found < count:
        raise UnreadableFile(
            N_("%(file)s is cut off: its table (.dbf) announces %(count)s rows and holds %(found)s. Copy it again."),
            file=source.name,
            count=count,
            found=found,
        )
    return np.frombuffer(data, dtype=np.uint8, count=count * width, offset=header).reshape(count, width)


def _raw(body: "npt.NDArray[np.uint8]", field: Field) -> "npt.NDArray[np.bytes_]":
    length = field.stop - field.start
    if not length:
        return np.zeros(len(body), dtype="S1")
    cells = np.ascontiguousarray(body[:, field.start : field.stop]).view(f"S{length}").ravel()
    return np.char.strip(cells, b" \x00\x1a")


def _broken(source: Source) -> UnreadableFile:
    return UnreadableFile(N_("%(file)s: its table is no .dbf file, or it is broken."), file=source.name)


def _declared(data: bytes, source: Source) -> str | None:
    """What the .cpg says, else what the header says, as a Python codec; None when neither says anything."""
    cpg = source.beside(".cpg")
    if cpg is not None:
        return codec(cpg.read_bytes()[:40].decode("ascii", "ignore"))
    return LANGUAGE_IDS.get(data[29])


def codec(named: str) -> str | None:
    """A Python codec for what people write into .cpg: ``GBK``, ``936``, ``ANSI 1252``, ``UTF-8``, ``koi8r``.

    ``OEM`` and ``SYSTEM`` name nothing and give None; a name that nobody knows gives itself, and no text fits that.
    """
    named = re.sub(r"^(ansi|oem|windows|cp)[ _-]*(?=\d)", "", named.strip().lower())
    if named in CPG_NAMES:
        return CPG_NAMES[named] or None
    for candidate in (named, f"cp{named}", re.sub(r"^8859[_-]?", "iso8859-", named)):
        try:
            return codecs.lookup(candidate).name
        except LookupError:
            continue
    return named


def _column(
    raw: "npt.NDArray[np.bytes_]",
    rows: "npt.NDArray[np.intp]",
    field: Field,
    encoding: str,
    name: str,
    refusals: Refusals,
) -> "pd.Series[Any]":
    """One field: text, whole numbers, numbers, dates or yes and no; what is empty is None."""
    values, inverse = np.unique(raw, return_inverse=True)
    converted = np.empty(len(values), dtype=object)
    wrong = np.zeros(len(values), dtype=bool)
    for position, value in enumerate(values.tolist()):
        try:
            converted[position] = _value(value, field, encoding)
        except (ValueError, KeyError):
            wrong[position] = True
    for at in np.flatnonzero(wrong[inverse]):
        refusals.add(
            N_("“%(value)s” does not fit the field, which is of kind %(kind)s."),
            row=int(rows[at]) + 1,
            column=name,
            value=raw[at].decode("ascii", "replace"),
            kind=field.kind,
        )
    return settle(converted[inverse].tolist(), pd.Index(rows))


def _value(raw: bytes, field: Field, encoding: str) -> Any:
    if field.kind in "NF":
        return _number(raw, field.decimals)
    if field.kind == "D":
        digits = raw.decode("ascii", "replace")
        return None if not digits.strip("0") else date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    if field.kind == "L":
        return None if raw in b"?" else {b"t": True, b"y": True, b"f": False, b"n": False}[raw.lower()]
    return decode_cut(raw, encoding) or None if field.kind == "C" else None


def _number(raw: bytes, decimals: int) -> int | float | None:
    """Stars are how dBase writes a number that did not fit, spaces one that is missing."""
    if not raw.strip(b"*"):
        return None
    return int(raw) if not decimals and raw.lstrip(b"+-").isdigit() else float(raw)


def as_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of a .dbf as text: whole numbers without ``.0``, dates as ISO 8601."""
    texts = [None if pd.isna(value) else str(value).removesuffix(".0") for value in column.tolist()]
    return pd.Series(texts, index=column.index, dtype=object)
