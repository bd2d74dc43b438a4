"""Taking in grids that were drawn elsewhere, as a draft edition with their own codes."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Community
from patrols import redraw
from patrols.intake.datum import warn_of_datum
from patrols.intake.grid_sheet import grid_rows
from patrols.intake.sheet import Intake


def import_grids(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take grids as the community's next draft; their codes stay as they are. Adopting is a step of its own.

    Codes are text of up to 20 digits and letters, each once. Flaws between the shapes are found when adopting.
    """
    sheet, frame = grid_rows(reading)
    chosen = frame[sheet.accept(skip_bad=skip_bad)]
    if chosen.empty:
        return Intake(refusals=sheet.refusals, notes=sheet.notes)
    warn_of_datum(session, sheet, community, chosen.geometry)
    draft = redraw.store_draft(
        session, community, chosen, at=at, made_how={"file": sheet.file}, keep_codes=True, name=sheet.file[:128]
    )
    return Intake(stored=len(chosen), refusals=sheet.refusals, notes=sheet.notes, edition_id=draft.id)
