"""``gridpatrol map``: a community's map as one HTML file that opens without internet, or as a picture for a report."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from data.exchange.scratch import replacing
from data.models import Community, ViewKind
from geo.errors import N_
from patrols.communities import find_community
from patrols.days import local_day
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from webmap.cli import _, speech
from webmap.cli.options import community_option, database_option, database_session, new_file, now
from webmap.maps.drawn import town_map
from webmap.maps.export import standalone
from webmap.maps.gather import gather
from webmap.maps.heat_file import heat_map
from webmap.maps.heat_gather import heat_file
from webmap.pages.heat_words import script_words

PICTURES = (".png", ".pdf")
PICTURED = {
    "heat": {"layers": "heat,words,base", "colour": "found"},
    "coverage": {"layers": "walked,words,base", "colour": "walked"},
    "open": {"layers": "late,open,words,base", "colour": "open"},
}
"""What is on the picture of a map; who answers is a name, and no picture of a map has names."""


@click.command("map", help=N_("Write a map as one HTML file that opens without internet, or as a picture."))
@click.argument("about", type=click.Choice(["open", "heat", "responsibility", "coverage"]))
@click.option("--out", type=new_file, required=True, help=N_("File to write, ending in .html, .png or .pdf."))
@community_option
@database_option
def map_command(about: str, out: Path, community: str | None, database: str | None) -> None:
    ending = out.suffix.lower()
    if ending not in (".html", ".htm", *(PICTURES if about in PICTURED else ())):
        raise click.UsageError(_("This map is not written as %(ending)s.") % {"ending": out.suffix or "''"})
    at = now()
    with database_session(database) as session, speech.for_pages(), replacing(out) as file:
        place = find_community(session, community, on=at.date())
        if ending in PICTURES:
            _picture(session, place, at, about, file)
        else:
            drawn = _heat if about == "heat" else _town
            file.write_text(drawn(session, place, at, about), encoding="utf-8")
    click.echo(_("%(file)s written, %(size)s KB.") % {"file": out, "size": out.stat().st_size // 1024})


def _town(session: Session, place: Community, at: datetime, about: str) -> str:
    town = gather(session, Scope(), place, at)
    return standalone(town_map(town, about=about), title=f"{place.name} · {_('Map')}")


def _heat(session: Session, place: Community, at: datetime, _about: str) -> str:
    """The last 52 weeks; whole weeks, told above the floor."""
    view = IncidentView.of_query({}, today=local_day(place, at))
    given = heat_file(session, Scope(), place, view, at, words=script_words())
    return standalone(heat_map(given), title=given.title)


def _picture(session: Session, place: Community, at: datetime, about: str, file: Path) -> None:
    """As of now, of the last 52 weeks; told above the floor, but for open incidents, which are for the office alone."""
    # Brought in here: printing is seldom, and every command would pay for it.
    from webmap.printing.view_picture import view_png, write_view
    from webmap.shares import gather as views
    from webmap.shares.inside import inside
    from webmap.shares.printed import picture_of

    address = views.address_of(ViewKind.MAP, PICTURED[about], place, at)
    made = inside if about == "open" else views.told
    laid_out = picture_of(made(session, Scope(), [place], address, at=at))
    if file.suffix.lower() == ".png":
        file.write_bytes(view_png(laid_out))
    else:
        write_view(laid_out, file)
