"""What the atlas tells of each grid: collected from the database for all grids at once, as far as it may be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data import frames
from data.errors import CannotWrite
from data.models import Community, GridEdition, GridKind
from geo.errors import N_
from geo.locate import GridLocator
from geo.sides import four_sides
from geo.streets import cut_streets
from patrols import chains
from patrols.chains import Link
from patrols.days import local_day
from patrols.rules import Rules
from patrols.scope import Scope
from webmap.printing.plan import Ground, near


@dataclass(frozen=True)
class GridPage:
    """What one page says. ``buildings`` are those whose inner point lies in the grid, the most households first."""

    code: str
    name: str
    kind: str
    households: int
    residents: int
    area_m2: float
    street_metres: float
    explanation: str
    people: list[Link]
    sides: dict[str, str]
    streets: list[str]
    compounds: list[str]
    buildings: gpd.GeoDataFrame


@dataclass(frozen=True)
class Contents:
    """What the whole atlas says, in the community's metres."""

    community: Community
    edition: GridEdition
    ground: Ground
    day: date
    pages: list[GridPage] = field(default_factory=list)


def gather(
    session: Session, scope: Scope, edition: GridEdition, *, at: datetime, codes: Sequence[str] | None = None
) -> Contents:
    """Collect the pages of an edition, whatever its stage; the people are those posted at `at`.

    Parameters
    ----------
    scope : Scope
        Only grids in it get a page; all of them are on the maps.
    codes : sequence of str, optional
        Only these grids.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    CannotWrite
        If the edition has no grids yet, or none of one of the `codes`.
    """
    community = edition.community
    scope.require_entry(community.id)
    ground = ground_of(session, edition)
    if ground.grids.empty:
        raise CannotWrite(N_("Edition %(number)s has no grids to print."), number=edition.number)
    missing = sorted(set(codes or ()) - set(ground.grids["grid_code"]))
    if missing:
        raise CannotWrite(
            N_("Edition %(number)s has no grid %(grid_code)s."), number=edition.number, grid_code=missing[0]
        )
    wanted = [
        code
        for code in ground.grids["grid_code"]
        if scope.allows(community.id, code) and (codes is None or code in codes)
    ]
    people = chains.chains_for_grids(session, community, wanted, at=at)
    pieces = cut_streets(ground.streets, ground.grids, border_m=Rules.for_community(community.rules).border_street_m)
    walked = pieces.explode("grid_codes")
    lengths, names = walked.groupby("grid_codes")["metres"].sum(), _names_by_length(walked)
    inside = {what: _inside(ground.grids, frame) for what, frame in (("b", ground.buildings), ("c", ground.compounds))}
    pages = []
    for row in ground.grids[ground.grids["grid_code"].isin(wanted)].itertuples():
        buildings = ground.buildings[inside["b"] == row.grid_code]
        page = GridPage(
            code=row.grid_code,
            name=row.name or "",
            kind=row.kind,
            households=int(row.households),
            residents=int(row.residents),
            area_m2=float(row.geometry.area),
            street_metres=float(lengths.get(row.grid_code, 0.0)),
            explanation=row.explanation or "",
            people=people[row.grid_code],
            sides=four_sides(row.geometry, near(ground.streets, row.geometry)),
            streets=names.get(row.grid_code, []),
            compounds=sorted({one for one in ground.compounds["name"][inside["c"] == row.grid_code] if one}),
            buildings=buildings.sort_values(["households", "name"], ascending=[False, True], kind="stable"),
        )
        pages.append(page)
    return Contents(community, edition, ground, local_day(community, at), pages)


def ground_of(session: Session, edition: GridEdition) -> Ground:
    """The maps' ground, in metres; general grids before special ones, each by their codes."""
    grids = frames.grids(session, edition.id)
    grids = grids.sort_values(["kind", "grid_code"], key=lambda column: column != GridKind.GENERAL)
    place = edition.community_id
    return Ground(
        grids=grids.reset_index(drop=True),
        streets=frames.streets(session, place),
        buildings=frames.buildings(session, place),
        compounds=frames.compounds(session, place),
    )


def _names_by_length(pieces: pd.DataFrame) -> dict[str, list[str]]:
    """Names of the streets of each grid, the longest there first."""
    named = pieces[pieces["name"].fillna("") != ""]
    lengths = named.groupby(["grid_codes", "name"])["metres"].sum().reset_index()
    lengths = lengths.sort_values(["grid_codes", "metres", "name"], ascending=[True, False, True])
    return {str(code): list(part["name"]) for code, part in lengths.groupby("grid_codes")}


def _inside(grids: gpd.GeoDataFrame, things: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The code of the general grid in which each thing's inner point lies; None outside."""
    general = grids[grids["kind"] == GridKind.GENERAL]
    spots = shapely.point_on_surface(things.geometry.to_numpy())
    found = GridLocator(general).locate(shapely.get_x(spots), shapely.get_y(spots))
    codes = np.array([*general["grid_code"], None], dtype=object)
    return np.asarray(codes[found], dtype=object)
