"""The files that a sheet of figures is taken away as, by their endings."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from geo.errors import N_
from patrols.telling import Tell, silent
from webmap.documents.document import Document

WRITERS: Mapping[str, str] = {".pdf": "as_pdf", ".docx": "as_docx", ".xlsx": "as_xlsx", ".html": "as_html"}
"""Which module writes which; brought in only when it is wanted, for they take a second to be read."""

ENDINGS = tuple(WRITERS)


def write(document: Document, target: Path, *, tell: Tell = silent) -> int:
    """Write a sheet as its ending says; returns how many pages (.pdf) or tables it has.

    Raises
    ------
    KeyError
        If there is no such kind of file (`ENDINGS`).
    """
    tell(N_("Writing the file"), 0.8)
    made: int = import_module(f"webmap.documents.{WRITERS[target.suffix.lower()]}").write(document, target)
    tell(N_("Writing the file"), 1.0)
    return made
