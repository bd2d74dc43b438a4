"""Adopting an edition: from which day it answers, what hands over, and calling it back before it begins."""

from collections.abc import Iterable
from datetime import date, datetime

import geopandas as gpd
import pandas as pd
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from data import frames
from data.models import Community, EditionStage, GridEdition, GridLineage, User
from geo.errors import N_
from patrols import editions, ground_stamp, redraw
from patrols.acceptance import unaccepted
from patrols.before_adoption import Outlook, look_ahead, mark_of
from patrols.days import local_day
from patrols.editions import EditionMove
from patrols.errors import AdoptionRefused, EditionStepRefused
from patrols.handover import hand_over
from patrols.intake.rows import write_rows
from patrols.lineage import compare, lineage_rows
from patrols.telling import Tell, between, silent


def adopt(
    session: Session,
    edition: GridEdition,
    *,
    valid_from: date,
    filing_number: str,
    at: datetime,
    by: User | None = None,
    note: str = "",
    allow_flaws: bool = False,
    seen: int | None = None,
    outlook: Outlook | None = None,
    tell: Tell = silent,
) -> GridEdition:
    """Put an edition into force from a day on; the one before ends on that day, and lineage says what became of it.

    Nothing that happened before is touched. The first edition of a community may be dated back, since nothing answered
    before it; later ones begin today at the earliest. A community without an outline gets that of its grids.

    Incidents that are open when the edition begins are handed over to the grids that now have their ground: at once
    where it begins today, else by `begin` on its first day, since until then the old grids answer for them, and what
    is reported or closed in the meantime counts as well.

    Parameters
    ----------
    valid_from : date
        First local day on which the new grids answer.
    filing_number : str
        Under which it was filed.
    at : datetime
        Now, aware.
    by : User or None
        Who adopts, which needs an edition that was submitted and reviewed. None for the program itself (the command
        line, where the operating system has asked who it is), which adopts a draft in one go.
    allow_flaws : bool
        Adopt in spite of gaps and overlaps, for grids that an authority has fixed as they are.
    seen : int, optional
        The revision of the grids that the person saw; if they are not the same any more, nothing is done.
    outlook : Outlook, optional
        As `patrols.before_adoption.look_ahead` found it before anything was written; found anew where it is out of
        date or left out.
    tell : callable
        Hears how far it has come.

    Raises
    ------
    EditionStepRefused
        If somebody adopts what was not reviewed.
    AdoptionRefused
        If it was adopted already, begins in the past or before another edition, reuses a code for other ground, or the
        grids have flaws, not accepted with a reason, that would leave ground without an answer or with two.
    Conflict
        If somebody has changed the grids since the person saw them.
    """
    community = edition.community
    _take_turn(session, community, edition)
    editions.require_seen(edition, seen)
    begin(session, at, communities=[community])
    before = redraw.last_adopted(session, community)
    _check_dates(community, edition, before, valid_from, at)
    if by is not None:
        editions.check(edition, EditionMove.ADOPT)
    if outlook is None or outlook.mark != mark_of(session, edition):
        outlook = look_ahead(session, edition, tell=between(tell, 0.0, 0.8))
    _check_outlook(session, edition, outlook, allow_flaws)
    _give_outline(community, outlook.grids)
    rows = lineage_rows(edition.id, outlook.lineage, editions.void_reasons(session, edition))
    write_rows(session, GridLineage, rows)
    if before is not None:
        before.valid_until = valid_from
    edition.valid_from, edition.valid_until, edition.filing_number = valid_from, None, filing_number
    editions.write_down(session, edition, EditionStage.ADOPTED, at=at, by=by, note=note)
    if valid_from <= local_day(community, at):
        tell(N_("Handing over open incidents …"), 0.8)
        _take_over(session, edition, before, outlook.lineage, at=at, by=by)
    return edition


def _give_outline(community: Community, grids: gpd.GeoDataFrame) -> None:
    """A community without an outline gets that of its grids."""
    if community.outline is None:
        ground = gpd.GeoSeries([grids.union_all()], crs=grids.crs)
        community.outline = frames.store_geometry(ground)[0]
        ground_stamp.renew(community)


def recall(session: Session, edition: GridEdition, *, at: datetime, by: User | None, note: str = "") -> GridEdition:
    """Undo an adoption that has not begun: the edition is reviewed again, and the one before goes on as if nothing was.

    Nothing has been handed over yet, so nothing is handed back.

    Raises
    ------
    EditionStepRefused
        If it was not adopted, has begun, or another edition was adopted after it (recall that one first).
    """
    community = edition.community
    _take_turn(session, community, edition)
    after = editions.check(edition, EditionMove.RECALL)
    if edition.valid_from is None or edition.valid_from <= local_day(community, at):
        raise EditionStepRefused(
            N_("Edition %(number)s has answered since %(day)s: what has begun is not undone, but redrawn."),
            number=edition.number,
            day="" if edition.valid_from is None else edition.valid_from.isoformat(),
        )
    if redraw.last_adopted(session, community) is not edition:
        raise EditionStepRefused(
            N_("Another edition was adopted after edition %(number)s: recall that one first."), number=edition.number
        )
    before = session.scalar(
        select(GridEdition).where(
            GridEdition.community_id == community.id,
            GridEdition.stage.in_(redraw.IN_FORCE),
            GridEdition.valid_until == edition.valid_from,
        )
    )
    if before is not None:
        before.valid_until = None
    session.execute(delete(GridLineage).where(GridLineage.edition_id == edition.id))
    edition.valid_from, edition.filing_number = None, ""
    editions.write_down(session, edition, after, at=at, by=by, note=note)
    return edition


def begin(session: Session, at: datetime, *, communities: Iterable[Community] | None = None) -> list[GridEdition]:
    """Let the editions begin whose first day has come: open incidents are handed over, the edition before is retired.

    Done once for each edition, whenever it is called next; one query where nothing begins. Of two processes that find
    the same day come, the second waits for the first and then finds nothing to do. Until it is called, new
    incidents and every look at a place already go by the new grids: only what was open waits.

    Parameters
    ----------
    communities : iterable of Community, optional
        Only these; by default all.
    """
    begun = due(session, at, communities=communities)
    if begun:
        _wait_for(session, {edition.community for _, edition in begun})
        begun = due(session, at, communities=communities)
    for before, edition in begun:
        lineage = compare(frames.grids(session, before.id), frames.grids(session, edition.id))
        _take_over(session, edition, before, lineage, at=at, by=None)
    return [edition for _, edition in begun]


def due(
    session: Session, at: datetime, *, communities: Iterable[Community] | None = None
) -> list[tuple[GridEdition, GridEdition]]:
    """The editions whose term is over but that were not retired yet, each with the one that follows; in their order."""
    later = aliased(GridEdition)
    wanted = (
        select(GridEdition, later)
        .join(later, (later.community_id == GridEdition.community_id) & (later.valid_from == GridEdition.valid_until))
        .where(GridEdition.stage == EditionStage.ADOPTED, later.stage.in_(redraw.IN_FORCE))
        .order_by(later.valid_from, later.number)
    )
    if communities is not None:
        wanted = wanted.where(GridEdition.community_id.in_([one.id for one in communities]))
    return [
        (before, edition)
        for before, edition in session.execute(wanted).all()
        if edition.valid_from is not None and edition.valid_from <= local_day(edition.community, at)
    ]


def _take_turn(session: Session, community: Community, edition: GridEdition) -> None:
    """One adoption or recall at a time in a community: each must see what the other left."""
    _wait_for(session, [community])
    editions.lock(session, edition)


def _wait_for(session: Session, communities: Iterable[Community]) -> None:
    """Wait until nobody else adopts, recalls or lets editions begin in some communities; always in the same order."""
    session.flush()
    for community in sorted(communities, key=lambda one: one.id):
        session.refresh(community, with_for_update=True)


def _take_over(
    session: Session,
    edition: GridEdition,
    before: GridEdition | None,
    lineage: pd.DataFrame,
    *,
    at: datetime,
    by: User | None,
) -> None:
    if edition.valid_from is not None:
        hand_over(session, edition, lineage, day=edition.valid_from, at=at, by=by)
    if before is not None:
        editions.write_down(session, before, EditionStage.RETIRED, at=at, by=by)


def _check_dates(
    community: Community, edition: GridEdition, before: GridEdition | None, valid_from: date, at: datetime
) -> None:
    if edition.stage in redraw.IN_FORCE:
        raise AdoptionRefused(N_("Edition %(number)s has been adopted already."), number=edition.number)
    if edition.stage is EditionStage.DISCARDED:
        raise AdoptionRefused(N_("Edition %(number)s was discarded: bring it back first."), number=edition.number)
    if before is None:
        return
    today = local_day(community, at)
    if valid_from < today:
        raise AdoptionRefused(
            N_("The grids cannot answer from %(day)s on: that is past, and what happened since keeps the grid it had."),
            day=valid_from.isoformat(),
        )
    if before.valid_from is not None and valid_from <= before.valid_from:
        raise AdoptionRefused(
            N_("Edition %(number)s answers from %(day)s on: choose a later day than that."),
            number=before.number,
            day=before.valid_from.isoformat(),
        )


def _check_outlook(session: Session, edition: GridEdition, outlook: Outlook, allow_flaws: bool) -> None:
    blocking = outlook.blocking.iloc[:0] if allow_flaws else unaccepted(session, edition, outlook.blocking)
    if len(blocking):
        first = blocking.iloc[0]
        raise AdoptionRefused(
            N_("%(count)s flaws stand against adopting these grids. First: %(kind)s at grid %(code)s, %(area).1f m2."),
            count=len(blocking),
            kind=first["kind"],
            code=first["grid_code"],
            area=float(first["area_m2"]),
        )
    if outlook.misused is not None:
        raise AdoptionRefused(
            N_("The code %(code)s was used for other ground before: a grid's code is never given to other ground."),
            code=outlook.misused,
        )
