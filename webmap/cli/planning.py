"""``gridpatrol patrols plan``: the weekly plan, what was kept of it, and plans from and to tables."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data import audit
from data.exchange.tables import read_table
from data.exchange.write import write_table
from data.models import Team
from geo.errors import N_
from patrols import kept, plan, plan_tables, roster
from patrols.communities import find_community
from patrols.days import local_day
from patrols.errors import BadWindow
from patrols.intake.plan import clock, import_plan, street_names, weekdays
from patrols.plan import WEEK_DAYS, Kept, When, Where
from patrols.scope import EVERYTHING
from webmap import words
from webmap.cli import _, finish, speech
from webmap.cli.options import (
    community_option,
    database_option,
    database_session,
    existing_file,
    json_option,
    new_file,
    now,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from data.models import Community, PatrolWindow, Person

from_option = click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    help=N_("First of seven days; this week's Monday unless said."),
)


@click.group("plan", help=N_("Who is to walk where at which times of the week, and what was kept of it."))
def plan_command() -> None:
    pass


@plan_command.command(
    "week", help=N_("List seven days of the plan with what was kept; exit 1 when windows were missed.")
)
@from_option
@click.option("--out", type=new_file, help=N_("Write them to a .csv or .xlsx instead."))
@json_option
@community_option
@database_option
def week_command(
    first: datetime | None, out: Path | None, as_json: bool, community: str | None, database: str | None
) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        week = kept.week(session, EVERYTHING, place, first_day=_first_day(place, first, at), at=at)
        table = plan_tables.kept(week, exact=True)
        if out is not None:
            _write(table, out)
        counts = {one.value: week.count(one) for one in Kept}
        walked = {"metres": round(week.effort.metres), "outside": round(week.outside.metres)}
    told = {"first_day": week.first_day.isoformat(), **counts, **walked}
    speech.print_figures(
        {**told, "windows": table.to_dict("records")},
        as_json,
        lambda: (
            _(
                "Seven days from %(first_day)s: %(kept)s windows kept, %(partly)s partly, %(missed)s missed, "
                "%(running)s running, %(to_come)s to come; %(metres)s m walked, %(outside)s m of them outside of "
                "every window."
            )
            % told
        ),
    )
    if not as_json and out is None:
        for row in table.to_dict("records"):
            click.echo(_line(row))
    finish(counts[Kept.MISSED.value])


@plan_command.command(
    "list", help=N_("List the windows that hold this week, with their numbers; or write them as a table.")
)
@from_option
@click.option("--out", type=new_file, help=N_("Write them to a .csv or .xlsx that can be changed and imported again."))
@community_option
@database_option
def list_command(first: datetime | None, out: Path | None, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        since = _first_day(place, first, at)
        found = plan.windows(session, EVERYTHING, place, since=since, until=since + timedelta(days=WEEK_DAYS))
        if out is not None:
            _write(plan_tables.windows(found), out)
            click.echo(_("%(file)s written: %(rows)s rows.") % {"file": out, "rows": len(found)})
            return
        for row in found:
            click.echo(_said(row))


@plan_command.command("add", help=N_("Plan windows: a team or person, days of the week, times, and a grid or streets."))
@click.option("--team", metavar="NAME", help=N_("The team that walks."))
@click.option("--person", metavar="NUMBER", help=N_("The person who walks."))
@click.option("--days", required=True, metavar="DAYS", help=N_("Days of the week: Mon,Wed or 周一、周三 or daily."))
@click.option("--between", nargs=2, required=True, metavar="FROM UNTIL", help=N_("Local times, such as 08:00 10:00."))
@click.option("--grid", "grid_code", default="", metavar="CODE", help=N_("The grid to be walked."))
@click.option("--streets", default="", metavar="NAME,NAME", help=N_("Only these streets."))
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help=N_("First day; today unless said."))
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help=N_("Last day; unless said, until it is taken back."))
@community_option
@database_option
def add_command(
    team: str | None, person: str | None, days: str, between: tuple[str, str], grid_code: str, streets: str, **rest: Any
) -> None:
    if (team is None) == (person is None):
        raise click.UsageError(_("Say either --team or --person."))
    at, (begins, ends), wanted = now(), map(clock, between), weekdays(days)
    if wanted is None:
        raise click.UsageError(_("%(value)s is no day of the week. Write it like 周一、周三.") % {"value": days})
    if begins is None or ends is None:
        raise click.UsageError(_("%(value)s is no time of day. Write it like 08:30.") % {"value": " ".join(between)})
    with database_session(rest["database"], writing=True) as session:
        place = find_community(session, rest["community"], on=at.date())
        first = rest["first"].date() if rest["first"] else local_day(place, at)
        last = rest["last"].date() + timedelta(days=1) if rest["last"] else None
        walker = _team(session, place, team) if team is not None else roster.person(session, place, person or "")
        where = Where(grid_code, street_names(streets))
        rows = plan.plan(session, place, walker, When(wanted, begins, ends, first, last), where)
        _note(session, "plan.windows_added", place, at, windows=[row.id for row in rows])
        told = [_said(row) for row in rows]
    click.echo("\n".join(told))


@plan_command.command("drop", help=N_("Take windows out of the plan from today on, by their numbers."))
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@database_option
def drop_command(numbers: tuple[int, ...], database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        for number in numbers:
            window = plan.get(session, EVERYTHING, number)
            place = plan.community_of(session, window)
            plan.take_back(session, window, on=local_day(place, at))
            _note(session, "plan.window_taken_back", place, at, window=number)
    click.echo(_("Taken out of the plan: %(numbers)s.") % {"numbers": ", ".join(map(str, numbers))})


@plan_command.command("import", help=N_("Take in a plan as a table (.xlsx .csv); all or nothing unless --skip-bad."))
@click.argument("file", type=existing_file)
@click.option("--skip-bad", is_flag=True, help=N_("Store the good rows, list the others, and exit with 1."))
@community_option
@database_option
def import_command(file: Path, skip_bad: bool, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        done = import_plan(session, read_table(file), place, at=at, skip_bad=skip_bad)
        _note(session, "plan.imported", place, at, stored=done.stored)
    speech.list_refusals(done.refusals)
    told = {"stored": done.stored, "unchanged": done.unchanged}
    click.echo(_("%(stored)s windows are new, %(unchanged)s were there already.") % told)
    finish(len(done.refusals))


def _team(session: "Session", place: "Community", name: str) -> "Team | Person":
    found = plan.team_called(session, place, name)
    if found is None:
        raise BadWindow(N_("There is no team called %(value)s."), value=name)
    return found


def _first_day(place: "Community", first: datetime | None, at: datetime) -> date:
    return first.date() if first else plan.monday_of(place, at)


def _note(session: "Session", action: str, place: "Community", at: datetime, **facts: Any) -> None:
    audit.write(session, action, at=at, object_kind="community", object_key=place.code, facts=facts)


def _said(row: "PatrolWindow") -> str:
    who = row.team.name if row.team else row.person.name if row.person else ""
    where = " ".join([row.grid_code, *row.streets]).strip()
    until = f" – {row.valid_until - timedelta(days=1)}" if row.valid_until else ""
    return f"{row.id:>6}  {row.weekday}  {row.begins:%H:%M}-{row.ends:%H:%M}  {who}  {where}  {row.valid_from}{until}"


def _line(row: dict[Any, Any]) -> str:
    with speech.for_pages():
        came_out = words.word(Kept(row["kept"]))
    where = " ".join(part for part in (row["grid_code"], row["streets"]) if part)
    seen = f"{row['street_metres_seen']}/{row['due_metres']} m  {row['visited']}/{row['points']}"
    who = row["team"] or row["person_name"]
    return f"{row['day']}  {row['begins']}-{row['ends']}  {came_out:<12}  {seen:<22}  {who}  {where}"


def _write(table: Any, out: Path) -> None:
    with speech.for_pages():
        if "kept" in table:
            table = table.assign(kept=[words.word(Kept(one)) for one in table["kept"]])
    write_table(table.rename(columns={column: _(plan_tables.HEADINGS[column]) for column in table.columns}), out)
