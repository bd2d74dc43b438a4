"""``gridpatrol export``: grids, incidents, patrols and fixes as files."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
from sqlalchemy.orm import Session

from data import audit, frames
from data.models import Community
from geo.errors import N_
from patrols import extracts, redraw
from patrols.communities import find_community
from patrols.days import zone
from patrols.scope import EVERYTHING
from webmap import takeaway
from webmap.cli import _
from webmap.cli.options import community_option, database_option, database_session, now, out_option

Command = Callable[..., None]

encoding_option = click.option(
    "--encoding",
    type=click.Choice(takeaway.ENCODINGS),
    default=takeaway.ENCODINGS[0],
    show_default=True,
    help=N_("Of the table of a Shapefile; the other formats have no choice."),
)
metres_option = click.option(
    "--metres", is_flag=True, help=N_("Write local metres (CGCS2000 in China) instead of degrees.")
)
since_option = click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=N_("First day."))
until_option = click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=N_("Last day."))
reason_option = click.option(
    "--reason", default="", help=N_("Why you need the names too; it is kept in the audit with the number of rows.")
)


@click.group("export", help=N_("Write grids, incidents, patrols or fixes to a file."))
def export_command() -> None:
    pass


def _periodical(command: Command) -> Command:
    """Options of everything that happened at some time."""
    for option in (out_option, metres_option, encoding_option, database_option, community_option, until_option):
        command = option(command)
    return since_option(command)


@export_command.command(
    "grids",
    help=N_("Write an edition's grids: .gpkg .geojson .kml .shp .zip (a Shapefile), .dxf (a drawing in metres) ..."),
)
@click.option("--edition", "number", type=int, metavar="NUMBER", help=N_("Number of the edition."))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help=N_("The edition in force on that day; today."))
@community_option
@database_option
@encoding_option
@metres_option
@out_option
def grids_command(
    number: int | None,
    day: datetime | None,
    community: str | None,
    database: str | None,
    encoding: str,
    metres: bool,
    out: Path,
) -> None:
    if number is not None and day is not None:
        raise click.UsageError(_("Say either --edition or --on."))
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        if number is not None:
            edition = redraw.edition(session, place, number)
        else:
            edition = redraw.require_edition(session, place, day.date() if day else at)
        rows = takeaway.write_grids(session, EVERYTHING, edition, out, translate=_, encoding=encoding, metres=metres)
        told = {"file": out, "rows": rows, "number": edition.number}
    click.echo(_("%(file)s written: %(rows)s grids of edition %(number)s.") % told)


@export_command.command("incidents", help=N_("Write incidents found in a time; without reporters unless --reason."))
@reason_option
@_periodical
def incidents_command(reason: str, **options: Any) -> None:
    _export(extracts.incidents, "incidents", reason, {"named": bool(reason)}, **options)


@export_command.command(
    "patrols", help=N_("Write patrols begun in a time; without names and with trimmed ends unless --reason.")
)
@reason_option
@_periodical
def patrols_command(reason: str, **options: Any) -> None:
    _export(extracts.patrols, "patrols", reason, {"named": bool(reason)}, **options)


@export_command.command(
    "fixes", help=N_("Write the single positions of patrols; they lead to doors: say the --reason.")
)
@click.option("--reason", required=True, help=N_("Why they are needed; it is kept in the audit."))
@_periodical
def fixes_command(reason: str, **options: Any) -> None:
    if not reason.strip():
        raise click.UsageError(_("Say the reason: it is kept in the audit."))
    _export(extracts.fixes, "fixes", reason, {}, **options)


def _export(
    rows_of: Callable[..., gpd.GeoDataFrame],
    what: str,
    reason: str,
    how: dict[str, Any],
    *,
    since: datetime | None,
    until: datetime | None,
    community: str | None,
    database: str | None,
    encoding: str,
    metres: bool,
    out: Path,
) -> None:
    """Write rows to a file and the fact to the audit: neither without the other."""
    if since is not None and until is not None and since > until:
        raise click.UsageError(_("--since lies after --until."))
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        term = {"since": _midnight(place, since), "until": _midnight(place, until, days=1)}
        frame = rows_of(session, EVERYTHING, place, **term, **how)
        audit.write(
            session,
            f"{what}.exported",
            at=at,
            object_kind="community",
            object_key=place.code,
            facts={"rows": len(frame), "reason": reason, "file": out.suffix.lower(), **_whose(frame)},
        )
        _write(session, place, frame, out, encoding, metres)
    click.echo(_("%(file)s written: %(rows)s rows.") % {"file": out, "rows": len(frame)})


def _whose(frame: gpd.GeoDataFrame) -> dict[str, list[int]]:
    """Whose tracks these are, if they are named: each of them can read who took them away, and why."""
    return {"persons": frame.attrs["persons"]} if "persons" in frame.attrs else {}


def _write(session: Session, place: Community, frame: gpd.GeoDataFrame, out: Path, encoding: str, metres: bool) -> None:
    if metres:
        frame = frame.to_crs(frames.crs_of(session, place.id))
    takeaway.write_rows(frame, out, translate=_, encoding=encoding, metres=metres)


def _midnight(place: Community, day: datetime | None, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day.date() + timedelta(days=days), time(), zone(place.timezone)).astimezone(UTC)
