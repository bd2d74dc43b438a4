"""Taking in lists of cameras: tables with a place a row, or maps of points."""

from datetime import datetime
from typing import Any

import pandas as pd
import shapely
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Camera, Community
from patrols.intake.own_ground import on_own_ground
from patrols.intake.rows import plain_row, write_rows
from patrols.intake.shapes import shape_keys, take_shapes
from patrols.intake.sheet import Headings, Intake, Sheet

CAMERAS: Headings = {
    "code": ("编号", "编码", "设备编号", "国标编码", "点位编号", "id"),
    "name": ("名称", "点位名称", "位置", "安装位置", "地址"),
    "owner": ("归属", "建设单位", "管理单位", "权属"),
    "heading_deg": ("朝向", "方位角", "角度", "heading"),
    "ended_on": ("停用日期", "拆除日期", "停用时间"),
}

POINTS = ("Point",)


def import_cameras(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take cameras: `code`, `name`, `owner`, `heading_deg` (0 is north), `ended_on`, points.

    A camera stored under the same code is replaced; one without a code is known by its place. Those that lie outside
    of the outline are left out. A camera that a list does not name any more stays: give the day on which it ended.

    Raises
    ------
    RowsRefused
        If a row has no place, or says something that cannot be.
    """
    sheet = Sheet(reading, CAMERAS)
    shapes = take_shapes(sheet, POINTS)
    codes = sheet.text("code", longest=64)
    rows = pd.DataFrame(
        {
            "code": codes.where(codes != "", shape_keys(shapes)),
            "name": sheet.text("name", longest=128),
            "owner": sheet.text("owner", longest=64),
            "heading_deg": sheet.number("heading_deg", least=0, most=360),
            "ended_on": sheet.day("ended_on"),
        }
    )
    sheet.unique(rows["code"].where(shapes.notna(), ""), "code")
    here = on_own_ground(session, sheet, community, shapes)
    good = sheet.accept(skip_bad=skip_bad)
    kept = good & here
    places = shapely.get_coordinates(shapes[kept].to_numpy())
    stored, updated = _upsert(session, community, rows[kept].assign(lon=places[:, 0], lat=places[:, 1]))
    return Intake(
        stored=stored,
        updated=updated,
        outside=int((good & ~here).sum()),
        refusals=sheet.refusals,
        notes=sheet.notes,
    )


def _upsert(session: Session, community: Community, table: pd.DataFrame) -> tuple[int, int]:
    known = select(Camera.code, Camera.id).where(Camera.community_id == community.id)
    ids: dict[str, int] = dict(session.execute(known).all())
    rows = [plain_row(row) for row in table.to_dict("records")]
    write_rows(session, Camera, [{**row, "community_id": community.id} for row in rows if row["code"] not in ids])
    old = [{**row, "id": ids[row["code"]]} for row in rows if row["code"] in ids]
    if old:
        session.execute(update(Camera), old)
    return len(rows) - len(old), len(old)
