"""The command ``gridpatrol``: each command reads its options, calls one function and prints.

Exit codes: 0 done, 1 something was found (a flaw, a refused row with ``--skip-bad``), 2 wrong use or bad input.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _
from importlib import import_module
from typing import Any

import click

from geo.errors import N_, Fault
from webmap.cli import speech

COMMANDS = {
    "draw": "drawing",
    "check": "drawing",
    "locate": "locating",
    "cover": "joining",
    "convert": "joining",
    "datum": "datum",
    "import": "intake",
    "grids": "grids",
    "map": "maps",
    "figures": "figures",
    "export": "exporting",
    "patrols": "patrols",
    "categories": "categories",
    "points": "points",
    "atlas": "printing",
    "board": "printing",
    "demo": "town",
    "serve": "town",
    "db": "database",
    "user": "users",
    "privacy": "privacy",
    "device": "devices",
    "fixes": "fixes",
    "notices": "notices",
    "exchange": "exchange",
}
"""Which file holds which command. A file is read only when its command is called, so that ``--help`` is quick."""


LEAVING_AT_ONCE = frozenset({"locate", "cover"})
"""Commands that leave files and nothing else behind, and much memory that nobody has to tidy up."""


class Refused(click.ClickException):
    """A fault, told in the language of this run."""

    exit_code = 2

    def __init__(self, fault: Fault) -> None:
        super().__init__(speech.tell(fault))
        self.fault = fault

    def show(self, file: Any = None) -> None:
        speech.complain(self.fault)


class Commands(click.Group):
    """All commands, each brought in when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with bringing_in():
            module = import_module(f"webmap.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return speech.translated(command)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Fault as fault:
            raise Refused(fault) from fault

    def main(self, *args: Any, **kwargs: Any) -> Any:
        speech.choose_language()
        speech.translated(self)
        try:
            return super().main(*args, **kwargs)
        except SystemExit as end:
            # Who calls with words of his own wants to go on.
            if args or kwargs or not LEAVING_AT_ONCE.intersection(sys.argv[1:2]) or not isinstance(end.code, int):
                raise
            from data.leaving import leave_at_once

            leave_at_once(end.code)


@contextmanager
def bringing_in() -> Iterator[None]:
    """A time in which only modules are brought in."""
    # Nothing of them is ever thrown away; looking for such things takes a quarter of the start.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=N_(
        "gridpatrol draws the responsibility grids of a community, logs patrols, joins incidents to grids and shows "
        "it all on maps. Start with: gridpatrol demo"
    ),
)
@click.version_option(package_name="gridpatrol", prog_name="gridpatrol", help=N_("Show the version and stop."))
def main() -> None:
    """The command's entry point."""


def finish(found: int) -> None:
    """Leave with 1 when something was found, else return."""
    if found:
        raise click.exceptions.Exit(1)


__all__ = ["COMMANDS", "_", "bringing_in", "finish", "main"]
