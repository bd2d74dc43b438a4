"""``gridpatrol grids submit|review|return|adopt|recall|begin|compare``: an edition on its way into force."""

from datetime import date, datetime
from typing import Any

import click
import pandas as pd
from sqlalchemy.orm import Session

from data import audit
from data.models import Community, EditionStage, GridEdition, LineageKind, User
from data.users import find_user
from geo.errors import N_
from patrols import adoption, editions, redraw
from patrols.communities import find_community
from patrols.days import local_day
from patrols.preview import Preview, preview
from patrols.tally import FIGURES, NOWHERE
from webmap.cli import _, speech
from webmap.cli.options import community_option, database_option, database_session, json_option, now

edition_option = click.option(
    "--edition",
    type=int,
    metavar="NUMBER",
    help=N_("Number of the edition; else the newest draft, or the one in force."),
)
note_option = click.option("--note", default="", help=N_("What is to be remembered with this step."))
by_option = click.option("--by", "login", metavar="LOGIN", help=N_("Whose step it is; else the program's own."))


@click.command("submit", help=N_("Hand a draft in; it cannot be changed while it is reviewed."))
@edition_option
@click.option(
    "--void",
    "voided",
    multiple=True,
    metavar="CODE=REASON",
    help=N_("Why a grid of the edition in force has no successor; once for each."),
)
@note_option
@by_option
@community_option
@database_option
def submit_command(
    edition: int | None,
    voided: tuple[str, ...],
    note: str,
    login: str | None,
    community: str | None,
    database: str | None,
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        chosen = choose(session, place, edition, draft=True)
        for one in voided:
            code, equals, reason = one.partition("=")
            if not equals:
                raise click.BadParameter(_("write it like 110108001001003=merged into 002"), param_hint="--void")
            editions.void_reason(session, chosen, code.strip(), reason)
        editions.submit(session, chosen, at=at, by=user_of(session, login), note=note)
        _record(session, place, chosen, "grids.submitted", at)
        _say(place, chosen)


@click.command("review", help=N_("Say that a submitted edition was looked through and may be adopted."))
@edition_option
@note_option
@by_option
@community_option
@database_option
def review_command(
    edition: int | None, note: str, login: str | None, community: str | None, database: str | None
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        chosen = choose(session, place, edition, draft=True)
        editions.review(session, chosen, at=at, by=user_of(session, login), note=note)
        _record(session, place, chosen, "grids.reviewed", at)
        _say(place, chosen)


@click.command("return", help=N_("Send a submitted or reviewed edition back to be changed."))
@edition_option
@click.option("--note", required=True, help=N_("What should be changed."))
@by_option
@community_option
@database_option
def return_command(
    edition: int | None, note: str, login: str | None, community: str | None, database: str | None
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        chosen = choose(session, place, edition, draft=True)
        editions.send_back(session, chosen, at=at, by=user_of(session, login), note=note)
        _record(session, place, chosen, "grids.sent_back", at)
        _say(place, chosen)


@click.command("adopt", help=N_("Put an edition into force from a day on. What happened before keeps its grids."))
@edition_option
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help=N_("First day; today if left out."))
@click.option("--filing", "filing_number", required=True, help=N_("Number under which it is filed."))
@click.option(
    "--allow-flaws", is_flag=True, help=N_("Adopt in spite of flaws that an authority has fixed as they are.")
)
@note_option
@by_option
@community_option
@database_option
def adopt_command(
    edition: int | None,
    valid_from: datetime | None,
    filing_number: str,
    allow_flaws: bool,
    note: str,
    login: str | None,
    community: str | None,
    database: str | None,
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        chosen = choose(session, place, edition, draft=True)
        if not filing_number.strip():
            raise click.BadParameter(_("an adoption is filed under some number"), param_hint="--filing")
        day: date = valid_from.date() if valid_from else local_day(place, at)
        adoption.adopt(
            session,
            chosen,
            valid_from=day,
            filing_number=filing_number.strip(),
            at=at,
            by=user_of(session, login),
            note=note,
            allow_flaws=allow_flaws,
        )
        _record(session, place, chosen, "grids.adopted", at, **({"allow_flaws": True} if allow_flaws else {}))
        told = {"number": chosen.number, "community": place.name, "day": day, "grids": len(chosen.grids)}
    click.echo(_("Edition %(number)s of %(community)s (%(grids)s grids) is in force from %(day)s.") % told)


@click.command("recall", help=N_("Undo an adoption that has not begun; the edition before goes on."))
@edition_option
@note_option
@by_option
@community_option
@database_option
def recall_command(
    edition: int | None, note: str, login: str | None, community: str | None, database: str | None
) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        chosen = redraw.last_adopted(session, place) if edition is None else redraw.edition(session, place, edition)
        adoption.recall(
            session,
            chosen or redraw.require_edition(session, place, at),
            at=at,
            by=user_of(session, login),
            note=note,
        )
        if chosen is not None:
            _record(session, place, chosen, "grids.recalled", at)
            _say(place, chosen)


@click.command(
    "begin",
    help=N_("Hand over what is open to editions whose first day has come. The website does it by itself; for cron."),
)
@database_option
def begin_command(database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        for edition in adoption.begin(session, at):
            _record(session, edition.community, edition, "grids.begun", at)
            told = {"number": edition.number, "community": edition.community.name, "day": edition.valid_from}
            click.echo(_("Edition %(number)s of %(community)s has begun on %(day)s.") % told)


@click.command("compare", help=N_("What an edition changes against another: every grid before and after, what moves."))
@edition_option
@click.option(
    "--with",
    "other",
    type=int,
    metavar="NUMBER",
    help=N_("Compare with this edition; else with the one in force, or the one it took over from."),
)
@community_option
@database_option
@json_option
def compare_command(
    edition: int | None, other: int | None, community: str | None, database: str | None, as_json: bool
) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        drafts = [one for one in redraw.editions(session, place) if one.stage in redraw.OPEN]
        chosen = choose(session, place, edition, draft=bool(drafts))
        against = None if other is None else redraw.edition(session, place, other)
        told = preview(session, chosen, at=at, against=against)
        speech.print_figures(_figures(told), as_json, lambda: _written(told))


def choose(session: Session, place: Community, number: int | None, *, draft: bool = False) -> GridEdition:
    """The edition of that number; else the newest draft where one is wanted, or the one in force."""
    if number is not None:
        return redraw.edition(session, place, number)
    return redraw.newest_draft(session, place) if draft else redraw.require_edition(session, place, now())


def user_of(session: Session, login: str | None) -> User | None:
    """The user of a login; None for the program itself.

    Raises
    ------
    click.BadParameter
        There is none of that login.
    """
    if login is None:
        return None
    found = find_user(session, login)
    if found is None:
        raise click.BadParameter(_("there is no sign-in %(login)s") % {"login": login}, param_hint="--by")
    return found


def _record(session: Session, place: Community, edition: GridEdition, action: str, at: datetime, **more: Any) -> None:
    facts = {"edition": edition.number, **more}
    audit.write(session, action, at=at, object_kind="community", object_key=place.code, facts=facts)


_STAGES = {
    EditionStage.DRAFT: N_("Edition %(number)s of %(community)s is a draft again."),
    EditionStage.SUBMITTED: N_("Edition %(number)s of %(community)s is submitted."),
    EditionStage.REVIEWED: N_("Edition %(number)s of %(community)s is reviewed and may be adopted."),
}


def _say(place: Community, edition: GridEdition) -> None:
    click.echo(_(_STAGES[edition.stage]) % {"number": edition.number, "community": place.name})


def _figures(told: Preview) -> dict[str, Any]:
    """A comparison as JSON: numbers as they are, nothing where a grid does not exist."""
    grids = told.grids.reset_index().astype(object)
    grids = grids.where(told.grids.reset_index().notna(), None)
    return {
        "edition": told.edition.number,
        "against": None if told.against is None else told.against.number,
        "grids": grids.to_dict("records"),
        "moves": told.moves.to_dict("records"),
        "totals": told.totals.to_dict("index"),
    }


_NAMES = {
    "households": N_("households"),
    "residents": N_("residents"),
    "buildings": N_("buildings"),
    "street_metres": N_("metres of street"),
    "open_incidents": N_("open incidents"),
    "patrol_metres": N_("metres walked in 8 weeks"),
    "patrol_minutes": N_("minutes walked in 8 weeks"),
    "postings": N_("postings"),
}


def _written(told: Preview) -> str:
    changed = told.grids[(told.grids["change"] != LineageKind.KEPT) & (told.grids.index != NOWHERE)]
    against = "-" if told.against is None else told.against.number
    lines = [
        _("Edition %(number)s against edition %(other)s: %(changed)s grids change, %(kept)s stay as they are.")
        % {
            "number": told.edition.number,
            "other": against,
            "changed": len(changed),
            "kept": len(told.grids) - len(changed) - 1,
        }
    ]
    for code, row in changed.iterrows():
        parts = [
            f"{_(_NAMES[name])} {_number(row[name + '_before'])} -> {_number(row[name + '_after'])}"
            for name in FIGURES
            if _number(row[f"{name}_before"]) != _number(row[f"{name}_after"])
        ]
        lines.append(f"  {code} {row['change']}: {', '.join(parts)}")
    lines += [
        _("  %(from_code)s -> %(to_code)s: %(households)s households, %(open_incidents)s open incidents, %(area)s m2")
        % {**row, "from_code": row["from_code"] or "-", "to_code": row["to_code"] or "-", "area": round(row["area_m2"])}
        for row in told.moves.to_dict("records")
    ]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"


COMMANDS = (
    submit_command,
    review_command,
    return_command,
    adopt_command,
    recall_command,
    begin_command,
    compare_command,
)
