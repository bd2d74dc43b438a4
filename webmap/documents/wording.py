"""What a sheet of figures says in the reader's language: every cell, heading and sentence of it, in all kinds alike."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from babel.dates import format_date, format_skeleton

from geo.errors import N_
from patrols.periodic import Amount, Cell, Change, ChangeUnit, Column, Kind, Named, Period, PeriodKind, Said, Sheet
from patrols.periodic.writing import TITLES
from patrols.rates import Rate
from webmap import language, words
from webmap.language import gettext

CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
NOTHING = "–"
MINUS = "−"

UNITS: Mapping[Kind, str] = {
    Kind.METRES: N_("m"),
    Kind.MINUTES: N_("min"),
    Kind.HOURS: N_("h"),
    Kind.AREA: N_("m²"),
}
"""What stands behind the name of a column whose figures are in a unit."""

WHOLE = frozenset({Kind.COUNT, Kind.METRES, Kind.MINUTES, Kind.AREA})
"""Kinds whose figures are told without decimals."""

NUMBERS = frozenset(Kind) - {Kind.TEXT, Kind.CODE}
"""Kinds that end at the right edge of their column."""


class Wording:
    """How one sheet is worded.

    Parameters
    ----------
    sheet : Sheet
        Its moments are told by the clock of its community, its codes without the community's own.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.zone = sheet.as_of.tzinfo
        self.code = sheet.community_code

    def said(self, what: Said | Named | str) -> str:
        """A sentence or name."""
        if isinstance(what, Said):
            facts = {name: self.cell(fact) for name, fact in what.facts.items()}
            return gettext(what.text, **facts) if what.text else ""
        return plain(words.named(what) if isinstance(what, Named) else what)

    def heading(self, column: Column) -> str:
        """The name of a column, with the unit of its figures."""
        name = self.said(column.name)
        return in_brackets(name, gettext(UNITS[column.kind])) if column.kind in UNITS else name

    def cell(self, cell: Cell, kind: Kind | None = None) -> str:
        """What stands in a cell; with the unit, unless its column's heading has it."""
        if cell is None or cell != cell:
            return NOTHING
        for sort, say in self._sorts:
            if isinstance(cell, sort):
                return say(self, cell, kind)
        return self._text(cell, kind)

    def _text(self, cell: Any, kind: Kind | None) -> str:
        if isinstance(cell, StrEnum):
            return words.word(cell)
        return self.short(cell) if kind is Kind.CODE else plain(str(cell))

    def short(self, code: str) -> str:
        """A grid's code without its community's, which the whole sheet shares."""
        return code[len(self.code) :] if code.startswith(self.code) and code != self.code else code

    def _moment(self, cell: datetime, _kind: Kind | None) -> str:
        return cell.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    # A moment is a day too, so it comes first.
    _sorts: tuple[tuple[Any, Callable[..., str]], ...] = (
        (Said | Named, lambda self, cell, _: self.said(cell)),
        (datetime, _moment),
        (date, lambda _self, cell, _: cell.isoformat()),
        (Rate, lambda _self, cell, _: rate_said(cell)),
        (Amount, lambda _self, cell, _: with_unit(cell)),
        (Change, lambda _self, cell, _: change_said(cell)),
        (int | float, lambda _self, cell, kind: number_said(cell, kind)),
    )


def plain(text: str) -> str:
    """Somebody's own words without control characters, which no kind of file can hold.

    Examples
    --------
    >>> plain("No.\\x07 2\\n")
    'No.  2 '
    """
    return CONTROL.sub(" ", text)


def number_said(value: float, kind: Kind | None) -> str:
    """A plain figure: whole where its kind is counted or measured in small units, shares in per cent.

    Examples
    --------
    >>> number_said(0.4136, Kind.SHARE), number_said(12345.6, Kind.METRES), number_said(7, None)
    ('41.4%', '12,346', '7')
    """
    if kind is Kind.SHARE:
        return f"{rounded(100 * value, 1)}%"
    if kind is None:
        # In a sentence nobody has said how exact it is.
        return f"{rounded(value, 1):,}".removesuffix(".0")
    whole = isinstance(value, int) or kind in WHOLE
    return f"{rounded(value, 0 if whole else 1 if kind is Kind.HOURS else 2):,}"


def rounded(value: float, places: int) -> Decimal:
    """A number to so many decimals, halves away from nought as offices round them.

    Examples
    --------
    >>> rounded(0.125, 2), rounded(2.5, 0)
    (Decimal('0.13'), Decimal('3'))
    """
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def rate_said(rate: Rate) -> str:
    """A rate as it is printed, its sign without a blank as on every page."""
    return rate.said.replace(" %", "%")


def with_unit(amount: Amount) -> str:
    """A figure with the unit that its column cannot say."""
    said = number_said(amount.value, amount.kind)
    return f"{said} {gettext(UNITS[amount.kind])}" if amount.kind in UNITS else said


def change_said(change: Change) -> str:
    """By how much there is more or less, always with its sign; none is told as nought.

    Examples
    --------
    >>> change_said(Change(-12.34, ChangeUnit.PERCENT))
    '−12.3%'
    """
    places = {ChangeUnit.PERCENT: 1, ChangeUnit.POINTS: 2}.get(change.unit, 0)
    by = rounded(change.by, places)
    sign = "+" if by > 0 else MINUS if by < 0 else ""
    figure = f"{sign}{abs(by):,}"
    if change.unit is ChangeUnit.POINTS:
        return gettext("%(points)s points", points=figure)
    return f"{figure}%" if change.unit is ChangeUnit.PERCENT else figure


def in_brackets(name: str, inside: str) -> str:
    """A name and what explains it, in the brackets of the reader's language."""
    return f"{name}（{inside}）" if language.current() == "zh" else f"{name} ({inside})"


def period_said(period: Period) -> str:
    """A period as an office heads its papers with it: 2026年11月, the 4th quarter of 2026."""
    locale = "zh_CN" if language.current() == "zh" else "en_GB"
    if period.kind is PeriodKind.WEEK:
        year, week, _ = period.first.isocalendar()
        return gettext(
            "Week %(week)s of %(year)s (%(first)s to %(last)s)",
            week=week,
            year=year,
            first=period.first.isoformat(),
            last=period.last.isoformat(),
        )
    if period.kind is PeriodKind.DAY:
        return str(format_date(period.first, "full", locale=locale))
    skeleton = {PeriodKind.MONTH: "yMMMM", PeriodKind.QUARTER: "yQQQQ", PeriodKind.YEAR: "y"}[period.kind]
    return str(format_skeleton(skeleton, period.first, locale=locale))


def sheet_name(kind: PeriodKind) -> str:
    """What the sheet of such a period is called: 日清点, 周例会, 月调度, 季分析, 年总结."""
    return gettext(TITLES[kind])


def numbered(position: int) -> str:
    """What stands before the title of a section: 一、 or 1., counted from one."""
    if language.current() != "zh":
        return f"{position}. "
    tens, ones = divmod(position, 10)
    digits = " 一二三四五六七八九"
    ten = ("" if tens == 1 else digits[tens]) + "十" if tens else ""
    return f"{ten}{digits[ones] if ones else ''}、".replace(" ", "")
