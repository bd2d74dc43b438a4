"""Which columns a file of located points has, and which of them are taken over unread."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data.exchange.endings import PARQUET_ENDINGS
from data.exchange.stream_parquet import ParquetPoints, geo_metadata, wkb_points
from data.exchange.streams import Points, as_column
from geo.edges import Floats
from patrols.question import ANSWERS, Answers, Ready


@dataclass(frozen=True)
class Layout:
    """Which columns are written: the file's own ones but `without`, places if wanted, and the answers.

    ``numbers`` adds the columns `lon` and `lat`, ``shapes`` a column of points. ``copied`` is the file itself where
    its own columns are taken over byte for byte.
    """

    ending: str
    own: pa.Schema
    numbers: bool
    shapes: bool
    copied: ParquetPoints | None

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
        copied = None
        if isinstance(points, ParquetPoints) and ending in PARQUET_ENDINGS and not made and kept.names == own.names:
            copied = points if points.can_be_copied() else None
        return cls(ending, kept, bool(shapes) and ending == ".csv", made, copied)

    def schema(self, ready: Ready) -> pa.Schema:
        """All columns that are written."""
        return self.table(pa.Table.from_batches([], self.own), np.empty(0), np.empty(0), ready.nothing).schema

    def beside(self, ready: Ready) -> pa.Schema:
        """The columns beside the file's own ones."""
        return pa.table(ready.nothing).schema

    def table(self, own: pa.Table, lon: Floats, lat: Floats, answers: Answers) -> pa.Table:
        """The columns of some rows."""
        columns = {name: own[name] for name in self.own.names}
        if self.numbers:
            columns |= {"lon": as_column(lon), "lat": as_column(lat)}
        columns |= answers
        metadata = dict(self.own.metadata or {})
        if self.shapes:
            columns["geometry"] = wkb_points(lon, lat)
            metadata[b"geo"] = geo_metadata("geometry")
        return pa.table(columns).replace_schema_metadata(metadata)
