"""Fixes of tracks out of files too long to be read at once, put down as files of whole tracks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import UnreadableFile
from data.exchange.endings import PARQUET_ENDINGS, TEXT_ENDINGS
from data.exchange.fixes import COLUMNS, keyed
from data.exchange.reading import Refusals
from data.exchange.stream_parquet import open_parquet
from data.exchange.stream_text import open_text
from data.exchange.streams import Chunk, Points, Refused
from data.exchange.tables import rename
from data.exchange.times import parse_times
from data.exchange.walks import HEADINGS
from geo.errors import N_

LARGE_TEXT_BYTES = 20_000_000
"""Smaller tables of text are read at once, and told about row by row."""
ROWS_TOGETHER = 500_000
"""Fixes that are cleaned and credited together: a few hundred megabytes at the most."""
SPILLED = pa.schema(
    {
        "track": pa.string(),
        "at": pa.timestamp("us", "UTC"),
        "lon": pa.float64(),
        "lat": pa.float64(),
        "ele": pa.float64(),
        "accuracy_m": pa.float64(),
        "source_row": pa.int64(),
    }
)


def open_fixes(path: Path, *, datum: str) -> Points | None:
    """A file of fixes that is read in chunks: Parquet, or a long table of text; None for any other.

    Raises
    ------
    UnreadableFile
        It is no Parquet, or no column holds a place.
    """
    ending = path.suffix.lower()
    if ending in PARQUET_ENDINGS:
        return open_parquet(path, datum=datum)
    if ending in TEXT_ENDINGS and path.stat().st_size > LARGE_TEXT_BYTES:
        return open_text(path, datum=datum, numbers=True)
    return None


def spill(
    points: Points,
    folder: Path,
    refused: Refused,
    known: set[str],
    *,
    timezone: str = "Asia/Shanghai",
    progress: Callable[[int], None] = lambda rows: None,
) -> Iterator[Path]:
    """Put the fixes of a file down as Parquet files, each of whole tracks and no more rows than fit in memory.

    The tracks of a file may be mixed in any way: a fix goes to the file that its track's name says. Only one track that
    is longer than memory cannot be helped, and a file without a column of tracks is one track.

    Parameters
    ----------
    points : Points
        As `open_fixes` gives them.
    folder : Path
        An empty folder of one's own.
    refused : Refused
        Receives what was refused; its `next_row` says what the first row is called.
    known : set of str
        Keys of tracks that were put down already; a track that occurs twice is put down once.
    timezone : str
        Of times that name none.
    progress : callable
        Told after each part how many rows it had.

    Yields
    ------
    Path
        With the columns of `data.exchange.gpx.read_tracks`, but for `segment`, which is 1.
    """
    headings = rename(points.schema.names, HEADINGS, file=points.name)
    own = {name: column for column, name in headings.items()}
    if "at" not in own:
        raise UnreadableFile(
            N_("%(file)s holds no track: it needs columns for longitude, latitude and time (经度, 纬度, 时间)."),
            file=points.name,
        )
    total = sum(points.rows(part) for part in points.parts())
    files = [folder / f"{number:06d}.parquet" for number in range(total // ROWS_TOGETHER + 1)]
    with ExitStack() as stack:
        writers = [stack.enter_context(pq.ParquetWriter(file, SPILLED)) for file in files]
        for part in points.parts():
            for chunk in points.chunks(part, refused):
                rows = _fixes(chunk, own, points.name, timezone, refused)
                bucket = pd.util.hash_array(rows["track"].to_numpy(object)) % len(files)
                for number in np.unique(bucket):
                    table = pa.Table.from_pandas(rows[bucket == number], SPILLED, preserve_index=False)
                    writers[number].write_table(table)
            progress(points.rows(part))
    for file in files:
        yield _settled(file, points.name, refused, known)


def _fixes(chunk: Chunk, own: dict[str, str], file: str, timezone: str, refused: Refused) -> pd.DataFrame:
    at = _times(chunk.table[own["at"]], timezone)
    given = chunk.table[own["at"]].to_pandas()
    refusals = Refusals(file)
    missing = given.isna() | (given.astype(str).str.strip() == "")
    rows = pd.Series(chunk.row)
    refusals.add_where(
        (~missing & at.isna()).to_numpy(),
        rows,
        N_("“%(value)s” is no time that is read here. Write it as 2026-05-01 08:30:00."),
        value=lambda position: str(given.iloc[position])[:40],
    )
    refused.take(refusals)
    accuracy = _numbers(chunk, own.get("accuracy_m"))
    frame = pd.DataFrame(
        {
            "track": _texts(chunk, own.get("patrol")),
            "at": at,
            "lon": chunk.lon,
            "lat": chunk.lat,
            "ele": _numbers(chunk, own.get("ele")),
            "accuracy_m": accuracy.where(accuracy >= 0),
            "source_row": chunk.row,
        }
    )
    kept: pd.DataFrame = frame[(missing | at.notna()).to_numpy()].reset_index(drop=True)
    return kept


def _times(column: Any, timezone: str) -> "pd.Series[pd.Timestamp]":
    if not pa.types.is_timestamp(column.type):
        return parse_times(column.cast(pa.string()).to_pylist(), timezone=timezone)
    at = column.cast(pa.timestamp("us", column.type.tz)).to_pandas()
    zoned = at if column.type.tz else at.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    read: pd.Series[pd.Timestamp] = zoned.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return read


def _texts(chunk: Chunk, column: str | None) -> "pd.Series[Any]":
    """Names of tracks; a missing one is a name like any other."""
    if column is None:
        return pd.Series([""] * len(chunk.lon), dtype=object)
    names: pd.Series[Any] = chunk.table[column].cast(pa.string()).to_pandas().astype(object).fillna("")
    return names


def _numbers(chunk: Chunk, column: str | None) -> "pd.Series[float]":
    if column is None:
        return pd.Series(np.nan, index=range(len(chunk.lon)))
    numbers: pd.Series[float] = pd.to_numeric(chunk.table[column].to_pandas(), errors="coerce").astype(float)
    return numbers


def _settled(file: Path, name: str, refused: Refused, known: set[str]) -> Path:
    """The same file with each track's own key instead of its name."""
    fixes = pd.read_parquet(file)
    refusals = Refusals(name)
    fixes = keyed(fixes.assign(segment=1, name=fixes["track"]), refusals, known)
    refused.take(refusals)
    known.update(fixes["patrol"].unique())
    fixes[COLUMNS].to_parquet(file)
    return file
