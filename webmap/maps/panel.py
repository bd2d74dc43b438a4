"""The panel beside a map: where one is, key figures, search, colours with their legend, layers, and the time below.

Written by a template that escapes. What it holds is the same for a community and for a whole county.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from flask_babel import gettext, ngettext
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from geo.errors import N_
from webmap import words
from webmap.maps.density import Density
from webmap.maps.town import Town

TEMPLATES = Path(__file__).parents[1] / "templates"


class Layer(NamedTuple):
    """A layer that can be switched: its name in the address, what it is called, and what else is said of it."""

    key: str
    name: str
    note: str = ""


class Crumb(NamedTuple):
    """One level above or below: what the ground is called, and where its map is; "" for the one that is shown."""

    name: str
    address: str = ""


class Choice(NamedTuple):
    """One thing to choose in a list."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Period:
    """The line of time below a map: the days it spans, those chosen on it, and whether somebody chose them."""

    first: date
    last: date
    since: date
    until: date
    chosen: bool


@dataclass(frozen=True)
class Panel:
    """Everything around a map.

    Parameters
    ----------
    name, summary : str
        What ground it is, and the ground in one line.
    figures : sequence of mapping
        As packed for the scripts: ``key, title``.
    first : str
        The figure by which areas are coloured at first; an unknown one is the first of all.
    layers : sequence of Layer
        Those there are; ``shown`` are switched on.
    crumbs : sequence of Crumb
        The levels, largest first.
    key_figures : bool
        Whether there is room for key figures, to be fetched.
    heat : Density, optional
        What the density's legend says, where it is known already.
    filters : mapping
        Lists of `Choice` by the name of their field.
    screen : bool
        A large screen that nobody touches.
    left_out : bool
        Whether incidents of sensitive categories are in none of its numbers; the panel says so.
    """

    name: str
    summary: str
    figures: Sequence[Mapping[str, Any]]
    first: str
    sources: Sequence[str]
    layers: Sequence[Layer] = ()
    shown: Sequence[str] = ()
    crumbs: Sequence[Crumb] = ()
    key_figures: bool = False
    heat: Density | None = None
    period: Period | None = None
    filters: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    simulated: bool = False
    screen: bool = False
    left_out: bool = False

    @property
    def filtered(self) -> bool:
        """Whether only some incidents are meant."""
        return any(choice.chosen for choices in self.filters.values() for choice in choices)


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["_"] = gettext
    return made


def written(panel: Panel) -> Markup:
    """Return the panel, the place for the card, the time and the line of sources, ready for the page."""
    known = [figure["key"] for figure in panel.figures]
    first = panel.first if panel.first in known else known[0]
    text = _templates().get_template("map/panel.html").render(panel=panel, first=first)
    return Markup(text)  # noqa: S704  the template escapes


def summary(town: Town) -> str:
    """Return the town in one line: grids, open incidents, how many of them are overdue."""
    late = int(town.grids["late_incidents"].sum())
    grids, still = len(town.grids), int(town.grids["open_incidents"].sum())
    said = [
        ngettext("%(num)s grid", "%(num)s grids", grids),
        ngettext("%(num)s open incident", "%(num)s open incidents", still),
    ]
    if late:
        said.append(ngettext("%(num)s overdue", "%(num)s overdue", late))
    return " · ".join(said)


NAMES = {
    "late": N_("Overdue incidents"),
    "open": N_("Open incidents"),
    "done": N_("Settled incidents"),
    "heat": N_("Density of incidents"),
    "needs": N_("What people need, by building"),
    "walked": N_("Streets walked and not walked"),
    "tracks": N_("Patrol tracks"),
    "duty": N_("Who is on duty"),
    "out": N_("Patrols out now"),
    "boards": N_("Notice boards"),
    "cameras": N_("Cameras"),
    "words": N_("Names"),
    "base": N_("Streets and buildings"),
}
"""What each layer is called, by its name in an address."""


def switches(notes: Mapping[str, str]) -> list[Layer]:
    """Return the layers for which there is a note, however empty, in the order of the panel."""
    return [Layer(key, gettext(name), notes[key]) for key, name in NAMES.items() if key in notes]


def file_switches(town: Town) -> list[Layer]:
    """Return the layers of a map in a file: those of which it holds anything."""
    still, late = town.incidents["is_open"], town.incidents["is_late"]
    drawn, hidden = words.number(int((still & ~late).sum())), town.incidents.attrs.get("hidden", 0)
    if hidden:
        drawn = gettext("%(drawn)s drawn, %(hidden)s sensitive or without a place not", drawn=drawn, hidden=hidden)
    there = {
        "late": (words.number(int(late.sum())), bool(late.any())),
        "open": (drawn, True),
        "done": (done_note(town.done_days), bool((~still).any())),
        "heat": (gettext("since %(day)s", day=str(town.dense_since)), town.dense is not None),
        "walked": (walked_note(town.days), not town.walked.empty),
        "tracks": (tracks_note(town.days), not town.tracks.empty),
        "words": ("", True),
        "base": ("", True),
    }
    return switches({key: note for key, (note, some) in there.items() if some})


def done_note(days: int) -> str:
    """Return over which days settled incidents are drawn."""
    return str(ngettext("closed in the last %(num)s day", "closed in the last %(num)s days", days))


def walked_note(days: int) -> str:
    """Return which patrols count for streets walked."""
    return str(ngettext("patrols of the last %(num)s day", "patrols of the last %(num)s days", days))


def tracks_note(days: int) -> str:
    """Return which tracks are drawn, and how."""
    return str(ngettext("last %(num)s day, no names", "last %(num)s days, no names", days))


def spanned(last: date, since: date, until: date, *, chosen: bool, days: int) -> Period:
    """Return the line of time for a map: `days` days up to the last, more where more were chosen."""
    first = min(last - timedelta(days=days - 1), since)
    return Period(first, max(last, until), since, until, chosen)
