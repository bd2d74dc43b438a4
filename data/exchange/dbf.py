"""The table of a Shapefile (.dbf), read as it lies in the file, with the encoding decided over all of it."""

import re
import struct
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.errors import UnreadableFile
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
CPG_NAMES = {"936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "big-5": "big5", "oem": "", "system": ""}
FIELD_BYTES = 32


def read_dbf(source: Source, refusals: Refusals, *, encoding: str | None = None, path: Path | None = None) -> pd.DataFrame:
    """Every record that was not deleted, indexed by its position in the file from 0.

    The encoding is what fits the bytes: UTF-8 if they are valid, else what .cpg or the header declares, else GBK if they
    look like it, else Latin-1 if they look like that. Text whose encoding stays open is refused, not guessed.

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
    """
    path = path or source.path
    data = path.read_bytes()
    fields, records = _records(data, source)
    texts = {field: np.char.strip(records[f"f{at}"], b" \x00") for at, (field, _, _) in enumerate(fields)}
    everything = [field for field, _, _ in fields] + [
        text for name, kind, _ in fields if kind in "CM" for text in np.unique(texts[name]).tolist()
    ]
    chosen = choose(everything, declared=encoding or _declared(data, source))
    if chosen is None or chosen.startswith("utf-16"):
        raise UnreadableFile(
            N_(
                "%(file)s: the encoding of its text (.dbf) is not known. Put a file of the same name ending in .cpg beside it "
                "that names the encoding (such as GBK or UTF-8), or save it again as GeoPackage."
            ),
            file=source.name,
        )
    kept = np.flatnonzero(records["deleted"] != b"*")
    names = _unique([decode_cut(field, chosen).strip() for field, _, _ in fields])
    columns = {}
    for name, (field, kind, decimals) in zip(names, fields, strict=True):
        columns[name] = _column(texts[field][kept], kept, kind, decimals, chosen, name, refusals)
    return pd.DataFrame(columns, index=kept)


def _records(data: bytes, source: Source) -> "tuple[list[tuple[bytes, str, int]], np.ndarray]":
    """The fields (name, kind, decimals) and all records as a structured array of bytes."""
    if len(data) < FIELD_BYTES + 1 or data[0] & 0x07 not in {2, 3, 4, 5}:
        raise _broken(source)
    count, header, width = struct.unpack_from("<IHH", data, 4)
    fields: list[tuple[bytes, str, int]] = []
    layout: list[tuple[str, str]] = [("deleted", "S1")]
    position = FIELD_BYTES
    while position + FIELD_BYTES <= min(header, len(data)) and data[position] != 0x0D:
        raw = data[position : position + FIELD_BYTES]
        kind, length, decimals = chr(raw[11]), raw[16], raw[17]
        if kind == "C":
            length, decimals = length + 256 * decimals, 0
        base = raw[:11].split(b"\x00", 1)[0]
        name, again = base, 1
        while name in {field for field, _, _ in fields}:
            again += 1
            name = base + b"_%d" % again
        fields.append((name, kind, decimals))
        layout.append((f"f{len(fields) - 1}", f"S{length}"))
        position += FIELD_BYTES
    dtype = np.dtype(layout) if all(size != "S0" for _, size in layout) else None
    if not fields or dtype is None or dtype.itemsize > width or header < position:
        raise _broken(source)
    body = np.frombuffer(data[header : header + count * width], dtype=np.uint8)
    if len(body) // width < count:
        raise UnreadableFile(
            N_("%(file)s is cut off: its table (.dbf) announces %(count)s rows and holds %(found)s. Copy it again."),
            file=source.name,
            count=count,
            found=len(body) // width,
        )
    rows = np.ascontiguousarray(body.reshape(count, width)[:, : dtype.itemsize])
    return fields, rows.view(dtype).reshape(count)


def _broken(source: Source) -> UnreadableFile:
    return UnreadableFile(N_("%(file)s: its table is no .dbf file, or it is broken."), file=source.name)


def _declared(data: bytes, source: Source) -> str | None:
    """What the .cpg says, else what the header says, as a Python codec; None when neither says anything known."""
    cpg = source.beside(".cpg")
    if cpg is not None:
        named = cpg.read_bytes()[:40].decode("ascii", "ignore").strip().lower()
        return codec(named)
    return LANGUAGE_IDS.get(data[29])


def codec(named: str) -> str | None:
    """A Python codec for what people write into .cpg: ``GBK``, ``936``, ``ANSI 1252``, ``UTF-8``."""
    import codecs

    named = re.sub(r"^(ansi|oem|windows|cp)[ _-]*(?=\d)", "", named.strip().lower())
    if named in CPG_NAMES:
        return CPG_NAMES[named] or None
    for candidate in (named, f"cp{named}", f"iso8859-{named[-1:]}" if named.startswith("8859") else ""):
        try:
            return codecs.lookup(candidate).name if candidate else None
        except LookupError:
            continue
    return None


def _unique(names: list[str]) -> list[str]:
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name or f"column_{position}"
        base = f"{base}_2" if base in {"source_row", "geometry"} else base
        candidate, count = base, 1
        while candidate in unique:
            count += 1
            candidate = f"{base}_{count}"
        unique.append(candidate)
    return unique


def _column(
    raw: "np.ndarray", rows: "np.ndarray", kind: str, decimals: int, encoding: str, name: str, refusals: Refusals
) -> "pd.Series[Any]":
    """One field: text, whole numbers, numbers, dates or yes and no; what is empty is None."""
    values, inverse = np.unique(raw, return_inverse=True)
    converted = np.empty(len(values), dtype=object)
    wrong = np.zeros(len(values), dtype=bool)
    for position, value in enumerate(values.tolist()):
        try:
            converted[position] = _value(value, kind, decimals, encoding)
        except ValueError:
            wrong[position] = True
    for at in np.flatnonzero(wrong[inverse]):
        refusals.add(
            N_("“%(value)s” does not fit the field, which is of kind %(kind)s."),
            row=int(rows[at]) + 1,
            column=name,
            value=raw[at].decode("ascii", "replace"),
            kind=kind,
        )
    return pd.Series(converted[inverse], index=rows, dtype=object).infer_objects()


def _value(raw: bytes, kind: str, decimals: int, encoding: str) -> Any:
    if kind in "NF":
        if not raw or set(raw) <= set(b"*"):
            return None
        number = float(raw)
        return int(number) if not decimals and number.is_integer() and abs(number) < 2**53 else number
    if kind == "D":
        digits = raw.decode("ascii", "replace")
        return None if not digits.strip("0") else date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    if kind == "L":
        return {b"T": True, b"t": True, b"Y": True, b"y": True, b"F": False, b"f": False, b"N": False, b"n": False}.get(raw)
    if kind in "IO+@BTY":
        return None
    return decode_cut(raw, encoding) or None


def as_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of a .dbf as text: whole numbers without ``.0``, dates as ISO 8601."""
    texts = [None if value is None or value != value else str(value).removesuffix(".0") for value in column.tolist()]
    return pd.Series(texts, index=column.index, dtype=object)
