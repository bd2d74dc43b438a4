"""``gridpatrol grids override``: buildings and compounds that another grid serves."""

from datetime import date, datetime

import click

from data import audit
from data.models import Building, Community, Compound, GridOverride
from geo.errors import N_
from patrols import overrides
from patrols.communities import find_community
from patrols.days import local_day
from webmap.cli import _
from webmap.cli.options import community_option, database_option, database_session, now

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("override", help=N_("Buildings and compounds in one grid that another grid serves."))
def override_command() -> None:
    pass


@override_command.command("list", help=N_("List the overrides of a community, past ones too."))
@community_option
@database_option
def list_command(community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        for row in overrides.listing(session, find_community(session, community, on=now().date())):
            span = f"{row.valid_from} - {row.valid_until or ''}"
            click.echo(f"{row.id:>4}  {span:<25} {row.grid_code} -> {row.served_by}  {_object(row)}  {row.reason}")


@override_command.command("add", help=N_("Let another grid serve a building or compound, from a day on."))
@click.option("--building", metavar="KEY", help=N_("The building, by its key in the file it came from, or its name."))
@click.option("--compound", metavar="KEY", help=N_("The compound, by its key in the file it came from, or its name."))
@click.option("--grid", "grid_code", required=True, metavar="CODE", help=N_("The grid that it lies in."))
@click.option("--by", "served_by", required=True, metavar="CODE", help=N_("The grid that serves it."))
@click.option("--from", "valid_from", type=_DAY, help=N_("First day; today if left out."))
@click.option("--until", "valid_until", type=_DAY, help=N_("First day on which it no longer holds."))
@click.option("--reason", default="", help=N_("Why."))
@community_option
@database_option
def add_command(
    building: str | None,
    compound: str | None,
    grid_code: str,
    served_by: str,
    valid_from: datetime | None,
    valid_until: datetime | None,
    reason: str,
    community: str | None,
    database: str | None,
) -> None:
    if (building is None) == (compound is None):
        raise click.UsageError(_("Name a building or a compound, one of the two."))
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        if building is not None:
            what: Building | Compound = overrides.find_object(session, place, Building, building)
        else:
            what = overrides.find_object(session, place, Compound, compound or "")
        row = overrides.serve(
            session,
            what,
            grid_code=grid_code,
            served_by=served_by,
            valid_from=_day(valid_from, place, at),
            valid_until=valid_until.date() if valid_until else None,
            reason=reason,
            at=at,
        )
        facts = {"override": row.id, "grid": grid_code, "served_by": served_by, "from": row.valid_from.isoformat()}
        audit.write(session, "override.added", at=at, object_kind="community", object_key=place.code, facts=facts)
        told = {"number": row.id, "object": _object(row), "grid": served_by, "day": row.valid_from}
    click.echo(_("Override %(number)s: %(object)s is served by grid %(grid)s from %(day)s.") % told)


@override_command.command("end", help=N_("End an override: from that day on the ground decides again."))
@click.argument("number", type=int)
@click.option("--until", "valid_until", type=_DAY, help=N_("First day on which it no longer holds; today if left out."))
@community_option
@database_option
def end_command(number: int, valid_until: datetime | None, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        row = overrides.end(session, overrides.find(session, place, number), _day(valid_until, place, at))
        facts = {"override": row.id, "until": str(row.valid_until)}
        audit.write(session, "override.ended", at=at, object_kind="community", object_key=place.code, facts=facts)
        told = {"number": row.id, "day": row.valid_until}
    click.echo(_("Override %(number)s holds until before %(day)s.") % told)


def _day(chosen: datetime | None, place: Community, at: datetime) -> date:
    return chosen.date() if chosen else local_day(place, at)


def _object(row: GridOverride) -> str:
    return overrides.called(row.building or row.compound)
