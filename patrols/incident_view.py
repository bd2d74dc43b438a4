"""Which incidents a map, a figure or a shared link is about, and how an address says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from data.models import IncidentSource
from geo.errors import N_
from patrols.errors import BadView

Item = TypeVar("Item")

USUAL_DAYS = 364
"""A year of whole weeks: the seasons even out, and each day of the week is in it as often as any other."""

LONGEST_LIST = 200
LARGEST_KEY = 2**31 - 1
LONGEST_WORD = 32


class Which(StrEnum):
    """Whether all incidents are meant, or only those that still are open, or only those that are done."""

    ALL = "all"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class IncidentView:
    """The incidents that are looked at. What is left empty does not narrow.

    Two views of the same incidents are equal: lists are sorted and hold nothing twice.

    Parameters
    ----------
    since, until : date
        The first and the last day, both of them counted, on the community's own calendar; of when it was found.
    categories : tuple of int
        Ids of categories. Together with `families` either may hold.
    families : tuple of str
        Families of categories.
    sources : tuple of IncidentSource
        Who found it first.
    hours : tuple of int
        Hours of the local day in which it was found, 0 to 23.
    weekdays : tuple of int
        Days of the week on which it was found, 1 (Monday) to 7 (Sunday).
    grids : tuple of str
        Codes of the grids it was counted for when it was reported.
    stages : Which
        All, those still open, or those closed. Voided ones are in none of them.

    Raises
    ------
    BadView
        If it ends before it begins, or a number or word is none.

    Examples
    --------
    >>> view = IncidentView.of_query({"since": "2026-10-01", "hours": "22-1"}, today=date(2026, 11, 22))
    >>> view.until, view.hours
    (datetime.date(2026, 11, 22), (0, 1, 22, 23))
    >>> view.to_query()
    {'since': '2026-10-01', 'until': '2026-11-22', 'hours': '0-1,22-23'}
    """

    since: date
    until: date
    categories: tuple[int, ...] = ()
    families: tuple[str, ...] = ()
    sources: tuple[IncidentSource, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    grids: tuple[str, ...] = ()
    stages: Which = Which.ALL

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise BadView(
                N_("The time ends on %(until)s, before it begins on %(since)s."), since=self.since, until=self.until
            )
        for name, (least, most) in _SPANS.items():
            if any(not least <= value <= most for value in getattr(self, name)):
                _refuse(name, getattr(self, name))
        for name in _LISTS:
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))

    @classmethod
    def of_query(cls, query: Mapping[str, str | Sequence[str]], *, today: date) -> "IncidentView":
        """Read a view from the fields of an address; what is missing is as usual, what is unknown is ignored.

        Parameters
        ----------
        query : mapping
            Names to texts, or to lists of texts where a form sent a name several times. Lists are written with commas,
            hours and days of the week also as ``18-22``; 22-1 goes past midnight.
        today : date
            The community's local day: the last one, unless `until` says otherwise. Without `since` it begins
            `USUAL_DAYS` earlier.

        Raises
        ------
        BadView
            Names the field that cannot be read.
        """
        until = _day(query, "until") or max(today, _day(query, "since") or today)
        return cls(
            since=_day(query, "since") or until - timedelta(days=USUAL_DAYS - 1),
            until=until,
            categories=_items(query, "category", int),
            families=_items(query, "family", _word),
            sources=_items(query, "source", IncidentSource),
            hours=_spans(query, "hours"),
            weekdays=_spans(query, "weekdays"),
            grids=_items(query, "grid", _word),
            stages=(_items(query, "stage", Which) or (Which.ALL,))[0],
        )

    def to_query(self) -> dict[str, str]:
        """The fields of an address that bring back exactly this view, on any later day."""
        fields = {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "category": ",".join(map(str, self.categories)),
            "family": ",".join(self.families),
            "source": ",".join(self.sources),
            "hours": _written(self.hours),
            "weekdays": _written(self.weekdays),
            "grid": ",".join(self.grids),
            "stage": "" if self.stages is Which.ALL else self.stages.value,
        }
        return {name: value for name, value in fields.items() if value}

    @property
    def days(self) -> int:
        """How many days it covers."""
        return (self.until - self.since).days + 1

    def over(self, since: date, until: date) -> "IncidentView":
        """The same filters over another time."""
        return replace(self, since=since, until=until)

    def before(self) -> "IncidentView":
        """The same filters over the time just as long that ended the day before this one begins."""
        return self.over(self.since - timedelta(days=self.days), self.since - timedelta(days=1))

    def year_before(self) -> "IncidentView":
        """The same filters 52 weeks earlier, so that days of the week stand against their like."""
        return self.over(self.since - timedelta(days=USUAL_DAYS), self.until - timedelta(days=USUAL_DAYS))


FIELDS = ("since", "until", "category", "family", "source", "hours", "weekdays", "grid", "stage")
"""The fields of an address that a view reads and writes; a page names its own otherwise."""

_LISTS = ("categories", "families", "sources", "hours", "weekdays", "grids")
_SPANS = {"hours": (0, 23), "weekdays": (1, 7), "categories": (1, LARGEST_KEY)}


def _texts(query: Mapping[str, str | Sequence[str]], name: str) -> list[str]:
    """The items of a field, however often it was sent and however its commas stand."""
    value = query.get(name, "")
    given = [value] if isinstance(value, str) else list(value)
    found = [item.strip() for text in given for item in text.split(",") if item.strip()]
    if len(found) > LONGEST_LIST:
        _refuse(name, f"{len(found)} > {LONGEST_LIST}")
    return found


def _day(query: Mapping[str, str | Sequence[str]], name: str) -> date | None:
    texts = _texts(query, name)
    if not texts:
        return None
    try:
        found = date.fromisoformat(texts[0])
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise BadView(N_("%(field)s must be a day, written like 2026-11-22."), field=name)
    return found


def _items(query: Mapping[str, str | Sequence[str]], name: str, read: Callable[[str], Item]) -> tuple[Item, ...]:
    texts = _texts(query, name)
    try:
        return tuple(read(text) for text in texts)
    except ValueError:
        _refuse(name, texts)
    return ()


def _word(text: str) -> str:
    """A family or the code of a grid: what stands in the columns, nothing longer."""
    if len(text) > LONGEST_WORD or not text.isprintable():
        raise ValueError(text)
    return text


def _spans(query: Mapping[str, str | Sequence[str]], name: str) -> tuple[int, ...]:
    """Numbers, each alone or as a first and a last one; a last one before the first goes once around."""
    least, most = _SPANS[name]
    found: list[int] = []
    for text in _texts(query, name):
        first, _, last = text.partition("-")
        ends = (first, last or first)
        if not all(end.isascii() and end.isdigit() and least <= int(end[:4]) <= most for end in ends):
            _refuse(name, text)
        low, high = int(ends[0]), int(ends[1])
        found += range(low, high + 1) if low <= high else [*range(low, most + 1), *range(least, high + 1)]
    return tuple(found)


def _written(numbers: Sequence[int]) -> str:
    """Sorted numbers with what follows on each other drawn together: 0-1,5."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _refuse(name: str, value: object) -> None:
    raise BadView(N_("%(field)s cannot be %(value)s: choose again on the page."), field=name, value=repr(value)[:80])
