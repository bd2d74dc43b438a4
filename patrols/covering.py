"""What the tracks of some files covered of grids and streets, from file to file, however many tracks there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from data import frames
from data.errors import Refusal, RowsRefused
from data.exchange import fix_streams, gpx
from data.exchange.scratch import scratch_folder
from data.exchange.sources import read
from data.exchange.streams import Refused
from geo.lines import credit_lines
from geo.locate import GridLocator
from geo.streets import cut_streets
from patrols import tracks
from patrols.batch import each
from patrols.coverage import cells_seen, coverage_of
from patrols.files import datum_notes
from patrols.intake.places import building_rows, compound_rows, street_rows
from patrols.intake.sheet import Sheet
from patrols.rules import Rules
from patrols.yards import Yards, ground_seen, make_yards, yards_by_grid, yards_seen

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Covered:
    """What some tracks covered: a row for every grid, every piece of street, every compound; what is worth knowing."""

    grids: pd.DataFrame
    pieces: gpd.GeoDataFrame
    notes: list[Refusal]
    compounds: gpd.GeoDataFrame | None = None


class Walked(NamedTuple):
    """What some of the walks came to: metres and minutes by grid, and what they saw of streets and of compounds."""

    earned: pd.DataFrame
    seen: NDArray[np.bool_]
    ground: NDArray[np.object_]


@dataclass(frozen=True)
class Town:
    """What walks are laid over: grids, pieces of street and compounds in metres, and the rules."""

    grids: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame
    rules: Rules
    yards: Yards

    def walked(self, fixes: Path, number: int = 0) -> Walked:
        """Clean the fixes of whole tracks, and credit them.

        Parameters
        ----------
        fixes : Path
            Parquet with the columns of `data.exchange.gpx.read_tracks`.
        number : int
            Which file of fixes it is; it changes nothing.
        """
        rows = pd.read_parquet(fixes)
        x, y = frames.points_in_metres(rows["lon"], rows["lat"], self.grids.crs)
        clean = tracks.clean_fixes(rows.assign(x=x, y=y), self.rules)
        walks = tracks.to_lines(clean, self.rules, crs=self.grids.crs)
        credits = credit_lines(walks, GridLocator(self.grids), band_m=self.rules.border_band_m)
        earned = credits.groupby("grid_code", dropna=False)[["metres", "minutes"]].sum()
        return Walked(earned, cells_seen(walks, self.pieces, self.rules), ground_seen(walks, self.yards))


def cover_files(
    paths: Sequence[Path],
    streets: Path,
    grids: gpd.GeoDataFrame,
    *,
    datum: str,
    skip_bad: bool = False,
    dask: bool = False,
    scheduler: str | None = None,
    folder: Path | None = None,
    progress: Progress = lambda rows: None,
    compounds: Path | None = None,
    buildings: Path | None = None,
) -> Covered:
    """Clean the tracks of some files and say what they covered of each grid and each piece of street.

    Metres and minutes of a grid are those of all walks; a piece of street that several walks saw counts once. What was
    walked outside all grids is in a last row without a code. Along borders a walk keeps its grid as `Rules` says.

    Parquet and long tables of text are read in chunks and put down track by track, some hundred thousand fixes to a
    file; these files are then cleaned and credited one after the other, or by Dask, so memory holds a few of them at
    once. All other files are read one by one.

    Parameters
    ----------
    paths : sequence of Path
        Tracks: GPX, KML, GeoJSON, Parquet, CSV ...
    streets : Path
    grids : GeoDataFrame
        In metres.
    datum : str
        What the places of tracks and streets are written in.
    skip_bad : bool
        Leave bad rows out and note them.
    dask, scheduler
        As in `patrols.batch.each`.
    folder : Path, optional
        Where fixes are put down meanwhile; for a cluster, one that its workers see too.
    progress : callable
        Told how many fixes were read, and again how many were credited.
    compounds, buildings : Path, optional
        Compounds, of which the share seen is told as `patrols.yards` says; buildings are no open ground.
    """
    rules = Rules()
    sheet, lines_of_town = street_rows(read(streets, "streets", datum=datum))
    good = sheet.accept(skip_bad=skip_bad)
    town = frames.to_metres(lines_of_town[good], grids.crs).explode(ignore_index=True)
    notes: list[Refusal] = list(sheet.notes)
    pieces = cut_streets(town, grids, border_m=rules.border_street_m)
    yards = _ground(compounds, "compounds", datum, skip_bad, grids, notes)
    houses = _ground(buildings, "buildings", datum, skip_bad, grids, notes)
    over = Town(grids, pieces, rules, make_yards(yards, houses, pieces, grids, rules))
    with scratch_folder(folder) as scratch:
        files = _put_down(paths, scratch, datum, skip_bad, notes, progress)
        first = pd.read_parquet(files[0], columns=["lon", "lat"])
        spots = gpd.GeoSeries(gpd.points_from_xy(first["lon"], first["lat"]), crs=4326)
        notes.extend(datum_notes(paths[0], spots, town, None, datum))
        walked = _all_walked(over, files, progress, dask=dask, scheduler=scheduler)
    per_grid, per_piece = coverage_of(walked.seen, pieces, grids, rules)
    table, shaped = _per_grid(per_grid, walked.earned), None
    if compounds is not None:
        per_yard = yards_seen(walked.seen, walked.ground, over.yards)
        table = table.join(yards_by_grid(per_yard, grids["grid_code"]), on="grid_code")
        shaped = gpd.GeoDataFrame(per_yard, geometry=yards.geometry.to_numpy(), crs=yards.crs)
    return Covered(table, _with_shapes(per_piece, pieces), notes, shaped)


def _all_walked(over: Town, files: Sequence[Path], progress: Progress, *, dask: bool, scheduler: str | None) -> Walked:
    """What the walks of all files came to."""
    walked: list[Walked] = []

    def take(fixes: Path, done: Walked) -> None:
        if walked:
            before = walked.pop()
            earned = pd.concat([before.earned, done.earned]).groupby(level=0, dropna=False).sum()
            done = Walked(earned, before.seen | done.seen, shapely.union(before.ground, done.ground))
        walked.append(done)
        progress(_rows(fixes))

    each(over.walked, files, take, dask=dask, scheduler=scheduler)
    return walked[0]


def _ground(
    path: Path | None, kind: str, datum: str, skip_bad: bool, grids: gpd.GeoDataFrame, notes: list[Refusal]
) -> gpd.GeoDataFrame:
    """The compounds or buildings of a file, in the grids' metres; none without one."""
    if path is None:
        return gpd.GeoDataFrame({"name": []}, geometry=[], crs=grids.crs)
    sheet, frame = (compound_rows if kind == "compounds" else building_rows)(read(path, kind, datum=datum))
    good = sheet.accept(skip_bad=skip_bad)
    notes.extend([*sheet.notes, *sheet.refusals])
    return frames.to_metres(frame[good], grids.crs)


def fixes_of(path: Path, *, datum: str) -> int:
    """How many fixes a file may have, at a guess, for telling how far it is; 0 for what is read at once."""
    points = fix_streams.open_fixes(path, datum=datum)
    return 0 if points is None else sum(points.rows(part) for part in points.parts())


def _put_down(
    paths: Sequence[Path], folder: Path, datum: str, skip_bad: bool, notes: list[Refusal], progress: Progress
) -> list[Path]:
    """The fixes of all files as Parquet files of whole tracks; a track that several files hold is put down once."""
    known: set[str] = set()
    files: list[Path] = []
    waiting: list[pd.DataFrame] = []
    for number, path in enumerate(paths):
        points = fix_streams.open_fixes(path, datum=datum)
        if points is None:
            waiting.append(_fixes(path, datum, skip_bad, notes, known))
        else:
            own = folder / str(number)
            own.mkdir()
            refused = Refused(points.first_row)
            files.extend(fix_streams.spill(points, own, refused, known, progress=progress))
            if refused.count and not skip_bad:
                raise RowsRefused(refused.listed, refused.count)
            notes.extend([*refused.notes, *refused.listed])
        if waiting and (path == paths[-1] or sum(map(len, waiting)) >= fix_streams.ROWS_TOGETHER):
            files.append(folder / f"together-{number}.parquet")
            pd.concat(waiting, ignore_index=True).to_parquet(files[-1])
            waiting = []
    return files


def _fixes(path: Path, datum: str, skip_bad: bool, notes: list[Refusal], known: set[str]) -> pd.DataFrame:
    reading = gpx.read_tracks(path, datum=datum)
    sheet = Sheet(reading, {})
    sheet.accept(skip_bad=skip_bad)
    notes.extend([*sheet.notes, *sheet.refusals])
    fresh = reading.frame[~reading.frame["patrol"].isin(known)]
    known.update(fresh["patrol"].unique())
    fresh.attrs = {}
    return fresh


def _rows(fixes: Path) -> int:
    return int(pq.read_metadata(fixes).num_rows)


def _per_grid(per_grid: pd.DataFrame, earned: pd.DataFrame) -> pd.DataFrame:
    """Metres and minutes walked beside metres of street seen; anything outside all grids in a last row."""
    earned = earned.rename_axis("grid_code").reset_index()
    outside = earned[earned["grid_code"].isna()]
    rows = per_grid.merge(earned[earned["grid_code"].notna()], on="grid_code", how="left").fillna(
        {"metres": 0.0, "minutes": 0.0}
    )
    rows = rows if outside.empty else pd.concat([rows, outside], ignore_index=True)
    return rows[["grid_code", "metres", "minutes", "street_metres_seen", "street_metres"]]


def _with_shapes(per_piece: pd.DataFrame, pieces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = per_piece.assign(
        name=pieces["name"].to_numpy(),
        street_class=pieces["street_class"].astype(str).to_numpy(),
        grid_codes=per_piece["grid_codes"].map(" ".join),
    )
    return gpd.GeoDataFrame(rows, geometry=pieces.geometry.to_numpy(), crs=pieces.crs)
