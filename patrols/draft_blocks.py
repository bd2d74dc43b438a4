"""The blocks that a draft is painted with: cut from the ground, or those of an earlier draft of the same ground."""

from typing import Any

from sqlalchemy import LargeBinary, delete, insert, literal, select, type_coerce
from sqlalchemy.orm import Session

from data import frames
from data.models import DraftBlock, GridEdition
from geo.errors import CannotDraw
from patrols import drafting, ground_stamp
from patrols.draft_state import band_of

CUT_FROM = "blocks"
"""Word of `GridEdition.made_how` under which stands what a draft's blocks were cut from."""

_COUNTED = ("households", "residents", "buildings")
_EARLIER = 10


def store(session: Session, edition: GridEdition) -> None:
    """Give a draft its blocks, once and for all: they follow the ground as it is now.

    Cutting a town of 5,000 grids takes a quarter of a minute, copying its blocks a second; so a draft takes those of an
    earlier one where the ground's stamp and the band's lower limit are the same.
    """
    session.execute(delete(DraftBlock).where(DraftBlock.edition_id == edition.id))
    stamp = ground_stamp.stamp_of(session, edition.community)
    cut_from = {"ground": stamp, "least": band_of(edition)[0]}
    if not stamp or not _copy(session, edition, cut_from):
        _cut(session, edition)
    edition.made_how = {**(edition.made_how or {}), CUT_FROM: cut_from}


def _copy(session: Session, edition: GridEdition, cut_from: dict[str, Any]) -> bool:
    """Copy the blocks of an earlier draft; whether there were any."""
    earlier = select(GridEdition.id, GridEdition.made_how).where(
        GridEdition.community_id == edition.community_id, GridEdition.id != edition.id
    )
    for number, how in session.execute(earlier.order_by(GridEdition.id.desc()).limit(_EARLIER)):
        if how and how.get(CUT_FROM) == cut_from:
            return _copy_from(session, number, edition.id)
    return False


def _copy_from(session: Session, one: int, other: int) -> bool:
    names = ("number", *_COUNTED)
    # Read as plain bytes, the shapes go from row to row as they are stored, without being written out and read again.
    shape = type_coerce(DraftBlock.geom, LargeBinary)
    rows = select(literal(other), *(getattr(DraftBlock, name) for name in names), shape)
    copy = insert(DraftBlock).from_select(["edition_id", *names, "geom"], rows.where(DraftBlock.edition_id == one))
    session.execute(copy)
    return session.scalar(select(DraftBlock.id).where(DraftBlock.edition_id == other).limit(1)) is not None


def _cut(session: Session, edition: GridEdition) -> None:
    try:
        blocks = drafting.blocks_of(session, edition.community, households=band_of(edition))
    except CannotDraw:
        # Grids may come from a file before there are houses and streets; then there is nothing to paint with yet.
        return
    columns = blocks[list(_COUNTED)].to_dict("records")
    rows = [
        {
            **{str(name): int(value) for name, value in row.items()},
            "number": number,
            "edition_id": edition.id,
            "geom": shape,
        }
        for number, (row, shape) in enumerate(zip(columns, frames.store_geometry(blocks.geometry), strict=True))
    ]
    session.execute(insert(DraftBlock), rows)
