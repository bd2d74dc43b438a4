"""Grids read by a process of their own, while this one brings in what answers about them.

To bring in what reads maps takes as long as to locate some million points, and so does what answers; neither needs the
other, and Python brings in only one thing at a time. Where there is a second core, a second process costs no time.
"""

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.grounds import Grounds


@contextmanager
def grids_aside(path: Path) -> Iterator[Callable[[], "Grounds"]]:
    """Have the grids of a file read by another process from now on.

    Parameters
    ----------
    path : Path

    Yields
    ------
    callable
        Waits for the grids and gives what `patrols.grid_files.read_grids` says of the file: its grids, or why not.
    """
    # Only this program's own modules are looked for, not those of the folder somebody happens to work in.
    command = [sys.executable, "-P", "-m", "patrols.aside", str(path)]
    silent = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 - this program itself, and no shell
        command, stdin=silent, stdout=subprocess.PIPE, stderr=silent
    ) as reading:
        try:
            yield lambda: _taken_over(reading) or read_grounds(path)
        finally:
            reading.kill()


def read_grounds(path: Path) -> "Grounds":
    """What `patrols.grid_files.read_grids` says of a file, as plain arrays."""
    from geo.grounds import Grounds
    from patrols.grid_files import read_grids

    return Grounds.of(read_grids(path))


def _taken_over(reading: "subprocess.Popen[bytes]") -> "Grounds | None":
    """What the other process has read; None where it could not, which is said better by who tries again here."""
    import numpy as np
    import pyarrow as pa
    import pyproj
    import shapely

    from geo.grounds import Grounds

    told = reading.stdout.read() if reading.stdout else b""
    if reading.wait() or not told:
        return None
    table = pa.ipc.open_stream(told).read_all()
    wkb, codes, kinds = (np.array(column.to_pylist(), object) for column in table.columns)
    return Grounds(shapely.from_wkb(wkb), codes, kinds, pyproj.CRS(table.schema.metadata[b"crs"].decode()))


def _hand_over(path: Path) -> None:
    """Read the grids and write them to who asked."""
    # Nothing that is brought in here is ever thrown away.
    gc.disable()
    import pyarrow as pa
    import shapely

    from data.leaving import leave_at_once

    grounds = read_grounds(path)
    columns = {
        "geometry": pa.array(shapely.to_wkb(grounds.geometry), pa.binary()),
        "grid_code": pa.array([str(code) for code in grounds.codes], pa.string()),
        "kind": pa.array([str(kind) for kind in grounds.kinds], pa.string()),
    }
    table = pa.table(columns).replace_schema_metadata({"crs": grounds.crs.to_wkt() if grounds.crs else ""})
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)
    leave_at_once(0)


if __name__ == "__main__":
    _hand_over(Path(sys.argv[1]))
