"""``gridpatrol grids submit|review|return|adopt|recall|discard|bring-back|begin``: an edition's way into force."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import click
from sqlalchemy.orm import Session

from data import audit
from data.models import Community, EditionStage, GridEdition, User
from data.users import find_user
from geo.errors import N_
from patrols import adoption, edition_moves, redraw
from patrols.communities import find_community
from patrols.days import local_day
from patrols.edition_moves import Asked
from patrols.editions import EditionMove
from webmap.cli import _
from webmap.cli.options import Decorator, community_option, database_option, database_session, now

Command = Callable[..., Any]

edition_option = click.option(
    "--edition",
    type=int,
    metavar="NUMBER",
    help=N_("Number of the edition; else the newest draft, or the one in force."),
)
note_option = click.option("--note", default="", help=N_("What is to be remembered with this step."))
by_option = click.option("--by", "login", metavar="LOGIN", help=N_("Whose step it is; else the program's own."))
seen_option = click.option(
    "--seen",
    type=click.IntRange(0),
    metavar="REVISION",
    help=N_("The revision that you looked at; if somebody has changed the draft since, nothing is done."),
)


@dataclass(frozen=True)
class Desk:
    """What a command about one edition works with."""

    session: Session
    place: Community
    edition: GridEdition
    at: datetime
    by: User | None

    def take(self, move: EditionMove, asked: Asked) -> None:
        """Take a step and write it into the audit."""
        edition_moves.take(self.session, self.edition, move, asked, at=self.at, by=self.by)
        _record(self, edition_moves.IN_THE_AUDIT[move], edition_moves.facts(self.edition, move, asked))


@contextmanager
def desk(
    find: Callable[[Session, Community], GridEdition], community: str | None, database: str | None, login: str | None
) -> Iterator[Desk]:
    """Open the database, find the community, the edition and whose step it is; store what was done at the end."""
    at = now()
    with database_session(database, writing=True) as session:
        place = find_community(session, community, on=at.date())
        yield Desk(session, place, find(session, place), at, user_of(session, login))


def _newest_draft(session: Session, place: Community) -> GridEdition:
    return redraw.newest_draft(session, place)


def _last_adopted(session: Session, place: Community) -> GridEdition:
    return redraw.last_adopted(session, place) or redraw.require_edition(session, place, now())


def _newest_discarded(session: Session, place: Community) -> GridEdition:
    return redraw.newest_draft(session, place, stages=(EditionStage.DISCARDED,))


def step(
    *options: Decorator, otherwise: Callable[[Session, Community], GridEdition] = _newest_draft
) -> Callable[[Command], Command]:
    """A command that takes a step: it gets a `Desk` and its own options.

    ``otherwise`` finds the edition where no number is given.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(
            *, edition: int | None, login: str | None, community: str | None, database: str | None, **others: Any
        ) -> None:
            def find(session: Session, place: Community) -> GridEdition:
                return otherwise(session, place) if edition is None else redraw.edition(session, place, edition)

            with desk(find, community, database, login) as work:
                command(work, **others)

        optioned: Command = run
        every: tuple[Decorator, ...] = (edition_option, *options, by_option, community_option, database_option)
        for option in reversed(every):
            optioned = option(optioned)
        return optioned

    return decorate


def _reasons(_context: click.Context, _option: click.Parameter, told: tuple[str, ...]) -> dict[str, str]:
    """Why grids are voided, by code."""
    pairs = [one.partition("=") for one in told]
    if not all(equals for _code, equals, _reason in pairs):
        raise click.BadParameter(_("write it like 110108001001003=merged into 002"), param_hint="--void")
    return {code.strip(): reason for code, _equals, reason in pairs}


@click.command("submit", help=N_("Hand a draft in; it cannot be changed while it is reviewed."))
@step(
    click.option(
        "--void",
        "voided",
        multiple=True,
        callback=_reasons,
        metavar="CODE=REASON",
        help=N_("Why a grid of the edition in force has no successor; once for each."),
    ),
    note_option,
    seen_option,
)
def submit_command(work: Desk, voided: dict[str, str], note: str, seen: int | None) -> None:
    work.take(EditionMove.SUBMIT, Asked(note=note, seen=seen, reasons=voided))
    _say(work)


@click.command("review", help=N_("Say that a submitted edition was looked through and may be adopted."))
@step(note_option, seen_option)
def review_command(work: Desk, note: str, seen: int | None) -> None:
    work.take(EditionMove.REVIEW, Asked(note=note, seen=seen))
    _say(work)


@click.command("return", help=N_("Send a submitted or reviewed edition back to be changed."))
@step(click.option("--note", required=True, help=N_("What should be changed.")), seen_option)
def return_command(work: Desk, note: str, seen: int | None) -> None:
    work.take(EditionMove.SEND_BACK, Asked(note=note, seen=seen))
    _say(work)


@click.command("adopt", help=N_("Put an edition into force from a day on. What happened before keeps its grids."))
@step(
    click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help=N_("First day; today if left out.")),
    click.option("--filing", "filing_number", required=True, help=N_("Number under which it is filed.")),
    click.option(
        "--allow-flaws", is_flag=True, help=N_("Adopt in spite of flaws that an authority has fixed as they are.")
    ),
    note_option,
    seen_option,
)
def adopt_command(
    work: Desk, valid_from: datetime | None, filing_number: str, allow_flaws: bool, note: str, seen: int | None
) -> None:
    if not filing_number.strip():
        raise click.BadParameter(_("an adoption is filed under some number"), param_hint="--filing")
    day = valid_from.date() if valid_from else local_day(work.place, work.at)
    asked = Asked(note=note, seen=seen, filing_number=filing_number, valid_from=day, allow_flaws=allow_flaws)
    work.take(EditionMove.ADOPT, asked)
    told = {"number": work.edition.number, "community": work.place.name, "day": day, "grids": len(work.edition.grids)}
    click.echo(_("Edition %(number)s of %(community)s (%(grids)s grids) is in force from %(day)s.") % told)


@click.command("recall", help=N_("Undo an adoption that has not begun; the edition before goes on."))
@step(note_option, otherwise=_last_adopted)
def recall_command(work: Desk, note: str) -> None:
    work.take(EditionMove.RECALL, Asked(note=note))
    _say(work)


@click.command("discard", help=N_("Throw a draft away. Nothing of it is deleted: it can be brought back."))
@step(note_option, seen_option)
def discard_command(work: Desk, note: str, seen: int | None) -> None:
    work.take(EditionMove.DISCARD, Asked(note=note, seen=seen))
    _say(work)


@click.command("bring-back", help=N_("Make a discarded draft a draft again, with everything that was drawn."))
@step(note_option, otherwise=_newest_discarded)
def bring_back_command(work: Desk, note: str) -> None:
    work.take(EditionMove.BRING_BACK, Asked(note=note))
    _say(work)


@click.command(
    "begin",
    help=N_("Hand over what is open to editions whose first day has come. The website does it by itself; for cron."),
)
@database_option
def begin_command(database: str | None) -> None:
    at = now()
    with database_session(database, writing=True) as session:
        for edition in adoption.begin(session, at):
            _record(Desk(session, edition.community, edition, at, None), "grids.begun", {"edition": edition.number})
            told = {"number": edition.number, "community": edition.community.name, "day": edition.valid_from}
            click.echo(_("Edition %(number)s of %(community)s has begun on %(day)s.") % told)


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


def _record(work: Desk, action: str, facts: dict[str, Any]) -> None:
    who = None if work.by is None else work.by.id
    audit.write(
        work.session,
        action,
        at=work.at,
        user_id=who,
        object_kind="community",
        object_key=work.place.code,
        facts=facts,
    )


_STAGES = {
    EditionStage.DRAFT: N_("Edition %(number)s of %(community)s is a draft again."),
    EditionStage.SUBMITTED: N_("Edition %(number)s of %(community)s is submitted."),
    EditionStage.REVIEWED: N_("Edition %(number)s of %(community)s is reviewed and may be adopted."),
    EditionStage.DISCARDED: N_(
        "Edition %(number)s of %(community)s is discarded. To have it back: gridpatrol grids bring-back "
        "--edition %(number)s"
    ),
}


def _say(work: Desk) -> None:
    click.echo(_(_STAGES[work.edition.stage]) % {"number": work.edition.number, "community": work.place.name})


COMMANDS = (
    submit_command,
    review_command,
    return_command,
    adopt_command,
    recall_command,
    discard_command,
    bring_back_command,
    begin_command,
)
