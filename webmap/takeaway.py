"""Files that people take away: in which format, in degrees or metres, with their columns explained."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
from sqlalchemy.orm import Session

from data import frames
from data.exchange.shapefile_out import ENCODINGS
from data.exchange.write import write_features
from data.models import GridEdition
from geo.errors import N_
from patrols import extracts, redraw
from patrols.own_data import OwnData
from patrols.scope import Scope
from patrols.telling import Tell, silent
from webmap.excel_headings import headed

__all__ = ["DRAWN", "ENCODINGS", "Atlas", "write_grids", "write_own", "write_rows"]

DRAWN = ".dxf"
"""The ending of drawings, which hold the ground around the grids too."""

LONG_ATLAS = 20
"""An atlas of more grids than this takes longer than a second, a twentieth of one for each."""

Translate = Callable[[str], str]


def write_grids(
    session: Session,
    scope: Scope,
    edition: GridEdition,
    path: Path,
    *,
    translate: Translate,
    encoding: str = "utf-8",
    metres: bool = False,
    headings: str = "en",
) -> int:
    """Write an edition's grids, as far as they may be seen; a drawing comes with streets, buildings and compounds.

    Parameters
    ----------
    headings : str
        Language of the headings in Excel; other files are for programs, which know the columns by their names.

    Returns
    -------
    int
        How many grids were written.
    """
    grids = extracts.grids(session, scope, edition)
    if path.suffix.lower() != DRAWN:
        return write_rows(grids, path, translate=translate, encoding=encoding, metres=metres, headings=headings)
    # Brought in here: it takes a third of a second, which every start of the website would pay for.
    from data.exchange.dxf import Drawing, write_dxf

    place = edition.community
    drawing = Drawing(
        grids=grids,
        outline=frames.outline(session, place.id),
        streets=frames.streets(session, place.id),
        buildings=frames.buildings(session, place.id),
        compounds=frames.compounds(session, place.id),
        title=f"{place.name} {place.code}-{edition.number} {edition.valid_from or edition.stage.value}",
    )
    return write_dxf(drawing, path)


def write_rows(
    frame: gpd.GeoDataFrame,
    path: Path,
    *,
    translate: Translate,
    encoding: str = "utf-8",
    metres: bool = False,
    headings: str = "en",
) -> int:
    """Write rows in degrees, or in metres as the frame has them; return how many. `headings` as in `write_grids`."""
    meanings = {column: translate(extracts.MEANINGS[column]) for column in frame.columns if column in extracts.MEANINGS}
    rows = frame if metres else frames.to_degrees(frame)
    if path.suffix.lower() == ".xlsx":
        rows = headed(rows, headings)
    write_features(rows, path, as_they_are=metres, encoding=encoding, meanings=meanings)
    return len(frame)


@dataclass(frozen=True)
class Atlas:
    """The atlas of an edition at one revision, as far as its reader may see; `address` is where its codes lead."""

    edition_id: int
    revision: int
    scope: Scope
    address: str

    def is_long(self, session: Session) -> bool:
        """Whether it is of so many grids that nobody should have to wait for an answer."""
        edition = session.get_one(GridEdition, self.edition_id)
        return redraw.sizes(session, [edition]).get(edition.id, 0) > LONG_ATLAS

    def write(self, session: Session, path: Path, at: datetime, tell: Tell = silent) -> int:
        """Write it as a PDF, with the people posted at a moment; return how many pages it has.

        Raises
        ------
        OutOfScope, CannotWrite
            As `webmap.printing.contents.gather` says.
        """
        # Brought in here: printing is seldom, and every start of the website would pay for it.
        from webmap.printing import atlas as printing
        from webmap.printing.contents import gather

        tell(N_("Collecting what the pages say"), 0.0)
        contents = gather(session, self.scope, session.get_one(GridEdition, self.edition_id), at=at)
        tell(N_("Drawing the pages"), 0.2)
        return printing.write_atlas(contents, path, printing.Print(self.address))


def write_own(own: OwnData, path: Path) -> int:
    """Write what is kept about one person to a .zip: `about.json`, `patrols.geojson`, `fixes.csv`; count patrols."""
    # Some rows have no line, which a layer of lines cannot hold.
    lines = json.loads(own.patrols.to_json(default=str, ensure_ascii=False))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", json.dumps(own.facts, ensure_ascii=False, indent=1))
        archive.writestr("patrols.geojson", json.dumps(lines, ensure_ascii=False))
        # Excel takes a text for UTF-8 only with this mark in front.
        archive.writestr("fixes.csv", own.fixes.to_csv(index=False).encode("utf-8-sig"))
    return len(own.patrols)
