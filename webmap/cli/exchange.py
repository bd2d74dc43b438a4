"""``gridpatrol exchange``: incidents to and from other platforms, orders of the hotline in, answers out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import click

from data import audit
from data.exchange.scratch import replacing
from data.exchange.write import write_table
from data.models import Community
from geo.errors import N_
from patrols.communities import find_community
from patrols.days import zone
from patrols.exchange.giving import Given, give, table_of
from patrols.exchange.orders import PLATFORM, read_orders, take_orders
from patrols.exchange.replies import replies
from patrols.exchange.sent import read_sent
from patrols.exchange.taking import take
from patrols.intake.sheet import Intake
from patrols.scope import EVERYTHING
from webmap.cli import _, finish, speech
from webmap.cli.options import (
    community_option,
    database_option,
    database_session,
    datum_option,
    existing_file,
    json_option,
    now,
    out_option,
)

platform_option = click.option(
    "--platform", metavar="NAME", required=True, help=N_("Short name of the other platform, always the same.")
)
since_option = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help=N_("Only what has had a step since that day.")
)
skip_option = click.option("--skip-bad", is_flag=True, help=N_("Take the good rows, list the others, and exit with 1."))


@click.group("exchange", help=N_("Incidents to and from other platforms, and orders of the hotline 12345."))
def exchange_command() -> None:
    pass


@exchange_command.command(
    "export",
    help=N_(
        "Write what a platform is told (.json whole; .csv .xlsx a row each with its last step): six mandatory fields, "
        "CGCS2000; without reporters unless --reason."
    ),
)
@platform_option
@since_option
@skip_option
@click.option("--reason", default="", help=N_("Why the reporters go along; it is kept in the audit."))
@community_option
@database_option
@out_option
def export_command(
    platform: str,
    since: datetime | None,
    skip_bad: bool,
    reason: str,
    community: str | None,
    database: str | None,
    out: Path,
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        term = _midnight(place, since)
        given = give(session, EVERYTHING, place, platform, since=term, named=bool(reason.strip()), skip_bad=skip_bad)
        facts = {"platform": platform, "rows": len(given.incidents), "reason": reason}
        audit.write(session, "exchange.exported", at=at, object_kind="community", object_key=place.code, facts=facts)
        _write(given, out)
    speech.list_refusals(given.refusals)
    click.echo(
        _("%(file)s written: %(rows)s incidents; %(waiting)s wait for a department and were left out.")
        % {"file": out, "rows": len(given.incidents), "waiting": given.without_department}
    )
    finish(len(given.refusals))


@exchange_command.command(
    "import",
    help=N_(
        "Take in what a platform sent (.json .csv .xlsx), whole or not at all; the same file again changes nothing."
    ),
)
@click.argument("file", type=existing_file)
@platform_option
@skip_option
@community_option
@database_option
@json_option
def import_command(
    file: Path, platform: str, skip_bad: bool, community: str | None, database: str | None, as_json: bool
) -> None:
    _take_in(
        lambda session, place, at: take(session, read_sent(file), place, platform, at=at, skip_bad=skip_bad),
        file,
        platform,
        community,
        database,
        as_json,
    )


@exchange_command.command(
    "orders",
    help=N_("Take in orders of the hotline 12345 (.csv .xlsx with the usual headings): new ones, and what they ask."),
)
@click.argument("file", type=existing_file)
@skip_option
@datum_option
@community_option
@database_option
@json_option
def orders_command(
    file: Path, skip_bad: bool, datum: str, community: str | None, database: str | None, as_json: bool
) -> None:
    reading = read_orders(file, datum=datum)
    _take_in(
        lambda session, place, at: take_orders(session, reading, place, at=at, skip_bad=skip_bad),
        file,
        PLATFORM,
        community,
        database,
        as_json,
    )


@exchange_command.command(
    "replies", help=N_("Write how the orders of the hotline stand and what is answered (.xlsx .csv); nobody is named.")
)
@since_option
@community_option
@database_option
@out_option
def replies_command(since: datetime | None, community: str | None, database: str | None, out: Path) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        table = replies(session, EVERYTHING, place, at=at, since=_midnight(place, since))
    write_table(table, out)
    click.echo(_("%(file)s written: %(rows)s rows.") % {"file": out, "rows": len(table)})


def _take_in(
    taker: Callable[[Any, Community, datetime], Intake],
    file: Path,
    platform: str,
    community: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        done = taker(session, place, at)
        facts = {"platform": platform, "stored": done.stored, "updated": done.updated}
        audit.write(session, "exchange.imported", at=at, object_kind="community", object_key=place.code, facts=facts)
    speech.list_refusals(done.refusals)
    counts = {name: getattr(done, name) for name in ("stored", "updated", "unchanged")}
    told = {name: [speech.tell_refusal(one) for one in getattr(done, name)] for name in ("refusals", "notes")}
    speech.print_figures(
        {"file": str(file), **counts, "refused": told["refusals"], "notes": told["notes"]},
        as_json,
        lambda: (
            _("%(file)s: %(stored)s new, %(updated)s moved on, %(unchanged)s as before, %(refused)s refused")
            % {"file": file.name, **counts, "refused": len(done.refusals)}
        ),
    )
    if not as_json:
        for note in told["notes"][: speech.SHOWN]:
            click.echo(f"  {note}")
    finish(len(done.refusals))


def _write(given: Given, out: Path) -> None:
    if out.suffix.lower() != ".json":
        write_table(table_of(given.document), out)
        return
    with replacing(out) as target:
        target.write_text(json.dumps(given.document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _midnight(place: Community, day: datetime | None) -> datetime | None:
    return None if day is None else datetime.combine(day.date(), time(), zone(place.timezone)).astimezone(UTC)
