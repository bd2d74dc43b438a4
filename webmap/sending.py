"""Files made for one answer: written to a folder of their own, sent, gone."""

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from flask import Response, send_file

KINDS = {
    ".pdf": "application/pdf",
    ".gpkg": "application/geopackage+sqlite3",
    ".geojson": "application/geo+json",
    ".gpx": "application/gpx+xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".dxf": "image/vnd.dxf",
    ".zip": "application/zip",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".png": "image/png",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What each kind of file that is sent calls itself."""


def sent(name: str, write: Callable[[Path], int], *, shown: bool = False) -> Response:
    """Let a function write a file, and answer with it.

    Parameters
    ----------
    name : str
        What the person's computer calls it; its ending is one of `KINDS`. ``{rows}`` in it becomes what `write` gives.
    write : callable
        Gets the path to write to; returns how many rows or pages it wrote.
    shown : bool
        Open it in the browser instead of keeping it (for printing).
    """
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        path = Path(folder) / f"made{Path(name).suffix}"
        rows = write(path)
        made = BytesIO(path.read_bytes())
    called = name.replace("{rows}", str(rows))
    answer = send_file(made, KINDS[path.suffix], as_attachment=not shown, download_name=called)
    # It is in memory already; passed on unread, a browser could not be told whether it still is what it has.
    answer.direct_passthrough = False
    return let_be_shown(answer) if shown else answer


def let_be_shown(answer: Response) -> Response:
    """Let a browser's own viewer show a PDF, which the policy of pages would keep it from; nothing in it runs."""
    answer.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return answer
