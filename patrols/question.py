"""Whose ground is it, asked about many places at once: the question, what it takes to answer, and the answers."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
from geopandas.array import TransformerFromCRS
from numpy.typing import NDArray

from geo.chart import Chart
from geo.edges import Floats
from geo.errors import N_, BadGeometry
from geo.locate import RULES, GridLocator, Weighed, weigh
from patrols.rules import TIE_M, Rules

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
    grids : GeoDataFrame
        In metres, with `grid_code` and, where there are several kinds, `kind`.
    accuracy : float or str, optional
        Metres for all, or the name of the column that holds them.
    reach_m : float
        How far outside the grids a point may lie.
    sure_probability : float
        From which probability on an answer is called sure.
    """

    grids: gpd.GeoDataFrame = field(compare=False)
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
        self.question = question
        self.locator = GridLocator(question.grids)
        self.codes = pa.array(self.locator.codes, pa.string())
        self.rules = pa.array([rule.value for rule in RULES], pa.string())
        # The one that brought the grids into metres, if they came in degrees: to make another takes as long as a
        # million points.
        self._transformer = TransformerFromCRS(pyproj.CRS("EPSG:4326"), question.grids.crs, always_xy=True)
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
            "rule": pa.DictionaryArray.from_arrays(pa.array(said.rule), self.rules, safe=False),
            "border_m": _known(said.border_m, ~np.isnan(said.border_m)),
            "probability": _known(said.probability, ~np.isnan(said.probability)),
            "next_code": self._coded(said.rival),
            "sure": pa.array(said.sure),
        }

    @property
    def nothing(self) -> Answers:
        """The answers of no rows at all."""
        none = np.empty(0, np.int32)
        return self.columns(Weighed(none, none.astype(np.int8), np.empty(0), np.empty(0), none, np.empty(0, bool)))

    def warm(self, rows: int) -> None:
        """Prepare what is otherwise prepared at the first large chunk, where so many rows are worth it.

        Threads find it ready then, and the distances of the first points are had as quickly as those of the last.
        """
        if rows < FEW_POINTS:
            return
        self.locator.expect(rows)
        nowhere = np.full(FEW_POINTS, np.nan)
        self.weigh(nowhere, nowhere, 1.0 if self.question.accuracy is not None else np.nan)

    @cached_property
    def chart(self) -> Chart:
        """The projection over the ground on which there is anything to find."""
        # Back through the same transformer: to make one of them takes longer than to ask it about all corners.
        corners = shapely.get_coordinates(self.question.grids.geometry.to_numpy())
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


def ask(grids: gpd.GeoDataFrame, *, accuracy: float | str | None = None, reach_m: float = 0.0) -> Question:
    """A question about grids in metres; see `Question`."""
    told = hashlib.sha256(repr((accuracy, reach_m, str(grids.crs))).encode())
    for wkb, code in zip(shapely.to_wkb(grids.geometry.to_numpy()), grids["grid_code"], strict=True):
        told.update(wkb or b"")
        told.update(str(code).encode())
    kept = grids[[name for name in ("grid_code", "kind", "geometry") if name in grids]]
    return Question(kept, accuracy, reach_m, key=told.hexdigest())


def locate_rows(points: gpd.GeoDataFrame, question: Question) -> tuple[gpd.GeoDataFrame, Tally]:
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
    return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


def _known(values: NDArray[Any], known: NDArray[np.bool_]) -> pa.Array:
    """Numbers as a column, without looking at each: null where they are not known."""
    kind = pa.from_numpy_dtype(values.dtype)
    if not known.any():
        return pa.nulls(len(values), kind)
    bits = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def _plain(column: pa.Array) -> Any:
    """An answer as pandas holds it: text as objects with None for none, numbers with NaN."""
    if pa.types.is_dictionary(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy(zero_copy_only=False)
