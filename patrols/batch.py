"""Millions of points joined to their grids, from file to file, in constant memory: here, or on many machines.

A file is taken apart into parts that can be read on their own (row groups of Parquet, blocks of lines of a text); a
part is read a chunk of some hundred thousand rows at a time, each chunk is answered by compiled loops and written as a
row group of its own. The local engine does the parts one after the other. The Dask engine does the same to the same
parts, wherever there is a free core, and puts what comes back together in the file's order without looking into it; so
both write the same rows. A file appears whole under its name or not at all.

Where a point lies is decided in local metres, as everywhere. To project 20 million places takes longer than anything
else that is asked about them, so the projection is unrolled over the grids' ground (`geo.chart`), 1e-8 m exact. As a
point nearer than a centimetre to a shared line lies on it by rule (`TIE_M`), that decides nothing. Of a Parquet file
only the places are read: its own columns are taken over byte for byte, and the answers are written beside them.

On paper: a billion points, a million grids
-------------------------------------------
Measured on one core of a small machine that others were busy on (``tests/bench/bench_scale.py`` for the first column;
the grids of the others are squares), nanoseconds a point, at random over all grids. Reading, writing and the projection
take the same whatever the grids:

========================  ==========  ============  ==============
step                      118 grids   100,000       1,000,000
========================  ==========  ============  ==============
read places                   15            15              15
answer                        60           300             750
write answers                 15            40              45
========================  ==========  ============  ==============

What the larger two take to write, their codes as text, is reckoned, not measured. To copy the file's own columns takes
another nanosecond for every three bytes of them. So a core does a million points in a tenth of a second with the grids
of a district, in 0.4 s with those of a province, in 0.8 s with those of the whole country. The last two are memory's
doing: points that come in the order of the ground (a day's fixes of one city, not a year's shuffled) are near the
first. Grids are prepared once in a process, 1.5 s and 0.4 GB for 100,000 and 8 s and 1.4 GB for a million, and shared
by its threads; what a process needs before its first point besides, a second, is to bring in its libraries. With two
cores it is two thirds of that: another process reads the grids meanwhile (`patrols.aside`), the file's own columns are
copied, and no part of the way brings pandas in.

A billion points at a million grids are then 800 seconds of one core: a quarter of an hour on one, two minutes on eight
that read 24 GB of places at 200 MB/s. On a cluster: one worker a machine with as many threads as cores, so that each
machine keeps the grids once; 3 GB a machine for them, and 60 MB for every thread. A thousand parts of a million rows, a
second each, keep a hundred cores busy to the end, and the scheduler, at 1 ms a task, idle. Answers travel as compressed
Parquet, 10 MB a part; the one who asked writes them beside the columns of the file, 34 GB at the speed of its disk, and
more than fifty cores only wait for that. Who has more of them asks by city and keeps a file for each: nothing joins the
parts but their order.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from data.errors import RowsRefused, UnreadableFile
from data.exchange import stream_out, stream_parquet, stream_text
from data.exchange.endings import PARQUET_ENDINGS, TEXT_ENDINGS
from data.exchange.scratch import replacing
from data.exchange.stream_parquet import ParquetPoints
from data.exchange.streams import Chunk, Points, Refused
from geo.errors import N_
from geo.weighing import Weighed
from patrols.layout import Layout
from patrols.question import Question, Tally, ready_for, require_column, stated_accuracy

Progress = Callable[[int], None]


class Located(NamedTuple):
    """What became of a file."""

    tally: Tally
    refused: Refused


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
    question: Question | Callable[[], Question],
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
    question : Question, or a callable that gives it
        What can be done before it is known is begun meanwhile.
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
    layout = Layout.of(points, out.suffix.lower())
    asked = cache(lambda: question() if callable(question) else question)
    with replacing(out) as target, target.open("wb") as sink:
        try:
            collected = Collected(points, layout, skip_bad, sink, progress)
            collected.fill(asked, dask, scheduler)
        except RowsLeftOut:
            sink.seek(0)
            sink.truncate()
            collected = Collected(points, replace(layout, copied=None), skip_bad, sink, progress)
            collected.fill(asked, dask, scheduler)
        tally, refused = collected.tally, collected.refused
        if refused.count and not skip_bad:
            raise RowsRefused(refused.listed, refused.count)
        if not tally.rows and not refused.count:
            raise UnreadableFile(N_("%(file)s holds no rows."), file=points.name)
    return Located(tally, refused)


class RowsLeftOut(Exception):
    """Columns cannot be taken over byte for byte where rows have to be left out: the file is begun again."""


class Done(NamedTuple):
    """What became of the rows of a part.

    ``data`` holds whole files in memory: one with all columns, or one of answers alone for each row group, by its
    number, where the other columns are taken over.
    """

    data: list[tuple[int, Any]]
    tally: Tally
    refused: Refused


@dataclass(frozen=True)
class Task:
    """What is to be done with every part of a file, wherever that happens."""

    points: Points
    question: Question
    layout: Layout
    skip_bad: bool

    def answered(self, part: Any, number: int) -> Done:
        """The rows of a part with their answers, unless one of them was refused and nothing will be written."""
        done = Done([], Tally(), Refused())
        if self.layout.copied is not None:
            self._beside(self.layout.copied, part, done)
        else:
            self._anew(part, number, done)
        return done

    def _anew(self, part: Any, number: int, done: Done) -> None:
        sink = pa.BufferOutputStream()
        schema = self.layout.schema(ready_for(self.question))
        writer = stream_out.writer(self.layout.ending, sink, schema, first=number == 0)
        for chunk in self.points.chunks(part, done.refused):
            said = self._said(chunk, done)
            if said is not None:
                answers = ready_for(self.question).columns(said)
                writer.write(self.layout.table(chunk.table, chunk.lon, chunk.lat, answers))
        writer.close()
        done.data.append((number, sink.getvalue()))

    def _beside(self, points: ParquetPoints, part: Any, done: Done) -> None:
        column = self.question.accuracy if isinstance(self.question.accuracy, str) else None
        for group, chunks in points.groups(part, column, done.refused):
            answers = []
            for chunk in chunks:
                said = self._said(chunk, done)
                if done.refused.count and self.skip_bad:
                    raise RowsLeftOut
                if said is not None:
                    answers.append(pa.table(ready_for(self.question).columns(said)))
            if answers:
                done.data.append((group, stream_out.one_group(pa.concat_tables(answers))))

    def _said(self, chunk: Chunk, done: Done) -> Weighed | None:
        """The answers for a chunk; once a row was refused, the rest is only looked through for more of them."""
        if (done.refused.count and not self.skip_bad) or not len(chunk.table):
            return None
        asked = self.question.accuracy
        accuracy = stated_accuracy(asked, chunk.table[asked].to_pandas() if isinstance(asked, str) else None)
        said = ready_for(self.question).weigh(chunk.lon, chunk.lat, accuracy)
        done.tally.add(said)
        return said


class Collected:
    """Puts the parts of a file together in their order, as they come back.

    Parameters
    ----------
    points : Points
    layout : Layout
    skip_bad : bool
    sink : binary file
    progress : callable, optional
        Told how many rows a part had.
    """

    def __init__(
        self, points: Points, layout: Layout, skip_bad: bool, sink: Any, progress: Progress | None = None
    ) -> None:
        self.tally, self.refused = Tally(), Refused(points.first_row)
        self._points, self._layout, self._skip_bad, self._progress = points, layout, skip_bad, progress
        self._given_up = False
        self._whole: stream_out.InOne
        self._beside: stream_out.ParquetBeside | None = None
        if layout.copied is None:
            self._whole = stream_out.in_one(layout.ending, sink)
        else:
            self._whole = self._beside = stream_out.ParquetBeside(sink, layout.copied)

    @property
    def wanted(self) -> bool:
        """Whether anything will be written at all."""
        return (self._skip_bad or not self.refused.count) and not self._given_up

    def fill(self, asked: Callable[[], Question], dask: bool, scheduler: str | None) -> None:
        """Have all parts answered, and write them."""
        with self._copying(meanwhile=dask):
            question = asked()
            require_column(question.accuracy, self._points.schema.names)
            if self._beside is not None:
                self._beside.beside = self._layout.beside(ready_for(question))
            if not scheduler:
                rows = sum(self._points.rows(part) for part in self._points.parts())
                ready_for(question).warm(rows, bring_in_dask() if dask else 1)
            task = Task(self._points, question, self._layout, self._skip_bad)
            each(task.answered, self._points.parts(), self._add, dask=dask, scheduler=scheduler)
        if self.wanted and (self.tally.rows or self.refused.count):
            self._whole.close()

    @contextmanager
    def _copying(self, meanwhile: bool) -> Iterator[None]:
        """Take over the file's own columns, if there are any to take over: meanwhile, or afterwards."""
        if self._beside is None or not meanwhile:
            yield
            if self._beside is not None and self.wanted:
                self._beside.copy()
            return
        with ThreadPoolExecutor(1) as aside:
            copied = aside.submit(self._beside.copy, lambda: self.wanted)
            try:
                yield
            except BaseException:
                self._given_up = True
                raise
            copied.result()

    def _add(self, part: Any, done: Done) -> None:
        """Append the rows of the next part."""
        self.refused.add(done.refused)
        self.tally.join(done.tally)
        for number, data in done.data if self.wanted else ():
            self._whole.add(number, data)
        if self._progress is not None:
            self._progress(self._points.rows(part))


def each(
    answer: Callable[[Any, int], Any],
    parts: Iterable[Any],
    take: Callable[[Any, Any], None],
    *,
    dask: bool = False,
    scheduler: str | None = None,
) -> None:
    """Do the same with every part of something, and take what comes of it in the order of the parts.

    Parameters
    ----------
    answer : callable
        Given a part and its number from 0; for a cluster, both can be pickled.
    parts : iterable
    take : callable
        Given a part and what came of it, always in this process.
    dask : bool
        With Dask: in threads of this process (compiled loops and Arrow let go of Python's lock), or on the cluster at
        `scheduler`. Otherwise one part after the other.
    scheduler : str, optional
        Address of a Dask scheduler.
    """
    if dask and scheduler:
        _on_cluster(answer, parts, take, scheduler)
    elif dask:
        _by_threads(answer, list(parts), take)
    else:
        for number, part in enumerate(parts):
            take(part, answer(part, number))


def bring_in_dask() -> int:
    """Bring Dask in, and say how many threads it uses: while it comes in, threads that compute stand still mostly."""
    import dask.system
    import dask.threaded

    return int(dask.system.CPU_COUNT)


def _by_threads(answer: Callable[[Any, int], Any], parts: list[Any], take: Callable[[Any, Any], None]) -> None:
    if not parts:
        return
    import dask.threaded

    # Each part is taken after the one before it and then forgotten; Dask goes for the parts whose turn is next.
    graph: dict[Any, Any] = {("take", -1): None}
    for number, part in enumerate(parts):
        graph["part", number] = (partial(answer, part, number),)
        graph["take", number] = (partial(_take, take, part), ("part", number), ("take", number - 1))
    dask.threaded.get(graph, ("take", len(parts) - 1))


def _take(take: Callable[[Any, Any], None], part: Any, done: Any, before: None) -> None:
    take(part, done)


def _on_cluster(
    answer: Callable[[Any, int], Any], parts: Iterable[Any], take: Callable[[Any, Any], None], scheduler: str
) -> None:
    """Never more parts under way than keep all workers busy."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        shared = client.scatter(answer, broadcast=True)
        ahead = _AHEAD * max(sum(client.nthreads().values()), 1)
        waiting: deque[tuple[Any, Any]] = deque()
        for number, part in enumerate(parts):
            waiting.append((part, client.submit(partial(_answered, part=part, number=number), shared, pure=False)))
            if len(waiting) >= ahead:
                _take_next(waiting, take)
        while waiting:
            _take_next(waiting, take)


# Parts under way for each thread of a cluster: one that is worked on, and one that waits for its turn.
_AHEAD = 2


def _answered(answer: Callable[[Any, int], Any], part: Any, number: int) -> Any:
    return answer(part, number)


def _take_next(waiting: "deque[tuple[Any, Any]]", take: Callable[[Any, Any], None]) -> None:
    part, future = waiting.popleft()
    take(part, future.result())
