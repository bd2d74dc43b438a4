"""``gridpatrol atlas`` and ``board``: printed pages as PDF."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy.orm import Session

from data import audit
from data.exchange.scratch import replacing
from data.models import Community, NoticeBoard
from geo.errors import N_
from patrols import boards, redraw
from patrols.communities import find_community, set_sources
from patrols.scope import EVERYTHING
from webmap.cli import _, speech
from webmap.cli.options import Decorator, community_option, database_option, database_session, new_file, now
from webmap.printing import atlas, contents, notice_board

out_option = click.option("--out", type=new_file, required=True, help=N_("File to write, ending in .pdf."))
staff_option = click.option(
    "--staff-phones/--no-staff-phones",
    default=None,
    help=N_("Whether the numbers of those whose work it is are shown; volunteers' never. Unless said, as before."),
)
paper_option = click.option(
    "--paper", type=click.Choice(notice_board.PAPERS), default=notice_board.PAPERS[0], show_default=True
)


class Address(click.ParamType[str]):
    """Where a website is reached: ``https://grid.example.org``."""

    name = "URL"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        parts = urlsplit(str(value))
        if parts.scheme not in ("http", "https") or not parts.netloc:
            self.fail(
                _("%(value)r is no address; write it like https://grid.example.org") % {"value": value}, param, ctx
            )
        return str(value).rstrip("/")


codes_option = click.option(
    "--grid", "codes", multiple=True, metavar="CODE", help=N_("Only this grid; may be said several times.")
)
address_option = click.option(
    "--address", type=Address(), required=True, help=N_("Where the website is reached; the QR leads there.")
)


@click.command("atlas", help=N_("Print an edition as a PDF: an overview, then a page a grid with map and people."))
@click.option("--edition", type=int, metavar="NUMBER", help=N_("Number of the edition; else the one in force."))
@codes_option
@click.option("--address", type=Address(), help=N_("Where the website is reached, for a QR on each page."))
@out_option
@community_option
@database_option
def atlas_command(
    edition: int | None,
    codes: tuple[str, ...],
    address: str | None,
    out: Path,
    community: str | None,
    database: str | None,
) -> None:
    _check_ending(out)
    at = now()
    with database_session(database) as session, speech.for_pages(), replacing(out) as file:
        place = find_community(session, community, on=at.date())
        chosen = (
            redraw.require_edition(session, place, at) if edition is None else redraw.edition(session, place, edition)
        )
        found = contents.gather(session, EVERYTHING, chosen, at=at, codes=codes or None)
        pages = atlas.write_atlas(found, file, atlas.Print(address or ""))
    click.echo(_("%(file)s written: %(rows)s grids on %(pages)s pages.") % _told(out, len(found.pages), pages))


@click.group("board", help=N_("Print notice boards, list them, take one down."))
def board_command() -> None:
    pass


def _printed(*options: Decorator) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., None]]:
    """A command that prints notice boards: it gets the session, the community and its own options, and answers which
    ones are to be put up.
    """

    def decorate(wanted: Callable[..., dict[str, Any]]) -> Callable[..., None]:
        @wraps(wanted)
        def run(
            *,
            address: str,
            staff_phones: bool | None,
            paper: str,
            out: Path,
            community: str | None,
            database: str | None,
            **others: Any,
        ) -> None:
            _check_ending(out)
            at = now()
            with database_session(database, writing=True) as session:
                place = find_community(session, community, on=at.date())
                which = wanted(session, place, **others)
                hung = boards.put_up(session, place, at=at, staff_phones=staff_phones, **which)
                pages = _print(session, place, hung, out, notice_board.Print(address, paper))
            click.echo(_("%(file)s written: %(pages)s notice boards.") % _told(out, pages, pages))

        optioned: Callable[..., None] = run
        shared = (address_option, staff_option, paper_option, out_option, community_option, database_option)
        for option in reversed((*options, *shared)):
            optioned = option(optioned)
        return optioned

    return decorate


@board_command.command("grids", help=N_("Print the notice boards of grids in force; all of them unless told which."))
@_printed(
    click.option(
        "--grid", "codes", multiple=True, metavar="CODE", help=N_("Only this grid; may be said several times.")
    )
)
def grids_command(session: Session, place: Community, codes: tuple[str, ...]) -> dict[str, Any]:
    return {"grid_codes": codes or [grid.code for grid in redraw.require_edition(session, place, now()).grids]}


@board_command.command("buildings", help=N_("Print the notice boards of buildings where people live."))
@_printed(
    click.option("--building", "keys", multiple=True, metavar="NAME", help=N_("Name or key of the only ones wanted."))
)
def buildings_command(session: Session, place: Community, keys: tuple[str, ...]) -> dict[str, Any]:
    return {"building_ids": boards.buildings(session, place, keys)}


@board_command.command("list", help=N_("List the notice boards that hang, with the end of their addresses."))
@community_option
@database_option
def list_command(community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        for one in boards.show(session, boards.listing(session, place), at=now()):
            with speech.for_pages():
                click.echo(f"/r/{one.board.token}  {notice_board.title_of(one)}")


@board_command.command("take-down", help=N_("Take a notice board down: its QR no longer answers."))
@click.argument("token")
@database_option
def take_down_command(token: str, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        board = boards.find(session, token.rsplit("/", 1)[-1])
        boards.take_down(session, board, at=at)
        audit.write(session, "board.taken_down", at=at, object_kind="notice_board", object_key=str(board.id))
    click.echo(_("The notice board is taken down."))


@board_command.command("office-phone", help=N_("Say which number of the community office every notice board shows."))
@click.argument("number")
@community_option
@database_option
def office_phone_command(number: str, community: str | None, database: str | None) -> None:
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=now().date())
        boards.set_office_phone(session, place, number)
        told = {"community": place.name, "number": place.office_phone}
    click.echo(_("Notice boards of %(community)s say: %(number)s.") % told)


@board_command.command(
    "sources",
    help=N_("Say whose data the maps rest on, with their review number (审图号); every map and print says so."),
)
@click.argument("text")
@community_option
@database_option
def sources_command(text: str, community: str | None, database: str | None) -> None:
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=now().date())
        set_sources(session, place, text)
        told = {"community": place.name, "sources": place.attribution}
    click.echo(_("Maps of %(community)s say: %(sources)s") % told)


def _print(session: Session, place: Community, hung: Sequence[NoticeBoard], out: Path, how: notice_board.Print) -> int:
    """Print boards; they are put up only if the file was written."""
    at = now()
    ground = contents.ground_of(session, redraw.require_edition(session, place, at))
    shown = boards.show(session, hung, at=at)
    facts = {"boards": len(hung)}
    audit.write(session, "boards.printed", at=at, object_kind="community", object_key=place.code, facts=facts)
    with speech.for_pages(), replacing(out) as file:
        return notice_board.write_boards(shown, ground, file, how)


def _check_ending(out: Path) -> None:
    if out.suffix.lower() != ".pdf":
        raise click.UsageError(_("It is printed as .pdf, not %(ending)s.") % {"ending": out.suffix or "''"})


def _told(out: Path, rows: int, pages: int) -> dict[str, object]:
    return {"file": out, "rows": rows, "pages": pages}
