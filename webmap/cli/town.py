"""``gridpatrol demo`` and ``gridpatrol serve``: the website, on the sample town or on your own database."""

import logging
import socket
from dataclasses import replace

import click
import waitress
from flask import Flask

from data.database import is_at_head, open_engine
from data.errors import DatabaseUnavailable
from data.models import Role
from geo.errors import N_
from patrols.sample_summary import Sentence
from webmap import demo, kept_files, live_board, phones, warming
from webmap.app import create_app
from webmap.cli import _
from webmap.cli.options import database_option, now, storage
from webmap.notices import send_notices
from webmap.settings import WebSettings
from webmap.words import WORDS

host_option = click.option("--host", default="127.0.0.1", show_default=True, help=N_("Address to listen on."))
port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help=N_("Port to listen on.")
)


@click.command(
    "demo", help=N_("Build the sample town (once) and show it in the browser. Everything in it is simulated.")
)
@host_option
@port_option
@click.option("--rebuild", is_flag=True, help=N_("Throw the old sample town away and build it again."))
@click.option("--build-only", is_flag=True, help=N_("Build and print, do not serve."))
def demo_command(host: str, port: int, rebuild: bool, build_only: bool) -> None:
    if not build_only:
        _require_free(host, port)
    settings = WebSettings.from_env(demo=True)
    town = demo.prepare(settings.storage.instance / "demo", at=now(), say=_say, rebuild=rebuild)
    _print_summary(town)
    if build_only:
        return
    settings = replace(
        settings, secret_key=town.secret_key, storage=replace(settings.storage, database_url=town.database_url)
    )
    _serve(create_app(settings), host, port)


@click.command("serve", help=N_("Serve your own database. Needs GRIDPATROL_SECRET_KEY."))
@host_option
@port_option
@click.option("--threads", type=click.IntRange(1, 64), default=16, show_default=True, help=N_("Requests at once."))
@database_option
def serve_command(host: str, port: int, threads: int, database: str | None) -> None:
    _require_free(host, port)
    settings = replace(WebSettings.from_env(), storage=storage(database))
    engine = open_engine(settings.storage.database_url)
    if not is_at_head(engine):
        raise DatabaseUnavailable(N_("The database is empty or of another version. Type: gridpatrol db init"))
    _serve(create_app(settings, engine=engine), host, port, threads)


def _require_free(host: str, port: int) -> None:
    """Stop before any work when the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.UsageError(
                _("Port %(port)s of %(host)s cannot be used (%(why)s). Choose another with --port.")
                % {"port": port, "host": host, "why": error.strerror}
            ) from None


def _serve(app: Flask, host: str, port: int, threads: int = 16) -> None:
    click.echo(_("Open http://%(host)s:%(port)s  (stop with Ctrl+C)") % {"host": host, "port": port})
    # Without this the server would write a body of any size to the disk before the application refuses it.
    most = app.config["MAX_CONTENT_LENGTH"]
    # A thread fewer than there are requests for a moment is no news; it would fill the disk with warnings.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    phones.derive_patrols(app)
    send_notices(app)
    live_board.board_of(app).allow(threads)
    warming.read_incidents(app)
    kept_files.sweep_at_start(app)
    waitress.serve(app, host=host, port=port, threads=threads, ident=None, max_request_body_size=most)


SHORT_RULES = {
    "inside": N_("inside a grid"),
    "border_tie": N_("on a shared border"),
    "within_reach": N_("near a grid"),
    "community_fallback": N_("the community answers"),
    "named": N_("grid named by the file"),
    "none": N_("nobody"),
}
"""What each rule that decides whose ground it is is called in a list of counts."""


def _say(sentence: Sentence) -> None:
    click.echo(f"  {_tell(sentence)}")


def _tell(sentence: Sentence) -> str:
    """A sentence in the language of this run; counts by rule in words."""
    facts = {
        name: ", ".join(f"{_rule(rule)} {count}" for rule, count in value.items()) if isinstance(value, dict) else value
        for name, value in sentence.facts.items()
    }
    if "rule" in facts:
        facts["rule"] = _rule(facts["rule"])
    return _(sentence.template) % facts


def _rule(name: str) -> str:
    return _(SHORT_RULES.get(name, name))


def _print_summary(town: demo.Demo) -> None:
    for sentence in town.sentences():
        click.echo(_tell(sentence))
    click.echo()
    click.echo(_("Sign-ins of this demo:"))
    for sign_in in town.sign_ins:
        click.echo(f"  {sign_in.login:<10} {sign_in.password:<24} {_(WORDS[Role(sign_in.role)])}")
