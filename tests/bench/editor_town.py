"""A large made-up town, for measuring the editor: as many grids as wanted, ten houses in each."""

from datetime import UTC, date, datetime

import numpy as np
import shapely
from sqlalchemy import insert
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from data import users
from data.models import Building, Community, EditionStage, Grid, GridEdition, Role, Street, StreetClass, Subdistrict

HOUSES_AT = (0.25, 0.38, 0.62, 0.75)
HOUSES_A_GRID = 10
CELL = 0.001
CORNERS_A_SIDE = 8
WEST, SOUTH = 116.3, 39.9
CODE, NOW = "110108001001", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
PASSWORD = "walk every day 1"


class Town:
    """A lattice of grids with winding borders along which the streets run."""

    def __init__(self, columns: int, rows: int) -> None:
        random = np.random.default_rng(1)
        self.columns, self.rows = columns, rows
        numbers = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij"), axis=-1)
        self.corner = (numbers + random.uniform(-0.15, 0.15, numbers.shape)) * CELL + [WEST, SOUTH]
        self.across = {
            (i, j): self._border(random, (i, j), (i + 1, j)) for i in range(columns) for j in range(rows + 1)
        }
        self.along = {(i, j): self._border(random, (i, j), (i, j + 1)) for i in range(columns + 1) for j in range(rows)}

    def _border(self, random: np.random.Generator, begin: tuple[int, int], end: tuple[int, int]) -> np.ndarray:
        start, stop = self.corner[begin], self.corner[end]
        share = np.linspace(0, 1, CORNERS_A_SIDE + 1)[:, None]
        wave = np.sin(share * np.pi) * random.uniform(-0.06, 0.06)
        return start + share * (stop - start) + wave * np.array([start[1] - stop[1], stop[0] - start[0]])

    def cells(self) -> list[shapely.Polygon]:
        """The grids, from north to south, in each row from west to east."""
        return [
            shapely.Polygon(
                np.concatenate(
                    [
                        self.across[i, j],
                        self.along[i + 1, j],
                        self.across[i, j + 1][::-1],
                        self.along[i, j][::-1],
                    ]
                )
            )
            for j in reversed(range(self.rows))
            for i in range(self.columns)
        ]

    def keys(self, i: int, j: int) -> list[int]:
        """Keys of the houses of one grid, in the order in which `build` stores them."""
        first = (i * self.rows + j) * HOUSES_A_GRID + 1
        return list(range(first, first + HOUSES_A_GRID))

    def streets(self) -> list[shapely.LineString]:
        """A street along every border, and two lanes through every grid."""
        half = CORNERS_A_SIDE // 2
        lanes = []
        for i in range(self.columns):
            for j in range(self.rows):
                lanes.append([self.along[i, j][half], self.along[i + 1, j][half]])
                lanes.append([self.across[i, j][half], self.across[i, j + 1][half]])
        return [shapely.LineString(line) for line in (*self.across.values(), *self.along.values(), *lanes)]

    def houses(self) -> list[shapely.Polygon]:
        """Ten houses in each grid, none on a lane."""
        places = [(x, y) for x in HOUSES_AT for y in HOUSES_AT][:HOUSES_A_GRID]
        size = 0.04 * CELL
        boxes = []
        for i in range(self.columns):
            for j in range(self.rows):
                quad = self.corner[[i, i + 1, i + 1, i], [j, j, j + 1, j + 1]]
                for x, y in places:
                    weights = np.array([(1 - x) * (1 - y), x * (1 - y), x * y, (1 - x) * y])
                    lon, lat = weights @ quad
                    boxes.append(shapely.box(lon - size, lat - size, lon + size, lat + size))
        return boxes


def build(session: Session, town: Town) -> None:
    """Put the town into a database, with its grids in force and two people who draw."""
    above = Subdistrict(
        code=CODE[:9], name="城关街道", county_code=CODE[:6], county_name="海淀区", valid_from=date(2020, 1, 1)
    )
    cells = town.cells()
    community = Community(
        subdistrict=above, code=CODE, name="大社区", valid_from=date(2020, 1, 1), outline=shapely.union_all(cells)
    )
    edition = GridEdition(
        community=community, number=1, stage=EditionStage.ADOPTED, valid_from=date(2026, 1, 1), created_at=NOW
    )
    session.add_all([community, edition])
    session.flush()
    grids = [{"edition_id": edition.id, "code": f"{CODE}{n:04d}", "geom": cell} for n, cell in enumerate(cells, 1)]
    session.execute(insert(Grid), grids)
    houses = town.houses()
    people = np.random.default_rng(2).integers(5, 50, len(houses)).tolist()
    told = [
        {"community_id": community.id, "geom": house, "households": many, "residents": 3 * many}
        for house, many in zip(houses, people, strict=True)
    ]
    session.execute(insert(Building), told)
    lines = [
        {"community_id": community.id, "geom": line, "street_class": StreetClass.BRANCH} for line in town.streets()
    ]
    session.execute(insert(Street), lines)
    for login in ("one", "two"):
        users.add_user(
            session,
            login=login,
            password_hash=generate_password_hash(PASSWORD, method="pbkdf2:sha256:1"),
            role=Role.ADMINISTRATOR,
            at=NOW,
            language="en",
        )
