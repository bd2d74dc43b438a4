"""Taking in grids that were drawn elsewhere, as a draft edition with their own codes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import geopandas as gpd
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Community, GridKind
from geo.errors import N_
from patrols import redraw
from patrols.intake.datum import warn_of_datum
from patrols.intake.shapes import POLYGONS, take_shapes
from patrols.intake.sheet import Headings, Intake, Sheet

GRIDS: Headings = {
    "grid_code": ("网格编码", "网格编号", "网格代码", "编码", "code"),
    "name": ("网格名称", "名称"),
    "kind": ("网格类型", "类型"),
    "households": ("户数",),
    "residents": ("人口", "人口数", "人数"),
    "buildings": ("楼栋数",),
    "compounds": ("小区数",),
    "explanation": ("说明", "备注"),
}
KINDS: Mapping[str, GridKind] = {
    "综合": GridKind.GENERAL,
    "综合网格": GridKind.GENERAL,
    "专属": GridKind.SPECIAL,
    "专属网格": GridKind.SPECIAL,
}


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


def grid_rows(reading: Reading[Any]) -> tuple[Sheet, gpd.GeoDataFrame]:
    """The checked rows of a file of grids, in degrees, with the sheet that knows which of them were refused."""
    sheet = Sheet(reading, GRIDS)
    shapes = take_shapes(sheet, POLYGONS)
    codes = sheet.text("grid_code", longest=20, required=True)
    sheet.refuse(
        (codes != "") & ~codes.str.fullmatch(r"[0-9A-Za-z]+"),
        N_("A grid's code is digits and letters only (1.1E+11 was spoilt by a spreadsheet: format it as text)."),
        column="grid_code",
    )
    sheet.unique(codes, "grid_code")
    frame = gpd.GeoDataFrame(
        {
            "grid_code": codes,
            "name": sheet.text("name", longest=128),
            "kind": sheet.word("kind", GridKind, KINDS, default=GridKind.GENERAL),
            "households": sheet.whole("households"),
            "residents": sheet.whole("residents"),
            "buildings": sheet.whole("buildings"),
            "compounds": sheet.whole("compounds"),
            "explanation": sheet.text("explanation", longest=4000),
        },
        geometry=shapes,
        crs=shapes.crs,
    )
    return sheet, frame
