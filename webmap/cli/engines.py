"""Where long work is done, and the bar that shows how far it is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

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


@contextmanager
def progress_bar(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on a screen's stderr that fills as rows are done; nothing where nobody looks."""
    screen = sys.stderr
    with click.progressbar(length=rows, label=_("Rows"), file=screen, show_pos=True, hidden=not screen.isatty()) as bar:
        yield bar.update


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
