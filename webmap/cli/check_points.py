"""``gridpatrol patrols check-points``: hang up, list, move, take down and print check-points."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data import audit
from data.exchange.scratch import replacing
from geo.errors import N_
from patrols import check_points
from patrols.communities import find_community
from patrols.scope import EVERYTHING
from webmap.cli import _, speech
from webmap.cli.options import community_option, database_option, database_session, json_option, new_file, now
from webmap.cli.printing import Address

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from data.models import CheckPoint

PAPERS = ("a4", "a6", "a6-on-a4")
place_option = click.option("--at", "place", nargs=2, type=float, required=True, metavar="LON LAT", help=N_("Where."))


@click.group("check-points", help=N_("Places that patrols pass and check in at: hang up, list, take down, print."))
def check_points_command() -> None:
    pass


@check_points_command.command("add", help=N_("Hang up a check-point."))
@click.argument("name")
@place_option
@community_option
@database_option
def add_command(name: str, place: tuple[float, float], community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        here = find_community(session, community, on=at.date())
        row = check_points.add(session, here, name, place, at=at)
        _note(session, "check_point.added", row, at)
        told = {"number": row.number, "name": row.name, "code": row.code}
    click.echo(_("Check-point %(number)s hangs: %(name)s, code %(code)s.") % told)


@check_points_command.command("list", help=N_("List the check-points that hang, with their visits of the last week."))
@json_option
@community_option
@database_option
def list_command(as_json: bool, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database) as session:
        here = find_community(session, community, on=at.date())
        lately = check_points.visits(session, here, since=at - timedelta(days=7))
        rows = [
            {
                "number": one.point.number,
                "name": one.point.name,
                "code": one.point.code,
                "grid_code": one.grid_code,
                "lon": one.lon,
                "lat": one.lat,
                "visits_7d": lately[one.point.id][0] if one.point.id in lately else 0,
            }
            for one in check_points.hanging(session, here, at=at)
        ]
    told = {"points": len(rows), "unvisited": sum(row["visits_7d"] == 0 for row in rows)}
    speech.print_figures(
        {"check_points": rows},
        as_json,
        lambda: _("%(points)s check-points hang, %(unvisited)s of them not visited for seven days.") % told,
    )
    if not as_json:
        for row in rows:
            click.echo("{number:>4}  {visits_7d:>4}  {code}  {grid_code}  {name}".format(**row))


@check_points_command.command("move", help=N_("Hang a check-point elsewhere; its code stays."))
@click.argument("number", type=int)
@place_option
@community_option
@database_option
def move_command(number: int, place: tuple[float, float], community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        here = find_community(session, community, on=at.date())
        row = check_points.get(session, EVERYTHING, here, number)
        check_points.move(session, row, place, at=at)
        _note(session, "check_point.moved", row, at)
    click.echo(_("The check-point hangs at its new place; its code stays."))


@check_points_command.command("close", help=N_("Take a check-point down for good; what was checked in there stays."))
@click.argument("number", type=int)
@click.option("--why", default="", help=N_("Kept with it."))
@community_option
@database_option
def close_command(number: int, why: str, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        here = find_community(session, community, on=at.date())
        row = check_points.get(session, EVERYTHING, here, number)
        check_points.close(session, row, at=at, why=why)
        _note(session, "check_point.closed", row, at)
    click.echo(_("The check-point is taken down; its code is good for nothing now."))


@check_points_command.command("print", help=N_("Print the sheets of check-points with their codes as a PDF."))
@click.option("--number", "numbers", multiple=True, type=int, help=N_("Only this one; may be said several times."))
@click.option("--address", type=Address(), required=True, help=N_("Where the website is reached; the QR leads there."))
@click.option("--paper", type=click.Choice(PAPERS), default=PAPERS[0], show_default=True)
@click.option("--out", type=new_file, required=True, help=N_("File to write, ending in .pdf."))
@community_option
@database_option
def print_command(
    numbers: tuple[int, ...], address: str, paper: str, out: Path, community: str | None, database: str | None
) -> None:
    from webmap.printing import point_sheet

    if out.suffix.lower() != ".pdf":
        raise click.UsageError(_("It is printed as .pdf, not %(ending)s.") % {"ending": out.suffix or "''"})
    at = now()
    with database_session(database) as session:
        here = find_community(session, community, on=at.date())
        for number in numbers:
            check_points.get(session, EVERYTHING, here, number)
        hung = check_points.hanging(session, here, at=at)
        wanted = [one for one in hung if not numbers or one.point.number in numbers]
        with speech.for_pages(), replacing(out) as file:
            pages = point_sheet.write_sheets(here, wanted, file, point_sheet.Print(address, paper))
    told = {"file": out, "points": len(wanted), "pages": pages}
    click.echo(_("%(file)s written: %(points)s check-points on %(pages)s pages.") % told)


def _note(session: "Session", action: str, row: "CheckPoint", at: datetime) -> None:
    facts: dict[str, Any] = {"number": row.number}
    audit.write(session, action, at=at, object_kind="check_point", object_key=str(row.id), facts=facts)
