"""Drawing the grids of a community from its outline, streets, buildings and compounds."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely

from geo.balance import balance_blocks
from geo.blocks import Crossing, neighbours
from geo.buildings import Note, Wholes
from geo.clean import FOLLOWS_M
from geo.errors import N_, CannotDraw
from geo.faces import Geometries, Numbers, Positions, dissolve, find_sides
from geo.site import Site, make_site

MOST_GRIDS = 999
"""A grid code has three digits after the community's twelve."""

UNKNOWN_COMMUNITY = "000000000000"


@dataclass(frozen=True)
class Drawing:
    """A drawn tiling and how it came about.

    Attributes
    ----------
    grids : GeoDataFrame
        ``grid_code, households, buildings, compounds, explanation`` (why a grid is out of the band, else empty),
        ``geometry``; in the order of their codes.
    blocks : GeoDataFrame
        What the grids are made of, with ``grid_code``.
    streets : GeoDataFrame
        The cleaned streets that borders could follow.
    notes : list of (template, facts, x, y)
        What the person who draws should know, and where, in metres; x and y are NaN where it concerns no place.
    """

    grids: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    notes: list[Note] = field(default_factory=list)


def draw_grids(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    *,
    households: tuple[int, int] = (150, 500),
    community_code: str = UNKNOWN_COMMUNITY,
    seed: int = 0,
) -> gpd.GeoDataFrame:
    """Draw the grids of a community: the ``grids`` of `draw`, whose notes are in ``attrs["notes"]``.

    Examples
    --------
    Four houses of 100 households, a street between the second and the third:

    >>> houses = gpd.GeoDataFrame(
    ...     {"households": [100] * 4}, geometry=[shapely.box(x, 40, x + 10, 60) for x in (10, 50, 120, 160)], crs=4548
    ... )
    >>> street = gpd.GeoDataFrame(
    ...     {"street_class": ["branch"]}, geometry=[shapely.LineString([(90, -5), (90, 105)])], crs=4548
    ... )
    >>> grids = draw_grids(shapely.box(0, 0, 180, 100), street, houses, households=(150, 250))
    >>> grids[["grid_code", "households"]].values.tolist()
    [['000000000000001', 200], ['000000000000002', 200]]
    >>> grids.area.round(2).tolist()
    [9000.0, 9000.0]
    """
    drawing = draw(
        outline,
        streets,
        buildings,
        compounds,
        households=households,
        community_code=community_code,
        seed=seed,
    )
    drawing.grids.attrs["notes"] = drawing.notes
    return drawing.grids


def draw(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    *,
    households: tuple[int, int] = (150, 500),
    community_code: str = UNKNOWN_COMMUNITY,
    seed: int = 0,
) -> Drawing:
    """Draw the grids of a community along its streets, with balanced households, and say what was noticed.

    The grids are one valid tiling of the outline: neighbours share their border point for point, no building and no
    compound is cut, each grid is in one piece (but for thinly peopled exclaves of the community, which go with the
    nearest grid). Where the blocks allow it, each grid's households lie in the band, else ``explanation`` says why.
    Borders run along important streets rather than through yards. Codes count row by row from the north, in each row
    from west to east; there are as many rows as fit grids of average size.

    Moving everything by whole metres moves the grids and changes nothing else.

    Parameters
    ----------
    outline : GeoDataFrame, GeoSeries or geometry
        The community's ground, one or more polygons in metres; broken rings are mended.
    streets : GeoDataFrame
        Lines in metres; ``name, street_class`` (``expressway arterial secondary branch back_street path``; else
        ``branch``).
    buildings : GeoDataFrame
        Polygons in metres; ``households``, or what `geo.buildings.estimate_households` needs; ``name`` optional.
    compounds : GeoDataFrame, optional
        Polygons in metres; ``name`` optional.
    households : (int, int)
        The band, lower and upper limit included; 150 to 500 is what offices take as a rule of thumb.
    community_code : str
        What the grid codes begin with.
    seed : int
        Of the random search; the same input and seed give the same grids.

    Raises
    ------
    CannotDraw
        When the band is none, or more grids come out than codes have room for.
    BadGeometry
        When the outline has no area.
    WrongCrs
        When a frame has no CRS, is not in metres, or differs from the others.
    """
    low, high = households
    if not 0 < low < high:
        raise CannotDraw(
            N_("The band %(low)s to %(high)s is none: give two numbers, the smaller first."), low=low, high=high
        )
    site = make_site(outline, streets, buildings, compounds)
    blocks, labels, crossings = _settle_on_blocks(site, households, seed)
    blocks, grids = _number(blocks, labels, community_code)
    grids["explanation"], why = _explain(grids, blocks, households)
    notes = [*site.wholes.notes, *_note_crossings(blocks, site.wholes, crossings), *_note_exclaves(grids), *why]
    east, north = site.origin.tolist()
    moved = [(text, facts, float(x + east), float(y + north)) for text, facts, x, y in notes]
    grids = grids[["grid_code", "households", "buildings", "compounds", "explanation", "geometry"]]
    return Drawing(site.put_back(grids), site.put_back(blocks), site.put_back(site.streets), moved)


def _settle_on_blocks(
    site: Site, households: tuple[int, int], seed: int
) -> tuple[gpd.GeoDataFrame, Positions, list[Crossing]]:
    """Blocks, the grid of each, and crossings; while grids stay out of the band, blocks are split more finely."""
    low, high = households
    best: tuple[int, gpd.GeoDataFrame, Positions, list[Crossing]] | None = None
    for largest, piece in ((high, max(low, 1)), ((low + high) // 2, max(low // 2, 1)), (low, max(low // 3, 1))):
        blocks, crossings = site.blocks(largest=largest, piece=piece)
        labels = balance_blocks(blocks, neighbours(blocks, site.streets), households=households, seed=seed)
        people = np.bincount(labels, weights=blocks["households"])
        large = int((blocks["households"] > high).sum())
        out = int(((people < low) | (people > high)).sum())
        if best is None or out < best[0]:
            best = (out, blocks, labels, crossings)
        if out <= large or not (blocks["households"] > largest // 2).any():
            break
    assert best is not None  # noqa: S101
    return best[1:]


def _number(
    blocks: gpd.GeoDataFrame, labels: Positions, community_code: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Grids in the order of their codes, and the blocks with the code of their grid."""
    shapes = dissolve(blocks.geometry.to_numpy(), labels)
    if len(shapes) > MOST_GRIDS:
        raise CannotDraw(
            N_("%(count)d grids came out, but codes have room for %(most)d: draw with a higher band or in parts."),
            count=len(shapes),
            most=MOST_GRIDS,
        )
    rank = np.empty(len(shapes), dtype=np.int64)
    order = reading_order(shapely.get_coordinates(shapely.point_on_surface(shapes)), shapely.total_bounds(shapes))
    rank[order] = np.arange(len(shapes))
    codes = np.array([f"{community_code}{number:03d}" for number in range(1, len(shapes) + 1)], dtype=object)
    sums = blocks[["households", "buildings", "compounds"]].groupby(rank[labels]).sum()
    grids = gpd.GeoDataFrame({"grid_code": codes, **sums}, geometry=shapes[order], crs=blocks.crs)
    return blocks.assign(grid_code=codes[rank[labels]]), grids


def reading_order(points: Numbers, bounds: Numbers) -> Positions:
    """Order places as lines of a page are read: row by row from the north, in each row from west to east.

    Parameters
    ----------
    points : array of shape (n, 2)
        One place for each grid.
    bounds : array of 4
        West, south, east and north end of the ground. There are as many rows as fit ``n`` squares.

    Examples
    --------
    >>> reading_order(np.array([[9, 1], [1, 9], [8, 8], [2, 2]]), np.array([0, 0, 10, 10])).tolist()
    [1, 2, 3, 0]
    """
    west, south, east, north = bounds
    width, height = max(east - west, 1e-9), max(north - south, 1e-9)
    rows = max(round(np.sqrt(len(points) * height / width)), 1)
    row = np.minimum(np.floor((north - points[:, 1]) / height * rows), rows - 1)
    return np.lexsort((points[:, 1], points[:, 0], row))


def _explain(
    grids: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, households: tuple[int, int]
) -> tuple[list[str], list[Note]]:
    """Why each grid is out of the band: a sentence for the grid's row, and the same as notes."""
    low, high = households
    total = int(grids["households"].sum())
    single = blocks[blocks["in_whole"] > high].groupby("grid_code")["whole"].first()
    sentences, notes = [], []
    for code, people, shape in zip(grids["grid_code"], grids["households"].tolist(), grids.geometry, strict=True):
        facts = {"grid_code": code, "households": people, "low": low, "high": high, "total": total}
        if low <= people <= high:
            sentences.append("")
            continue
        if code in single.index:
            text = N_("%(households)d households: %(whole)s alone has more than %(high)d and stays whole.")
            facts["whole"] = single[code]
        elif people > high:
            text = N_(
                "%(households)d households: its blocks could not be divided between houses so that all fit the band."
            )
        elif total < low:
            text = N_("%(households)d households: the whole community has only %(total)d.")
        else:
            text = N_("%(households)d households: no neighbour could give a block without leaving the band itself.")
        sentences.append(text % facts)
        point = shapely.point_on_surface(shape)
        notes.append((text, facts, round(point.x, 2), round(point.y, 2)))
    return sentences, notes


def _points(xy: Numbers) -> Geometries:
    """Coordinates as points."""
    return np.asarray(shapely.points(xy), dtype=object)


def _note_exclaves(grids: gpd.GeoDataFrame) -> list[Note]:
    """A note for each piece of ground that was too small for a grid of its own."""
    text = N_("A separate piece of ground, too small for a grid of its own, belongs to grid %(grid_code)s.")
    parts, grid = shapely.get_parts(grids.geometry.to_numpy(), return_index=True)
    order = np.lexsort((-shapely.area(parts), grid))
    small = order[np.append(False, grid[order][1:] == grid[order][:-1])]
    codes, inner = grids["grid_code"].to_numpy(dtype=object)[grid[small]], shapely.point_on_surface(parts[small])
    places = zip(codes, shapely.get_x(inner), shapely.get_y(inner), strict=True)
    return [(text, {"grid_code": code}, round(x, 2), round(y, 2)) for code, x, y in places]


def _note_crossings(blocks: gpd.GeoDataFrame, wholes: Wholes, crossings: list[Crossing]) -> list[Note]:
    """A note for each building or compound on a border that a street line runs through."""
    if not crossings:
        return []
    codes = blocks["grid_code"].to_numpy(dtype=object)
    sides = find_sides(blocks.geometry.to_numpy())
    border = sides.pick((sides.right >= 0) & (codes[sides.left] != codes[sides.right])).middle
    tree = shapely.STRtree(_points(border))
    concerned = np.unique([crossing.whole for crossing in crossings])
    on_border = np.unique(
        tree.query(shapely.boundary(wholes.shape[concerned]), predicate="dwithin", distance=FOLLOWS_M)[0]
    )
    touched = set(concerned[on_border].tolist())
    once = {(crossing.whole, crossing.street): crossing for crossing in crossings if crossing.whole in touched}
    texts = {
        (False, False): N_("A street without a name runs through the building %(name)s; the border goes round it."),
        (False, True): N_("%(street)s runs through the building %(name)s; the border goes round it."),
        (True, False): N_("A street without a name runs through the compound %(name)s; the border goes round it."),
        (True, True): N_("%(street)s runs through the compound %(name)s; the border goes round it."),
    }
    return [
        (texts[row.is_compound, bool(row.street)], {"name": row.name, "street": row.street}, row.x, row.y)
        for row in once.values()
    ]
