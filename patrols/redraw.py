"""Redrawing: a community drafts an edition of its grids and adopts it from a day on; the past keeps its own."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Community, EditionStage, Grid, GridEdition, GridKind, GridLineage
from geo.errors import N_, CannotDraw
from geo.tiling import find_flaws
from patrols.days import local_day
from patrols.errors import AdoptionRefused, NoEditionInForce
from patrols.lineage import NOISE_M2, lineage_rows, overlaps

IN_FORCE = (EditionStage.ADOPTED, EditionStage.RETIRED)
"""Stages of editions that answered for the ground on the days of their term; retired ones do for the past."""

SAME_GROUND = 0.5001
"""Share of an old grid and of a new one that must be common ground for the code to live on: more than half by a
hair, so that no two grids can claim one code, and equal halves do not quarrel over rounding."""

BLOCKING = frozenset({"gap", "overlap", "outside", "invalid", "duplicate_code"})
"""Flaws that stand against adopting: ground without an answer, or with two. Exclaves exist."""

NUMBER_WIDTH = 3
"""Digits of a grid's number after the community's code."""


def edition_in_force(session: Session, community_id: int, at: datetime | date) -> GridEdition | None:
    """The edition that answers for a community's ground on the local day of `at`; None before the first was adopted.

    Raises
    ------
    NotFound
        If there is no such community.
    """
    community = session.get(Community, community_id)
    if community is None:
        raise NotFound(N_("There is no community with the id %(id)s."), id=community_id)
    return editions_in_force(session, [community], at).get(community_id)


def editions_in_force(
    session: Session, communities: Iterable[Community], at: datetime | date
) -> dict[int, GridEdition]:
    """The edition in force of each community that has one, by the community's id, in one query."""
    days = {community.id: local_day(community, at) for community in communities}
    if not days:
        return {}
    statement = (
        select(GridEdition)
        .where(
            GridEdition.community_id.in_(days),
            GridEdition.stage.in_(IN_FORCE),
            GridEdition.valid_from <= max(days.values()),
            or_(GridEdition.valid_until.is_(None), GridEdition.valid_until > min(days.values())),
        )
        .order_by(GridEdition.valid_from, GridEdition.number)
    )
    found = {}
    for row in session.scalars(statement):
        day = days[row.community_id]
        if row.valid_from is not None and row.valid_from <= day and (row.valid_until is None or row.valid_until > day):
            found[row.community_id] = row
    return found


def require_edition(session: Session, community: Community, at: datetime | date) -> GridEdition:
    """The edition in force, where nothing can be done without one.

    Raises
    ------
    NoEditionInForce
        If the community had adopted none by then.
    """
    found = edition_in_force(session, community.id, at)
    if found is None:
        raise NoEditionInForce(
            N_("%(community)s had no adopted grids on %(day)s: draw or import them, then adopt them."),
            community=community.name,
            day=local_day(community, at).isoformat(),
        )
    return found


def editions(session: Session, community: Community) -> list[GridEdition]:
    """All editions of a community, the newest first."""
    statement = select(GridEdition).where(GridEdition.community_id == community.id).order_by(GridEdition.number.desc())
    return list(session.scalars(statement))


def edition(session: Session, community: Community, number: int) -> GridEdition:
    """One edition by its number within the community.

    Raises
    ------
    NotFound
        If the community has no edition of that number.
    """
    found = session.scalar(
        select(GridEdition).where(GridEdition.community_id == community.id, GridEdition.number == number)
    )
    if found is None:
        raise NotFound(N_("%(community)s has no edition %(number)s."), community=community.name, number=number)
    return found


def newest_draft(session: Session, community: Community) -> GridEdition:
    """The newest edition of a community that has not been adopted.

    Raises
    ------
    NotFound
        If there is none.
    """
    drafts = (EditionStage.DRAFT, EditionStage.SUBMITTED, EditionStage.REVIEWED)
    found = next((one for one in editions(session, community) if one.stage in drafts), None)
    if found is None:
        raise NotFound(
            N_("%(community)s has no draft: draw one with gridpatrol grids draw, or import one."),
            community=community.name,
        )
    return found


def store_draft(
    session: Session,
    community: Community,
    grids: gpd.GeoDataFrame,
    *,
    at: datetime,
    made_how: Mapping[str, Any] | None = None,
    name: str = "",
    keep_codes: bool = False,
) -> GridEdition:
    """Store drawn grids as a draft, the community's next edition.

    A grid that keeps more than half of its ground keeps its code; other ground gets a number that the community has
    never used. Only with `keep_codes` (for grids that come with official codes) are the frame's own codes left alone.

    Parameters
    ----------
    grids : GeoDataFrame
        Columns `grid_code`, `geometry`; optionally `name`, `kind`, `households`, `residents`, `buildings`, `compounds`,
        `explanation`. Any coordinate reference system.
    at : datetime
        Now, aware.
    made_how : mapping, optional
        The settings it was drawn with, kept beside it.

    Raises
    ------
    CannotDraw
        If there are no grids, or the community's numbers run out past 999.
    """
    if grids.empty:
        raise CannotDraw(N_("There are no grids to store."))
    frame = grids.reset_index(drop=True)
    if not keep_codes:
        frame = frame.assign(grid_code=_carry_codes(session, community, frame))
    last = session.scalar(select(func.max(GridEdition.number)).where(GridEdition.community_id == community.id))
    draft = GridEdition(
        community_id=community.id,
        number=(last or 0) + 1,
        name=name,
        stage=EditionStage.DRAFT,
        created_at=at,
        made_how=dict(made_how or {}),
    )
    session.add(draft)
    session.flush()
    session.execute(insert(Grid), _grid_rows(draft, frame))
    return draft


def adopt(
    session: Session,
    edition: GridEdition,
    *,
    valid_from: date,
    filing_number: str,
    at: datetime,
    allow_flaws: bool = False,
) -> GridEdition:
    """Put an edition into force from a day on; the one before ends on that day, and lineage says what became of it.

    Nothing that happened before is touched. The first edition of a community may be dated back, since nothing answered
    before it; later ones begin today at the earliest. A community without an outline gets that of its grids.

    Parameters
    ----------
    valid_from : date
        First local day on which the new grids answer.
    filing_number : str
        Under which it was filed.
    at : datetime
        Now, aware.
    allow_flaws : bool
        Adopt in spite of gaps and overlaps, for grids that an authority has fixed as they are.

    Raises
    ------
    AdoptionRefused
        If it was adopted already, begins in the past or before another edition, reuses a code for other ground, or the
        grids have flaws that would leave ground without an answer or with two.
    """
    community = edition.community
    before = session.scalar(
        select(GridEdition)
        .where(GridEdition.community_id == community.id, GridEdition.stage.in_(IN_FORCE))
        .order_by(GridEdition.valid_from.desc())
        .limit(1)
    )
    _check_dates(community, edition, before, valid_from, at)
    grids = frames.grids(session, edition.id)
    if not allow_flaws:
        _check_flaws(session, community, grids)
    if community.outline is None:
        ground = gpd.GeoSeries([grids.union_all()], crs=grids.crs)
        community.outline = frames.store_geometry(ground)[0]
    old = None if before is None else frames.grids(session, before.id)
    _check_codes(session, edition, grids)
    session.execute(insert(GridLineage), lineage_rows(edition.id, old, grids))
    today = local_day(community, at)
    if before is not None:
        before.valid_until = valid_from
        if valid_from <= today:
            before.stage = EditionStage.RETIRED
    edition.stage = EditionStage.ADOPTED
    edition.valid_from = valid_from
    edition.valid_until = None
    edition.filing_number = filing_number
    session.flush()
    return edition


def _check_dates(
    community: Community, edition: GridEdition, before: GridEdition | None, valid_from: date, at: datetime
) -> None:
    if edition.stage in IN_FORCE:
        raise AdoptionRefused(N_("Edition %(number)s has been adopted already."), number=edition.number)
    if before is None:
        return
    today = local_day(community, at)
    if valid_from < today:
        raise AdoptionRefused(
            N_("The grids cannot answer from %(day)s on: that is past, and what happened since keeps the grid it had."),
            day=valid_from.isoformat(),
        )
    if before.valid_from is not None and valid_from <= before.valid_from:
        raise AdoptionRefused(
            N_("Edition %(number)s answers from %(day)s on: choose a later day than that."),
            number=before.number,
            day=before.valid_from.isoformat(),
        )


def _check_flaws(session: Session, community: Community, grids: gpd.GeoDataFrame) -> None:
    outline = None if community.outline is None else frames.outline(session, community.id)
    general = grids if "kind" not in grids else grids[grids["kind"] == GridKind.GENERAL]
    flaws = find_flaws(general, outline)
    blocking = flaws[flaws["kind"].isin(BLOCKING)]
    if len(blocking):
        first = blocking.iloc[0]
        raise AdoptionRefused(
            N_("%(count)s flaws stand against adopting these grids. First: %(kind)s at grid %(code)s, %(area).1f m2."),
            count=len(blocking),
            kind=first["kind"],
            code=first["grid_code"],
            area=float(first["area_m2"]),
        )


def _check_codes(session: Session, edition: GridEdition, grids: gpd.GeoDataFrame) -> None:
    """A code must lie at least partly on ground it has had before, in the last edition that used it."""
    past = _last_of_each_code(session, edition.community)
    both = grids.merge(past[["grid_code", "geometry"]], on="grid_code", suffixes=("", "_before"))
    if both.empty:
        return
    apart = shapely.area(shapely.intersection(both.geometry.to_numpy(), both["geometry_before"].to_numpy())) <= NOISE_M2
    if apart.any():
        raise AdoptionRefused(
            N_("The code %(code)s was used for other ground before: a grid's code is never given to other ground."),
            code=both.loc[apart, "grid_code"].iloc[0],
        )


def _last_of_each_code(session: Session, community: Community) -> gpd.GeoDataFrame:
    """The grid that last bore each code in an edition that was ever in force, in metres."""
    used = [row for row in reversed(editions(session, community)) if row.stage in IN_FORCE]
    known = [frames.grids(session, row.id) for row in used]
    if not known:
        return gpd.GeoDataFrame({"grid_code": []}, geometry=[])
    return pd.concat(known).drop_duplicates("grid_code", keep="last").reset_index(drop=True)


def _carry_codes(session: Session, community: Community, new: gpd.GeoDataFrame) -> list[str]:
    """Codes for new grids: the old one where most of the ground stays together, else a number never used before."""
    old = _last_of_each_code(session, community)
    codes: list[str | None] = [None] * len(new)
    if old.empty:
        return [str(code) for code in new["grid_code"]]
    latest = next(row for row in editions(session, community) if row.stage in IN_FORCE)
    current = frames.grids(session, latest.id)
    ground = new.to_crs(current.crs)
    left, right, shared = overlaps(current, ground)
    stays = (shared > SAME_GROUND * current.area.to_numpy()[left]) & (
        shared > SAME_GROUND * ground.area.to_numpy()[right]
    )
    for i, j in zip(left[stays], right[stays], strict=True):
        codes[j] = str(current["grid_code"].iloc[i])
    fresh = iter(_fresh_codes(community, set(old["grid_code"]), codes.count(None)))
    return [code if code is not None else next(fresh) for code in codes]


def _fresh_codes(community: Community, used: set[str], count: int) -> list[str]:
    """The next numbers that no grid of the community has ever had, in order."""
    numbers = [
        int(code[-NUMBER_WIDTH:]) for code in used if code.startswith(community.code) and code[-NUMBER_WIDTH:].isdigit()
    ]
    first = max(numbers, default=0) + 1
    if first + count - 1 >= 10**NUMBER_WIDTH:
        raise CannotDraw(
            N_("%(community)s has used its grid numbers up to %(last)s: no %(count)s more are left."),
            community=community.name,
            last=first - 1,
            count=count,
        )
    return [f"{community.code}{number:0{NUMBER_WIDTH}d}" for number in range(first, first + count)]


def _grid_rows(draft: GridEdition, frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    columns: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {
        "name": ("name", "", str),
        "households": ("households", 0, int),
        "residents": ("residents", 0, int),
        "buildings": ("buildings", 0, int),
        "compounds": ("compounds", 0, int),
        "explanation": ("explanation", "", str),
    }
    rows = pd.DataFrame({"code": frame["grid_code"].astype(str)})
    for target, (source, default, cast) in columns.items():
        given = frame[source] if source in frame else pd.Series(default, index=frame.index)
        rows[target] = [cast(default if pd.isna(value) else value) for value in given]
    kinds = frame["kind"] if "kind" in frame else pd.Series(GridKind.GENERAL, index=frame.index)
    rows["kind"] = [GridKind(kind) for kind in kinds]
    shapes = frames.store_geometry(frame.geometry)
    return [
        {**{str(key): value for key, value in row.items()}, "geom": shape, "edition_id": draft.id}
        for row, shape in zip(rows.to_dict("records"), shapes, strict=True)
    ]
