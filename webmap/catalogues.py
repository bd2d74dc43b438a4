"""The catalogues of what this program says, and their compiled form beside them."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

CATALOGUES = Path(__file__).parent / "translations"


def compile_catalogues(folder: Path = CATALOGUES) -> list[Path]:
    """Write the ``.mo`` beside each ``.po`` that is newer; an installed package carries them already.

    Returns
    -------
    list of Path
        What was written.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        from babel.messages.pofile import read_po  # only where something changed

        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        _write_whole(target, catalogue)
        written.append(target)
    return written


def _write_whole(target: Path, catalogue: "Catalog") -> None:
    """Write beside and rename, so that two processes starting at once never read half a file."""
    from babel.messages.mofile import write_mo  # as above

    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    os.replace(name, target)
