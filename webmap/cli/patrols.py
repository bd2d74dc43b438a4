"""``gridpatrol patrols``: where has nobody been, how often streets are wished to be walked, the next walk."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data import audit
from data.exchange.gpx_out import Spot, write_walk
from data.exchange.scratch import replacing
from geo.errors import N_
from patrols import cold, next_walk, seen, wished_frequency
from patrols.communities import find_community
from patrols.scope import EVERYTHING
from webmap.cli import _, finish, speech
from webmap.cli.check_points import check_points_command
from webmap.cli.options import community_option, database_option, database_session, new_file, now
from webmap.cli.planning import plan_command
from webmap.pages.cold import say_turn

if TYPE_CHECKING:
    import geopandas as gpd
    from sqlalchemy.orm import Session

    from data.models import Community

json_option = click.option("--json", "as_json", is_flag=True, help=N_("Print figures as JSON."))


@click.group("patrols", help=N_("Where has nobody been, how often streets are wished to be walked, the next walk."))
def patrols_command() -> None:
    pass


patrols_command.add_command(plan_command)
patrols_command.add_command(check_points_command)


@patrols_command.command("cold", help=N_("List the streets gone cold; exit 1 when some are red."))
@click.option("--rows", type=click.IntRange(1), default=30, show_default=True, help=N_("At most so many streets."))
@json_option
@community_option
@database_option
def cold_command(rows: int, as_json: bool, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        found = _streets(session, place, at, database)
        name = place.name
    streets = cold.by_street(found).head(rows)
    totals = {one.value: round(float(found.loc[found["warmth"] == one.value, "metres"].sum())) for one in cold.Warmth}
    listed = streets.drop(columns="last_seen").to_dict("records")
    speech.print_figures(
        {"community": name, "metres": totals, "streets": listed},
        as_json,
        lambda: _("%(name)s: %(red)s m red, %(yellow)s m yellow, %(fresh)s m fresh.") % {"name": name, **totals},
    )
    if not as_json:
        for row in listed:
            grids = " ".join(row["grid_codes"][:3])
            days = f"{row['days']:>4.0f} / {row['every_days']:<3.0f}"
            click.echo(f"{days} {row['red_metres']:>7.0f} {row['name'] or row['street_class']}  {grids}")
    finish(totals["red"])


@patrols_command.command("wish", help=N_("Wish that streets are walked every so many days; 0: never."))
@click.argument("days", type=int, required=False)
@click.option("--class", "street_class", default="", metavar="CLASS", help=N_("Streets of this class only."))
@click.option("--grid", "grid_code", default="", metavar="CODE", help=N_("Streets of this grid only."))
@click.option("--drop", is_flag=True, help=N_("Take the wish back."))
@community_option
@database_option
def wish_command(
    days: int | None, street_class: str, grid_code: str, drop: bool, community: str | None, database: str | None
) -> None:
    if (days is None) != drop:
        raise click.UsageError(_("Give a number of days, or --drop."))
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        meant = {"street_class": street_class, "grid_code": grid_code}
        wished_frequency.wish(session, place, days, **meant)
        facts = {**meant, "days": days}
        audit.write(session, "frequency.wished", at=at, object_kind="community", object_key=place.code, facts=facts)
        wishes = wished_frequency.wishes(session, place)
        told = [f"{row.every_days:>4}  {row.street_class or '*':<12} {row.grid_code or '*'}" for row in wishes]
    click.echo("\n".join(told) or _("No wishes of its own: back streets every 3 days, others every 7."))


@patrols_command.command("walk", help=N_("Plan the next walk and write it as GPX."))
@click.option("--km", type=float, default=3.0, show_default=True, help=N_("How long the walk may be."))
@click.option("--start", nargs=2, type=float, metavar="LON LAT", help=N_("Where it starts and ends."))
@click.option("--grid", "grid_code", metavar="CODE", help=N_("Start in the middle of this grid."))
@click.option("--seed", type=int, default=0, help=N_("Another number, another walk."))
@click.option("--out", type=new_file, required=True, help=N_("File to write, ending in .gpx."))
@json_option
@community_option
@database_option
def walk_command(
    km: float,
    start: tuple[float, float] | None,
    grid_code: str | None,
    seed: int,
    out: Path,
    as_json: bool,
    community: str | None,
    database: str | None,
) -> None:
    if out.suffix.lower() != ".gpx":
        raise click.UsageError(_("A walk is written as .gpx, not %(ending)s.") % {"ending": out.suffix or "''"})
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        found = _streets(session, place, at, database)
        begin = start or next_walk.start_in(found, grid_code)
        wanted: dict[str, Any] = {"at": at, "start": begin, "longest_m": 1000 * km, "seed": seed}
        plan = next_walk.next_walk(session, EVERYTHING, place, found, **wanted)
        name = place.name
    with speech.for_pages():
        words = [say_turn(step) for step in plan.steps]
    spots = [Spot(step.x, step.y, said) for step, said in zip(plan.steps, words, strict=True)]
    with replacing(out) as file:
        write_walk(file, name, plan.line, spots, at=at)
    facts = {"metres": round(plan.metres), "red": round(plan.red_metres), "yellow": round(plan.yellow_metres)}
    told = {"file": out, **facts}
    sentence = _("%(file)s: %(metres)s m, of which %(red)s m red and %(yellow)s m yellow street.") % told
    speech.print_figures({**facts, "turns": words}, as_json, lambda: sentence)
    if not as_json:
        for number, (step, said) in enumerate(zip(plan.steps, words, strict=True), start=1):
            click.echo(f"{number:>3}. {said}  {step.metres:.0f} m")


def _streets(session: "Session", place: "Community", at: datetime, database: str | None) -> "gpd.GeoDataFrame":
    return cold.cold_streets(session, EVERYTHING, place, at=at, keep=partial(_keep, database), progress=_tell)


def _keep(database: str | None, made: seen.Made) -> None:
    with database_session(database, writing=True) as session:
        seen.put(session, made)


def _tell(done: int, days: int) -> None:
    if done == days or done % 10 == 0:
        click.echo(
            _("Walks of %(done)s of %(days)s days laid over the streets.") % {"done": done, "days": days}, err=True
        )
