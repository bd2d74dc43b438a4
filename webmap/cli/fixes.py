"""``gridpatrol fixes``: what phones sent, made into patrols now, and deleted when its time is over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from sqlalchemy.orm import Session

from data import audit
from data.database import open_session
from data.photo_store import PhotoStore
from data.settings import Settings
from geo.errors import N_
from patrols import phones, photos
from patrols.communities import communities_in_force
from patrols.devices import forget_strangers
from patrols.retention import expire_fixes
from webmap.cli import _, finish
from webmap.cli.options import database_option, database_session, json_option, now


@click.group("fixes", help=N_("What phones sent."))
def fixes_command() -> None:
    pass


@fixes_command.command("derive", help=N_("Make patrols of all that phones have sent, without waiting for the server."))
@database_option
def derive_command(database: str | None) -> None:
    with database_session(database) as checked:
        engine = checked.get_bind()

        @contextmanager
        def opened(writing: bool) -> Iterator[Session]:
            with open_session(engine, writing=writing) as session:  # type: ignore[arg-type]
                yield session
                session.commit()

        done = phones.derive_stale(opened, at=now(), now=True)
    told = {"new": done.new, "changed": done.changed, "gone": done.gone}
    click.echo(_("%(new)s patrols are new, %(changed)s changed, %(gone)s became part of others.") % told)
    if done.failed:
        click.echo(_("The patrols of %(count)s phones could not be made; the log says why.") % {"count": done.failed})
    finish(done.failed)


def _drop(alone: list[str], database: str | None) -> None:
    """Delete files of photos that no row names any more, now that the rows are gone for good."""
    store = PhotoStore(Settings.from_env().instance)
    for name in alone:
        store.drop(name)
    with database_session(database) as session:
        store.sweep(photos.files(session))


@fixes_command.command(
    "expire", help=N_("Delete fixes that are older than their community keeps them; run it nightly.")
)
@json_option
@database_option
def expire_command(as_json: bool, database: str | None) -> None:
    at, gone = now(), {"fixes": 0, "phone_fixes": 0, "patrols": 0}
    with database_session(database, writing=True) as session:
        for place in communities_in_force(session, on=at.date()):
            done = asdict(expire_fixes(session, place, at=at))
            gone = {name: count + done[name] for name, count in gone.items()}
        gone["strangers"] = forget_strangers(session, at=at)
        alone = [
            name
            for place in communities_in_force(session, on=at.date())
            for name in photos.forget(session, place, at=at)
        ]
        gone["photos"] = len(alone)
        audit.write(session, "fixes.expired", at=at, facts=gone)
    _drop(alone, database)
    if as_json:
        click.echo(json.dumps(gone))
        return
    told = {"fixes": gone["fixes"] + gone["phone_fixes"], "patrols": gone["patrols"]}
    click.echo(_("%(fixes)s fixes of %(patrols)s patrols are deleted; their totals stay.") % told)
    if gone["strangers"]:
        click.echo(_("%(count)s phones that nobody accepted are forgotten.") % {"count": gone["strangers"]})
