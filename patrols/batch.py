"""Millions of points joined to their grids, from file to file, in constant memory: here, or on many machines.

A file is taken apart into parts that can be read on their own (row groups of Parquet, blocks of lines of a text); a
part is read a chunk of some hundred thousand rows at a time, each chunk is answered by compiled loops and written as a
row group of its own. The local engine does the parts one after the other. The Dask engine does the same to the same
parts, wherever there is a free core, and puts what comes back together in the file's order without looking into it; so
both write the same rows. A file appears whole under its name or not at all.

Where a point lies is decided in local metres, as everywhere. To project 20 million places takes longer than anything
else that is asked about them, so the projection is unrolled over the grids' ground (`geo.chart`), 1e-8 m exact. As a
point nearer than a centimetre to a shared line lies on it by rule (`TIE_M`), that decides nothing.

"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray

from data.errors import RowsRefused, UnreadableFile
from data.exchange import stream_out, stream_parquet, stream_text
from data.exchange.stream_parquet import ParquetPoints, geo_metadata, wkb_points
from data.exchange.streams import Chunk, Points, Refused
from data.exchange.tables import TEXT_ENDINGS
from data.exchange.write import PARQUET_ENDINGS, replacing
from geo.chart import Chart
from geo.edges import Floats
from geo.errors import N_, BadGeometry
from geo.locate import RULES, GridLocator, Weighed, weigh
from patrols.rules import TIE_M, Rules

Progress = Callable[[int], None]
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
        transformer = pyproj.Transformer.from_crs("EPSG:4326", question.grids.crs, always_xy=True)
        self._project = transformer.transform

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
            "rule": pa.DictionaryArray.from_arrays(pa.array(said.rule), self.rules),
            "border_m": pa.array(said.border_m, from_pandas=True),
            "probability": pa.array(said.probability, from_pandas=True),
            "next_code": self._coded(said.rival),
            "sure": pa.array(said.sure),
        }

    @property
    def nothing(self) -> Answers:
        """The answers of no rows at all."""
        none = np.empty(0, np.int32)
        return self.columns(Weighed(none, none.astype(np.int8), np.empty(0), np.empty(0), none, np.empty(0, bool)))

    def warm(self) -> None:
        """Prepare what is otherwise prepared at the first large chunk, so that threads find it ready."""
        nowhere = np.full(FEW_POINTS, np.nan)
        self.weigh(nowhere, nowhere, 1.0 if self.question.accuracy is not None else np.nan)

    @cached_property
    def chart(self) -> Chart:
        """The projection over the ground on which there is anything to find."""
        west, south, east, north = self.question.grids.geometry.to_crs("EPSG:4326").total_bounds
        up = (self.question.reach_m + AROUND_M) / METRES_PER_DEGREE
        along = up / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.01)
        return Chart(self._project, west - along, south - up, east + along, north + up)

    def _coded(self, grid: NDArray[np.int32]) -> pa.Array:
        position = pa.array(grid, mask=grid < 0)
        if len(self.codes) > MOST_IN_DICTIONARY:
            return self.codes.take(position)
        return pa.DictionaryArray.from_arrays(position, self.codes)


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
        self.sure += int(said.sure.sum())
        self.by_rule += np.bincount(said.rule, minlength=len(RULES))

    def join(self, other: "Tally") -> None:
        """Count those of another part."""
        self.rows += other.rows
        self.sure += other.sure
        self.by_rule += other.by_rule

    def rules(self) -> dict[str, int]:
        """How many rows each rule decided, the most frequent first."""
        counted = sorted(zip(RULES, self.by_rule.tolist(), strict=True), key=lambda each: -each[1])
        return {str(rule.value): count for rule, count in counted if count}


class Located(NamedTuple):
    """What became of a file."""

    tally: Tally
    refused: Refused


def ask(grids: gpd.GeoDataFrame, *, accuracy: float | str | None = None, reach_m: float = 0.0) -> Question:
    """A question about grids in metres; see `Question`."""
    told = hashlib.sha256(repr((accuracy, reach_m, str(grids.crs))).encode())
    for wkb, code in zip(shapely.to_wkb(grids.geometry.to_numpy()), grids["grid_code"], strict=True):
        told.update(wkb or b"")
        told.update(str(code).encode())
    kept = grids[[name for name in ("grid_code", "kind", "geometry") if name in grids]]
    return Question(kept, accuracy, reach_m, key=told.hexdigest())


def open_points(
    path: Path, out: Path, *, x: str | None = None, y: str | None = None, crs: str | None = None, datum: str = "wgs84"
) -> Points | None:
    """The points of a file that can be read and written in chunks; None where it has to be read as a whole.

    Chunks go from Parquet, GeoParquet, CSV and other tables of text to Parquet, GeoParquet and CSV.
    """
    if out.suffix.lower() not in stream_out.ENDINGS:
        return None
    ending = path.suffix.lower()
    if ending in PARQUET_ENDINGS:
        return stream_parquet.open_parquet(path, x=x, y=y, crs=crs, datum=datum)
    if ending in TEXT_ENDINGS:
        numbers = out.suffix.lower() in PARQUET_ENDINGS
        return stream_text.open_text(path, x=x, y=y, crs=crs, datum=datum, numbers=numbers)
    return None


def locate_file(
    points: Points,
    question: Question,
    out: Path,
    *,
    skip_bad: bool = False,
    dask: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Located:
    """Give every row of a file its grid, the rule that decided, and how sure that is.

    The rows keep their order and their columns; columns called like an answer make way for it. Parquet stays a table
    where it was one; a file that ends in .geoparquet gets points.

    Parameters
    ----------
    points : Points
        As `open_points` gives them.
    question : Question
    out : Path
        .parquet, .geoparquet or .csv.
    skip_bad : bool
        Leave rows without a usable place out.
    dask : bool
        Compute the parts with Dask: with threads of this process, or on the cluster at `scheduler`, whose workers
        must be able to read the points' file at the same path.
    scheduler : str, optional
        Address of a Dask scheduler, as ``tcp://10.0.0.5:8786``.
    progress : callable, optional
        Told after each part how many rows it had.

    Raises
    ------
    RowsRefused
        Some rows have no usable place, and `skip_bad` does not leave them out. Nothing is written.
    UnreadableFile, CannotWrite, BadGeometry
        The file cannot be read to its end, cannot be written, or has no column of that name for the accuracy.
    """
    _require_column(question.accuracy, points.schema.names)
    task = Task(points, question, Layout.of(points, out.suffix.lower()), skip_bad)
    engine = _here if not dask else _on_cluster if scheduler else _by_threads
    told = progress or (lambda rows: None)
    with replacing(out) as target, target.open("wb") as sink:
        refused = Refused(points.first_row)
        try:
            tally = engine(task, sink, refused, told, scheduler)
        except RowsLeftOut:
            sink.seek(0)
            sink.truncate()
            task, refused = replace(task, layout=replace(task.layout, copied=False)), Refused(points.first_row)
            tally = engine(task, sink, refused, told, scheduler)
        if refused.count and not skip_bad:
            raise RowsRefused(refused.listed, refused.count)
        if not tally.rows and not refused.count:
            raise UnreadableFile(N_("%(file)s holds no rows."), file=points.name)
    return Located(tally, refused)


def locate_rows(points: gpd.GeoDataFrame, question: Question) -> tuple[gpd.GeoDataFrame, Tally]:
    """The same for rows that were read as a whole.

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
    _require_column(stated, own)
    if (points.geom_type != "Point").any():
        raise BadGeometry(N_("Points are wanted; at least one geometry here is something else."))
    accuracy = _stated(stated, points[stated] if isinstance(stated, str) else None)
    ready = ready_for(question)
    said = ready.weigh(points.geometry.x.to_numpy(), points.geometry.y.to_numpy(), accuracy)
    tally = Tally()
    tally.add(said)
    answers = pd.DataFrame({name: _plain(column) for name, column in ready.columns(said).items()}, index=points.index)
    kept = points[[name for name in own if name not in ANSWERS]]
    return gpd.GeoDataFrame(pd.concat([kept, answers], axis=1), geometry=points.geometry), tally


@dataclass(frozen=True)
class Layout:
    """Which columns are written: the file's own ones but `without`, places if wanted, and the answers.

    ``numbers`` adds the columns `lon` and `lat`, ``shapes`` a column of points. ``copied`` says that the file's own
    columns are taken over byte for byte.
    """

    ending: str
    own: pa.Schema
    numbers: bool
    shapes: bool
    copied: bool

    @classmethod
    def of(cls, points: Points, ending: str) -> "Layout":
        """What a file of this ending gets of these points."""
        own = points.schema
        shapes = points.shapes if isinstance(points, ParquetPoints) else None
        without = [*ANSWERS, *([shapes, "lon", "lat"] if shapes and ending == ".csv" else [])]
        made = ending == ".geoparquet" and shapes is None
        without += ["geometry"] if made else []
        kept = pa.schema([field for field in own if field.name not in without], own.metadata)
        if ending == ".csv":
            kept = kept.remove_metadata()
        same = ending in PARQUET_ENDINGS and not made and kept.names == own.names
        copied = same and isinstance(points, ParquetPoints) and points.can_be_copied()
        return cls(ending, kept, bool(shapes) and ending == ".csv", made, copied)

    def schema(self, ready: Ready) -> pa.Schema:
        """All columns that are written."""
        return self.table(pa.table(self.own.empty_table()), np.empty(0), np.empty(0), ready.nothing).schema

    def table(self, own: pa.Table, lon: Floats, lat: Floats, answers: Answers) -> pa.Table:
        """The columns of some rows."""
        columns = {name: own[name] for name in self.own.names}
        if self.numbers:
            columns |= {"lon": pa.array(lon), "lat": pa.array(lat)}
        columns |= answers
        metadata = dict(self.own.metadata or {})
        if self.shapes:
            columns["geometry"] = wkb_points(lon, lat)
            metadata[b"geo"] = geo_metadata("geometry")
        return pa.table(columns).replace_schema_metadata(metadata)


class RowsLeftOut(Exception):
    """Columns cannot be taken over byte for byte where rows have to be left out: the file is begun again."""


@dataclass(frozen=True)
class Task:
    """What is to be done with every part of a file, wherever that happens."""

    points: Points
    question: Question
    layout: Layout
    skip_bad: bool

    def write(self, part: Any, writer: stream_out.Writer, refused: Refused, tally: Tally) -> None:
        """Answer the rows of a part, chunk by chunk."""
        ready = ready_for(self.question)
        for chunk in self.points.chunks(part, refused):
            # Once a row was refused nothing will be written: the rest is only looked through for more of them.
            if (refused.count and not self.skip_bad) or not len(chunk.table):
                continue
            said = ready.weigh(chunk.lon, chunk.lat, self._accuracy(chunk))
            tally.add(said)
            writer.write(self.layout.table(chunk.table, chunk.lon, chunk.lat, ready.columns(said)))

    def copy(self, part: Any, writer: stream_out.ParquetBeside, refused: Refused, tally: Tally) -> None:
        """Answer the rows of a part, row group by row group; its own columns are not even looked at."""
        ready = ready_for(self.question)
        column = self.question.accuracy if isinstance(self.question.accuracy, str) else None
        for group, chunks in self.points.groups(part, column, refused):  # type: ignore[attr-defined]
            answers = []
            for chunk in chunks:
                if refused.count and self.skip_bad:
                    raise RowsLeftOut
                if refused.count:
                    continue
                said = ready.weigh(chunk.lon, chunk.lat, self._accuracy(chunk))
                tally.add(said)
                answers.append(pa.table(ready.columns(said)))
            if answers and not refused.count:
                writer.write(group, pa.concat_tables(answers))

    def begin(self, sink: Any, *, first: bool = True) -> "tuple[Any, Callable[[Any, Refused, Tally], None]]":
        """What writes into a file, to be closed in the end, and what answers a part into it."""
        ready = ready_for(self.question)
        if self.layout.copied:
            beside = stream_out.ParquetBeside(sink, self.points, pa.table(ready.nothing).schema)  # type: ignore[arg-type]
            return beside, lambda part, refused, tally: self.copy(part, beside, refused, tally)
        writer = stream_out.writer(self.layout.ending, sink, self.layout.schema(ready), first=first)
        return writer, lambda part, refused, tally: self.write(part, writer, refused, tally)

    def written(self, part: Any, number: int) -> "Done":
        """A part as a file of its own, in memory."""
        done = Done(b"", Tally(), Refused())
        sink = pa.BufferOutputStream()
        writer, answer = self.begin(sink, first=number == 0)
        answer(part, done.refused, done.tally)
        if done.refused.count and not self.skip_bad:
            return done
        writer.close()
        return done._replace(data=sink.getvalue())

    def _accuracy(self, chunk: Chunk) -> Any:
        stated = self.question.accuracy
        return _stated(stated, chunk.table[stated].to_pandas() if isinstance(stated, str) else None)


class Done(NamedTuple):
    """A part of a file after its rows were answered: the bytes of a file of its own, and what became of its rows."""

    data: Any
    tally: Tally
    refused: Refused


class Collected:
    """Puts parts together in the order of the file, as they come back."""

    def __init__(self, task: Task, sink: Any, refused: Refused, progress: Progress) -> None:
        self.tally = Tally()
        self._whole = stream_out.in_one(task.layout.ending, sink)
        self._refused, self._progress, self._points = refused, progress, task.points
        self._keep = task.skip_bad

    def add(self, done: Done, part: Any) -> None:
        """Append the rows of the next part."""
        self._refused.add(done.refused)
        self.tally.join(done.tally)
        if self._keep or not self._refused.count:
            self._whole.add(done.data)
        self._progress(self._points.rows(part))

    def close(self) -> Tally:
        """Finish the file, unless it is refused anyway."""
        if self._keep or not self._refused.count:
            self._whole.close()
        return self.tally


def _here(task: Task, sink: Any, refused: Refused, progress: Progress, scheduler: str | None) -> Tally:
    """One part after the other, in this thread."""
    tally = Tally()
    writer, answer = task.begin(sink)
    for part in task.points.parts():
        answer(part, refused, tally)
        progress(task.points.rows(part))
    if task.skip_bad or not refused.count:
        writer.close()
    return tally


def _by_threads(task: Task, sink: Any, refused: Refused, progress: Progress, scheduler: str | None) -> Tally:
    """Parts in as many threads as there are cores: compiled loops and Arrow let go of Python's lock."""
    import dask.threaded

    parts = list(task.points.parts())
    ready_for(task.question).warm()
    collected = Collected(task, sink, refused, progress)
    # Each part is put behind the one before it and then forgotten; Dask goes for the parts whose turn is next.
    graph: dict[Any, Any] = {("put", -1): None}
    for number, part in enumerate(parts):
        graph["part", number] = (partial(task.written, part, number),)
        graph["put", number] = (partial(_put, collected, part), ("part", number), ("put", number - 1))
    dask.threaded.get(graph, ("put", len(parts) - 1))
    return collected.close()


def _on_cluster(task: Task, sink: Any, refused: Refused, progress: Progress, scheduler: str | None) -> Tally:
    """Parts on the workers of a cluster, never more of them under way than keep all workers busy."""
    from distributed import Client

    collected = Collected(task, sink, refused, progress)
    with Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        shared = client.scatter(task, broadcast=True)
        ahead = _AHEAD * max(sum(client.nthreads().values()), 1)
        waiting: deque[tuple[Any, Any]] = deque()
        for number, part in enumerate(task.points.parts()):
            waiting.append((client.submit(partial(_written, part=part, number=number), shared, pure=False), part))
            if len(waiting) >= ahead:
                _next(waiting, collected)
        while waiting:
            _next(waiting, collected)
    return collected.close()


# Parts under way for each thread of a cluster: one that is worked on, and one that waits for its turn.
_AHEAD = 2


def _written(task: Task, part: Any, number: int) -> Done:
    return task.written(part, number)


def _put(collected: Collected, part: Any, done: Done, before: None) -> None:
    collected.add(done, part)


def _next(waiting: "deque[tuple[Any, Any]]", collected: Collected) -> None:
    future, part = waiting.popleft()
    collected.add(future.result(), part)


def _require_column(accuracy: float | str | None, columns: Sequence[str]) -> None:
    if isinstance(accuracy, str) and accuracy not in columns:
        raise BadGeometry(
            N_("There is no column %(column)s; the columns are: %(columns)s."),
            column=accuracy,
            columns=", ".join(columns),
        )


def _stated(accuracy: float | str | None, column: Any) -> Any:
    """The accuracy of some rows: one for all, or that of each; NaN where none is stated."""
    if column is None:
        return np.nan if accuracy is None else accuracy
    return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


def _plain(column: pa.Array) -> Any:
    """An answer as pandas holds it: text as objects with None for none, numbers with NaN."""
    if pa.types.is_dictionary(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy(zero_copy_only=False)
