"""A lattice over grids: most of its cells lie in one grid, the others know the few lines that cross them.

What makes the answers exact is that a cell is defined by the very rounding that assigns points to it: the points whose
column and row, computed in doubles, are these. Corners are assigned to cells by the same sum, so "left of the cell" is
a fact and not a matter of tolerance. A line may be listed in a cell too many, never in one too few.

A part of a grid holds a point when an odd number of its lines lie to the left of it, at its height. Inside one cell
that number changes only at the lines listed there. Each cell keeps it for one height, and a line that comes in from
the left of the cell counts once more above its left end, which carries the number from that height to the point's.
The sum is taken with lines as they are, never clipped, so nothing is rounded.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Floats
from geo.sweep import CROWDED, NOWHERE, Codes, Lines, Sweep, Words, list_lines, sweep_rows

CELLS_PER_EDGE, MOST_CELLS, FEWEST_CELLS = 8, 2_500_000, 64
DEEPEST = 12
"""So many lattices within lattices at most."""

_FINEST_ULPS = 4096.0
_SPARE_CELLS = 1 << 17


class Lattice(NamedTuple):
    """Lattices within lattices, as flat arrays for compiled code.

    A cell's code is a grid's position, -1 for no grid, or below that -2 minus the place of its list: half the index
    into `blob`. A list is one header for each part of a grid that could be the answer, in the order of preference:
    number of lines and the parity left of them (bit 0), then the grid's position (lower half) and what holds if this
    part doesn't (upper half: 0 the next header, else a grid's position plus 2); after that the lines, four numbers
    each, the left end first. With -1 in the upper half, the lower one names the lattice to go on in.
    """

    frames: Floats
    shapes: NDArray[np.int64]
    cells: Codes
    blob: Floats
    words: Words


def build(lines: Lines, box: tuple[float, float, float, float], *, every: bool = False, reach: float = 0.0) -> Lattice:
    """Lay a lattice over the lines of all parts.

    Parameters
    ----------
    lines : Lines
        All of finite coordinates, at least one.
    box : tuple of float
        Least x, least y, greatest x, greatest y of all lines.
    every : bool, default False
        Whether lists name all parts that may hold a point, not only those that could win.
    reach : float, default 0
        How far beyond itself each cell looks for lines.
    """
    side = _side(box, len(lines.part))
    frame = np.array([box[0] - 1.37 * side - reach, box[1] - 1.41 * side - reach, 1.0 / side, 1.0 / side])
    width, height = (int((box[at + 2] + reach - frame[at]) / side) + 1 for at in (0, 1))
    frames: list[Floats] = []
    shapes: list[tuple[int, int, int]] = []
    cells: list[Codes] = []
    blobs: list[Floats] = []
    cell_count = slot_count = 0
    waiting = deque([(lines, frame, width, height, np.zeros(len(lines.grid), np.uint8), np.empty(0), 0, 0)])
    planned = width * height
    # Many lines through one point crowd cells at every depth, and no lattice parts them: there is an end to it.
    most = planned + CELLS_PER_EDGE * len(lines.part) + _SPARE_CELLS
    finest = _FINEST_ULPS * float(np.spacing(np.abs(box).max()))
    links: list[tuple[int, int]] = []
    while waiting:
        here, frame, width, height, base, above, depth, slot = waiting.popleft()
        if depth:
            links.append((slot, len(frames)))
        start, listed = _listed(here, frame, width, height, reach)
        codes = np.empty(width * height, np.int32)
        can_divide = depth < DEEPEST and 1.0 / frame[2] > 64 * finest and planned < most
        blob, used, full, inner = sweep_rows(
            here, start, listed, frame, width, height, base, above,
            every, CROWDED if can_divide else 2**62, codes, _ready(len(here.grid), start),
        )  # fmt: skip
        full, slots, counts = full.T
        codes[codes < NOWHERE] -= slot_count // 2
        frames.append(frame)
        shapes.append((width, height, cell_count))
        cells.append(codes)
        blobs.append(blob[:used])
        for cell, its_slot, its_inner in zip(full, slots, np.split(inner, np.cumsum(counts))[:-1], strict=True):
            ids = listed[start[cell] : start[cell + 1]]
            side = min(max(int(np.sqrt(4 * len(ids))), 8), 256) if planned < most else 1
            planned += side * side
            nested = _nested(here, np.where(ids < 0, ~ids, ids), its_inner, frame, cell % width, cell // width, side)
            waiting.append((*nested, depth + 1, slot_count + int(its_slot)))
        cell_count += width * height
        slot_count += used
    blob = blobs[0] if len(blobs) == 1 else np.concatenate(blobs)
    words = blob.view(np.int64)
    for slot, number in links:
        words[slot + 1] += number
    return Lattice(
        np.array(frames),
        np.array(shapes, np.int64),
        cells[0] if len(cells) == 1 else np.concatenate(cells),
        blob,
        words,
    )


def _side(box: tuple[float, float, float, float], lines: int) -> float:
    """The side of a cell: as many cells as the lines deserve, none finer than doubles can tell apart."""
    wanted = min(max(CELLS_PER_EDGE * lines, FEWEST_CELLS), MOST_CELLS)
    wide, high = box[2] - box[0], box[3] - box[1]
    finest = _FINEST_ULPS * float(np.spacing(np.abs(box).max()))
    return max(float(np.sqrt(wide) * np.sqrt(high) / np.sqrt(wanted)), max(wide, high) / wanted, finest)


def _listed(lines: Lines, frame: Floats, width: int, height: int, reach: float) -> tuple[Codes, Codes]:
    """The lines of each cell: those of cell c from start[c] to start[c + 1]."""
    start = np.zeros(width * height + 2, np.int32)
    nothing = np.empty(0, np.int32)
    list_lines(lines.corners, lines.part, frame, width, height, reach, start[2:], nothing, False)
    np.cumsum(start, out=start)
    listed = np.empty(start[-1], np.int32)
    list_lines(lines.corners, lines.part, frame, width, height, reach, start[1:], listed, True)
    return start[:-1], listed


def _ready(parts: int, start: Codes) -> Sweep:
    largest = int(np.diff(start).max(initial=0)) + 1
    return Sweep(
        parity=np.zeros(parts, np.uint8),
        place=np.zeros(parts, np.int32),
        odd=np.empty(parts, np.int32),
        seen=np.zeros(parts, np.int64),
        part=np.empty(largest, np.int32),
        base=np.empty(largest, np.uint8),
        begin=np.empty(largest, np.int32),
        end=np.empty(largest, np.int32),
    )


def _nested(lines: Lines, ids: Codes, inner: Words, frame: Floats, column: int, row: int, count: int) -> Any:
    """What a crowded cell hands on to its own lattice."""
    parts, base = (inner // 2).astype(np.int32), (inner % 2).astype(np.uint8)
    order = np.argsort(parts)
    parts, base = parts[order], base[order]
    # Two corners for each line: the odd "lines" between them are no lines.
    corners = lines.corners[np.stack([ids, ids + 1], axis=1)].reshape(-1, 2)
    part = np.full(2 * len(ids), -1, np.int32)
    part[::2] = np.searchsorted(parts, lines.part[ids])
    local = Lines(corners, part, lines.grid[parts], lines.rank[parts])
    above = np.where((corners[:, 0] - frame[0]) * frame[2] < column, corners[:, 1], np.inf)
    side = 1.0 / frame[2]
    inner_side = side * 1.002 / count
    corner = frame[0] + (column - 0.001) * side, frame[1] + (row - 0.001) * side
    return local, np.array([*corner, 1 / inner_side, 1 / inner_side]), count, count, base, above


def lines_of(geometry: NDArray[np.object_], rank: NDArray[np.int64]) -> Lines:
    """The lines of polygons and multipolygons; missing and empty ones have none.

    Parameters
    ----------
    geometry : array of Polygon or MultiPolygon
        The grids.
    rank : int64 array
        Of each grid, how many are preferred to it.
    """
    # Taking rings out of a polygon copies it, so only those that need it are taken apart.
    plain = (shapely.get_type_id(geometry) == 3) & (shapely.get_num_interior_rings(geometry) == 0)
    plain &= shapely.get_num_coordinates(geometry) > 0
    parts, owner = shapely.get_parts(geometry[~plain], return_index=True)
    rings, its_part = shapely.get_rings(parts, return_index=True)
    owner = np.concatenate([np.flatnonzero(plain), np.flatnonzero(~plain)[owner]])
    length = np.concatenate([shapely.get_num_coordinates(geometry[plain]), shapely.get_num_coordinates(rings)])
    ring_part = np.concatenate([np.arange(plain.sum()), plain.sum() + its_part])
    corners = shapely.get_coordinates(geometry[plain])
    if len(rings):
        corners = np.concatenate([corners, shapely.get_coordinates(rings)])
    part = np.repeat(ring_part.astype(np.int32), length)
    last = np.cumsum(length) - 1
    still = np.zeros(len(corners), bool)
    # Column by column: over an axis of two NumPy is ten times slower.
    still[:-1] = (corners[1:, 0] == corners[:-1, 0]) & (corners[1:, 1] == corners[:-1, 1])
    # A line without length says nothing that its neighbours don't, unless its ring has no other.
    first = last - length + 1
    if still.any():
        still[first[np.add.reduceat(still.astype(np.int64), first) >= length - 1]] = False
    part[still] = -1
    part[last] = -1
    return Lines(corners, part, owner.astype(np.int32), rank[owner].astype(np.int32))
