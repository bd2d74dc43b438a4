"""Files made beside the requests: written aside, kept in the instance folder for a while, handed over."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flask import Flask, Response, current_app, send_file

from data.errors import NotFound
from geo.errors import N_
from webmap.background import KEPT_S
from webmap.sending import KINDS, let_be_shown

SWEPT_S = KEPT_S + 60.0
"""What is older belongs to no work any more: nobody can ask for it."""


def keep(ending: str, write: Callable[[Path], object]) -> Path:
    """Let a function write a file of that ending, and keep it under a name of its own.

    What is written comes into its place when it is whole; what a stopped server left half is swept away in time.
    """
    folder = _folder(current_app)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        half = Path(aside) / f"half{ending}"
        write(half)
        return half.replace(folder / f"{secrets.token_hex(16)}{ending}")


def hand_over(path: Path, name: str, *, shown: bool = False) -> Response:
    """Answer with a file that is kept; `name` is what the person's computer calls it.

    Parameters
    ----------
    shown : bool
        Open it in the browser instead of keeping it (for printing).

    Raises
    ------
    data.errors.NotFound
        It was thrown away.
    """
    try:
        answer = send_file(
            path, KINDS[path.suffix], as_attachment=not shown, download_name=name, conditional=False, etag=False
        )
    except FileNotFoundError:
        raise NotFound(N_("This is no longer kept. Go back and ask for it again.")) from None
    answer.headers["Cache-Control"] = "no-store"
    return let_be_shown(answer) if shown else answer


def sweep_at_start(app: Flask) -> None:
    """Throw away what an earlier server of this instance made and nobody can ask for any more."""
    folder = _folder(app)
    if folder.is_dir():
        sweep(folder)


def sweep(folder: Path) -> None:
    """Throw away what was made too long ago to be asked for, whole or half."""
    oldest = time.time() - SWEPT_S
    for path in folder.iterdir():
        # Another thread sweeps too, or has just finished a file: what is gone is gone.
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _folder(app: Flask) -> Path:
    instance: Path = app.config["WEB"].storage.instance
    return instance / "made"
