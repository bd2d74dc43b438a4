"""What is wrong with grids that were drawn elsewhere: told with its place, and mended on wish."""

from collections.abc import Mapping

import geopandas as gpd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridKind
from geo.errors import N_, WrongCrs
from geo.repair import repair_all, repairs
from geo.rounding import on_lattice
from geo.tiling import SLIVER_M2
from patrols.intake.sheet import Sheet

TOLD: Mapping[str, str] = {
    "invalid": N_("Grid %(code)s crosses itself near %(lon)s, %(lat)s."),
    "overlap": N_("Grids %(code)s and %(other)s both claim %(area)s m2 near %(lon)s, %(lat)s."),
    "gap": N_("Beside grid %(code)s, %(area)s m2 near %(lon)s, %(lat)s belong to no grid."),
    "outside": N_("Grid %(code)s reaches %(area)s m2 beyond the outline near %(lon)s, %(lat)s."),
    "sliver": N_("Grid %(code)s has a piece of %(area)s m2 near %(lon)s, %(lat)s, too small to stand on."),
    "not_connected": N_("Grid %(code)s is in several pieces; one lies near %(lon)s, %(lat)s."),
}
"""One sentence for each kind of flaw."""

NOBODYS = N_("%(area)s m2 near %(lon)s, %(lat)s belong to no grid, and none lies beside them.")
"""Of a gap without a neighbour."""

MOST = 200
"""Flaws that are told one by one; beyond, only their number is."""


def require_near(session: Session, community: Community, grids: gpd.GeoDataFrame) -> None:
    """Refuse grids in degrees that all lie elsewhere: no editor could mend them.

    Raises
    ------
    WrongCrs
        None of them touches the community's outline.
    """
    outline = frames.outline(session, community.id, degrees=True)
    # Boxes, because shapes out of a file may be broken.
    boxes = shapely.box(*grids.bounds.to_numpy().T)
    if outline.empty or shapely.intersects(boxes, outline.union_all()).any():
        return
    spot = grids.geometry.iloc[0].representative_point()
    raise WrongCrs(
        N_("None of the grids touches %(community)s: the first lies near %(lon)s, %(lat)s. Check --crs and --datum."),
        community=community.name,
        lon=round(spot.x, 6),
        lat=round(spot.y, 6),
    )


def note_flaws(session: Session, sheet: Sheet, community: Community, grids: gpd.GeoDataFrame) -> None:
    """Note on the sheet each flaw of grids in degrees, and that they can be mended."""
    metres, outline = _ground(session, community, grids)
    if _note(sheet, repairs(on_lattice(metres), outline)):
        sheet.note(N_("Open the draft in the editor to mend them, or import the file again and have them mended."))


def mended(session: Session, sheet: Sheet, community: Community, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Grids with their flaws mended, each in the way that is offered first; what is left is noted on the sheet."""
    metres, outline = _ground(session, community, grids)
    change, left = repair_all(on_lattice(metres), outline)
    # A grid that only got a corner where its neighbours' border ends has not been mended.
    parties = {*change.moved["from_code"], *change.moved["to_code"]} - {""}  # the ground of gaps comes from no grid
    if parties:
        sheet.note(
            N_("%(count)s grids were mended: %(area)s m2 of ground changed hands."),
            count=len(parties),
            area=round(float(change.moved["area_m2"].sum()), 1),
        )
    _note(sheet, left)
    return change.grids


def _ground(
    session: Session, community: Community, grids: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """The grids, and the outline if there is one, in the community's metres."""
    crs = frames.crs_of(session, community.id)
    outline = frames.outline(session, community.id)
    kinds = [GridKind(kind).value for kind in grids["kind"]]
    return frames.to_metres(grids.assign(kind=kinds), crs), None if outline.empty else outline


def _note(sheet: Sheet, flaws: gpd.GeoDataFrame) -> int:
    """Note flaws that one could stand on, the largest first; the number of them."""
    large = flaws[(flaws["area_m2"] >= SLIVER_M2) & flaws["kind"].isin(list(TOLD))]
    if large.empty:
        return 0
    shown = large.sort_values("area_m2", ascending=False).head(MOST)
    spots = gpd.GeoSeries(shapely.point_on_surface(shown.geometry.to_numpy()), crs=flaws.crs)
    places = shapely.get_coordinates(spots.to_crs(4326).to_numpy())
    for row, (lon, lat) in zip(shown.itertuples(), places, strict=True):
        sheet.note(
            TOLD[str(row.kind)] if row.grid_code else NOBODYS,
            code=row.grid_code,
            other=row.other_code,
            area=round(float(str(row.area_m2)), 1),
            lon=f"{lon:.6f}",
            lat=f"{lat:.6f}",
        )
    if len(large) > MOST:
        sheet.note(N_("... and %(count)s more flaws."), count=len(large) - MOST)
    return len(large)
