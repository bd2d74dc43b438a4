"""Tables of text: CSV, XLSX and .dbf, with codes kept as the text they are."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UnreadableFile
from data.exchange.columns import check_width, unique_names
from data.exchange.encodings import decode
from data.exchange.endings import TEXT_ENDINGS, WORKBOOK_ENDINGS
from data.exchange.reading import Reading, Refusals
from data.exchange.unpack import Source, opened
from geo.errors import N_

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = TEXT_ENDINGS | WORKBOOK_ENDINGS | {".dbf"}
DELIMITERS = ",\t;|"
ROWS_ABOVE_HEADINGS = 5
"""A sheet's title and a line or two of explanation stand above the headings at most."""
MOST_CELL_CHARACTERS = 1_000_000
SHORTENED = r"\d(?:\.\d+)?[eE]\+?(?:1[1-9]|2\d)"
FORMULA = re.compile(r"'+[=+\-@\t\r]")

Row = tuple[int, list[str]]


def read_table(
    path: str | Path, *, name: str | None = None, sheet: str | None = None, encoding: str | None = None
) -> "Reading[pd.DataFrame]":
    """Read a table as text, so that a code of twelve digits stays a code.

    Every cell comes as text without spaces around it; an empty cell is None. Rows without any cell are left out. The
    headings are the first row, or the first of two cells and more when titles of one cell stand above it. Headings that
    occur twice get ``_2``, columns without a heading ``column_3``.

    Parameters
    ----------
    path : str or Path
        .csv .tsv .tab .txt (UTF-8, UTF-16 or GBK; comma, tab, semicolon or bar), .xlsx .xlsm, .dbf, or one of these
        inside .zip or .gz.
    name : str, optional
        The file's name as the user gave it, when ``path`` is an upload's temporary place.
    sheet : str, optional
        Which sheet of a workbook, or which file of an archive; otherwise the first visible sheet that holds something.
    encoding : str, optional
        Of a text file that does not show it.

    Returns
    -------
    Reading
        Frame of text columns and ``source_row`` (as a spreadsheet counts: headings are row 1). Refused are rows with
        more cells than headings, and cells that a spreadsheet shortened (``6.20102E+11``) or holds an error.

    Raises
    ------
    UnreadableFile
        Nothing can be made of the file as a whole.
    """
    with opened(path, ENDINGS, name=name, member=sheet) as source:
        return read_opened(source, sheet=sheet, encoding=encoding)


def read_opened(source: Source, *, sheet: str | None = None, encoding: str | None = None) -> "Reading[pd.DataFrame]":
    """The same for a file that is open already."""
    refusals = Refusals(source.name)
    if source.ending == ".dbf":
        return _read_dbf(source, refusals, encoding)
    if source.ending in WORKBOOK_ENDINGS:
        from data.exchange import sheets

        return _to_frame(sheets.read_rows(source, refusals, sheet=sheet), refusals)
    return _to_frame(_read_text(source, encoding), refusals)


def _read_dbf(source: Source, refusals: Refusals, encoding: str | None) -> "Reading[pd.DataFrame]":
    from data.exchange import dbf

    table = dbf.read_dbf(source, refusals, encoding=encoding)
    frame = table.apply(dbf.as_text)
    frame["source_row"] = table.index + 1
    return refusals.reading(frame)


def _read_text(source: Source, encoding: str | None) -> list[Row]:
    text = decode(source.path.read_bytes(), file=source.name, encoding=encoding)
    check_text(text, source.name)
    return split_rows(text, delimiter_of(text, source), source.name)


def check_text(text: str, file: str) -> None:
    """Refuse a text that is no table at all, by how it begins."""
    if text.lstrip()[:1] in {"{", "["}:
        raise UnreadableFile(
            N_("%(file)s holds JSON, not a table. If it is a map, let its name end in .geojson."), file=file
        )
    if "\x00" in text or text.lstrip()[:5].lower() in {"<?xml", "<html"}:
        raise UnreadableFile(N_("%(file)s is not what its name says: it is no table of text."), file=file)


def split_rows(text: str, delimiter: str, file: str) -> list[Row]:
    """The rows of a text, numbered from 1, each as its clean cells."""
    csv.field_size_limit(MOST_CELL_CHARACTERS)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False))
    except csv.Error as error:
        raise UnreadableFile(N_("%(file)s cannot be read as a table: %(reason)s."), file=file, reason=error) from error
    return [(number, [_clean(cell) for cell in row]) for number, row in enumerate(rows, start=1)]


def headings_of(rows: Sequence[Row], file: str) -> Row:
    """The row of headings: the first of two cells and more, where titles of one cell stand above it."""
    filled = [row for row in rows if any(row[1])]
    if not filled:
        raise UnreadableFile(N_("%(file)s holds no rows."), file=file)
    headings = filled[_headings_at(filled)]
    check_width(len(headings[1]), file)
    return headings


def delimiter_of(text: str, source: Source) -> str:
    """The delimiter that occurs most in the first line outside quotes; a .tsv has tabs, a single column has none."""
    if source.ending == ".tsv":
        return "\t"
    first = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").split("\n", 1)[0])
    best = max(DELIMITERS, key=first.count)
    return best if first.count(best) else ","


def _clean(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from computing a text, as `write.write_table` adds it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell


def _to_frame(rows: Iterable[Row], refusals: Refusals) -> "Reading[pd.DataFrame]":
    filled = [row for row in rows if any(row[1])]
    if not filled:
        raise UnreadableFile(N_("%(file)s holds no rows."), file=refusals.file)
    start = _headings_at(filled)
    if start + 1 == len(filled):
        raise UnreadableFile(N_("%(file)s holds headings, but no rows."), file=refusals.file)
    check_width(len(filled[start][1]), refusals.file)
    return frame_of(filled[start + 1 :], name_columns(filled[start][1]), refusals)


def frame_of(rows: Sequence[Row], headings: Sequence[str], refusals: Refusals) -> "Reading[pd.DataFrame]":
    """The rows under their headings as a frame; those that lost digits or do not fit are refused."""
    import pandas as pd  # who only splits a text into rows needs no frames

    cells = [_fitted(number, row, len(headings), refusals) for number, row in rows]
    columns = {
        heading: pd.Series([cell or None for cell in column], dtype=object)
        for heading, column in zip(headings, zip(*cells, strict=True), strict=True)
    }
    frame = pd.DataFrame(columns)
    frame["source_row"] = pd.Series([number for number, _ in rows], dtype="int64")
    for heading in headings:
        _refuse_shortened(frame, heading, refusals)
    return refusals.reading(frame)


def _headings_at(filled: Sequence[Row]) -> int:
    for position, (_, cells) in enumerate(filled[: ROWS_ABOVE_HEADINGS + 1]):
        if sum(map(bool, cells)) >= 2:
            return position
    return 0


def _fitted(number: int, cells: list[str], width: int, refusals: Refusals) -> list[str]:
    """As many cells as there are headings; refused when others than empty ones would fall off."""
    if len(cells) == width:
        return cells
    surplus = next((cell for cell in cells[width:] if cell), None)
    if surplus is not None:
        refusals.add(
            N_("The row has more cells than there are headings (%(count)s); the first left over is “%(cell)s”."),
            row=number,
            count=width,
            cell=surplus[:40],
        )
    return cells[:width] + [""] * (width - len(cells))


def _refuse_shortened(frame: "pd.DataFrame", heading: str, refusals: Refusals) -> None:
    cells = frame[heading]
    refusals.add_where(
        cells.str.fullmatch(SHORTENED, na=False).astype(bool),
        frame["source_row"],
        N_(
            "“%(cell)s” is a long number that a spreadsheet shortened; its digits are lost. Format the column as text, "
            "enter the numbers again and save."
        ),
        column=heading,
        cell=lambda at: cells.iloc[at],
    )


def name_columns(headings: Sequence[str]) -> list[str]:
    """One name for each column, up to the last that has a heading; see `columns.unique_names`."""
    last = max((at for at, heading in enumerate(headings, start=1) if heading), default=0)
    return unique_names([" ".join(heading.split()) for heading in headings[:last]])


def rename(columns: Iterable[str], wanted: Mapping[str, Sequence[str]], *, file: str = "") -> dict[str, str]:
    """Find the columns that are meant, whatever people call them.

    Case, spaces, underscores, stars and remarks in brackets do not matter: ``*网格编码 (15位)`` is ``网格编码``. The
    name itself always counts as one of its headings. Use as ``frame.rename(columns=rename(frame.columns, wanted))``.

    Parameters
    ----------
    columns : iterable of str
    wanted : mapping of name to headings
        In Chinese and English; where several columns fit one name, the heading that stands first wins.
    file : str
        Its name, for the refusal.

    Returns
    -------
    dict
        Column to name, for the columns that were found.

    Raises
    ------
    UnreadableFile
        Two columns have the same heading but for its spelling, so that it is open which one is meant.

    Examples
    --------
    >>> rename(["经度", "Lat ", "备注"], {"lon": ("经度", "longitude"), "lat": ("纬度",)})
    {'经度': 'lon', 'Lat ': 'lat'}
    """
    plain: dict[str, list[str]] = {}
    for column in columns:
        plain.setdefault(plain_heading(column), []).append(column)
    found: dict[str, str] = {}
    for target, headings in wanted.items():
        for heading in (target, *headings):
            meant = [column for column in plain.get(plain_heading(heading), []) if column not in found]
            if len(meant) > 1:
                raise UnreadableFile(
                    N_(
                        "%(file)s: the columns %(columns)s could all be meant by %(name)s. Rename or "
                        "remove all but one."
                    ),
                    file=file,
                    columns=", ".join(meant),
                    name=target,
                )
            if meant:
                found[meant[0]] = target
                break
    return found


def plain_heading(heading: str) -> str:
    """A heading without case, spaces, signs and remarks in brackets."""
    text = unicodedata.normalize("NFKC", str(heading)).casefold()
    return re.sub(r"\(.*?\)|\[.*?\]|[\s_*:\-]", "", text) or text
