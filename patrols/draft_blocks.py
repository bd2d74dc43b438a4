"""The blocks that a draft is painted with: cut from the ground, or those of an earlier draft of the same ground."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, delete, insert, literal, select, type_coerce
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, DraftBlock, GridEdition
from geo.errors import CannotDraw
from patrols import drafting, ground_stamp
from patrols.draft_state import band_of
from patrols.telling import Tell, silent

CUT_FROM = "blocks"
"""Word of `GridEdition.made_how` under which stands what a draft's blocks were cut from."""

_COUNTED = ("households", "residents", "buildings")
_EARLIER = 10


@dataclass(frozen=True)
class Cut:
    """Blocks cut from a community's ground, not stored yet: `cut_from` tells what from, `rows` are their columns."""

    cut_from: dict[str, Any]
    rows: list[dict[str, Any]]


def lay_out(session: Session, community: Community, least: int, *, tell: Tell = silent) -> Cut | None:
    """Cut the blocks that a draft will be painted with, by reading alone; None where an earlier draft has them.

    Cutting a town of 5,000 grids takes a quarter of a minute, and nobody else should wait for it in the meantime.

    Parameters
    ----------
    least : int
        The band's lower limit.
    """
    cut_from = _cut_from(session, community, least)
    if cut_from["ground"] and _earlier(session, community, cut_from) is not None:
        return None
    return _cut(session, community, cut_from, tell)


def store(session: Session, edition: GridEdition, cut: Cut | None = None) -> None:
    """Give a draft its blocks, once and for all: they follow the ground as it is now.

    Copying the blocks of a large town takes a second; so a draft takes those of an earlier one where the ground's stamp
    and the band's lower limit are the same.

    Parameters
    ----------
    cut : Cut, optional
        Blocks that were laid out before. What was cut from other ground is not taken.
    """
    session.execute(delete(DraftBlock).where(DraftBlock.edition_id == edition.id))
    cut_from = _cut_from(session, edition.community, band_of(edition)[0])
    earlier = _earlier(session, edition.community, cut_from, but=edition) if cut_from["ground"] else None
    if earlier is not None:
        _copy_from(session, earlier, edition.id)
    else:
        fits = cut is not None and cut.cut_from == cut_from
        found = cut if fits and cut is not None else _cut(session, edition.community, cut_from, silent)
        if found.rows:
            session.execute(insert(DraftBlock), [{**row, "edition_id": edition.id} for row in found.rows])
    edition.made_how = {**(edition.made_how or {}), CUT_FROM: cut_from}


def _cut_from(session: Session, community: Community, least: int) -> dict[str, Any]:
    return {"ground": ground_stamp.stamp_of(session, community), "least": least}


def _earlier(
    session: Session, community: Community, cut_from: dict[str, Any], *, but: GridEdition | None = None
) -> int | None:
    """The id of a draft whose blocks were cut from the same."""
    drawn = select(GridEdition.id, GridEdition.made_how).where(GridEdition.community_id == community.id)
    if but is not None:
        drawn = drawn.where(GridEdition.id != but.id)
    for number, how in session.execute(drawn.order_by(GridEdition.id.desc()).limit(_EARLIER)):
        if how and how.get(CUT_FROM) == cut_from and _has_blocks(session, number):
            return int(number)
    return None


def _has_blocks(session: Session, edition_id: int) -> bool:
    return session.scalar(select(DraftBlock.id).where(DraftBlock.edition_id == edition_id).limit(1)) is not None


def _copy_from(session: Session, one: int, other: int) -> None:
    names = ("number", *_COUNTED)
    # Read as plain bytes, the shapes go from row to row as they are stored, without being written out and read again.
    shape = type_coerce(DraftBlock.geom, LargeBinary)
    rows = select(literal(other), *(getattr(DraftBlock, name) for name in names), shape)
    copy = insert(DraftBlock).from_select(["edition_id", *names, "geom"], rows.where(DraftBlock.edition_id == one))
    session.execute(copy)


def _cut(session: Session, community: Community, cut_from: dict[str, Any], tell: Tell) -> Cut:
    try:
        blocks = drafting.blocks_of(session, community, least=cut_from["least"], tell=tell)
    except CannotDraw:
        # Grids may come from a file before there are houses and streets; then there is nothing to paint with yet.
        return Cut(cut_from, [])
    shapes = frames.store_geometry(blocks.geometry)
    rows = [
        {**{str(name): int(value) for name, value in row.items()}, "number": number, "geom": shape}
        for number, (row, shape) in enumerate(zip(blocks[list(_COUNTED)].to_dict("records"), shapes, strict=True))
    ]
    return Cut(cut_from, rows)
