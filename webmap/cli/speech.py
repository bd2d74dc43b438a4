"""What the command line says: Chinese unless ``GRIDPATROL_LANGUAGE=en``; figures to stdout, complaints to stderr."""

import gettext
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from data.errors import Refusal, RowsRefused
from geo.errors import N_, Fault
from webmap.catalogues import CATALOGUES, compile_catalogues
from webmap.settings import LANGUAGES

SHOWN = 20
"""Refused rows that are printed; the rest is counted."""

OF_CLICK = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Show this message and exit."),
    N_("Try '{command} {option}' for help."),
    N_("Error: {message}"),
    N_("Aborted!"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Invalid value: {message}"),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("Choose from:\n\t{choices}"),
    N_("default: {default}"),
    N_("required"),
    N_("File"),
)
"""Words of click's own that people meet; click looks them up in our catalogue."""

Command = TypeVar("Command", bound=click.Command)


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """The language of this run: ``GRIDPATROL_LANGUAGE``, or the default where that is unset or unknown."""
    wanted = (os.environ if environ is None else environ).get("GRIDPATROL_LANGUAGE") or LANGUAGES[0]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


@contextmanager
def for_pages() -> Iterator[str]:
    """Let functions that make pages speak the language of this run; gives that language."""
    from flask import Flask
    from flask_babel import Babel

    app = Flask("webmap")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, default_locale=language_of(), default_timezone="Asia/Shanghai")
    with app.app_context():
        yield language_of()


def choose_language(environ: Mapping[str, str] | None = None) -> str:
    """Bind the catalogues for this process, click's own words included; return the language chosen."""
    language = language_of(environ)
    compile_catalogues()
    # click asks gettext's default domain, which looks at LANGUAGE: this is how its "Usage:" becomes Chinese too.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("messages", str(CATALOGUES))
    gettext.textdomain("messages")
    return language


def translated(command: Command) -> Command:
    """Put a command's help, and that of its options and subcommands, into the language of this run."""
    _translate_help(command)
    for option in command.params:
        if isinstance(option, click.Option):
            _translate_help(option)
    for part in getattr(command, "commands", {}).values():
        translated(part)
    return command


def _translate_help(thing: click.Command | click.Option) -> None:
    """Translate from the sentence as it was written, which is kept beside the translation."""
    written = vars(thing).setdefault("help_as_written", thing.help)
    thing.help = gettext.gettext(written) if written else written


def tell(fault: Fault | Refusal) -> str:
    """A fault as a sentence in the language of this run; facts that are sentences themselves are translated too."""
    template = gettext.gettext(fault.template)
    if not fault.facts:
        return template
    return template % {name: gettext.gettext(v) if isinstance(v, str) and v else v for name, v in fault.facts.items()}


def tell_refusal(refusal: Refusal) -> str:
    """``file:row:column: what was wrong``."""
    where = ":".join(str(part) for part in (refusal.file, refusal.row, refusal.column) if part is not None)
    return f"{where}: {tell(refusal)}"


def list_refusals(refusals: list[Refusal], count: int | None = None) -> None:
    """Print refused rows to stderr, the first of them in full; `count` is how many there are in all."""
    for refusal in refusals[:SHOWN]:
        click.echo(tell_refusal(refusal), err=True)
    left = (len(refusals) if count is None else count) - SHOWN
    if left > 0:
        click.echo(gettext.gettext("... and %(count)s more") % {"count": left}, err=True)


def complain(fault: Fault) -> None:
    """Print why nothing was done."""
    if isinstance(fault, RowsRefused):
        list_refusals(fault.refusals, fault.count)
        said = gettext.gettext("%(count)s rows were refused; nothing was stored.") % {"count": fault.count}
    else:
        said = tell(fault)
    click.echo(f"{gettext.gettext('Error')}: {said}", err=True)


def print_figures(figures: Mapping[str, Any], as_json: bool, sentence: Callable[[], str]) -> None:
    """Print figures as one JSON object, or as the sentence a person reads."""
    click.echo(json.dumps(figures, ensure_ascii=False, default=str) if as_json else sentence())
