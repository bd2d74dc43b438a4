"""Beginning a draft: what takes long is found out by reading alone, and then stored quickly."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition, User
from geo.errors import N_
from geo.rounding import on_lattice
from patrols import draft_blocks, draft_log, draft_rows, drafting, redraw
from patrols.draft_blocks import Cut
from patrols.draft_colours import colour_all
from patrols.draft_state import BAND, band_of
from patrols.drafting import Design
from patrols.telling import Tell, between, silent

IN_FORCE, DRAWN = "in_force", "drawn"
"""Where the grids of a new draft come from."""


@dataclass(frozen=True)
class Plan:
    """What a draft will begin with: grids drawn anew (None: those in force), the band wished for, and its blocks."""

    design: Design | None
    band: tuple[int, int] | None
    cut: Cut | None


def lay_out(
    session: Session,
    community: Community,
    *,
    at: datetime,
    source: str = IN_FORCE,
    households: tuple[int, int] | None = None,
    seed: int = 0,
    tell: Tell = silent,
) -> Plan:
    """Find out what a draft begins with, without writing anything: nobody has to wait for it.

    Parameters
    ----------
    source : {"in_force", "drawn"}
    households : tuple of int, optional
        The band wished for each grid; by default that of the edition in force, else 150 to 500.
    seed : int
        For drawing.
    tell : callable
        Hears how far it has come.

    Raises
    ------
    NoEditionInForce
        Nothing is in force that could be changed.
    CannotDraw
        The community lacks what grids are drawn from.
    """
    now = redraw.edition_in_force(session, community.id, at)
    band = households or (band_of(now) if now is not None else None)
    if source != DRAWN:
        redraw.require_edition(session, community, at)
        cut = draft_blocks.lay_out(session, community, (band or BAND)[0], tell=between(tell, 0.0, 0.8))
        return Plan(None, band, cut)
    tell(N_("Drawing the grids …"), 0.05)
    design = drafting.design(session, community, households=band or BAND, seed=seed)
    least = int(design.made_how["households"][0])
    return Plan(design, band, draft_blocks.lay_out(session, community, least, tell=between(tell, 0.5, 0.8)))


def open(
    session: Session,
    community: Community,
    *,
    at: datetime,
    by: User | None = None,
    source: str = IN_FORCE,
    households: tuple[int, int] | None = None,
    seed: int = 0,
    plan: Plan | None = None,
    tell: Tell = silent,
) -> GridEdition:
    """Begin a draft: from the grids in force, with their codes and names, or from grids drawn anew.

    Parameters
    ----------
    plan : Plan, optional
        As `lay_out` made it; else it is made first. The other parameters are those of `lay_out`.

    Raises
    ------
    NoEditionInForce
        Nothing is in force that could be changed.
    CannotDraw
        The community lacks what grids are drawn from.
    """
    if plan is None:
        plan = lay_out(session, community, at=at, source=source, households=households, seed=seed, tell=tell)
    tell(N_("Storing the draft …"), 0.8)
    if plan.design is not None:
        edition = redraw.store_draft(session, community, plan.design.grids, at=at, made_how=plan.design.made_how)
    else:
        now = redraw.require_edition(session, community, at)
        band = {"households": list(plan.band)} if plan.band else {}
        grids = frames.grids(session, now.id)
        # Not the name of the one in force: two editions of one name would be taken for each other.
        made_how = {"by": IN_FORCE, "edition": now.number, **band}
        edition = redraw.store_draft(session, community, grids, at=at, made_how=made_how, keep_codes=True)
    prepare(session, edition, at=at, by=by, cut=plan.cut)
    return edition


def prepare(
    session: Session, edition: GridEdition, *, at: datetime, by: User | None = None, cut: Cut | None = None
) -> None:
    """Make any draft ready for editing: on the lattice, coloured, with the blocks that it is painted with.

    Nothing is done where that has been done.

    Parameters
    ----------
    cut : Cut, optional
        As `patrols.draft_blocks.lay_out` made it; else it is made now.
    """
    draft_log.lock(session, edition)
    if draft_log.stamp_of(session, edition) is not None:
        return
    grids = on_lattice(frames.grids(session, edition.id))
    rows = {code: row for code, row in draft_rows.read(session, edition.id).items() if row is not None}
    shapes = draft_rows.stored_shapes(grids.geometry, grids.crs)
    codes = grids["grid_code"].tolist()
    colours = colour_all(codes, grids["kind"].to_numpy(dtype=object), grids.geometry.to_numpy())
    for code, shape in zip(codes, shapes, strict=True):
        rows[code] = {**rows[code], "geom": shape, "colour": colours[code]}
    draft_rows.write(session, edition.id, rows)
    draft_blocks.store(session, edition, cut)
    draft_log.note_change(session, edition, draft_log.OPEN, draft_log.OPEN, (), at=at, by=by)
