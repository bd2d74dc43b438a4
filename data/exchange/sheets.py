"""Excel workbooks: cells as text, numbers with all their digits or not at all."""

import json
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd
from defusedxml.common import DefusedXmlException

from data.errors import CannotWrite, UnreadableFile
from data.exchange import columns
from data.exchange.reading import Refusals
from data.exchange.safe_xml import refuse_entities
from data.exchange.unpack import Source, opened_zip
from geo.errors import N_

MOST_WIDE_ROWS = 1_000
MOST_ROWS = 1_048_576
LARGEST_EXACT = 10**15
"""Excel keeps fifteen digits of a number and turns the rest to zeros without a word."""

Row = tuple[int, list[str]]


def read_rows(source: Source, refusals: Refusals, *, sheet: str | None = None) -> list[Row]:
    """The cells of one sheet as text, with the row numbers that Excel shows. Cells that lie are refused with their row.

    Parameters
    ----------
    source : Source
    refusals : Refusals
        Receives a refusal for each error value (``#REF!``), number beyond fifteen digits and formula that was never
        computed; their rows are left out.
    sheet : str, optional
        Its name; otherwise the first visible sheet that holds anything.
    """
    _check(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _rows_of(source, refusals, sheet)
    except (
        DefusedXmlException,
        ParseError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
    ) as error:
        raise UnreadableFile(
            N_("%(file)s is no workbook that can be read (%(reason)s). Open it in Excel and save it again as .xlsx."),
            file=source.name,
            reason=str(error)[:100] or type(error).__name__,
        ) from error


def _check(source: Source) -> None:
    """The workbook is a zip of XML: both kinds of bombs are looked for before anything is parsed."""
    with opened_zip(source.path, source.name) as archive:
        for info in archive.infolist():
            if info.filename.endswith((".xml", ".rels", ".vml")) and info.file_size:
                with archive.open(info) as part:
                    refuse_entities(part, source.name)


def _rows_of(source: Source, refusals: Refusals, sheet: str | None) -> list[Row]:
    from openpyxl import load_workbook  # as long to bring in as all the rest here, and few files are workbooks

    values = load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(source.path, read_only=True, keep_links=False) if _has_formulas(source) else None
    try:
        pages = [page for page in values.worksheets if page.sheet_state == "visible"]
        if sheet is not None and sheet in values.sheetnames:
            pages = [values[sheet]]
        for position, page in enumerate(pages):
            twin = formulas[page.title] if formulas is not None else None
            rows = _read_sheet(page, twin, refusals)
            if rows:
                _mention_others([other.title for other in pages[position + 1 :]], page.title, refusals)
                return rows
        return []
    finally:
        values.close()
        if formulas is not None:
            formulas.close()


def _mention_others(others: list[str], title: str, refusals: Refusals) -> None:
    if others:
        refusals.note(
            N_("Only the sheet “%(sheet)s” was read; the workbook also has: %(others)s."),
            sheet=title,
            others=", ".join(others[:5]),
        )


def _has_formulas(source: Source) -> bool:
    with zipfile.ZipFile(source.path) as archive:
        for info in archive.infolist():
            if info.filename.startswith("xl/worksheets/"):
                with archive.open(info) as part:
                    tail = b""
                    while chunk := part.read(1 << 20):
                        if b"<f>" in tail + chunk or b"<f " in tail + chunk:
                            return True
                        tail = chunk[-2:]
    return False


def _read_sheet(page: Any, twin: Any, refusals: Refusals) -> list[Row]:
    """All rows of one sheet that hold anything, up to its last column that does."""
    page.reset_dimensions()
    if twin is not None:
        twin.reset_dimensions()
    twins = twin.iter_rows(max_row=MOST_ROWS) if twin is not None else iter(lambda: (), None)
    rows: list[Row] = []
    wide = 0
    for number, (cells, formulas) in enumerate(zip(page.iter_rows(max_row=MOST_ROWS), twins, strict=False), start=1):
        if len(cells) > columns.MOST:
            wide += 1
            _check_width(cells, wide, refusals.file)
        texts = _read_row(number, cells[: columns.MOST], formulas, refusals)
        if texts is not None and any(texts):
            rows.append((number, texts))
    return rows


def _check_width(cells: Any, wide: int, file: str) -> None:
    if wide > MOST_WIDE_ROWS or any(cell.value is not None for cell in cells[columns.MOST :]):
        columns.check_width(len(cells), file)


def _read_row(number: int, cells: Any, formulas: Any, refusals: Refusals) -> list[str] | None:
    """The row's texts; None after a refusal."""
    wrong = False
    texts = []
    for position, cell in enumerate(cells):
        value = cell.value
        if value is None and position < len(formulas) and formulas[position].data_type == "f":
            reason, value = N_("The formula in this cell was never computed. Open the file in Excel and save it."), ""
        elif isinstance(value, str) and cell.data_type == "e":
            reason = N_("The cell holds the error “%(cell)s”. Correct or empty it.")
        elif isinstance(value, int | float) and abs(value) >= LARGEST_EXACT:
            reason = N_(
                "%(cell)s has more than fifteen digits, and Excel turned the last ones to zeros. Format the column as "
                "text, enter the numbers again and save."
            )
        else:
            texts.append(as_text(value, cell))
            continue
        from openpyxl.utils import get_column_letter  # as above

        refusals.add(reason, row=number, column=get_column_letter(position + 1), cell=str(value))
        wrong = True
    return None if wrong else texts


def as_text(value: Any, cell: Any = None) -> str:
    """A cell's value as a person would type it: whole numbers without ``.0``, times as ISO 8601.

    >>> as_text(620102001001.0), as_text(datetime(2026, 5, 1, 8, 30)), as_text(True)
    ('620102001001', '2026-05-01 08:30:00', 'true')
    """
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case float():
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case datetime():
            midnight = value.time() == time() and "h" not in getattr(cell, "number_format", "h").lower()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)


def write_sheet(table: pd.DataFrame, target: Path) -> None:
    """Write one sheet: text as text whatever it begins with, numbers as numbers while Excel keeps all their digits."""
    if len(table) >= MOST_ROWS:
        raise CannotWrite(N_("A sheet holds %(most)s rows; write a .csv instead."), most=MOST_ROWS)
    from openpyxl import Workbook  # as above

    book = Workbook(write_only=True)
    page = book.create_sheet("gridpatrol")
    page.freeze_panes = "A2"
    page.append([_written(page, str(column)) for column in table.columns])
    values = [table[column].tolist() for column in table.columns]
    for row in zip(*values, strict=True):
        page.append([_written(page, value) for value in row])
    book.save(target)


def _written(page: Any, value: Any) -> Any:
    value = plain_cell(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= LARGEST_EXACT:
        value = as_text(value)
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell  # as above
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(page, value=ILLEGAL_CHARACTERS_RE.sub(" ", value))
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def plain_cell(value: Any) -> Any:
    """A value as a cell holds it: missing as None, NumPy's numbers as Python's, times with a zone as ISO 8601."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat(sep=" ")
    if isinstance(value, str | bool | int | float | date | time | timedelta):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
