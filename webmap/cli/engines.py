"""Where long work is done, and the bar that shows how far it is."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType

import click

from geo.errors import N_
from webmap.cli import _

engine_option = click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help=N_("One core, or all of them through Dask."),
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help=N_("Dask cluster to compute on, such as tcp://10.0.0.5:8786.")
)


def require_dask(engine: str, scheduler: str | None) -> None:
    """Refuse a scheduler where nothing would ask it, and Dask where it is not installed."""
    if scheduler and engine != "dask":
        raise click.UsageError(_("--scheduler is for --engine dask"))
    if engine == "dask" and not _is_installed("distributed" if scheduler else "dask"):
        raise click.UsageError(_("Dask is not installed. Type: pip install 'gridpatrol[dask]'"))


def without_idle_threads() -> None:
    """Keep NumPy from beginning a thread for every core: for want of work they go round in circles for a while.

    For a command that multiplies no matrices, before NumPy is brought in.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def progress_bar(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on a screen's stderr that fills as rows are done; nothing where nobody looks."""
    screen = sys.stderr
    with click.progressbar(length=rows, label=_("Rows"), file=screen, show_pos=True, hidden=not screen.isatty()) as bar:
        yield bar.update


ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What ends a command from outside: an operator or a time limit, and a terminal that closes."""


@contextmanager
def tidy_end() -> Iterator[None]:
    """Go out by the door when a signal ends the command, so that what was put down meanwhile is taken away.

    Python leaves at once otherwise, and people's fixes stay in a hidden folder. A second signal is obeyed at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Who started the command with nohup wants it to go on when the terminal closes.
    heard = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    before = {number: signal.signal(number, _leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(128 + number)


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
