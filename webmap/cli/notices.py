"""``gridpatrol notices``: remind people and send what they are told, without waiting for the server."""

from typing import Any

import click

from geo.errors import N_
from webmap.cli import _, finish
from webmap.cli.options import database_option, database_session, now
from webmap.notices.post import Post
from webmap.notices.sender import Sender


@click.group("notices", help=N_("What people are told: remind and send."))
def notices_command() -> None:
    pass


@notices_command.command(
    "remind", help=N_("Warn of what is due soon, tell further up what is overdue, give out lists.")
)
@database_option
def remind_command(database: str | None) -> None:
    told = _sender(database).remind()
    click.echo(_("%(count)s notices are new.") % {"count": told})


@notices_command.command("send", help=N_("Send whatever waits; exits with 1 if something did not arrive."))
@database_option
def send_command(database: str | None) -> None:
    sent, failed = _sender(database).send_all()
    click.echo(_("%(sent)s notices were sent, %(failed)s did not arrive.") % {"sent": sent, "failed": failed})
    finish(failed)


def _sender(database: str | None) -> Sender:
    with database_session(database) as session:
        engine: Any = session.get_bind()
    return Sender(engine, now, Post.from_env())
