"""Reads every odd file of the shared data and prints what became of it; run it as a script, it is no test.

Each file must be read or refused with a reason. Anything else that escapes is printed as BROKEN and makes the exit 1.
Tracks are read as tracks, tables as tables, and everything that can be a map as a map.
"""

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from data.errors import UnreadableFile
from data.exchange import gpx, osm, tables, vector
from data.exchange.reading import Reading

FOLDERS = ("odd-files", "gps-gpx-real")
COMPANIONS = {".shx", ".prj", ".cpg", ".sbn", ".sbx", ".md", ".xsd"}
TRACKS = {".gpx", ".kml", ".kmz"}
TABLES = {".csv", ".tsv", ".txt", ".dbf"}
Reader = Callable[..., Reading[Any]]


def readers_of(path: Path) -> Iterator[tuple[str, Reader]]:
    """The readers that a person would try on this file."""
    ending = path.suffix.lower()
    if ending == ".pbf":
        yield from (("streets", osm.streets), ("buildings", osm.buildings), ("compounds", osm.compounds))
        return
    if ending in TRACKS:
        yield "tracks", gpx.read_tracks
    if ending in TABLES:
        yield "table", tables.read_table
    if ending not in {".gpx", ".dbf"}:
        yield "map", vector.read_features


def outcome(reader: Reader, path: Path) -> tuple[str, str]:
    """Whether the file was read, read but for some rows, refused or brought something down, and in what words."""
    try:
        reading = reader(path)
    except UnreadableFile as refusal:
        return "refused", str(refusal)
    except BaseException as error:  # noqa: BLE001 - what escapes is what this script looks for
        return "BROKEN", repr(error)
    notes = [str(note) for note in reading.frame.attrs["notes"]]
    first = [str(refusal) for refusal in reading.refusals[:1]]
    told = f"{len(reading.frame)} rows, {len(reading.refusals)} refused {first or ''} {notes or ''}"
    return ("read" if not reading.refusals else "in part"), told


def main() -> int:
    """Sweep the folders and print a line for each file and reader, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds odd-files and gps-gpx-real")
    folder = parser.parse_args().data
    warnings.simplefilter("error")
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(path for name in FOLDERS for path in (folder / name).rglob("*") if path.is_file()):
        if path.suffix.lower() in COMPANIONS:
            continue
        for kind, reader in readers_of(path):
            result, told = outcome(reader, path)
            counts[kind, result] += 1
            print(f"{result:8} {kind:9} {path.relative_to(folder)}: {told}")
    for (kind, result), count in sorted(counts.items()):
        print(f"{kind:9} {result:8} {count}")
    return int(any(result == "BROKEN" for _, result in counts))


if __name__ == "__main__":
    sys.exit(main())
