"""A file's rows on their way in: headings found, cells checked, every refusal with row, column and reason."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import pandas as pd

from data.errors import Refusal, RowsRefused
from data.exchange.reading import Reading, Refusals
from geo.errors import N_, Fault
from patrols.days import zone

Word = TypeVar("Word", bound=StrEnum)
Headings = Mapping[str, tuple[str, ...]]

_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


@dataclass(frozen=True)
class Intake:
    """What became of a file's rows.

    `stored` are new, `updated` replaced what was stored under the same key, `unchanged` were here already, `outside`
    lie beyond the community's outline and were left out. `refusals` is empty unless bad rows were to be skipped;
    `notes` are worth reading but cost no row.
    """

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    outside: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[Refusal] = field(default_factory=list)
    edition_id: int | None = None


class Sheet:
    """The rows of one reading under our own column names; every check refuses rows and hands back clean values.

    Parameters
    ----------
    reading : Reading
        As the readers of `data.exchange` hand it back. What they refused is refused here too.
    headings : mapping
        For each of our columns, the headings that mean it, Chinese and English; upper case, spaces and underscores do
        not matter, and our own name always counts.
    """

    def __init__(self, reading: Reading[Any], headings: Headings) -> None:
        self.file = str(reading.frame.attrs.get("file", ""))
        self.datum = str(reading.frame.attrs.get("datum", "wgs84"))
        self.notes: list[Refusal] = list(reading.frame.attrs.get("notes", []))
        self._earlier = list(reading.refusals)
        self._refusals = Refusals(self.file)
        self.heading = _find_headings(reading.frame.columns, headings)
        self.frame = reading.frame.rename(columns={theirs: ours for ours, theirs in self.heading.items()})
        if "source_row" not in self.frame:
            self.frame = self.frame.assign(source_row=range(1, len(self.frame) + 1))
        self.bad = pd.Series(False, index=self.frame.index)

    def has(self, name: str) -> bool:
        """Whether the file has that column."""
        return name in self.frame

    def refuse(self, wrong: "pd.Series[bool]", template: str, *, column: str | None = None, **facts: Any) -> None:
        """Refuse every row where `wrong` holds; a fact that is callable is asked for its value at that position."""
        wrong = wrong.fillna(True).astype(bool)
        heading = self.heading.get(column, column) if column else None
        self._refusals.add_where(wrong, self.frame["source_row"], template, column=heading, **facts)
        self.bad |= wrong

    def refuse_row(self, position: int, fault: Fault, *, column: str | None = None) -> None:
        """Refuse one row, by its position, for a reason that a rule has given."""
        heading = self.heading.get(column, column) if column else None
        row = int(self.frame["source_row"].iloc[position])
        self._refusals.add(fault.template, row=row, column=heading, **fault.facts)
        self.bad.iloc[position] = True

    def note(self, template: str, *, row: int | None = None, column: str | None = None, **facts: Any) -> None:
        """Mention something that cost no row."""
        self.notes.append(Refusal(self.file, row, column, template, facts))

    def text(self, name: str, *, longest: int, required: bool = False) -> "pd.Series[str]":
        """A column as trimmed text; empty where missing. A whole number that came as 12.0 is written 12."""
        cells = _as_text(self._cells(name))
        if required:
            self.refuse(cells == "", N_("This must not be empty."), column=name)
        self.refuse(
            cells.str.len() > longest,
            N_("This is longer than the %(longest)s characters that are kept."),
            column=name,
            longest=longest,
        )
        return cells

    def number(
        self, name: str, *, least: float = -math.inf, most: float = math.inf, required: bool = False
    ) -> "pd.Series[float]":
        """A column of numbers; NaN where missing, unless required."""
        cells, values, missing = _as_numbers(self._cells(name))
        self.refuse(~missing & values.isna(), N_("%(value)s is not a number."), column=name, value=_at(cells))
        self.refuse(
            (values < least) | (values > most),
            N_("%(value)s lies outside of what is possible here, %(least)s to %(most)s."),
            column=name,
            value=_at(cells),
            least=least,
            most=most,
        )
        if required:
            self.refuse(missing, N_("This must not be empty."), column=name)
        return values.where(values.between(least, most))

    def whole(self, name: str, *, least: int = 0, default: int = 0) -> "pd.Series[int]":
        """A column of whole numbers; the default where missing."""
        values = self.number(name, least=least, most=10**9)
        self.refuse(
            values.notna() & (values % 1 != 0), N_("%(value)s is not a whole number."), column=name, value=_at(values)
        )
        return values.fillna(default).round().astype(int)

    def moment(self, name: str, timezone: str, *, required: bool = False) -> "pd.Series[pd.Timestamp]":
        """A column of moments, in UTC; NaT where missing. A time without a zone is the community's own."""
        cells = self._cells(name)
        values = _as_moments(cells, timezone)
        missing = cells.isna() if pd.api.types.is_datetime64_any_dtype(cells) else _as_text(cells) == ""
        self.refuse(
            values.isna() & ~missing,
            N_("%(value)s is not a date and time. Write it like 2026-11-22 14:30."),
            column=name,
            value=_at(cells),
        )
        if required:
            self.refuse(missing, N_("This must not be empty."), column=name)
        return values

    def day(self, name: str) -> "pd.Series[Any]":
        """A column of calendar days (`datetime.date`); None where missing."""
        cells = self._cells(name)
        text = _as_text(cells)
        values = pd.to_datetime(_plain_date(text.str.slice(0, 10)), errors="coerce", format="mixed")
        self.refuse(
            values.isna() & (text != ""),
            N_("%(value)s is not a date. Write it like 2026-11-22."),
            column=name,
            value=_at(text),
        )
        return values.dt.date.astype(object).where(values.notna(), None)

    def word(
        self, name: str, kind: type[Word], spellings: Mapping[str, Word], *, default: Word | None = None
    ) -> "pd.Series[Any]":
        """A column of words of an enum, or of their other spellings; the default (or None) where missing."""
        cells = _as_text(self._cells(name))
        known: dict[str, Word | None] = {_plain(text): word for text, word in spellings.items()}
        known.update({_plain(word.value): word for word in kind})
        # Built as objects: pandas would turn a column of nothing but enum words into plain text.
        words = [known.get(_plain(text)) or default for text in cells]
        unknown = [text != "" and _plain(text) not in known for text in cells]
        self.refuse(
            pd.Series(unknown, index=cells.index),
            N_("%(value)s is not one of %(words)s."),
            column=name,
            value=_at(cells),
            words=", ".join(word.value for word in kind),
        )
        return pd.Series(words, index=cells.index, dtype=object)

    def unique(self, cells: "pd.Series[Any]", name: str) -> None:
        """Refuse the second and further rows with the same key; empty keys do not count."""
        given = cells.notna() & (cells != "")
        again = given & cells.duplicated()
        first = self.frame["source_row"].groupby(cells).transform("first")
        self.refuse(
            again, N_("%(value)s is already in row %(earlier)s."), column=name, value=_at(cells), earlier=_at(first)
        )

    def accept(self, *, skip_bad: bool) -> "pd.Series[bool]":
        """Which rows are taken, once every check has been made.

        Raises
        ------
        RowsRefused
            If any row was refused and bad rows are not to be skipped: then nothing of the file may be stored.
        """
        if self.refusals and not skip_bad:
            raise RowsRefused(self.refusals)
        return ~self.bad

    @property
    def refusals(self) -> list[Refusal]:
        """Everything refused so far, by row: by the reader and by the checks here."""
        return sorted([*self._earlier, *self._refusals.sorted()], key=lambda one: (one.row is not None, one.row or 0))

    def others(self, names: Headings) -> list[str]:
        """The file's columns that mean nothing to us."""
        return [
            str(name)
            for name in self.frame
            if name not in names and name not in ("source_row", "geometry", "lon", "lat")
        ]

    def _cells(self, name: str) -> "pd.Series[Any]":
        return self.frame[name] if name in self.frame else pd.Series(None, index=self.frame.index, dtype=object)


def _find_headings(columns: "pd.Index[Any]", headings: Headings) -> dict[str, str]:
    """Our name -> the file's own heading; the first heading that fits wins, in the order the headings are listed."""
    plain = {_plain(str(column)): str(column) for column in reversed(list(columns))}
    found: dict[str, str] = {}
    for ours, theirs in headings.items():
        fits = next((plain[key] for key in map(_plain, (ours, *theirs)) if key in plain), None)
        if fits is not None and fits not in found.values():
            found[ours] = fits
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-:：]+", "", text).lower()


def _at(cells: "pd.Series[Any]") -> Callable[[int], Any]:
    def value(position: int) -> Any:
        found = cells.iloc[position]
        return found.item() if hasattr(found, "item") else found

    return value


def _as_numbers(cells: "pd.Series[Any]") -> tuple["pd.Series[Any]", "pd.Series[float]", "pd.Series[bool]"]:
    """A column as it came, as numbers (NaN: missing or no number), and which of its cells are empty."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return cells, _finite(cells), cells.isna()
    text = _as_text(cells)
    return text, _finite(pd.to_numeric(text.where(text != ""), errors="coerce")), text == ""


def _finite(values: "pd.Series[Any]") -> "pd.Series[float]":
    numbers = values.astype(float)
    return numbers.where(numbers.abs() < math.inf)


def _as_text(cells: "pd.Series[Any]") -> "pd.Series[str]":
    if pd.api.types.is_string_dtype(cells):
        return cells.fillna("").astype(str).str.strip()
    if pd.api.types.is_float_dtype(cells):
        whole = cells.notna() & (cells % 1 == 0) & (cells.abs() < 1e15)
        written = cells.astype(object).where(~whole, cells.where(whole, 0).astype("int64").astype(object))
        return written.astype(object).where(cells.notna(), "").astype(str)
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _as_moments(cells: "pd.Series[Any]", timezone: str) -> "pd.Series[pd.Timestamp]":
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return cells.dt.tz_convert("UTC")  # type: ignore[no-any-return]
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _localised(cells, timezone)
    text = _plain_date(_as_text(cells))
    zoned = text.str.contains(_ZONE)
    aware = pd.to_datetime(text.where(zoned), errors="coerce", format="ISO8601", utc=True)
    naive = _localised(pd.to_datetime(text.where(~zoned & (text != "")), errors="coerce", format="mixed"), timezone)
    return aware.where(zoned, naive)


def _localised(naive: "pd.Series[pd.Timestamp]", timezone: str) -> "pd.Series[pd.Timestamp]":
    """Local clock times as moments; an hour that a clock change skips or repeats is taken as the later one."""
    local = naive.dt.tz_localize(zone(timezone), ambiguous=False, nonexistent="shift_forward")
    return local.dt.tz_convert("UTC")


def _plain_date(text: "pd.Series[str]") -> "pd.Series[str]":
    """Chinese dates and slashes as ISO: 2026年1月2日 and 2026/1/2 become 2026-1-2."""
    text = text.str.replace(r"[年月/.](?=\d{1,2}(?:\D|$))", "-", regex=True, n=2)
    return text.str.replace("日", " ", regex=False).str.strip()
