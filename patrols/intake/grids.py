"""Taking in grids that were drawn elsewhere, as a draft edition with their own codes."""

from datetime import datetime
from typing import Any

import geopandas as gpd
from sqlalchemy.orm import Session

from data import frames
from data.exchange.reading import Reading
from data.models import Community
from geo.errors import N_
from patrols import redraw
from patrols.drafting import sum_in
from patrols.intake import grid_flaws
from patrols.intake.datum import warn_of_datum
from patrols.intake.grid_sheet import grid_rows
from patrols.intake.sheet import Intake, Sheet


def import_grids(
    session: Session,
    reading: Reading[Any],
    community: Community,
    *,
    at: datetime,
    skip_bad: bool = False,
    draft: bool = False,
    repair: bool = False,
) -> Intake:
    """Take grids as the community's next draft; their codes stay as they are. Adopting is a step of its own.

    Codes are text of up to 20 digits and letters, each once. Flaws between the shapes are told as notes.

    Parameters
    ----------
    draft : bool
        Take also what is not yet fit to be adopted: a grid whose code is missing, misspelt or borne by an earlier row
        gets a code of its own, carried over from the grids last adopted where most of its ground stays together.
    repair : bool
        Mend gaps, overlaps, slivers and ground beyond the outline before storing, each in the way that
        `geo.repair.repairs` offers first; what cannot be mended so is told.

    Raises
    ------
    WrongCrs
        None of the grids touches the community's outline.
    """
    sheet, frame = grid_rows(reading, codes_needed=not draft)
    chosen = frame[sheet.accept(skip_bad=skip_bad)]
    if chosen.empty:
        return Intake(refusals=sheet.refusals, notes=sheet.notes)
    grid_flaws.require_near(session, community, chosen)
    warn_of_datum(session, sheet, community, chosen.geometry)
    chosen = _with_codes(session, sheet, community, chosen)
    if repair:
        chosen = grid_flaws.mended(session, sheet, community, chosen)
    else:
        grid_flaws.note_flaws(session, sheet, community, chosen)
    chosen = _counted(session, sheet, community, chosen)
    edition = redraw.store_draft(
        session, community, chosen, at=at, made_how={"file": sheet.file}, keep_codes=True, name=sheet.file[:128]
    )
    return Intake(stored=len(chosen), refusals=sheet.refusals, notes=sheet.notes, edition_id=edition.id)


def _with_codes(session: Session, sheet: Sheet, community: Community, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame with a code for every grid that came without."""
    blank = (frame["grid_code"] == "").to_numpy()
    if not blank.any():
        return frame
    given = set(frame["grid_code"][~blank])
    found = redraw.codes_for(session, community, frame[blank], taken=given)
    sheet.note(
        N_("%(count)s grids came without a code that could be used; they have %(first)s and others now."),
        count=int(blank.sum()),
        first=min(found),
    )
    codes = frame["grid_code"].to_numpy(dtype=object).copy()
    codes[blank] = found
    return frame.assign(grid_code=codes)


def _counted(session: Session, sheet: Sheet, community: Community, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The grids with what the stored buildings say, where the file does not."""
    missing = [name for name in ("households", "residents", "buildings") if not sheet.has(name)]
    buildings = frames.buildings(session, community.id)
    if not missing or buildings.empty:
        return grids
    metres = frames.to_metres(grids, buildings.crs)
    houses = buildings.assign(buildings=1)
    return grids.assign(**{name: sum_in(metres, houses, name).to_numpy() for name in missing})
