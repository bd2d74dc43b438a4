"""Whose ground is it, asked about many places at once: the question, what it takes to answer, and the answers."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray

from data.exchange.degrees import WGS84, is_wgs84_degrees
from geo.chart import Chart
from geo.crs import local_crs, require_metres
from geo.edges import Floats
from geo.errors import N_, BadGeometry
from geo.grounds import Grounds, is_there
from geo.locator import GridLocator
from geo.weighing import RULES, Weighed, weigh
from patrols.rules import TIE_M, Rules

if TYPE_CHECKING:
    import geopandas as gpd

Answers = dict[str, Any]

ANSWERS = ("grid_code", "rule", "border_m", "probability", "next_code", "sure")
FEW_POINTS = 20_000
"""Below this many points at once, compiled loops take longer to be brought in than they save."""
MOST_IN_DICTIONARY = 1 << 15
"""With more grids than that, writing down all their codes for every chunk costs more than writing those that occur."""
AROUND_M = 100.0
"""How far beyond the grids, and beyond the reach, the projection is unrolled."""
METRES_PER_DEGREE = 110_500.0
"""Of latitude, where a degree is shortest."""


@dataclass(frozen=True)
class Question:
    """What is asked about every point: whose ground it is, and how sure that is.

    Parameters
    ----------
    grids : Grounds
        In metres.
    accuracy : float or str, optional
        Metres for all, or the name of the column that holds them.
    reach_m : float
        How far outside the grids a point may lie.
    sure_probability : float
        From which probability on an answer is called sure.
    """

    grids: Grounds = field(compare=False)
    accuracy: float | str | None = None
    reach_m: float = 0.0
    sure_probability: float = Rules().sure_probability
    key: str = ""


class Ready:
    """A question with everything prepared for answering it; made once in a process.

    Parameters
    ----------
    question : Question
    """

    def __init__(self, question: Question) -> None:
        require_metres(question.grids, "grids")
        self.question = question
        self.locator = GridLocator(question.grids)
        self.codes = _texts(self.locator.codes)
        self.rules = _texts(np.array(RULES, object))
        self._transformer = _to_metres(question.grids.crs)
        self._project = self._transformer.transform

    def weigh(self, lon: Floats, lat: Floats, accuracy_m: Any) -> Weighed:
        """What `geo.locate.weigh` says of some places in degrees."""
        asked = self.question
        if len(lon) < FEW_POINTS:
            x, y = (np.asarray(each, float) for each in self._project(lon, lat))
        elif asked.accuracy is None:
            x, y = self.chart.metres_inside(lon, lat)
        else:
            x, y = self.chart.metres(lon, lat)
        return weigh(
            *(self.locator, x, y),
            accuracy_m=accuracy_m,
            reach_m=asked.reach_m,
            tie_m=TIE_M,
            sure_probability=asked.sure_probability,
        )

    def columns(self, said: Weighed) -> dict[str, pa.Array]:
        """The answers as columns by the names of `ANSWERS`."""
        return {
            "grid_code": self._coded(said.grid),
            "rule": pa.DictionaryArray.from_arrays(_known(said.rule), self.rules, safe=False),
            "border_m": _known(said.border_m, ~np.isnan(said.border_m)),
            "probability": _known(said.probability, ~np.isnan(said.probability)),
            "next_code": self._coded(said.rival),
            "sure": pa.Array.from_buffers(pa.bool_(), len(said.sure), [None, _bits(said.sure)]),
        }

    @property
    def nothing(self) -> Answers:
        """The answers of no rows at all."""
        none = np.empty(0, np.int32)
        return self.columns(Weighed(none, none.astype(np.int8), np.empty(0), np.empty(0), none, np.empty(0, bool)))

    def warm(self, rows: int, threads: int = 1) -> None:
        """Prepare what is otherwise prepared at the first large chunk, where so many rows are worth it.

        Threads find it ready then, and the distances of the first points are had as quickly as those of the last.
        """
        if rows < FEW_POINTS:
            return
        self.locator.expect(rows, threads)
        nowhere = np.full(FEW_POINTS, np.nan)
        self.weigh(nowhere, nowhere, 1.0 if self.question.accuracy is not None else np.nan)

    @cached_property
    def chart(self) -> Chart:
        """The projection over the ground on which there is anything to find."""
        # Back through the same transformer: to make one of them takes longer than to ask it about all corners.
        corners = shapely.get_coordinates(self.question.grids.geometry)
        lon, lat = self._transformer.transform(corners[:, 0], corners[:, 1], direction="INVERSE")
        west, south, east, north = np.nanmin(lon), np.nanmin(lat), np.nanmax(lon), np.nanmax(lat)
        up = (self.question.reach_m + AROUND_M) / METRES_PER_DEGREE
        along = up / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.01)
        return Chart(self._project, west - along, south - up, east + along, north + up)

    def _coded(self, grid: NDArray[np.int32]) -> pa.Array:
        position = _known(grid, grid >= 0)
        if len(self.codes) > MOST_IN_DICTIONARY:
            return self.codes.take(position)
        return pa.DictionaryArray.from_arrays(position, self.codes, safe=False)


def _to_metres(crs: pyproj.CRS) -> pyproj.Transformer:
    """The way from degrees of WGS 84 to metres."""
    own = crs.geodetic_crs
    # CGCS2000 is taken as equal: no way between the two has to be looked for, which takes as long as a million points.
    degrees = own if own is not None and is_wgs84_degrees(own) else pyproj.CRS(WGS84)
    return pyproj.Transformer.from_crs(degrees, crs, always_xy=True)


def rehearse(*, weighing: bool = False) -> None:
    """Answer once about one square, so that all that the first answer brings in and sets up is there.

    For who has to wait for the grids anyway.

    Parameters
    ----------
    weighing : bool
        Whether accuracies will be stated.
    """
    square = np.array([shapely.box(499_000.0, 3_900_000.0, 501_000.0, 4_100_000.0)], object)
    grounds = Grounds(square, np.array([""], object), np.array(["general"], object), local_crs(117.0, 36.0))
    ready = Ready(Question(grounds))
    ready.locator.expect(FEW_POINTS)
    ready.weigh(np.full(FEW_POINTS, 117.0), np.full(FEW_POINTS, 36.0), 10.0 if weighing else np.nan)


_ready: dict[str, Ready] = {}
_preparing = threading.Lock()


def ready_for(question: Question) -> Ready:
    """The question prepared; threads of one process share it, and only the last one asked is kept."""
    with _preparing:
        if question.key not in _ready or not question.key:
            _ready.clear()
            _ready[question.key] = Ready(question)
        return _ready[question.key]


@dataclass
class Tally:
    """What the rows that were written came to."""

    rows: int = 0
    sure: int = 0
    by_rule: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(RULES), np.int64))

    def add(self, said: Weighed) -> None:
        """Count the answers of a chunk."""
        self.rows += len(said.rule)
        self.sure += int(np.count_nonzero(said.sure))
        # A look for each rule is quicker than one that sorts them all.
        self.by_rule += [np.count_nonzero(said.rule == rule) for rule in range(len(RULES))]

    def join(self, other: "Tally") -> None:
        """Count those of another part."""
        self.rows += other.rows
        self.sure += other.sure
        self.by_rule += other.by_rule

    def rules(self) -> dict[str, int]:
        """How many rows each rule decided, the most frequent first."""
        counted = sorted(zip(RULES, self.by_rule.tolist(), strict=True), key=lambda each: -each[1])
        return {str(rule.value): count for rule, count in counted if count}


def ask(grids: "Grounds | gpd.GeoDataFrame", *, accuracy: float | str | None = None, reach_m: float = 0.0) -> Question:
    """A question about grids in metres, with `grid_code` and, where there are several kinds, `kind`; see `Question`."""
    asked = Grounds.of(grids)
    told = hashlib.sha256(repr((accuracy, reach_m, str(asked.crs))).encode())
    for wkb, code, kind in zip(shapely.to_wkb(asked.geometry), asked.codes, asked.kinds, strict=True):
        told.update(wkb or b"")
        told.update(f"{code} {kind} ".encode())
    return Question(asked, accuracy, reach_m, key=told.hexdigest())


def locate_rows(points: "gpd.GeoDataFrame", question: Question) -> "tuple[gpd.GeoDataFrame, Tally]":
    """Give every row of a file that was read as a whole its grid, the rule that decided, and how sure that is.

    Parameters
    ----------
    points : GeoDataFrame of Point
        In degrees, as `data.exchange.vector.read_features` makes it.
    question : Question

    Returns
    -------
    GeoDataFrame
        The rows in their order, with their columns and those of `ANSWERS`.
    Tally

    Raises
    ------
    BadGeometry
        Something is no point, or there is no column of that name for the accuracy.
    """
    import geopandas as gpd  # who asks about a stream of rows needs no frames
    import pandas as pd

    stated = question.accuracy
    own = [name for name in points.columns if name not in ("source_row", "geometry")]
    require_column(stated, own)
    if (points.geom_type != "Point").any():
        raise BadGeometry(N_("Points are wanted; at least one geometry here is something else."))
    accuracy = stated_accuracy(stated, points[stated] if isinstance(stated, str) else None)
    ready = ready_for(question)
    said = ready.weigh(points.geometry.x.to_numpy(), points.geometry.y.to_numpy(), accuracy)
    tally = Tally()
    tally.add(said)
    answers = pd.DataFrame({name: _plain(column) for name, column in ready.columns(said).items()}, index=points.index)
    kept = points[[name for name in own if name not in ANSWERS]]
    return gpd.GeoDataFrame(pd.concat([kept, answers], axis=1), geometry=points.geometry), tally


def require_column(accuracy: float | str | None, columns: Sequence[str]) -> None:
    """Refuse a column of accuracies that is not there."""
    if isinstance(accuracy, str) and accuracy not in columns:
        raise BadGeometry(
            N_("There is no column %(column)s; the columns are: %(columns)s."),
            column=accuracy,
            columns=", ".join(columns),
        )


def stated_accuracy(accuracy: float | str | None, column: Any) -> Any:
    """The accuracy of some rows: one for all, or that of each; NaN where none is stated."""
    if column is None:
        return np.nan if accuracy is None else accuracy
    import pandas as pd  # as above

    return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


# Columns are put together from where they lie in memory: Arrow's own way brings pandas in, and looks at each number.


def _known(values: NDArray[Any], known: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers as a column, null where they are not known."""
    kind = pa.from_numpy_dtype(values.dtype)
    if known is not None and not known.any():
        return pa.nulls(len(values), kind)
    bits = None if known is None or known.all() else _bits(known)
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def _bits(flags: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _texts(values: NDArray[np.object_]) -> pa.Array:
    """Texts as a column, null where there is none."""
    there = np.array([is_there(value) for value in values], bool)
    words = [str(value).encode() if known else b"" for value, known in zip(values, there, strict=True)]
    ends = np.cumsum([0, *map(len, words)], dtype=np.int32)
    bits = None if there.all() else _bits(there)
    return pa.Array.from_buffers(pa.string(), len(words), [bits, pa.py_buffer(ends), pa.py_buffer(b"".join(words))])


def _plain(column: pa.Array) -> Any:
    """An answer as pandas holds it: text as objects with None for none, numbers with NaN."""
    if pa.types.is_dictionary(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy(zero_copy_only=False)
