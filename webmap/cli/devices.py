"""``gridpatrol device``: phones that send fixes, enrolled, accepted and revoked."""

import json
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.orm import Session

from data import audit
from data.models import Community, Device, DeviceStage
from geo.datum import DEGREES
from geo.errors import N_
from patrols import devices, roster
from patrols.communities import find_community
from patrols.devices import SPEED_UNITS
from webmap.cli import _
from webmap.cli.options import Decorator, community_option, database_option, database_session, json_option, now
from webmap.phones.set_up import set_up


def _whose_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say whose phone it is and how it speaks."""
    options: list[Decorator] = [
        click.option("--person", metavar="NUMBER", help=N_("Whose phone it is, by the number on the roster.")),
        click.option("--team", metavar="NAME", help=N_("The team that it walks for.")),
        click.option("--label", default="", help=N_("What you call it.")),
        click.option(
            "--datum", type=click.Choice(DEGREES), default="wgs84", help=N_("What its places are written in.")
        ),
        click.option(
            "--speed-unit",
            type=click.Choice([unit for unit in SPEED_UNITS if unit]),
            default=None,
            help=N_("What its speed is in; left out: what its app usually sends."),
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group("device", help=N_("Phones that send fixes: enrol, list, accept, revoke."))
def device_command() -> None:
    pass


@device_command.command("add", help=N_("Enrol a phone and print its token, which is shown only now."))
@_whose_options
@click.option("--root", metavar="URL", help=N_("How phones reach the website; prints their addresses as well."))
@community_option
@database_option
def add_command(root: str | None, community: str | None, database: str | None, **whose: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        device, token = devices.add(session, place, at=at, **_wanted(session, place, whose))
        facts = {"community": place.code}
        audit.write(session, "device.added", at=at, object_kind="device", object_key=str(device.id), facts=facts)
        number = device.id
    click.echo(_("Phone %(number)s is enrolled.") % {"number": number})
    click.echo(_("Token (shown only now): %(token)s") % {"token": token})
    if root:
        made = set_up(root, token, number)
        click.echo(f"Traccar Client: {made.traccar}")
        click.echo(f"                {made.link}")
        click.echo(f"GPSLogger:      {made.gpslogger}")
        click.echo(f"OwnTracks, Overland: {made.address}")


@device_command.command("list", help=N_("List the phones, those that wait to be accepted first."))
@click.option("--pending", is_flag=True, help=N_("Only those that wait."))
@json_option
@database_option
def list_command(pending: bool, as_json: bool, database: str | None) -> None:
    with database_session(database) as session:
        found = devices.listing(session, stages=[DeviceStage.PENDING] if pending else ())
        rows = [_row(device) for device in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        known = row["label"] or row["identity"] or ""
        click.echo(
            f"{row['number']:>5}  {row['stage']:<9} {row['heard'] or '-':<20} {row['fixes_sent']:>8}  "
            f"{row['community'] or '-':<12}  {row['person'] or '-'}  {known}"
        )


@device_command.command("accept", help=N_("Let a phone's fixes count, those it has sent already included."))
@click.argument("number", type=int)
@_whose_options
@community_option
@database_option
def accept_command(number: int, community: str | None, database: str | None, **whose: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        device = devices.find(session, number)
        devices.accept(session, device, place, at=at, **_wanted(session, place, whose))
        facts = {"community": place.code}
        audit.write(session, "device.accepted", at=at, object_kind="device", object_key=str(number), facts=facts)
        sent = device.fixes_sent
    click.echo(_("Phone %(number)s is accepted, with %(count)s fixes sent before.") % {"number": number, "count": sent})


@device_command.command("revoke", help=N_("Take nothing more of a phone; patrols made before stay."))
@click.argument("number", type=int)
@database_option
def revoke_command(number: int, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        devices.revoke(devices.find(session, number), at=at)
        audit.write(session, "device.revoked", at=at, object_kind="device", object_key=str(number))
    click.echo(_("Nothing more is taken of phone %(number)s.") % {"number": number})


def _wanted(session: Session, place: Community, whose: dict[str, str | None]) -> dict[str, Any]:
    person, team = whose["person"], whose["team"]
    return {
        "person": roster.person(session, place, person) if person else None,
        "team": devices.team_named(session, place, team) if team else None,
        "label": whose["label"] or "",
        "datum": whose["datum"] or "wgs84",
        "speed_unit": whose["speed_unit"] or "",
    }


def _row(device: Device) -> dict[str, Any]:
    heard = devices.heard_at(device)
    return {
        "number": device.id,
        "stage": device.stage.value,
        "identity": device.identity,
        "label": device.label,
        "community": device.community.code if device.community else None,
        "person": device.person.number if device.person else None,
        "team": device.team.name if device.team else None,
        "dialect": device.dialect,
        "heard": heard.isoformat(timespec="seconds") if heard else None,
        "messages": device.messages,
        "fixes_sent": device.fixes_sent,
        "unusable": device.unusable,
    }
