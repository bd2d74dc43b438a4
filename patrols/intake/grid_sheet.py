"""The rows of a file of grids, checked, before anything is stored."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from data.exchange.reading import Reading
from data.kinds import GridKind
from geo.errors import N_
from patrols.intake.shapes import POLYGONS, take_shapes
from patrols.intake.sheet import Headings, Sheet

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
CODE = r"[0-9A-Za-z]+"
"""What a grid's code may be spelt with."""

LONGEST_CODE = 20

KINDS: Mapping[str, GridKind] = {
    "综合": GridKind.GENERAL,
    "综合网格": GridKind.GENERAL,
    "专属": GridKind.SPECIAL,
    "专属网格": GridKind.SPECIAL,
}


def grid_rows(reading: Reading[Any], *, codes_needed: bool = True) -> tuple[Sheet, gpd.GeoDataFrame]:
    """The checked rows of a file of grids, in degrees, with the sheet that knows which of them were refused.

    Without `codes_needed` a code that cannot be used is left empty, and noted, instead of refusing its row.
    """
    sheet = Sheet(reading, GRIDS)
    shapes = take_shapes(sheet, POLYGONS)
    codes = _checked_codes(sheet) if codes_needed else _usable_codes(sheet)
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


def _checked_codes(sheet: Sheet) -> "pd.Series[str]":
    """Codes, each once and well spelt; other rows are refused."""
    codes = sheet.text("grid_code", longest=20, required=True)
    sheet.refuse(
        (codes != "") & ~codes.str.fullmatch(CODE),
        N_("A grid's code is digits and letters only (1.1E+11 was spoilt by a spreadsheet: format it as text)."),
        column="grid_code",
    )
    sheet.unique(codes, "grid_code")
    return codes


def _usable_codes(sheet: Sheet) -> "pd.Series[str]":
    """Codes as far as they can be used; of two rows with one code the first keeps it."""
    codes = sheet.text("grid_code", longest=4000)
    misspelt = (codes != "") & ~(codes.str.fullmatch(CODE) & (codes.str.len() <= LONGEST_CODE))
    twice = (codes != "") & ~misspelt & codes.duplicated()
    for wrong, why in (
        (misspelt, N_("%(code)s is no code of digits and letters: the grid gets another.")),
        (twice, N_("The code %(code)s is borne by an earlier row: the grid gets another.")),
    ):
        for row, code in zip(sheet.frame.loc[wrong, "source_row"], codes[wrong], strict=True):
            sheet.note(why, row=int(row), column=sheet.heading.get("grid_code", "grid_code"), code=code)
    return codes.where(~(misspelt | twice), "")
