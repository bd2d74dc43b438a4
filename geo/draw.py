"""Drawing the grids of a community from its outline, streets, buildings and compounds."""

from dataclasses import dataclass, field
from itertools import count

import geopandas as gpd
import numpy as np
import shapely

from geo.balance import balance_blocks
from geo.blocks import Crossing
from geo.buildings import Note
from geo.errors import N_, CannotDraw
from geo.explain import HOUSEHOLDS_OUT, LOAD_OUT, explain, explain_shape, note_crossings, note_exclaves, note_quarrels
from geo.faces import Numbers, Positions, dissolve
from geo.load import HOUSEHOLDS, Load, as_mix
from geo.site import Site, make_site
from geo.wishes import Wished, Wishes, find_done, only_open

BAND = (150, 500)
"""Households of a grid that offices take as a rule of thumb."""

EITHER_WAY = 0.2
"""With a number of grids and no band, each may differ from the mean load by this share."""

MOST_GRIDS = 999
"""A grid code has three digits after the community's twelve."""

UNKNOWN_COMMUNITY = "000000000000"


@dataclass(frozen=True)
class Drawing:
    """A drawn tiling and how it came about.

    Attributes
    ----------
    grids : GeoDataFrame
        ``grid_code, households, buildings, compounds, load`` (what was balanced: households, unless told otherwise),
        ``explanation`` (why a grid is out of the band, or long and narrow, else empty), ``geometry``; in the order of
        their codes.
    blocks : GeoDataFrame
        What the grids are made of, with ``grid_code``.
    streets : GeoDataFrame
        The cleaned streets that borders could follow.
    notes : list of (template, facts, x, y)
        What the person who draws should know, and where, in metres; x and y are NaN where it concerns no place.
    band : (int, int)
        Of the load: the one asked for, or the one that follows from the number of grids.
    """

    grids: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    notes: list[Note] = field(default_factory=list)
    band: tuple[int, int] = BAND


def draw_grids(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    *,
    households: tuple[int, int] | None = BAND,
    grids: int | None = None,
    load: Load = HOUSEHOLDS,
    places: gpd.GeoDataFrame | None = None,
    wishes: Wishes | None = None,
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
        grids=grids,
        load=load,
        places=places,
        wishes=wishes,
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
    households: tuple[int, int] | None = BAND,
    grids: int | None = None,
    load: Load = HOUSEHOLDS,
    places: gpd.GeoDataFrame | None = None,
    wishes: Wishes | None = None,
    community_code: str = UNKNOWN_COMMUNITY,
    seed: int = 0,
) -> Drawing:
    """Draw the grids of a community along its streets, with balanced households, and say what was noticed.

    The grids are one valid tiling of the outline: neighbours share their border point for point, no building and no
    compound is cut, each grid is in one piece (but for thinly peopled exclaves of the community, which go with the
    nearest grid). Where the blocks allow it, each grid's households lie in the band and no grid is long and narrow,
    else ``explanation`` says why. Borders run along important streets rather than through yards. Codes count row by
    row from the north, in each row from west to east; there are as many rows as fit grids of average size.

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
    households : (int, int), optional
        The band of the households (or of the load, where that is another), lower and upper limit included. None:
        a fifth either way of the mean, for which ``grids`` must be given.
    grids : int, optional
        How many are wanted, done ones included; without it, as many as fit the middle of the band.
    load : str or mapping
        What is balanced: a column of ``buildings`` or ``places``, ``street_metres``, or a mix with how much each
        counts: ``{"households": 1, "street_metres": 0.02}``.
    places : GeoDataFrame, optional
        Points in metres with columns that count for the load: open incidents, say.
    wishes : Wishes, optional
        What must stay whole, come together or apart, stay a border, or is done.
    community_code : str
        What the grid codes begin with.
    seed : int
        Of the random search; the same input and seed give the same grids.

    Raises
    ------
    CannotDraw
        When there is no band, nothing has the load's column, or more grids come out than codes have room for.
    BadGeometry
        When the outline has no area.
    WrongCrs
        When a frame has no CRS, is not in metres, or differs from the others.
    """
    _check_band(households, grids)
    site = make_site(outline, streets, buildings, compounds, load=load, places=places, wishes=wishes)
    settled = _settle_on_blocks(site, households, grids, seed)
    blocks, drawn = _number(settled.wished.blocks, settled.labels, community_code)
    texts = HOUSEHOLDS_OUT if as_mix(load) == {HOUSEHOLDS: 1.0} else LOAD_OUT
    sizes, why = explain(drawn, blocks, settled.band, texts, grids)
    forms, narrow = explain_shape(drawn, blocks)
    drawn["explanation"] = [" ".join(filter(None, both)) for both in zip(sizes, forms, strict=True)]
    notes = [
        *site.wholes.notes,
        *settled.wished.notes,
        *note_quarrels(settled.wished, settled.labels),
        *note_crossings(blocks, site.wholes, settled.crossings),
        *note_exclaves(drawn),
        *why,
        *narrow,
    ]
    east, north = site.origin.tolist()
    moved = [(text, facts, float(x + east), float(y + north)) for text, facts, x, y in notes]
    drawn = drawn[["grid_code", "households", "buildings", "compounds", "load", "explanation", "geometry"]]
    return Drawing(site.put_back(drawn), site.put_back(blocks), site.put_back(site.streets), moved, settled.band)


def _check_band(households: tuple[int, int] | None, grids: int | None) -> None:
    """A band that is one, or a number of grids."""
    if grids is not None and grids < 1:
        raise CannotDraw(N_("%(count)d grids cannot be drawn: give a number from 1 on."), count=grids)
    if households is None and grids is None:
        raise CannotDraw(N_("Give a band, or the number of grids that are wanted."))
    low, high = households or BAND
    if not 0 < low < high:
        raise CannotDraw(
            N_("The band %(low)s to %(high)s is none: give two numbers, the smaller first."), low=low, high=high
        )


@dataclass(frozen=True)
class _Settled:
    """Blocks with wishes, the grid of each, what streets run through, the band, and how many grids are out of it."""

    wished: Wished
    labels: Positions
    crossings: list[Crossing]
    band: tuple[int, int]
    out: int


def _settle_on_blocks(site: Site, households: tuple[int, int] | None, grids: int | None, seed: int) -> _Settled:
    """The best of blocks cut more and more finely, as long as grids stay out of the band that need not."""
    band, best = households, None
    for divisor in (1, 2, 3):
        low, high = band or BAND
        largest, piece = (high, (low + high) // 2, low)[divisor - 1], max(low // divisor, 1)
        blocks, crossings = site.blocks(largest=largest, piece=piece)
        if band is None:
            band = _band_of(blocks, site.wishes, grids)
            blocks, crossings = site.blocks(largest=band[1], piece=band[0])
        found = _balance(site.settle(blocks), crossings, band, grids, seed)
        if best is None or found.out < best.out:
            best = found
        open_load = found.wished.blocks["load"][found.wished.blocks["done"] == ""]
        if found.out <= (open_load > high).sum() or not (open_load > largest // 2).any():
            break
    assert best is not None  # noqa: S101
    return best


def _band_of(blocks: gpd.GeoDataFrame, wishes: Wishes, grids: int | None) -> tuple[int, int]:
    """A fifth either way of the mean load of so many grids."""
    codes = find_done(blocks, wishes.done)
    done = len(np.unique(codes[codes != ""]))
    mean = blocks["load"].to_numpy()[codes == ""].sum() / max((grids or 1) - done, 1)
    low = max(int(np.floor(mean * (1 - EITHER_WAY))), 1)
    return low, max(int(np.ceil(mean * (1 + EITHER_WAY))), low + 1)


def _balance(
    wished: Wished, crossings: list[Crossing], band: tuple[int, int], grids: int | None, seed: int
) -> _Settled:
    """Balance the blocks of no done grid; each done grid is one by itself."""
    blocks, borders, apart, place = only_open(wished)
    codes, done = np.unique(wished.blocks["done"].to_numpy(dtype=str), return_inverse=True)
    number = None if grids is None else max(grids - int((codes != "").sum()), 1)
    labels = np.asarray(done, dtype=np.int64) + len(wished.blocks)
    if len(place):
        labels[place] = balance_blocks(
            blocks, borders, households=band, load="load", grids=number, apart=apart, seed=seed
        )
    labels = np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
    totals = np.bincount(labels[place], weights=blocks["load"], minlength=1)
    totals = totals[np.bincount(labels[place], minlength=1) > 0]
    out = int(((totals < band[0]) | (totals > band[1])).sum())
    return _Settled(wished, labels, crossings, band, out)


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
    order = reading_order(shapely.get_coordinates(shapely.point_on_surface(shapes)), shapely.total_bounds(shapes))
    rank = np.empty(len(shapes), dtype=np.int64)
    rank[order] = np.arange(len(shapes))
    kept = blocks["done"].groupby(rank[labels]).max().to_numpy(dtype=object)
    codes = _code_all(kept, community_code)
    sums = blocks[["households", "buildings", "compounds", "load"]].groupby(rank[labels]).sum()
    grids = gpd.GeoDataFrame({"grid_code": codes, **sums}, geometry=shapes[order], crs=blocks.crs)
    grids = grids.sort_values("grid_code", ignore_index=True)
    return blocks.assign(grid_code=codes[rank[labels]]), grids


def _code_all(kept: np.ndarray, community_code: str) -> np.ndarray:
    """The codes of done grids as they are, and the next free numbers for the others, in order."""
    taken = set(kept.tolist())
    free = (code for number in count(1) if (code := f"{community_code}{number:03d}") not in taken)
    return np.array([code or next(free) for code in kept.tolist()], dtype=object)


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
