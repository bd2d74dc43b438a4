"""What a redraw would change, before it does: every figure of every grid before and after, and what moves where."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.models import GridEdition, GridKind, LineageKind, Posting
from geo.errors import N_
from patrols import ground_stamp, redraw, roster
from patrols.days import local_day
from patrols.draft_ground import incidents_mark
from patrols.handover import destinations
from patrols.lineage import NOISE_M2, Kept, compare, keeps
from patrols.tally import COUNTED, FIGURES, NOWHERE, Ground, tally
from patrols.telling import Tell, silent

FRESH_S = 600
"""For so many seconds what was walked in eight weeks counts as the same."""

MOVES = ("from_code", "to_code", *COUNTED, "open_incidents", "area_m2")


@dataclass(frozen=True)
class Preview:
    """What changes between two editions of a community's grids.

    `grids` has a row for each grid of either, by code: `name`, `kind`, `change` (a `LineageKind`; the kind that says
    most where there are several), `area_m2` and the `FIGURES`, each `_before` and `_after` (NaN where the grid does not
    exist), and as its last row `NOWHERE`: what lies in no grid. `totals` sums the 综合 grids and `NOWHERE`, with
    `before` and `after` for each figure. `moves` has a row for each two grids between which ground passes, most
    households first: `from_code`, `to_code` (`NOWHERE`: ground without a grid), `households`, `residents`, `buildings`,
    `open_incidents`, `area_m2`. `ground` is that ground, each piece with `from_code`, `to_code`, in metres. `lineage`
    is as `patrols.lineage.compare` tells it. `before` and `after` are the grids themselves, in metres.
    """

    edition: GridEdition
    against: GridEdition | None
    grids: pd.DataFrame
    totals: pd.DataFrame
    moves: pd.DataFrame
    ground: gpd.GeoDataFrame
    lineage: pd.DataFrame
    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame

    @property
    def gone(self) -> list[str]:
        """Codes that no grid bears any more."""
        return sorted(set(self.before["grid_code"]) - set(self.after["grid_code"]))


def preview(
    session: Session,
    edition: GridEdition,
    *,
    at: datetime,
    against: GridEdition | None = None,
    ground: Ground | None = None,
    tell: Tell = silent,
) -> Preview:
    """What an edition, in whatever stage, changes.

    Parameters
    ----------
    at : datetime
        Now, aware: the incidents open now, the postings of today and the patrols of the weeks before are counted.
    against : GridEdition, optional
        What it is compared with; by default the edition in force, and for an edition in force or retired the one
        before it.
    ground : Ground, optional
        The community's ground at that moment, for who needs it besides; read here by default.
    """
    against = against or before(session, edition, at)
    community = edition.community
    new = frames.grids(session, edition.id)
    old = new.iloc[:0] if against is None else frames.grids(session, against.id)
    ground = ground or Ground(session, community, at)
    kept = keeps(old, new)
    lineage = compare(old, new, kept=kept)
    incidents = _incidents(session, edition, against, lineage, old, at)
    tell(N_("Counting what stands in each grid …"), 0.3)
    counted = tally(ground, old)
    same = _alike(old, new, kept)
    held = counted, tally(ground, new, like=counted, same=same)
    told = {
        side: one.figures.assign(open_incidents=_count(incidents[side]))
        for side, one in zip(("before", "after"), held, strict=True)
    }
    houses = ground.buildings.assign(buildings=1, from_code=held[0].houses, to_code=held[1].houses)
    moved = moved_ground(old, new, same)
    return Preview(
        edition=edition,
        against=against,
        grids=_per_grid(old, new, lineage, told),
        totals=_totals(old, new, told, ground),
        moves=_moves(houses, incidents, moved),
        ground=moved,
        lineage=lineage,
        before=old,
        after=new,
    )


def mark_of(session: Session, edition: GridEdition, against: GridEdition | None, at: datetime) -> tuple[Any, ...]:
    """What a preview depends on, found out in a few small queries; while it is the same, so is the preview.

    The grids and their ground, the rules, the incidents that are open, who is posted, and the time by ten minutes, in
    which patrols may have come in.
    """
    community = edition.community
    held = select(func.count(), func.max(Posting.id)).where(
        Posting.community_id == community.id, roster.in_force(local_day(community, at))
    )
    return (
        *((one.id, one.revision, one.stage) for one in (edition, against) if one is not None),
        ground_stamp.stamp_of(session, community),
        repr(community.rules),
        incidents_mark(session, community),
        tuple(session.execute(held).one()),
        int(at.timestamp()) // FRESH_S,
    )


def before(session: Session, edition: GridEdition, at: datetime) -> GridEdition | None:
    """What an edition is compared with: the one in force; for one that was adopted, the one it took over from."""
    if edition.stage not in redraw.IN_FORCE:
        return redraw.edition_in_force(session, edition.community_id, at) or redraw.last_adopted(
            session, edition.community
        )
    earlier = [
        row
        for row in redraw.editions(session, edition.community)
        if row.stage in redraw.IN_FORCE and row.valid_until is not None and row.valid_until == edition.valid_from
    ]
    return earlier[0] if earlier else None


def _alike(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, kept: Kept) -> set[str]:
    """Codes of the grids that are the same in both, the kind of grid included."""
    kinds = [frame["kind"].to_numpy(dtype=object)[places] for frame, places in ((old, kept.old), (new, kept.new))]
    return set(old["grid_code"].to_numpy(dtype=object)[kept.old][kinds[0] == kinds[1]].tolist())


def moved_ground(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, same: Set[str] = frozenset()) -> gpd.GeoDataFrame:
    """The ground that passes from one 综合 grid to another, or to or from none.

    Parameters
    ----------
    same : set of str
        Codes of grids that are the same in both: they have no part in it, and need not be looked at.

    Returns
    -------
    GeoDataFrame
        `from_code`, `to_code` (`NOWHERE`: no grid), `geometry`, one row for each two, in the grids' metres. Less than a
        square metre is the rounding of a line.
    """
    left, right = (frame[frame["kind"] != GridKind.SPECIAL] for frame in (old, new))
    left, right = (frame[~frame["grid_code"].isin(same)] for frame in (left, right))
    # A grid of no code over everything: what it shares with a grid is ground that is gained or lost.
    parts = [_pieces(left, right), _rest(left, right, "from_code"), _rest(right, left, "to_code")]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = rows[shapely.area(rows.geometry.array.to_numpy()) >= NOISE_M2]
    return rows.sort_values(["from_code", "to_code"], ignore_index=True)


def _pieces(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    one, other = shapely.STRtree(right.geometry.array.to_numpy()).query(
        left.geometry.array.to_numpy(), predicate="intersects"
    )
    codes_from, codes_to = left["grid_code"].to_numpy()[one], right["grid_code"].to_numpy()[other]
    differs = codes_from != codes_to
    shared = shapely.intersection(
        left.geometry.array.to_numpy()[one[differs]], right.geometry.array.to_numpy()[other[differs]]
    )
    return _frame(codes_from[differs], codes_to[differs], shared, left.crs)


def _rest(grids: gpd.GeoDataFrame, others: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    """Ground of grids on which none of the others lies."""
    beyond = shapely.difference(grids.geometry.array.to_numpy(), shapely.union_all(others.geometry.array.to_numpy()))
    nothing = np.full(len(grids), NOWHERE, dtype=object)
    codes = grids["grid_code"].to_numpy(dtype=object)
    if column == "from_code":
        return _frame(codes, nothing, beyond, grids.crs)
    return _frame(nothing, codes, beyond, grids.crs)


def _frame(codes_from: Any, codes_to: Any, shapes: Any, crs: Any) -> gpd.GeoDataFrame:
    columns = {"from_code": codes_from, "to_code": codes_to}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).astype({"from_code": object, "to_code": object})


def _incidents(
    session: Session,
    edition: GridEdition,
    against: GridEdition | None,
    lineage: pd.DataFrame,
    old: gpd.GeoDataFrame,
    at: datetime,
) -> pd.DataFrame:
    """Of each open incident the grid before and after. What was handed over already was so by the earlier edition."""
    found = destinations(session, edition, lineage, at=at)
    came = found["was_code"].to_numpy(dtype=object)
    if against is not None and not set(came) - {None} <= set(old["grid_code"]):
        came = destinations(session, against, lineage.iloc[:0], at=at)["grid_code"].to_numpy(dtype=object)
    pairs = {"before": pd.Series(came, found.index), "after": found["grid_code"]}
    return pd.DataFrame(pairs, dtype=object).fillna(NOWHERE)


def _count(codes: "pd.Series[str]") -> "pd.Series[int]":
    return codes.value_counts()


def _per_grid(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, lineage: pd.DataFrame, told: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    columns = {}
    for side, frame in (("before", old), ("after", new)):
        area = pd.Series(frame.area.to_numpy(), index=frame["grid_code"].to_numpy())
        columns[f"area_m2_{side}"] = area
        figures = told[side].assign(open_incidents=told[side]["open_incidents"].fillna(0))
        columns |= {f"{name}_{side}": figures[name] for name in FIGURES}
    found = pd.DataFrame(columns)
    names = pd.concat([frame.set_index("grid_code")[["name", "kind"]] for frame in (new, old)])
    found = found.join(names[~names.index.duplicated()])
    found["change"] = _changes(lineage).reindex(found.index)
    found = found.sort_index().rename_axis("grid_code")
    return pd.concat([found.drop(index=NOWHERE), found.loc[[NOWHERE]]])


_SAYS_MOST = (
    LineageKind.NEW,
    LineageKind.SPLIT,
    LineageKind.MERGED,
    LineageKind.ADJUSTED,
    LineageKind.KEPT,
    LineageKind.VOIDED,
)


def _changes(lineage: pd.DataFrame) -> "pd.Series[Any]":
    """For each code the one word that says most of what becomes of it."""
    alive = set(lineage["child_code"].dropna())
    told = lineage.dropna(subset=["child_code"]).sort_values(
        "kind", key=lambda kinds: kinds.map({kind: place for place, kind in enumerate(_SAYS_MOST)})
    )
    first = told.drop_duplicates("child_code")
    # By hand: mapped, the words would become plain text again.
    words = pd.Series([LineageKind(kind) for kind in first["kind"]], index=first["child_code"], dtype=object)
    gone = sorted(set(lineage["parent_code"].dropna()) - alive)
    voided: pd.Series[Any] = pd.Series([LineageKind.VOIDED] * len(gone), index=gone, dtype=object)
    every: pd.Series[Any] = pd.concat([words, voided])
    return every


def _totals(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, told: dict[str, pd.DataFrame], ground: Ground
) -> pd.DataFrame:
    columns = {}
    for side, frame in (("before", old), ("after", new)):
        special = set(frame.loc[frame["kind"] == GridKind.SPECIAL, "grid_code"])
        rows = told[side][~told[side].index.isin(special)]
        columns[side] = rows[list(FIGURES)].fillna(0).sum()
        # A street along a border is in the rows of both grids, and once in the sum.
        columns[side]["street_metres"] = float(ground.streets.length.sum())
    return pd.DataFrame(columns)


def _moves(houses: gpd.GeoDataFrame, incidents: pd.DataFrame, moved: gpd.GeoDataFrame) -> pd.DataFrame:
    keys = ["from_code", "to_code"]
    parts = [
        pd.DataFrame(houses[[*keys, *COUNTED]]).groupby(keys).sum(),
        incidents.set_axis(keys, axis=1).groupby(keys).size().rename("open_incidents").to_frame(),
        moved[keys].assign(area_m2=moved.area.to_numpy()).groupby(keys).sum(),
    ]
    found = pd.concat(parts, axis=1).fillna(0.0).rename_axis(keys).reset_index()
    found = found[found["from_code"] != found["to_code"]]
    whole = [*COUNTED, "open_incidents"]
    found[whole] = found[whole].astype(int)
    order = found.sort_values(["households", "area_m2", *keys], ascending=[False, False, True, True])
    told: pd.DataFrame = order[list(MOVES)].reset_index(drop=True)
    return told
