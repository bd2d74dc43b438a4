"""``gridpatrol db``: make, bring up to date and check the database."""

import click

from data import database as storage
from geo.errors import N_
from webmap.cli import _, finish, speech
from webmap.cli.options import database_option, open_database


@click.group("db", help=N_("Make the database, bring it up to date, check it."))
def db_command() -> None:
    pass


@db_command.command("init", help=N_("Make the tables in a new database; an older one is brought up to date."))
@database_option
def init_command(database: str | None) -> None:
    _change(database)


@db_command.command("upgrade", help=N_("Bring the tables to this version. Make a backup before."))
@database_option
def upgrade_command(database: str | None) -> None:
    _change(database)


@db_command.command("check", help=N_("Look for what is wrong; exit 1 when something was found."))
@database_option
def check_command(database: str | None) -> None:
    engine = open_database(database)
    problems = storage.check(engine)
    engine.dispose()
    for problem in problems:
        click.echo(speech.tell(problem))
    if not problems:
        click.echo(_("The database is in order."))
    finish(len(problems))


def _change(database: str | None) -> None:
    engine = open_database(database)
    try:
        storage.init(engine)
    finally:
        engine.dispose()
    click.echo(_("The database is ready: %(url)s") % {"url": engine.url.render_as_string(hide_password=True)})
