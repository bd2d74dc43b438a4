"""Files of photos, named by what is in them: the same picture twice is one file, and no file is ever changed.

A file is whole or not there: it is written under another name, put on the disk, and then given its own.
"""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Collection
from pathlib import Path

FOLDER = "photos"
LEFT_OVER_S = 86_400.0
"""How old a file that no row knows must be to be swept: its row may be on its way."""

_NAME = re.compile(r"[0-9a-f]{64}")


class PhotoStore:
    """The photos of one instance.

    Parameters
    ----------
    instance : Path
        Its folder; the photos lie in one of their own inside it.
    """

    def __init__(self, instance: Path) -> None:
        self._folder = instance / FOLDER

    def put(self, content: bytes, small: bytes) -> str:
        """Store a picture and its small one; both are on the disk when this returns.

        Returns
        -------
        str
            The SHA-256 of `content`, by which it is found again.
        """
        name = hashlib.sha256(content).hexdigest()
        for path, data in ((self.path(name, small=True), small), (self.path(name), content)):
            if path.exists():
                # It counts as new, so that nobody sweeps it before its new row is there.
                os.utime(path)
            else:
                _write(path, data)
        return name

    def path(self, name: str, *, small: bool = False) -> Path:
        """Where a picture lies.

        Raises
        ------
        ValueError
            That is no name of a file of ours.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"no name of a photo: {name!r}")
        return self._folder / name[:2] / f"{name}{'.small' if small else ''}.jpg"

    def drop(self, name: str) -> None:
        """Delete a picture and its small one; again, it changes nothing."""
        for small in (False, True):
            self.path(name, small=small).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> int:
        """Delete the files that no row knows and that are older than a day; return how many that were.

        Nothing is swept where no row knows any file, or a file that one knows is missing: then these rows and this
        folder do not belong together, and the pictures of another database would be gone.
        """
        if not known or not all(self.path(name).exists() for name in known):
            return 0
        gone, since = 0, time.time() - LEFT_OVER_S
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.name.split(".")[0] not in known and path.stat().st_mtime < since:
                    path.unlink()
                    gone += 1
        return gone


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put the name on the disk, where the system can (Windows does so by itself)."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
