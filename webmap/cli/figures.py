"""``gridpatrol figures``: the five periodic sheets as files."""

from datetime import datetime
from pathlib import Path

import click

from data.exchange.scratch import replacing
from geo.errors import N_
from patrols import periodic
from patrols.communities import find_community
from patrols.days import local_day
from patrols.scope import EVERYTHING
from webmap.cli import _, speech
from webmap.cli.options import community_option, database_option, database_session, json_option, new_file, now
from webmap.documents import document
from webmap.documents.files import ENDINGS, write
from webmap.documents.wording import period_said


@click.command(
    "figures",
    help=N_("Write what a day, week, month, quarter or year of a community came to, as it stood at its end."),
)
@click.argument("kind", type=click.Choice([kind.value for kind in periodic.PeriodKind]))
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=N_("Any day of the period; else the one of yesterday, and of a day the present one."),
)
@click.option(
    "--out",
    type=new_file,
    required=True,
    help=N_("File to write, ending in .html, .xlsx, .pdf or .docx."),
)
@json_option
@community_option
@database_option
def figures_command(
    kind: str, day: datetime | None, out: Path, as_json: bool, community: str | None, database: str | None
) -> None:
    if out.suffix.lower() not in ENDINGS:
        told = {"allowed": ", ".join(ENDINGS), "ending": out.suffix or "''"}
        raise click.UsageError(_("Figures are written as %(allowed)s, not %(ending)s.") % told)
    at = now()
    with database_session(database) as session, speech.for_pages(), replacing(out) as file:
        place = find_community(session, community, on=at.date())
        asked = periodic.PeriodKind(kind)
        wanted = document.usual_day(asked, local_day(place, at)) if day is None else day.date()
        sheet = periodic.sheet(session, EVERYTHING, place, asked, wanted, at)
        made = document.compose(session, sheet, place)
        write(made, file)
        said = f"{place.name} {made.title} {period_said(sheet.period)}"
    figures = {
        "file": str(out),
        "community": sheet.community_code,
        "kind": kind,
        "first": sheet.period.first.isoformat(),
        "last": sheet.period.last.isoformat(),
        "tables": sum(1 for _table in made.tables()),
    }
    speech.print_figures(
        figures,
        as_json,
        lambda: _("%(file)s written: %(said)s, %(tables)s tables.") % {**figures, "said": said},
    )
