"""``gridpatrol points``: what facts earned, what accounts hold, statements, goods and taking back."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from data import audit
from data.exchange.write import write_table
from data.models import AccountKind, Community
from geo.errors import N_
from patrols.communities import find_community
from patrols.points import accounts, earning, goods, ledger, rules, statements
from patrols.scope import EVERYTHING
from webmap.cli import _, speech
from webmap.cli.options import community_option, database_option, database_session, json_option, now, out_option

day_option = click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=N_("First day, such as 2026-11-01."))
number_argument = click.argument("number")


@click.group("points", help=N_("Points: what was earned, what accounts hold, goods, and taking back."))
def points_command() -> None:
    pass


@points_command.command("begin", help=N_("Begin with three areas and the usual rules."))
@community_option
@database_option
def begin_command(community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        new = rules.begin(session, place, on=at.date())
        _keep(session, "points.begun", at, place)
    click.echo(_("Points have begun.") if new else _("There are rules about points already."))


@points_command.command("earn", help=N_("Let patrols and reports earn what they have not earned yet; run it daily."))
@day_option
@json_option
@community_option
@database_option
def earn_command(since: datetime | None, as_json: bool, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        done = asdict(earning.earn(session, place, at=at, since=since.date() if since else None))
        _keep(session, "points.earned", at, place, **done)
    speech.print_figures(
        done,
        as_json,
        lambda: (
            _("%(entries)s facts earned %(points)s points; %(capped)s met a cap; %(reversed)s were taken back.") % done
        ),
    )


@points_command.command("totals", help=N_("Print what was earned, redeemed and taken back, by area."))
@day_option
@json_option
@community_option
@database_option
def totals_command(since: datetime | None, as_json: bool, community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        found = statements.totals(session, EVERYTHING, place, since=since.date() if since else None)
        areas = {area.code: {"name": area.zh, **asdict(sums), "left": sums.left} for area, sums in found.areas}
        told = {"areas": areas, "all": {**asdict(found.all), "left": found.all.left}}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for row in (*areas.values(), {"name": _("all areas"), **told["all"]}):
        click.echo(
            f"{row['opening']:>8} {row['earned']:>8} {row['redeemed']:>8} {row['reversed']:>8} "
            f"{row['left']:>8}  {row['name']}"
        )


@points_command.command("accounts", help=N_("List the accounts by number, with what they hold."))
@click.option("--kind", type=click.Choice([one.value for one in AccountKind]), help=N_("Only accounts of this kind."))
@json_option
@community_option
@database_option
def accounts_command(kind: str | None, as_json: bool, community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        wanted = AccountKind(kind) if kind else None
        found = accounts.listing(session, EVERYTHING, place, kind=wanted, rows=1_000_000).items
        rows = [
            {"number": one.number, "kind": one.kind.value, "name": accounts.called(one), "points": points}
            for one, points in found
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['points']:>8}  {row['kind']:<10} {row['number']:<16} {row['name']}")


@points_command.command("open", help=N_("Open an account: of a person, by the number on the roster, or another's."))
@click.argument("kind", type=click.Choice([one.value for one in AccountKind]))
@number_argument
@click.option("--name", default="", help=N_("What a household or shop is called."))
@click.option("--grid", metavar="CODE", help=N_("The grid it lies in."))
@community_option
@database_option
def open_command(
    kind: str, number: str, name: str, grid: str | None, community: str | None, database: str | None
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        account = accounts.open_for(
            session, place, AccountKind(kind), number=number, name=name, grid_code=grid, on=at.date()
        )
        _keep(session, "points.account_opened", at, place, account=account.id)
        number = account.number
    click.echo(_("Account %(number)s is open.") % {"number": number})


@points_command.command("statement", help=N_("Write an account's statement to a .xlsx or .csv file."))
@number_argument
@day_option
@community_option
@database_option
@out_option
def statement_command(
    number: str, since: datetime | None, community: str | None, database: str | None, out: Path
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        account = accounts.by_number(session, place, number)
        found = statements.statement(session, place, account, since=since.date() if since else None)
        table = statements.as_table(found, place)
        write_table(table, out)
        _keep(session, "points.exported", at, place, account=account.id)
    click.echo(_("%(file)s: %(rows)s lines, %(left)s points.") % {"file": out, "rows": len(table), "left": found.after})


@points_command.command("reverse", help=N_("Take back a line of an account, or the redemption that it belongs to."))
@number_argument
@click.argument("line", type=int)
@click.option("--reason", required=True, help=N_("Why; it stands in the statement."))
@community_option
@database_option
def reverse_command(number: str, line: int, reason: str, community: str | None, database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        account = accounts.by_number(session, place, number)
        entry = ledger.entry_of(session, account, line)
        if entry.redemption is not None:
            goods.take_back(session, entry.redemption, reason=reason, at=at)
        else:
            ledger.reverse(session, entry, reason=reason, at=at)
        _keep(session, "points.reversed", at, place, entry=line, reason=reason)
        left = sum(ledger.balance(session, account.id).values())
    click.echo(_("Taken back; %(number)s has %(left)s points.") % {"number": number, "left": left})


@points_command.command("goods", help=N_("List the goods: what they cost and how many are in stock."))
@json_option
@community_option
@database_option
def goods_command(as_json: bool, community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        place = find_community(session, community, on=now().date())
        rows = [
            {"number": one.good.id, "name": one.good.name, "points": one.good.points, "stock": one.stock}
            for one in goods.catalogue(session, place)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['number']:>5} {row['points']:>8} {row['stock']:>6}  {row['name']}")


def _keep(session: Session, action: str, at: datetime, place: Community, **facts: Any) -> None:
    audit.write(session, action, at=at, object_kind="community", object_key=place.code, facts=facts)
