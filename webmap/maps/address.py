"""What the address of a map says, and how a view goes back into an address: pages, shared links and files read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from geo.errors import N_
from patrols.incident_view import IncidentView
from webmap.errors import BadInput

LAYERS = (
    *("late", "open", "done", "heat", "needs", "walked", "tracks"),
    *("duty", "out", "boards", "cameras", "words", "base"),
)
"""The layers a reader can switch, in the order of the panel."""

SHOWN = ("late", "open", "words", "base")
"""Those that are on where an address names none."""

PLACE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15}")
COUNTED_DAYS = 30

DAYS = ("since", "until")
FIELDS = (*DAYS, "category", "family", "source")
"""The fields about incidents that a map reads: every layer and figure can keep to these alike."""

WORD = re.compile(r"[a-z0-9_]{1,32}")
WINDOW = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]+)?)/(-?[0-9]{1,3}(?:\.[0-9]+)?)/(-?[0-9]{1,3}(?:\.[0-9]+)?)")

Query = Mapping[str, str | Sequence[str]]


class Window(NamedTuple):
    """Where the middle of the screen lies (WGS 84 degrees), and the zoom of web maps."""

    zoom: float
    lat: float
    lon: float


@dataclass(frozen=True)
class MapAddress:
    """A view of the map, as its address keeps it. Equal views have equal addresses.

    Parameters
    ----------
    view : IncidentView
        Which incidents are meant, and over which days.
    timed : bool
        Whether the days were chosen. Else they are the usual ones of the day on which somebody looks, so that a
        bookmark does not grow old.
    place : str
        The code of a county (6 digits), subdistrict (9), community (12) or grid (15); "" for the own ground.
    building : int, optional
        The building whose card is open.
    colour : str
        The figure by which areas are coloured; "" for the first.
    layers : tuple of str
        Those switched on, in the order of `LAYERS`.
    window : Window, optional
        What part is seen; None for all of the place.
    screen : bool
        For a large screen on a wall: no controls, large type, one layer after the other.

    Examples
    --------
    >>> address = MapAddress.of_query({"place": "110108999001", "layers": "heat"}, today=date(2026, 11, 22))
    >>> address.layers, address.timed, address.to_query()
    (('heat',), False, {'place': '110108999001', 'layers': 'heat'})
    """

    view: IncidentView
    timed: bool = False
    place: str = ""
    building: int | None = None
    colour: str = ""
    layers: tuple[str, ...] = SHOWN
    window: Window | None = None
    screen: bool = False

    @classmethod
    def of_query(cls, query: Query, *, today: date) -> "MapAddress":
        """Read a view from the fields of an address; a word that no map of ours knows is ignored.

        Parameters
        ----------
        query : mapping
            Names to texts. ``community`` is another name of ``place``.
        today : date
            The local day, as for `IncidentView.of_query`.

        Raises
        ------
        BadInput
            Names the field that cannot be read.
        BadView
            Likewise, of the incidents' view.
        """
        layers = _one(query, "layers") if "layers" in query else None
        chosen = None if layers is None else set(layers.split(","))
        return cls(
            view=IncidentView.of_query({name: query[name] for name in FIELDS if name in query}, today=today),
            timed=bool(_one(query, "since") or _one(query, "until")),
            place=_place(_one(query, "place") or _one(query, "community")),
            building=_building(_one(query, "building")),
            colour=_one(query, "colour") if WORD.fullmatch(_one(query, "colour")) else "",
            layers=SHOWN if chosen is None else tuple(name for name in LAYERS if name in chosen),
            window=_window(_one(query, "at")),
            screen=_one(query, "screen") == "1",
        )

    def to_query(self) -> dict[str, str]:
        """The fields of an address that bring this view back."""
        said = {
            "place": self.place,
            "building": "" if self.building is None else str(self.building),
            "colour": self.colour,
            "at": "" if self.window is None else "{:g}/{:.5f}/{:.5f}".format(*self.window),
            **self.incidents_query(),
            "screen": "1" if self.screen else "",
        }
        fields = {name: value for name, value in said.items() if value}
        # No layer at all is a choice too.
        return fields if self.layers == SHOWN else {**fields, "layers": ",".join(self.layers)}

    @property
    def counted(self) -> IncidentView:
        """The view over the time in which things are counted: the days chosen, else the last thirty."""
        last = self.view.until
        return self.view if self.timed else self.view.over(last - timedelta(days=COUNTED_DAYS - 1), last)

    def incidents_query(self) -> dict[str, str]:
        """The fields about incidents alone, for what is fetched by layer; the days only where they were chosen."""
        fields = self.view.to_query()
        return fields if self.timed else {name: value for name, value in fields.items() if name not in DAYS}


def _one(query: Query, name: str) -> str:
    value = query.get(name, "")
    return value.strip() if isinstance(value, str) else next((one.strip() for one in value), "")


def _place(said: str) -> str:
    if said and not PLACE.fullmatch(said):
        raise BadInput(
            N_("%(field)s must be the code of a county, subdistrict, community or grid: 6, 9, 12 or 15 digits."),
            field="place",
        )
    return said


def _building(said: str) -> int | None:
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise BadInput(N_("%(field)s must be a whole number."), field="building")
    return int(said)


def _window(said: str) -> Window | None:
    """The part that is seen; one that cannot be read is as if it were not said: the map then shows all."""
    found = WINDOW.fullmatch(said)
    if found is None:
        return None
    window = Window(*map(float, found.groups()))
    good = 0 <= window.zoom <= 24 and abs(window.lat) <= 85 and abs(window.lon) <= 180
    return window if good else None
