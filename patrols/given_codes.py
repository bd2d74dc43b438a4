"""Every number of a community's grids is given once, however many drafts are drawn at the same time.

A new grid gets the next number after all that editions bear or bore and all that were ever given in a draft, undone or
not. The database keeps those given in drafts, each once in a community: of two who take the same number at the same
moment, the second waits for the first and then takes the next one. A number is free again only where the draft that
it was given in is discarded before it was ever submitted, because then nobody else has seen it.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.models import Community, DraftChange, EditionStage, GivenCode, Grid, GridEdition
from geo.errors import N_
from patrols.codes import fresh_codes

TRIES = 20
"""How often somebody else may be quicker with the same number before it is given up."""


def give(session: Session, edition: GridEdition) -> str:
    """Give the next number to a new grid of a draft.

    Raises
    ------
    CannotDraw
        The numbers have run out.
    Conflict
        Others were quicker every time.
    """
    return give_all(session, edition, lambda used: fresh_codes(edition.community, used, 1))[0]


def give_all(
    session: Session, edition: GridEdition, choose: Callable[[set[str]], list[str]], *, of: set[str] | None = None
) -> list[str]:
    """Choose codes for grids of a draft and keep the new ones for it.

    Parameters
    ----------
    choose : callable
        Gets what `used` tells, answers with the codes of all grids; asked again where somebody else was quicker.
    of : set of str, optional
        Codes that are no new ones: grids carry on those of an earlier edition.

    Raises
    ------
    Conflict
        Others were quicker every time.
    """
    for _ in range(TRIES):
        codes = choose(used(session, edition.community))
        if _keep(session, edition, [code for code in codes if of is None or code not in of]):
            return codes
    raise Conflict(N_("Somebody else is giving numbers to grids at this moment: do it again."))


def claim(session: Session, edition: GridEdition, codes: Iterable[str]) -> None:
    """Keep the codes with which grids came for this edition, those that no other edition bears.

    What a discarded draft left behind is taken over: an office that corrects a file sends it with the same codes again.

    Raises
    ------
    Conflict
        One of them was given to a grid of another draft that does not bear it (any more).
    """
    _claim(session, edition, set(codes) - borne(session, edition.community, but=edition))


def _claim(session: Session, edition: GridEdition, codes: set[str]) -> None:
    new = sorted(codes)
    left = select(GivenCode).join(GridEdition, GridEdition.id == GivenCode.edition_id)
    left = left.where(GivenCode.community_id == edition.community_id, GridEdition.stage == EditionStage.DISCARDED)
    for row in session.scalars(left.where(GivenCode.code.in_(new))):
        row.edition_id = edition.id
    session.flush()
    mine = set(session.scalars(select(GivenCode.code).where(GivenCode.edition_id == edition.id)))
    new = [code for code in new if code not in mine]
    if not _keep(session, edition, new):
        taken = select(GivenCode.code).where(
            GivenCode.community_id == edition.community_id, GivenCode.code.in_(new), GivenCode.edition_id != edition.id
        )
        raise Conflict(
            N_("The code %(code)s was given to a grid of another draft: a grid's code is given once."),
            code=min(session.scalars(taken), default=new[0]),
        )


def release(session: Session, edition: GridEdition) -> None:
    """Make the numbers free that were given in a draft which nobody but its drawers has seen."""
    session.execute(delete(GivenCode).where(GivenCode.edition_id == edition.id))


def claim_again(session: Session, edition: GridEdition, *, adopted: set[str]) -> None:
    """Keep all numbers of a draft that is brought back, those of undone edits too.

    Parameters
    ----------
    adopted : set of str
        Codes that were in force at any time: no new ones.

    Raises
    ------
    Conflict
        They were given to others in the meantime.
    """
    drafted = session.scalars(select(DraftChange.codes).where(DraftChange.edition_id == edition.id))
    there = session.scalars(select(Grid.code).where(Grid.edition_id == edition.id))
    mine = {*there, *(code for codes in drafted for code in codes)}
    _claim(session, edition, mine - adopted)


def used(session: Session, community: Community) -> set[str]:
    """Codes that were given in the community: enough of them to know the last number."""
    every: set[str] = set()
    given = select(func.max(GivenCode.code)).where(GivenCode.community_id == community.id)
    grids = (
        select(func.max(Grid.code))
        .join(GridEdition, GridEdition.id == Grid.edition_id)
        .where(GridEdition.community_id == community.id, GridEdition.stage != EditionStage.DISCARDED)
    )
    for last, column in ((given, GivenCode.code), (grids, Grid.code)):
        every |= set(session.scalars(last.group_by(func.length(column))))
    if all(code.isascii() and code.isdigit() for code in every):
        return every
    # Letters sort behind digits: the last of all need not be the last number.
    given_codes = session.scalars(select(GivenCode.code).where(GivenCode.community_id == community.id))
    return {*borne(session, community), *given_codes}


def borne(session: Session, community: Community, *, but: GridEdition | None = None) -> set[str]:
    """Codes that grids of the community's editions bear, those that were discarded aside."""
    wanted = (
        select(Grid.code)
        .join(GridEdition, GridEdition.id == Grid.edition_id)
        .where(GridEdition.community_id == community.id, GridEdition.stage != EditionStage.DISCARDED)
    )
    if but is not None:
        wanted = wanted.where(GridEdition.id != but.id)
    return set(session.scalars(wanted.distinct()))


def _keep(session: Session, edition: GridEdition, codes: list[str]) -> bool:
    """Write codes down for an edition; False where one of them is somebody else's by now."""
    if not codes:
        return True
    rows = [{"community_id": edition.community_id, "edition_id": edition.id, "code": code} for code in codes]
    try:
        with session.begin_nested():
            session.execute(insert(GivenCode), rows)
    except IntegrityError:
        return False
    return True
