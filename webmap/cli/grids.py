"""``gridpatrol grids``: a community's editions, drawn, checked, adopted and exported."""

from dataclasses import replace

import click
import geopandas as gpd
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition
from geo import tiling
from geo.errors import N_
from patrols import drafting, redraw
from patrols.communities import find_community
from patrols.wishing import Asked
from webmap.cli import exporting, finish
from webmap.cli.comparing import compare_command
from webmap.cli.drawing import print_notes, print_tiling
from webmap.cli.editions import COMMANDS, choose, edition_option
from webmap.cli.options import (
    community_option,
    database_option,
    database_session,
    households_option,
    json_option,
    now,
)
from webmap.cli.overrides import override_command
from webmap.cli.wishing import drawing_options, only


@click.group(
    "grids", help=N_("Editions of a community's grids: draw, check, submit, review, adopt, recall, compare, export.")
)
def grids_command() -> None:
    pass


for part in (override_command, *COMMANDS, compare_command):
    grids_command.add_command(part)
# The same as ``gridpatrol export grids``: people look for it in either place.
grids_command.add_command(exporting.grids_command, "export")


@grids_command.command("list", help=N_("List the editions of a community."))
@community_option
@database_option
def list_command(community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        for one in redraw.editions(session, place):
            span = f"{one.valid_from or ''} - {one.valid_until or ''}" if one.valid_from else ""
            click.echo(f"{one.number:>4}  {one.stage.value:<10} {span:<25} {one.filing_number}  {one.name}")


@grids_command.command("draw", help=N_("Draw grids from the stored ground and keep them as a draft."))
@drawing_options
@click.option(
    "--done", multiple=True, metavar="CODE", help=N_("A grid in force that stays as it is; may be given again.")
)
@click.option("--seed", type=int, default=0, show_default=True, help=N_("The same seed draws the same grids."))
@click.option("--name", default="", help=N_("What the draft is called."))
@community_option
@database_option
@json_option
def draw_command(
    households: tuple[int, int] | None,
    asked: Asked,
    done: tuple[str, ...],
    seed: int,
    name: str,
    community: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        if done:
            present = frames.grids(session, redraw.require_edition(session, place, at).id)
            asked = replace(asked, done=only(present, done))
        edition, drawing = drafting.draw_draft(
            session, place, households=households, at=at, seed=seed, name=name, asked=asked
        )
        flaws = _flaws(session, place, edition)
        number = edition.number
        grids = drawing.grids if asked.by_more else frames.grids(session, edition.id)
        if not as_json:
            print_notes(drawing.notes, drawing.grids)
        print_tiling(grids, flaws, drawing.band, as_json, {"edition": number}, load=asked.by_more)
    finish(len(flaws))


@grids_command.command("check", help=N_("Look for flaws in an edition; exit 1 if there is one."))
@edition_option
@households_option
@community_option
@database_option
@json_option
def check_command(
    edition: int | None, households: tuple[int, int], community: str | None, database: str | None, as_json: bool
) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        chosen = choose(session, place, edition)
        flaws = _flaws(session, place, chosen)
        print_tiling(frames.grids(session, chosen.id), flaws, households, as_json, {"edition": chosen.number})
    finish(len(flaws))


def _flaws(session: Session, place: Community, edition: GridEdition) -> gpd.GeoDataFrame:
    return tiling.find_flaws(
        frames.grids(session, edition.id),
        frames.outline(session, place.id),
        buildings=frames.buildings(session, place.id),
        compounds=frames.compounds(session, place.id),
    )
