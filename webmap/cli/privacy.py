"""``gridpatrol privacy``: consents and their texts, what is kept about one person, and who looked at it."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from data import audit
from geo.errors import N_
from patrols import consents, looks, own_data, privacy, roster
from patrols.communities import find_community
from patrols.days import start_of_day
from webmap import takeaway
from webmap.cli import _
from webmap.cli.options import (
    community_option,
    database_option,
    database_session,
    existing_file,
    json_option,
    now,
    out_option,
)

number_argument = click.argument("number")


@click.group("privacy", help=N_("Consents of walkers, and what is kept about one person."))
def privacy_command() -> None:
    pass


@privacy_command.command("text", help=N_("Show what walkers agree to, or put a new version of it in force."))
@click.option("--zh", type=existing_file, help=N_("File with the Chinese text of a new version, UTF-8."))
@click.option("--en", type=existing_file, help=N_("File with its English text."))
@community_option
@database_option
def text_command(zh: Path | None, en: Path | None, community: str | None, database: str | None) -> None:
    if (zh is None) != (en is None):
        raise click.UsageError(_("Give the text in both languages: --zh and --en."))
    at = now()
    with database_session(database, writing=zh is not None) as session:
        place = find_community(session, community, on=at.date())
        if zh is not None and en is not None:
            words = {"zh": zh.read_text(encoding="utf-8-sig"), "en": en.read_text(encoding="utf-8-sig")}
            text = consents.add_text(session, place, **words, at=at)
            facts = {"version": text.version}
            audit.write(session, "consent.text", at=at, object_kind="community", object_key=place.code, facts=facts)
        text = consents.text_in_force(session, place, at=at)
        click.echo(_("Version %(version)s") % {"version": text.version})
        click.echo(f"\n{text.zh}\n\n{text.en}")


@privacy_command.command("agree", help=N_("Keep that a person signed the text on paper."))
@number_argument
@click.option("--version", type=int, required=True, help=N_("The version on the paper."))
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help=N_("The day written on the paper; left out: from now on."),
)
@community_option
@database_option
def agree_command(number: str, version: int, on: datetime | None, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        signed = at if on is None else start_of_day(place, on.date())
        if signed > at:
            raise click.BadParameter(_("The paper cannot be signed in the future."), param_hint="--on")
        person = roster.person(session, place, number)
        consents.give(session, person, version, at=signed, by="paper")
        facts = {"version": version, "by": "paper", "on": signed.isoformat()}
        audit.write(session, "consent.given", at=at, object_kind="person", object_key=str(person.id), facts=facts)
    click.echo(_("Kept: %(number)s agreed to version %(version)s.") % {"number": number, "version": version})


@privacy_command.command("withdraw", help=N_("End a person's consent: nothing more is recorded, no line is shown."))
@number_argument
@community_option
@database_option
def withdraw_command(number: str, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        person = roster.person(session, find_community(session, community, on=at.date()), number)
        consents.withdraw(session, person, at=at)
        audit.write(session, "consent.withdrawn", at=at, object_kind="person", object_key=str(person.id))
    click.echo(_("The consent of %(number)s is withdrawn.") % {"number": number})


@privacy_command.command("export", help=N_("Write everything that is kept about a person to a .zip file."))
@number_argument
@community_option
@database_option
@out_option
def export_command(number: str, community: str | None, database: str | None, out: Path) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        person = roster.person(session, find_community(session, community, on=at.date()), number)
        own = own_data.collect(session, person)
        takeaway.write_own(own, out)
        audit.write(session, "own_data.exported", at=at, object_kind="person", object_key=str(person.id))
    told = {"file": out, "patrols": len(own.patrols), "fixes": len(own.fixes)}
    click.echo(_("%(file)s written: %(patrols)s patrols, %(fixes)s fixes.") % told)


@privacy_command.command("delete", help=N_("Delete where a person walked, for good; totals stay and belong to nobody."))
@number_argument
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@community_option
@database_option
def delete_command(number: str, yes: bool, community: str | None, database: str | None) -> None:
    if not yes:
        click.confirm(_("Delete all tracks of %(number)s? It cannot be undone") % {"number": number}, abort=True)
    at = now()
    with database_session(database, writing=True) as session:
        person = roster.person(session, find_community(session, community, on=at.date()), number)
        done = own_data.delete_tracks(session, person, at=at)
        facts = asdict(done)
        audit.write(session, "own_data.deleted", at=at, object_kind="person", object_key=str(person.id), facts=facts)
    click.echo(_("%(patrols)s patrols belong to nobody now; %(fixes)s fixes are deleted.") % asdict(done))


@privacy_command.command("looks", help=N_("List who looked at a person's tracks with the name on them, and why."))
@number_argument
@json_option
@community_option
@database_option
def looks_command(number: str, as_json: bool, community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        person = roster.person(session, find_community(session, community, on=now().date()), number)
        found = looks.looks_at(session, person)
    if as_json:
        click.echo(json.dumps([{**asdict(one), "at": one.at.isoformat()} for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one.at.astimezone():%Y-%m-%d %H:%M}  {one.login or '-':<16} {one.action:<18} {one.reason}")


@privacy_command.command(
    "hide", help=N_("Hide the ends of stored tracks that were never hidden; others see them then.")
)
@community_option
@database_option
def hide_command(community: str | None, database: str | None) -> None:
    with database_session(database, writing=True) as session:
        hung = privacy.hang_missing(session, find_community(session, community, on=now().date()))
    click.echo(_("%(count)s doors are hidden now.") % {"count": hung})
