"""Files that come with a form: kept in a folder of their own until the view is done, then gone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import request

from geo.errors import N_
from webmap.errors import BadInput

BESIDE_A_SHAPEFILE = frozenset({".dbf", ".shx", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qmd", ".cst", ".xml"})
"""Endings of files that only go along with a ``.shp`` of the same name."""

LONGEST_NAME = 120
MOST_FILES = 200


@contextmanager
def saved(field: str) -> Iterator[list[Path]]:
    """The files of one field of the form, each under the name that the person knows it by.

    Files that belong to a Shapefile lie beside it and are not listed themselves.

    Raises
    ------
    webmap.errors.BadInput
        No file was chosen, too many were, or two have the same name.
    """
    sent = [file for file in request.files.getlist(field) if file.filename]
    if not sent:
        raise BadInput(N_("Choose a file first."))
    if len(sent) > MOST_FILES:
        raise BadInput(N_("At most %(most)s files at once."), most=MOST_FILES)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        paths = []
        for file in sent:
            path = Path(folder) / safe_name(file.filename or "")
            if path.exists():
                raise BadInput(N_("Two files are called %(name)s. Rename one."), name=path.name)
            file.save(path)
            paths.append(path)
        yield _without_companions(paths)


def safe_name(name: str) -> str:
    """A file's own name, without folders, control characters and the leading dot that would hide it.

    Chinese and other letters stay: a refusal must name the file as the person knows it.

    Examples
    --------
    >>> safe_name("../../etc/社区 网格.zip")
    '社区 网格.zip'
    >>> safe_name("C:\\\\Users\\\\wang\\\\a.gpx")
    'a.gpx'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').lstrip(". ")
    stem, dot, ending = clean.rpartition(".")
    return f"{stem[:LONGEST_NAME]}{dot}{ending[:12]}" if stem else clean[:LONGEST_NAME] or "file"


def _without_companions(paths: list[Path]) -> list[Path]:
    shapes = {path.stem for path in paths if path.suffix.lower() == ".shp"}
    return [path for path in paths if not (path.stem in shapes and path.suffix.lower() in BESIDE_A_SHAPEFILE)]
