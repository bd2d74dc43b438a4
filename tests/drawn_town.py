"""A made-up town to draw in: square grids with four houses each and a street along every border."""

from collections.abc import Sequence
from typing import Any

import make
import numpy as np
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition
from geo.faces import GRAIN_DIGITS
from patrols import draft_rows, drafts
from patrols.draft_edits import Edit
from patrols.draft_state import DraftState
from patrols.drafts import Applied

SIDE = 0.001
CODE = "110108001001"


def build(session: Session, columns: int = 3, rows: int = 2, *, households: int = 50) -> tuple[Community, GridEdition]:
    """A town whose grids are numbered row by row from the north-west, in force since the beginning of the year."""
    place, edition = make.town(session, columns, rows)
    for column in range(columns):
        for row in range(rows):
            west, south, _, _ = make.degrees_square(column, row).bounds
            for i in range(2):
                for j in range(2):
                    corner = (west + (0.2 + 0.4 * i) * SIDE, south + (0.2 + 0.4 * j) * SIDE)
                    house = shapely.box(*corner, corner[0] + 0.1 * SIDE, corner[1] + 0.1 * SIDE)
                    make.building(session, place, house, households=households, residents=3 * households)
    west, south = make.ORIGIN
    for column in range(columns + 1):
        x = round(west + column * SIDE, 6)
        make.street(session, place, shapely.LineString([(x, south), (x, round(south + rows * SIDE, 6))]))
    for row in range(rows + 1):
        y = round(south + row * SIDE, 6)
        make.street(session, place, shapely.LineString([(west, y), (round(west + columns * SIDE, 6), y)]))
    return place, edition


def code(number: int) -> str:
    """The code of the n-th grid."""
    return f"{CODE}{number:03d}"


def line(*places: tuple[float, float]) -> dict[str, Any]:
    """A line over the town as a page sends it; places in columns and rows from the south-west corner."""
    west, south = make.ORIGIN
    return {"type": "LineString", "coordinates": [[west + x * SIDE, south + y * SIDE] for x, y in places]}


def ground(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A rectangle over the town as a page sends it."""
    ring = line((west, south), (east, south), (east, north), (west, north), (west, south))["coordinates"]
    return {"type": "Polygon", "coordinates": [ring]}


def place(x: float, y: float) -> list[float]:
    """A place in the town, longitude and latitude."""
    return list(line((x, y))["coordinates"][0])


def do(session: Session, edition: GridEdition, kind: str, *, revision: int | None = None, **told: Any) -> Applied:
    """Do an edit on the draft's present revision, or on another one."""
    seen = edition.revision if revision is None else revision
    return drafts.apply(session, edition, Edit(kind, told), revision=seen, at=make.EPOCH)


def undo(session: Session, edition: GridEdition) -> Applied:
    """Take the last edit back."""
    return drafts.undo(session, edition, revision=edition.revision, at=make.EPOCH)


def redo(session: Session, edition: GridEdition) -> Applied:
    """Do it again."""
    return drafts.redo(session, edition, revision=edition.revision, at=make.EPOCH)


def stored(session: Session, edition: GridEdition) -> draft_rows.Rows:
    """The rows of the draft's grids as the database has them."""
    return draft_rows.read(session, edition.id)


def blocks_in(state: DraftState, grid: str) -> list[int]:
    """Numbers of the blocks that lie in a grid."""
    owners = state.codes_of_blocks()
    return [number for number, owner in zip(state.blocks.numbers.tolist(), owners, strict=True) if owner == grid]


def houses_in(state: DraftState, grid: str) -> list[int]:
    """Keys of the buildings that stand in a grid."""
    mine = state.owners["houses"] == state.slots[grid]
    return [int(key) for key in state.ground.buildings.index[mine]]


def numbers(state: DraftState, grids: Sequence[int]) -> list[int]:
    """Households of some grids by their numbers."""
    return [state.told(code(number))["households"] for number in grids]


def is_tiling(session: Session, edition: GridEdition) -> bool:
    """Whether the general grids share all their borders and fill the community's ground to a square metre."""
    frame = frames.grids(session, edition.id)
    general = frame[frame["kind"] == "general"].geometry.to_numpy()
    metres = np.asarray(shapely.transform(general, lambda places: np.round(places, GRAIN_DIGITS)), dtype=object)
    outline = frames.outline(session, edition.community_id)
    missing = shapely.area(shapely.symmetric_difference(shapely.union_all(metres), outline.geometry.iloc[0]))
    return bool(shapely.coverage_is_valid(metres)) and float(missing) < 1.0


def random_edit(state: DraftState, random: np.random.Generator) -> Edit:
    """Something that a careless person might do in a town of four by three grids; it may be refused."""
    picked = [str(one) for one in random.choice(state.codes, 2)]

    def somewhere(count: int) -> Any:
        return line(*random.uniform((0, 0), (4, 3), (count, 2)).tolist())["coordinates"]

    kind = str(
        random.choice(["paint", "plots", "give", "split", "merge", "reshape", "move_vertex", "rename", "lay_over"])
    )
    drawn = {"type": "LineString", "coordinates": somewhere(3)}
    area = {"type": "Polygon", "coordinates": [[*(ring := somewhere(3)), ring[0]]]}
    told: dict[str, dict[str, Any]] = {
        "paint": {"blocks": random.choice(state.blocks.numbers, 2).tolist(), "to": picked[0]},
        "plots": {"buildings": random.choice(state.ground.buildings.index, 2).tolist(), "to": picked[0]},
        "give": {"ground": area, "to": picked[0]},
        "split": {"code": picked[0], "line": drawn},
        "merge": {"codes": picked},
        "reshape": {"line": drawn},
        "move_vertex": {"at": somewhere(1)[0], "to": somewhere(1)[0], "reach_m": 60.0},
        "rename": {"code": picked[0], "name": f"{random.integers(100)}号片"},
        "lay_over": {"ground": area, "name": "学校"},
    }
    return Edit(kind, told[kind])
