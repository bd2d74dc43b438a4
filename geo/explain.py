"""Telling the person who draws why a grid is out of the band, and what else there is to know about the drawing."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely

from geo.blocks import Crossing
from geo.buildings import Note, Wholes
from geo.clean import FOLLOWS_M
from geo.errors import N_
from geo.faces import Geometries, Numbers, Positions, find_sides
from geo.wishes import Wished

HOUSEHOLDS_OUT = {
    "done": N_("%(households)d households: this grid is done and stays as it is."),
    "whole": N_("%(households)d households: %(whole)s alone has more than %(high)d and stays whole."),
    "tied": N_("%(households)d households: what is wished together has more than %(high)d."),
    "over": N_("%(households)d households: its blocks could not be divided between houses so that all fit the band."),
    "few": N_("%(households)d households: the whole community has only %(total)d."),
    "number": N_("%(households)d households: %(count)d grids, as wished, cannot all be in the band."),
    "under": N_("%(households)d households: no neighbour could give a block without leaving the band itself."),
}
LOAD_OUT = {
    "done": N_("Load %(households)d: this grid is done and stays as it is."),
    "whole": N_("Load %(households)d: %(whole)s alone has more than %(high)d and stays whole."),
    "tied": N_("Load %(households)d: what is wished together has more than %(high)d."),
    "over": N_("Load %(households)d: its blocks could not be divided between houses so that all fit the band."),
    "few": N_("Load %(households)d: the whole community has only %(total)d."),
    "number": N_("Load %(households)d: %(count)d grids, as wished, cannot all be in the band."),
    "under": N_("Load %(households)d: no neighbour could give a block without leaving the band itself."),
}

NARROW = 0.2
"""Compactness below which a grid is long and narrow."""

NARROWS = {
    "all": N_("Long and narrow: the whole community has this shape."),
    "one": N_("Long and narrow: it is a single block of this shape, enough for a grid by itself."),
    "joined": N_("Long and narrow: its blocks could not be joined to others more roundly with every grid in the band."),
}


def explain(
    grids: gpd.GeoDataFrame,
    blocks: gpd.GeoDataFrame,
    band: tuple[int, int],
    texts: Mapping[str, str] = HOUSEHOLDS_OUT,
    wanted: int | None = None,
) -> tuple[list[str], list[Note]]:
    """Say why each grid is out of the band: a sentence for the grid's row (empty: it is in), and the same as notes.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code, load, geometry``.
    blocks : GeoDataFrame
        What they are made of: ``grid_code, whole, in_whole, tied, done``.
    texts : mapping
        `HOUSEHOLDS_OUT` or, where the load is another, `LOAD_OUT`.
    wanted : int, optional
        The number of grids that was wished.
    """
    low, high = band
    total = round(float(grids["load"].sum()))
    single = blocks[blocks["in_whole"] > high].groupby("grid_code")["whole"].first()
    tied, done = (set(blocks.loc[chosen, "grid_code"]) for chosen in (blocks["tied"] > high, blocks["done"] != ""))
    # So many grids of the band's limits hold less, or more, than there is.
    odd = wanted is not None and not low * len(grids) <= total <= high * len(grids)
    sentences, notes = [], []
    for code, load, shape in zip(grids["grid_code"], grids["load"].tolist(), grids.geometry, strict=True):
        if low <= load <= high:
            sentences.append("")
            continue
        facts = {"grid_code": code, "households": round(load), "low": low, "high": high, "total": total}
        if code in done:
            why = "done"
        elif load > high and code in single.index:
            why, facts["whole"] = "whole", single[code]
        elif load > high and code in tied:
            why = "tied"
        elif odd:
            why, facts["count"] = "number", len(grids)
        else:
            why = "over" if load > high else "few" if total < low else "under"
        sentences.append(texts[why] % facts)
        point = shapely.point_on_surface(shape)
        notes.append((texts[why], facts, round(point.x, 2), round(point.y, 2)))
    return sentences, notes


def explain_shape(grids: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame) -> tuple[list[str], list[Note]]:
    """Say why each grid that is long and narrow is so: a sentence for its row (empty: it is not), and notes.

    A grid is long and narrow when its compactness (4 pi area / perimeter squared) is below 0.2: longer than 1 : 14, or
    as frayed. A grid that is done is as it was wished and gets no sentence.

    Parameters
    ----------
    grids, blocks : GeoDataFrame
        As for `explain`.

    Examples
    --------
    >>> strip = gpd.GeoDataFrame({"grid_code": ["1"]}, geometry=[shapely.box(0, 0, 300, 10)], crs=4548)
    >>> explain_shape(strip, strip.assign(done=""))[0]
    ['Long and narrow: the whole community has this shape.']
    """
    count, done = blocks["grid_code"].value_counts(), set(blocks.loc[blocks["done"] != "", "grid_code"])
    shapes = grids.geometry.to_numpy()
    thin = 4 * np.pi * shapely.area(shapes) < NARROW * shapely.length(shapes) ** 2
    sentences, notes = [""] * len(grids), []
    for place in np.flatnonzero(thin).tolist():
        code = grids["grid_code"].iloc[place]
        if code in done:
            continue
        sentences[place] = NARROWS["all" if len(grids) == 1 else "one" if count[code] == 1 else "joined"]
        point = shapely.point_on_surface(shapes[place])
        notes.append((sentences[place], {"grid_code": code}, round(point.x, 2), round(point.y, 2)))
    return sentences, notes


def note_quarrels(wished: Wished, labels: Positions) -> list[Note]:
    """A note for each block that shares a grid with one it should be apart from."""
    text = N_("What is wished apart here came into one grid: nothing else could be joined to it.")
    one, two = wished.apart[:, 0], wished.apart[:, 1]
    inner = shapely.point_on_surface(wished.blocks.geometry.to_numpy()[np.unique(one[labels[one] == labels[two]])])
    return [(text, {}, round(point.x, 2), round(point.y, 2)) for point in inner]


def _points(xy: Numbers) -> Geometries:
    """Coordinates as points."""
    return np.asarray(shapely.points(xy), dtype=object)


def note_exclaves(grids: gpd.GeoDataFrame) -> list[Note]:
    """A note for each piece of ground that was too small for a grid of its own."""
    text = N_("A separate piece of ground, too small for a grid of its own, belongs to grid %(grid_code)s.")
    parts, grid = shapely.get_parts(grids.geometry.to_numpy(), return_index=True)
    order = np.lexsort((-shapely.area(parts), grid))
    small = order[np.append(False, grid[order][1:] == grid[order][:-1])]
    codes, inner = grids["grid_code"].to_numpy(dtype=object)[grid[small]], shapely.point_on_surface(parts[small])
    places = zip(codes, shapely.get_x(inner), shapely.get_y(inner), strict=True)
    return [(text, {"grid_code": code}, round(x, 2), round(y, 2)) for code, x, y in places]


def note_crossings(blocks: gpd.GeoDataFrame, wholes: Wholes, crossings: list[Crossing]) -> list[Note]:
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
