"""The main job from file to file, without a database: draw, check, convert (`batch` locates, `covering` covers)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import shapely

from data import frames
from data.errors import Refusal
from data.exchange.reading import Reading
from data.exchange.sources import read
from data.exchange.vector import read_features
from geo import datum as datums
from geo import draw as drawing
from geo import tiling
from geo.errors import N_
from patrols.datum_check import looks_like
from patrols.intake.places import building_rows, compound_rows, street_rows
from patrols.intake.shapes import POLYGONS, take_shapes
from patrols.intake.sheet import Sheet
from patrols.wishing import Asked, find_wishes

Frame: TypeAlias = gpd.GeoDataFrame
Rows: TypeAlias = Callable[[Reading[Any]], tuple[Sheet, Frame]]


@dataclass(frozen=True)
class Ground:
    """What grids are drawn from, in the local metres of the outline, and what is worth knowing about the files."""

    outline: Frame
    streets: Frame
    buildings: Frame
    compounds: Frame | None
    notes: list[Refusal]


def read_ground(
    outline: Path, streets: Path, buildings: Path, compounds: Path | None = None, *, datum: str, skip_bad: bool = False
) -> Ground:
    """Read what grids are drawn from.

    Raises
    ------
    data.errors.UnreadableFile, data.errors.RowsRefused
        A file or some of its rows cannot be used; with `skip_bad` such rows are left out and noted.
    """
    ground = read_outline(outline, datum=datum)
    notes: list[Refusal] = []

    def take(path: Path, kind: str, rows: Rows) -> Frame:
        sheet, frame = rows(read(path, kind, datum=datum))
        good = sheet.accept(skip_bad=skip_bad)
        notes.extend([*sheet.notes, *sheet.refusals])
        return frames.to_metres(frame[good], ground.crs)

    lines = take(streets, "streets", street_rows).explode(ignore_index=True)
    houses = take(buildings, "buildings", building_rows)
    notes.extend(datum_notes(buildings, houses.geometry, lines, None, datum))
    return Ground(
        outline=ground,
        streets=lines,
        buildings=houses,
        compounds=take(compounds, "compounds", compound_rows) if compounds else None,
        notes=notes,
    )


def datum_notes(path: Path, shapes: gpd.GeoSeries, streets: Frame, buildings: Frame | None, said: str) -> list[Refusal]:
    """A warning when a file surely fits another datum than the streets that came with it."""
    check = looks_like(shapes.to_crs(4326), streets, buildings, said=said)
    if check is None:
        return []
    facts = {"said": said, "found": check.datum, "metres": round(check.off_m(check.said))}
    why = N_(
        "The file was read as %(said)s, but looks to be in %(found)s: as it was read, it lies %(metres)s m off the "
        "streets. Convert it first."
    )
    return [Refusal(path.name, None, None, why, facts)]


def read_outline(path: Path, *, datum: str = "wgs84") -> Frame:
    """Read an outline as one shape, in its local metres."""
    sheet = Sheet(read_features(path, datum=datum), {})
    shapes = take_shapes(sheet, POLYGONS)
    sheet.accept(skip_bad=False)
    return frames.to_metres(gpd.GeoDataFrame(geometry=[shapely.union_all(shapes.array.to_numpy())], crs=shapes.crs))


def draw_ground(
    ground: Ground,
    *,
    households: tuple[int, int] | None,
    community_code: str,
    seed: int = 0,
    asked: Asked | None = None,
) -> drawing.Drawing:
    """Draw the grids of some ground; see `geo.draw.draw`."""
    asked = asked or Asked()
    return drawing.draw(
        ground.outline,
        ground.streets,
        ground.buildings,
        ground.compounds,
        households=households,
        grids=asked.grids,
        load=asked.load,
        wishes=find_wishes(asked, ground.buildings, ground.compounds),
        community_code=community_code,
        seed=seed,
    )


def check_grids(
    grids: Frame,
    outline: Path | None,
    buildings: Path | None,
    compounds: Path | None,
    *,
    sliver_m2: float = 1.0,
    datum: str = "wgs84",
) -> Frame:
    """Find the flaws of some grids (`geo.tiling.find_flaws`), against as much of their ground as there are files of."""

    def take(path: Path | None, kind: str, rows: Rows) -> Frame | None:
        if path is None:
            return None
        sheet, frame = rows(read(path, kind, datum=datum))
        sheet.accept(skip_bad=False)
        return frames.to_metres(frame, grids.crs)

    ground = None if outline is None else read_outline(outline, datum=datum).to_crs(grids.crs)
    return tiling.find_flaws(
        grids,
        ground,
        sliver_m2=sliver_m2,
        buildings=take(buildings, "buildings", building_rows),
        compounds=take(compounds, "compounds", compound_rows),
    )


def convert_rows(reading: Reading[Frame], *, target: str) -> Frame:
    """The file's own rows and columns with their degrees written in another datum."""
    frame = reading.frame.drop(columns="source_row")
    return frame if target in ("wgs84", "cgcs2000") else datums.convert_frame(frame, source="wgs84", target=target)
