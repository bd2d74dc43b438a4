"""Postings on grids that an edition does not have: whoever holds one answers for nothing until posted anew."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import EditionStage, GridEdition, Person, PlaceKind, Posting
from patrols import redraw, roster
from patrols.days import local_day


@dataclass(frozen=True)
class LeftPosting:
    """A posting on a grid that is no more.

    Parameters
    ----------
    grid_code : str
        The grid that is no more.
    heir : str
        The grid that has most of its ground; empty where none has.
    duty : str
        One of `data.models.Duty`, or a community's own.
    number, name : str
        Who holds it, by the roster.
    """

    grid_code: str
    heir: str
    duty: str
    number: str
    name: str


def left_postings(
    session: Session, edition: GridEdition, codes: Collection[str], heirs: Mapping[str, str], *, at: datetime
) -> list[LeftPosting]:
    """Who must be posted anew because of an edition, by grid and duty; nobody where it answers no more.

    Postings are no part of an adoption: the office decides who answers for the new grids.

    Parameters
    ----------
    codes : collection of str
        The edition's grids.
    heirs : mapping
        As `patrols.lineage.heirs` tells it.
    at : datetime
        Now: postings count that are in force now, or on the edition's first day if that lies ahead.
    """
    if edition.stage not in (*redraw.OPEN, EditionStage.ADOPTED):
        return []
    today = local_day(edition.community, at)
    held = roster.in_force(max(today, edition.valid_from or today))
    wanted = (
        select(Posting.grid_code, Posting.duty, Person.number, Person.name)
        .join(Person, Person.id == Posting.person_id)
        .where(Posting.community_id == edition.community_id, Posting.place_kind == PlaceKind.GRID, held)
        .order_by(Posting.grid_code, Posting.duty, Person.number)
    )
    there = set(codes)
    return [
        LeftPosting(code, heirs.get(code, ""), duty, number, name)
        for code, duty, number, name in session.execute(wanted)
        if code is not None and code not in there
    ]
