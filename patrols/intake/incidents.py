"""Taking in incidents from files, located by the same rules as a single report."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.exchange.reading import Reading
from data.models import (
    WGS84,
    Category,
    Community,
    Grid,
    Incident,
    IncidentSource,
    IncidentStep,
    Organisation,
    Person,
    Stage,
    StepKind,
)
from geo.errors import N_
from patrols import clocks, responsibility
from patrols.deadlines import WARN_AT
from patrols.explanations import facts_of
from patrols.intake.datum import warn_of_datum
from patrols.intake.keys import ids_of
from patrols.intake.rows import plain_row, write_rows
from patrols.intake.sheet import Headings, Intake, Sheet
from patrols.moves import RATINGS
from patrols.responsibility import Rule
from patrols.rules import Rules

INCIDENTS: Headings = {
    "number": ("编号", "事件编号", "工单号", "案件编号", "序号"),
    "found_at": ("发现时间", "上报时间", "时间", "报告时间", "reported_at", "date"),
    "lon": ("经度", "lng", "longitude", "x"),
    "lat": ("纬度", "latitude", "y"),
    "accuracy_m": ("精度", "定位精度", "accuracy"),
    "grid_code": ("网格编码", "网格编号", "网格", "所属网格"),
    "family": ("类别体系",),
    "kind": ("类别种类",),
    "category": ("类别", "事件类别", "小类", "分类", "category_code"),
    "source": ("来源", "事件来源"),
    "description": ("描述", "事件描述", "问题描述", "内容"),
    "address": ("地址", "地点", "位置", "事发地点"),
    "stage": ("状态", "环节", "办理状态"),
    "organisation": ("处置单位", "承办单位", "责任单位"),
    "handler": ("处置人", "处置人编号"),
    "on_the_spot": ("就地办结",),
    "due_at": ("截止时间", "办理期限"),
    "resolved_at": ("处置时间", "解决时间"),
    "closed_at": ("办结时间", "结案时间"),
    "rating": ("评价", "满意度"),
    "reporter_name": ("上报人", "反映人", "报告人"),
    "reporter_phone": ("联系电话", "反映人电话", "上报人电话"),
}
SOURCES: Mapping[str, IncidentSource] = {
    "巡查": IncidentSource.PATROL,
    "巡逻": IncidentSource.PATROL,
    "网格员上报": IncidentSource.PATROL,
    "居民": IncidentSource.RESIDENT,
    "群众上报": IncidentSource.RESIDENT,
    "扫码": IncidentSource.RESIDENT,
    "热线": IncidentSource.HOTLINE,
    "12345": IncidentSource.HOTLINE,
    "社区": IncidentSource.OFFICE,
    "部门": IncidentSource.OFFICE,
    "视频": IncidentSource.CAMERA,
    "摄像头": IncidentSource.CAMERA,
    "领导": IncidentSource.LEADER,
    "领导交办": IncidentSource.LEADER,
}
STAGES: Mapping[str, Stage] = {
    "已上报": Stage.REPORTED,
    "待受理": Stage.REPORTED,
    "已受理": Stage.ACCEPTED,
    "已分流": Stage.TRIAGED,
    "已派遣": Stage.DISPATCHED,
    "处置中": Stage.DISPATCHED,
    "挂账": Stage.PARKED,
    "已处置": Stage.RESOLVED,
    "已办结": Stage.CLOSED,
    "办结": Stage.CLOSED,
    "已结案": Stage.CLOSED,
    "作废": Stage.VOIDED,
    "已作废": Stage.VOIDED,
    "不予受理": Stage.DECLINED,
}
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever wrote the file may be."""

_TRUE = frozenset({"1", "true", "yes", "y", "是", "t"})


def import_incidents(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take incidents: each is located by the grids in force when it was found, and starts with one step.

    A grid that the file names does not overrule the place: where both are there and differ, the place decides and the
    file's word is kept beside it (`extra["grid_given"]`). Without a place, a named grid counts (rule `named`), and
    without either, the community answers. A place far outside of the community is refused, near outside the community
    answers.

    A number that is stored already with the same time and words is left as it is; with others it is refused, because a
    file does not rewrite what happened. Rows without a number get one made from their contents, so that the same file
    again changes nothing. Columns that mean nothing to us are kept in `extra`.
    """
    sheet = Sheet(reading, INCIDENTS)
    rows = _read(sheet, community)
    rows["category_id"] = category_ids(session, sheet, sheet.text("category", longest=64))
    rows["organisation_id"] = ids_of(session, sheet, "organisation", Organisation.name, community)
    rows["handler_id"] = ids_of(session, sheet, "handler", Person.number, community)
    _check_times(sheet, rows, at)
    points = _points(sheet)
    _locate(session, sheet, community, rows, points)
    sheet.unique(rows["number"], "number")
    twins = _number_from_contents(rows, points)
    known = _known(session, sheet, community, rows) | twins
    new = sheet.accept(skip_bad=skip_bad) & ~known
    warn_of_datum(session, sheet, community, points[new])
    stored = _store(session, community, rows[new], points[new])
    if beyond := int((new & points.notna() & (rows["rule"] == Rule.COMMUNITY_FALLBACK.value)).sum()):
        sheet.note(N_("%(count)s incidents lie in no grid: the community itself answers for them."), count=beyond)
    return Intake(
        stored=stored,
        unchanged=int((known & ~sheet.bad).sum()),
        refusals=sheet.refusals,
        notes=sheet.notes,
    )


def _read(sheet: Sheet, community: Community) -> pd.DataFrame:
    zone = community.timezone
    rows = pd.DataFrame(
        {
            "number": sheet.text("number", longest=64),
            "found_at": sheet.moment("found_at", zone, required=True),
            "accuracy_m": sheet.number("accuracy_m", least=0, most=100_000),
            "grid_given": sheet.text("grid_code", longest=20),
            "source": sheet.word("source", IncidentSource, SOURCES, default=IncidentSource.OFFICE),
            "description": sheet.text("description", longest=4000),
            "address": sheet.text("address", longest=255),
            "stage": sheet.word("stage", Stage, STAGES, default=Stage.REPORTED),
            "on_the_spot": sheet.text("on_the_spot", longest=16).str.lower().isin(_TRUE),
            "due_at": sheet.moment("due_at", zone),
            "resolved_at": sheet.moment("resolved_at", zone),
            "closed_at": sheet.moment("closed_at", zone),
            "rating": sheet.number("rating", least=RATINGS[0], most=RATINGS[-1]),
            "reporter_name": sheet.text("reporter_name", longest=64),
            "reporter_phone": sheet.text("reporter_phone", longest=32),
        }
    )
    rows["warn_at"] = rows["found_at"] + (rows["due_at"] - rows["found_at"]) * WARN_AT
    # 0 m is how some phones say that they do not know.
    rows["accuracy_m"] = rows["accuracy_m"].where(rows["accuracy_m"] > 0)
    others = sheet.frame[sheet.others(INCIDENTS)]
    extra: list[Any] = [
        {str(key): str(value) for key, value in row.items() if not pd.isna(value) and str(value) != ""}
        for row in others.to_dict("records")
    ]
    return rows.assign(extra=pd.Series(extra, index=rows.index, dtype=object))


def _points(sheet: Sheet) -> gpd.GeoSeries:
    """Where each incident was, in degrees; empty where the file does not say."""
    if "geometry" in sheet.frame:
        shapes = frames.to_degrees(sheet.frame).geometry
        kinds = shapes.geom_type
        sheet.refuse(kinds.notna() & (kinds != "Point"), N_("An incident is a point."), column="geometry")
        values = shapely.force_2d(shapes.where(kinds == "Point").array.to_numpy())
        return gpd.GeoSeries(values, index=sheet.frame.index, crs=WGS84)
    lon = sheet.number("lon", least=-180, most=180)
    lat = sheet.number("lat", least=-90, most=90)
    sheet.refuse(lon.isna() != lat.isna(), N_("Longitude and latitude belong together."), column="lon")
    both = lon.between(-180, 180) & lat.between(-90, 90)
    values = shapely.points(lon.fillna(0), lat.fillna(0))
    return gpd.GeoSeries(values, index=sheet.frame.index, crs=WGS84).where(both)


def _locate(session: Session, sheet: Sheet, community: Community, rows: pd.DataFrame, points: gpd.GeoSeries) -> None:
    """Add grid, rule and doubt to the rows; refuse places far away and grids that did not exist."""
    dated = rows["found_at"].notna()
    placed = dated & points.notna()
    spots = points[placed]
    asked = pd.DataFrame({"lon": spots.x, "lat": spots.y}).join(
        rows.rename(columns={"found_at": "at"})[["at", "accuracy_m"]]
    )
    found = responsibility.locate_many(session, asked, communities=[community])
    for column in ("edition_id", "grid_code", "rule", "border_m", "sure"):
        rows[column] = found[column].astype(object).reindex(rows.index)
    rows.loc[dated, "edition_id"] = responsibility.editions_at(session, community, rows.loc[dated, "found_at"])
    nowhere = placed & (rows["rule"] == Rule.NONE.value)
    beyond = _metres_outside(session, community, points[nowhere]).reindex(rows.index, fill_value=0.0)
    sheet.refuse(
        beyond > Rules.for_community(community.rules).far_outside_m,
        N_("The place lies %(metres)s m outside of %(community)s. Check the datum, and which is longitude."),
        metres=lambda i: round(beyond.iloc[i]),
        community=community.name,
    )
    named = dated & ~placed & (rows["grid_given"] != "")
    _check_named(session, sheet, rows, named)
    rows.loc[named, "grid_code"] = rows.loc[named, "grid_given"]
    rows.loc[named, "rule"] = Rule.NAMED.value
    rows.loc[nowhere | (dated & ~placed & ~named), "rule"] = Rule.COMMUNITY_FALLBACK.value
    rows.loc[~placed | nowhere, "sure"] = True
    rows["grid_facts"] = _facts(rows, found)
    differs = placed & (rows["grid_given"] != "") & (rows["grid_given"] != rows["grid_code"])
    for extra, code in zip(rows.loc[differs, "extra"], rows.loc[differs, "grid_given"], strict=True):
        extra["grid_given"] = code


def _facts(rows: pd.DataFrame, found: pd.DataFrame) -> "pd.Series[Any]":
    """What is kept with each incident to explain its grid by."""
    stated = rows.loc[found.index, "accuracy_m"].notna()
    columns = ["probability", "next_code", "accuracy_m", "override_id", "from_code", "object"]
    placed = [facts_of(row, stated=known) for row, known in zip(found[columns].to_dict("records"), stated, strict=True)]
    nowhere: list[Any] = [facts_of({}, stated=False, placed=False) for _ in range(len(rows))]
    facts = pd.Series(nowhere, index=rows.index, dtype=object)
    facts.loc[found.index] = pd.Series(placed, index=found.index, dtype=object)
    return facts


def _metres_outside(session: Session, community: Community, points: gpd.GeoSeries) -> "pd.Series[float]":
    """How far each point lies outside of the community's outline; 0 while it has none."""
    outline = frames.outline(session, community.id)
    if outline.empty or points.empty:
        return pd.Series(0.0, index=points.index)
    spots = frames.to_metres(points, outline.crs).array.to_numpy()
    return pd.Series(shapely.distance(outline.union_all(), spots), index=points.index)


def _check_named(session: Session, sheet: Sheet, rows: pd.DataFrame, named: "pd.Series[bool]") -> None:
    """Refuse grids that are not of the edition in force when the incident was found."""
    editions = {int(one) for one in rows.loc[named, "edition_id"].dropna()}
    known = set(session.execute(select(Grid.edition_id, Grid.code).where(Grid.edition_id.in_(editions))).all())
    pairs = zip(rows["edition_id"], rows["grid_given"], strict=True)
    there = pd.Series([pair in known for pair in pairs], index=rows.index)
    sheet.refuse(
        named & ~there,
        N_("There was no grid %(code)s on that day."),
        column="grid_code",
        code=lambda i: rows["grid_given"].iloc[i],
    )


def _check_times(sheet: Sheet, rows: pd.DataFrame, at: datetime) -> None:
    sheet.refuse(
        rows["found_at"] > at + CLOCK_TOLERANCE,
        N_("%(value)s lies in the future."),
        column="found_at",
        value=lambda i: rows["found_at"].iloc[i].isoformat(),
    )
    for name in ("resolved_at", "closed_at"):
        sheet.refuse(rows[name] < rows["found_at"], N_("This is before it was found."), column=name)


def category_ids(session: Session, sheet: Sheet, cells: "pd.Series[str]") -> "pd.Series[Any]":
    """Ids of the categories that cells name: by family, kind and code, or by a code or name that only one has."""
    family, kind = sheet.text("family", longest=32), sheet.text("kind", longest=32)
    known: dict[tuple[str, str, str], set[int]] = {}
    for one in session.scalars(select(Category)):
        for word in (one.code, one.zh, one.en):
            for key in ((one.family, one.kind, word), (one.family, "", word), ("", one.kind, word), ("", "", word)):
                known.setdefault(key, set()).add(one.id)
    keys = list(zip(family, kind, cells, strict=True))
    hits = pd.Series([known.get(key, set()) if key[2] else set() for key in keys], index=cells.index, dtype=object)
    sheet.refuse(
        (cells != "") & (hits.map(len) == 0),
        N_("There is no category %(value)s."),
        column="category",
        value=lambda i: cells.iloc[i],
    )
    sheet.refuse(
        hits.map(len) > 1,
        N_("%(count)s categories are called %(value)s: say family and kind too."),
        column="category",
        value=lambda i: cells.iloc[i],
        count=lambda i: len(hits.iloc[i]),
    )
    return hits.map(lambda found: next(iter(found)) if len(found) == 1 else None).astype(object)


def _known(session: Session, sheet: Sheet, community: Community, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are stored already, word for word; refuse those that are stored with other words or another time."""
    stored = {
        number: (found_at, description)
        for number, found_at, description in session.execute(
            select(Incident.number, Incident.found_at, Incident.description).where(
                Incident.community_id == community.id
            )
        )
    }
    there = rows["number"].isin(stored)
    contents = zip(rows["number"], rows["found_at"], rows["description"], strict=True)
    same = pd.Series(
        [stored.get(number) == (found_at, words) for number, found_at, words in contents], index=rows.index
    )
    sheet.refuse(
        there & ~same,
        N_("Incident %(number)s is stored already, with another time or description: a file does not rewrite it."),
        column="number",
        number=lambda i: rows["number"].iloc[i],
    )
    return there & same


def _number_from_contents(rows: pd.DataFrame, points: gpd.GeoSeries) -> "pd.Series[bool]":
    """Number the rows that have none by what they say; which rows say the very same as an earlier one."""
    blank = rows["number"] == ""
    told = ("found_at", "description", "address", "grid_given", "category_id", "reporter_name", "extra")
    parts = [*(rows[name] for name in told), points.to_wkt()]
    digests = [
        "F" + hashlib.blake2b("\x1f".join(map(str, words)).encode("utf-8", "replace"), digest_size=8).hexdigest()
        for words in zip(*(part[blank] for part in parts), strict=True)
    ]
    rows.loc[blank, "number"] = digests
    return blank & rows["number"].duplicated()


def _store(session: Session, community: Community, rows: pd.DataFrame, points: gpd.GeoSeries) -> int:
    if rows.empty:
        return 0
    last = session.scalar(select(func.max(Incident.id))) or 0
    write_rows(session, Incident, list(_incident_rows(community, rows, points)))
    ids = dict(
        session.execute(
            select(Incident.number, Incident.id).where(Incident.community_id == community.id, Incident.id > last)
        ).all()
    )
    steps = [
        {
            "incident_id": ids[row["number"]],
            "number": 1,
            "kind": StepKind.REPORT,
            "stage": row["stage"],
            "at": row["found_at"].to_pydatetime(),
            "said": clocks.saying(None, due_at=None if pd.isna(row["due_at"]) else row["due_at"].to_pydatetime()),
        }
        for row in rows[["number", "stage", "found_at", "due_at"]].to_dict("records")
    ]
    write_rows(session, IncidentStep, steps)
    return len(rows)


def _incident_rows(community: Community, rows: pd.DataFrame, points: gpd.GeoSeries) -> Iterator[dict[str, Any]]:
    shapes = iter(frames.store_geometry(points[points.notna()]))
    placed = points.notna().to_numpy()
    table = rows.drop(columns=["grid_given"]).rename(columns={"rule": "grid_rule"})
    for has_point, row in zip(placed, table.to_dict("records"), strict=True):
        values = plain_row(row)
        yield {**values, "community_id": community.id, "geom": next(shapes) if has_point else None}
