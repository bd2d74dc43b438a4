"""Whether a GeoPackage is one, before anything is computed in it: a SQLite file can carry views that never end."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from data.errors import UnreadableFile
from data.exchange.unpack import Source
from geo.errors import N_

NEEDED = frozenset({"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"})


def check(path: Path, source: Source) -> None:
    """Refuse a database that is no GeoPackage, or whose layers are computed instead of stored.

    Parameters
    ----------
    path : Path
        A private copy of it.
    source : Source
        For its name.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            kinds = dict(
                database.execute("SELECT lower(name), type FROM sqlite_master WHERE type IN ('table', 'view')")
            )
            if any(kinds.get(name) != "table" for name in NEEDED):
                raise UnreadableFile(N_("%(file)s is a SQLite database, but no GeoPackage."), file=source.name)
            layers = [name for (name,) in database.execute("SELECT lower(table_name) FROM gpkg_contents")]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(N_("%(file)s cannot be read: %(reason)s"), file=source.name, reason=str(error)) from error
    computed = [name for name in layers if kinds.get(name) == "view"]
    if computed:
        raise UnreadableFile(
            N_("%(file)s: the layer %(layer)s is a view; save it as a layer of its own."),
            file=source.name,
            layer=computed[0],
        )
