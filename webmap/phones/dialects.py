"""One address for every app: which dialect a request is in is told by its content."""

import json
from pathlib import Path
from typing import Any

from webmap.phones.documents import read_document
from webmap.phones.files import ending_of, read_file
from webmap.phones.messages import Asked, Dialect, Message, no_dialect
from webmap.phones.queries import read_fields, read_query

FORM = "application/x-www-form-urlencoded"
GEOJSON = frozenset({"FeatureCollection", "Feature"})


def read_message(body: bytes, asked: Asked, folder: Path, *, content_type: str = "") -> Message:
    """Read one request, whatever app sent it and by whatever method.

    JSON is what begins like JSON; a file is known by its first bytes; whatever else comes is a form, whose fields count
    before those of the query. An empty body with an empty query is what OwnTracks sends to see whether anybody is
    there.

    Parameters
    ----------
    body : bytes
    asked : Asked
    folder : Path
        Where a file may lie for a moment.
    content_type : str
        Looked at only where the content leaves it open.

    Raises
    ------
    NotUnderstood
        No app sends this.
    data.errors.UnreadableFile
        It is a file of which nothing can be made.
    """
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return _without_body(asked)
    if start[:1] in (b"{", b"["):
        document = _document(body)
        if isinstance(document, dict) and document.get("type") in GEOJSON:
            return read_file(body, "track.geojson", asked, folder)
        return read_document(document, asked)
    ending = ending_of(body)
    if ending is not None:
        return read_file(body, f"track{ending}", asked, folder)
    return read_query(asked.query | _form(body, content_type), asked)


def _without_body(asked: Asked) -> Message:
    named = asked.user or asked.device or {"u", "d"} & asked.query.keys()
    if named and "lat" not in asked.query and "id" not in asked.query:
        return read_document([], asked)
    return read_query(asked.query, asked)


def _document(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise no_dialect() from None


def _form(body: bytes, content_type: str) -> dict[str, Any]:
    try:
        fields = read_fields(body.decode("utf-8", "replace").strip())
    except ValueError:
        raise no_dialect() from None
    if "=" not in body[:4096].decode("utf-8", "replace") and content_type != FORM:
        raise no_dialect()
    return fields


__all__ = ["Asked", "Dialect", "Message", "read_message"]
