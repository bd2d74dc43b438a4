"""Arrays on a disk, for what takes long to read from the database and changes little from one start to the next.

Nothing is lost with such a file: whoever reads one checks it against the database, and reads that where they differ.
"""

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from data.exchange.scratch import PREFIX

_ABOUT = "about"


class KeptArrays(NamedTuple):
    """What a file holds: facts as JSON has them, and arrays by name."""

    about: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]


def keep_arrays(path: Path, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to a file that its owner alone may read; it appears whole or not at all.

    Parameters
    ----------
    about : mapping
        Facts that JSON can hold: of what, as of when.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Readable for the owner alone, whatever the user's mask.
    number, name = tempfile.mkstemp(prefix=PREFIX, suffix=path.suffix, dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            told = np.frombuffer(json.dumps(about).encode(), np.uint8)
            np.savez(file, allow_pickle=False, **{_ABOUT: told}, **arrays)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def kept_arrays(path: Path) -> KeptArrays | None:
    """Read what `keep_arrays` wrote; None without a file, or of one that cannot be read."""
    try:
        # Opened here: NumPy leaves a file open that it cannot read.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return KeptArrays(json.loads(arrays.pop(_ABOUT).tobytes()), arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
