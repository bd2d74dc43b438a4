"""Shapefiles out: names of ten bytes, texts as UTF-8 or GBK, and a text beside them that says what each name means."""

import codecs
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from data.errors import CannotWrite
from geo.errors import N_

ENCODINGS = ("utf-8", "gbk")
"""What the table of a Shapefile may be written in; offices with older programs want GBK."""
LONGEST_NAME_BYTES = 10
LONGEST_TEXT_BYTES = 254
DBF_ENCODING_BYTE = 29
DBF_GBK = 0x4D
"""The header's own mark for GBK: programs that never look at the .cpg read it."""

_WORDS = {"gbk": "GBK", "utf-8": "UTF-8"}


def write(frame: gpd.GeoDataFrame, target: Path, *, encoding: str = "utf-8") -> dict[str, str]:
    """Write a Shapefile with everything that belongs to it; ``target`` ends in .shp.

    Names of columns are cut to ten bytes of that encoding and made unique; times become text.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns as every format takes them, the geometry last.
    target : Path
    encoding : str
        ``utf-8`` or ``gbk``.

    Returns
    -------
    dict
        The full name behind each name in the file, in the order of the columns.

    Raises
    ------
    CannotWrite
        A text is longer than a Shapefile holds, or has a character that GBK lacks: nobody would notice the loss.
    """
    if encoding not in ENCODINGS:
        raise CannotWrite(
            N_("%(encoding)s is none of the encodings of a Shapefile: %(encodings)s."),
            encoding=encoding,
            encodings=", ".join(ENCODINGS),
        )
    columns = [str(column) for column in frame.columns[:-1]]
    names = short_names(columns, encoding)
    ready = frame.assign(**{column: _storable(frame[column], column, encoding) for column in frame.columns[:-1]})
    ready = ready.set_axis([*names, "geometry"], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(ready, target, layer=target.stem, driver="ESRI Shapefile", encoding=_WORDS[encoding])
    if encoding == "gbk":
        _mark_as_gbk(target.with_suffix(".dbf"))
    return dict(zip(names, columns, strict=True))


def short_names(columns: list[str], encoding: str = "utf-8") -> list[str]:
    """Cut names to ten bytes and make them unique, whatever their case.

    Examples
    --------
    >>> short_names(["grid_code", "street_metres", "street_metres_seen"])
    ['grid_code', 'street_met', 'street_m_2']
    >>> short_names(["网格员姓名", "网格员姓名"], "gbk")
    ['网格员姓名', '网格员姓_2']
    """
    names: list[str] = []
    for column in columns:
        taken = {name.casefold() for name in names}
        name, count = _cut(column, LONGEST_NAME_BYTES, encoding), 1
        while name.casefold() in taken:
            count += 1
            behind = f"_{count}"
            name = _cut(column, LONGEST_NAME_BYTES - len(behind), encoding) + behind
        names.append(name)
    return names


def explanation(names: Mapping[str, str], meanings: Mapping[str, str]) -> str:
    """Say what each short name means: one line a column, its short name, its full name and its meaning.

    Parameters
    ----------
    names : mapping
        Full name by short name, as `write` gives them.
    meanings : mapping
        What a column holds, by its full name; what is not told stays empty.

    Examples
    --------
    >>> print(explanation({"street_met": "street_metres"}, {"street_metres": "metres of street"}), end="")
    street_met  street_metres  metres of street
    """
    rows = [(short, full, meanings.get(full, "")) for short, full in names.items()]
    widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    lines = [f"{short:<{widths[0]}}  {full:<{widths[1]}}  {meaning}".rstrip() for short, full, meaning in rows]
    return "".join(f"{line}\n" for line in lines)


def write_explanation(target: Path, names: Mapping[str, str], meanings: Mapping[str, str]) -> None:
    """Write `explanation` beside a Shapefile as .txt, with the mark by which old editors know UTF-8."""
    text = explanation(names, meanings).replace("\n", "\r\n")
    target.with_suffix(".txt").write_bytes(codecs.BOM_UTF8 + text.encode())


def _cut(name: str, most: int, encoding: str) -> str:
    return name.encode(encoding, "replace")[:most].decode(encoding, "ignore")


def _storable(values: "pd.Series[Any]", column: str, encoding: str) -> "pd.Series[Any]":
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.map(lambda value: None if pd.isna(value) else value.isoformat(sep=" ")).astype(object)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        _refuse_texts(values, column, encoding)
    return values


def _refuse_texts(values: "pd.Series[Any]", column: str, encoding: str) -> None:
    for row, value in enumerate(values.tolist(), start=1):
        if not isinstance(value, str):
            continue
        try:
            length = len(value.encode(encoding))
        except UnicodeEncodeError as error:
            raise CannotWrite(
                N_("Row %(row)s, column %(column)s: GBK has no character %(character)s. Write UTF-8, or choose .gpkg."),
                row=row,
                column=column,
                character=value[error.start],
            ) from error
        if length > LONGEST_TEXT_BYTES:
            raise CannotWrite(
                N_(
                    "Row %(row)s, column %(column)s: a Shapefile holds texts of 254 bytes (84 Chinese characters in "
                    "UTF-8, 127 in GBK), but this one has %(length)s. Choose .gpkg or .geojson."
                ),
                row=row,
                column=column,
                length=length,
            )


def _mark_as_gbk(table: Path) -> None:
    with table.open("r+b") as file:
        file.seek(DBF_ENCODING_BYTE)
        file.write(bytes([DBF_GBK]))
