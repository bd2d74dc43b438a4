"""Folders for what is needed only for a while, beside the file that it is for, and gone even after a violent end.

A folder is only its owner's to read: people's fixes lie in it. Whoever uses one holds a lock on it, which the system
takes away when the process ends, however it ends. So a folder that nobody has locked was left behind, and the next one
who works in the same place removes it.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import CannotWrite
from geo.errors import N_

PREFIX = ".gridpatrol-"
SURELY_LOCKED_S = 10.0
"""A folder not this much older than one's own may belong to somebody who is about to lock it."""


@contextmanager
def scratch_folder(beside: Path | None = None) -> Iterator[Path]:
    """A folder of one's own, emptied and removed at the end; what others left behind there is removed at the start.

    Parameters
    ----------
    beside : Path, optional
        The folder to make it in; by default the system's for temporary files.

    Raises
    ------
    OSError
        Nothing can be written there.
    """
    # 0700, whatever the user's mask.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=beside))
    held = _locked(folder)
    try:
        _remove_abandoned(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _let_go(held)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place of the same ending to write to; what was written there takes the file's place when all went well."""
    if not path.absolute().parent.is_dir():
        raise CannotWrite(
            N_("%(file)s cannot be written: there is no folder %(folder)s."), file=path.name, folder=str(path.parent)
        )
    try:
        with scratch_folder(path.parent) as folder:
            target = folder / f"layer{path.suffix.lower()}"
            yield target
            companions = sorted(other for other in folder.iterdir() if other != target)
            for other in companions:
                os.replace(other, path.with_suffix(other.suffix))
            os.replace(target, path)
    except OSError as error:
        raise CannotWrite(
            N_("%(file)s cannot be written: %(reason)s"), file=path.name, reason=error.strerror or str(error)
        ) from error


def _remove_abandoned(own: Path) -> None:
    mine = own.stat()
    for other in own.parent.glob(f"{PREFIX}*"):
        # Another one may be removing it at this moment.
        with suppress(OSError):
            its = other.lstat()
            # A link leads anywhere. Both ages are the disk's own, so no other machine's clock misleads.
            ours = stat.S_ISDIR(its.st_mode) and its.st_uid == mine.st_uid
            old = mine.st_mtime - its.st_mtime > SURELY_LOCKED_S
            if ours and old and (held := _locked(other)) is not None:
                shutil.rmtree(other, ignore_errors=True)
                _let_go(held)


def _locked(folder: Path) -> int | None:
    """A lock on a folder that lasts as long as this process; None where somebody has it, or the disk knows none."""
    try:
        import fcntl
    except ImportError:  # Windows, where nothing that is open can be removed, and nothing left behind be told.
        return None
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def _let_go(held: int | None) -> None:
    if held is not None:
        os.close(held)
