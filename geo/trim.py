"""What of a walk others may see: lines without their ends, so that fifty of them together lead to nobody's door.

A length cut off every walk anew is averaged out, and a circle around a door has the door in its middle. So each door
gets one straight line, the *curtain*, drawn once and kept: whoever sets out behind it is shown from where the walk
first comes out in front of it, up to where it last goes behind the one at its end. All shown ends of one door then lie
on one side of it, at least `CLEAR_M` away; so does their mean, their median, the place where they are densest, and
anything else that is made by weighing them. Only ends are cut: a walk that passes the door later on is shown there, so
that no hole is left in the map.
"""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]

CLEAR_M = 110.0
"""How far in front of an end its curtain hangs at least: the hundred metres promised, and a phone's error."""

AHEAD_M = (135.0, 160.0, 600.0)
"""How far in front of the first end a new curtain is hung at least, and between which distances the most lies: the
longer the first walk, the farther, so that as much uncertainty as possible costs as little of the line as possible. A
phone may err by the 25 m between the least and `CLEAR_M`, and the walk still uses the same curtain; when it errs more,
one more is hung, farther off on the same side. Who knows all of this and simulates it a thousand times finds a home
within 100 m in about half of the cases; with a most of 450 m, and half the way, in two thirds."""

LEFT_SHARE = 0.75
"""The share of the way to the farthest point of the first walk, on the open side, that a curtain may take."""

ASIDE_M = (60.0, 100.0)
"""How far the point kept with a curtain lies beside the end that it was drawn for: what is stored is no address."""

NEAR_M = 240.0
"""How far from that point an end still belongs to the curtain: `ASIDE_M` and a phone's error between tall houses."""

NEAR_HOME_M = 200.0
"""How far around that point nobody is shown while they are out: a hundred metres around the door at least, and the door
is not in the middle."""

SAME_HOUSE_M = 150.0
"""Curtains of different people whose ends are nearer than this show the same side: if the ends of husband and wife lay
on both sides of their door, the door would lie in the middle."""

TURN_DEG = (20.0, 75.0)
"""How far a curtain is turned from facing the middle of the first walk: straight on, the door would lie behind the
middle of the shown ends."""

_FAR = 1e12

NO_OWNER = -1
"""Stands for whoever walked when nobody knows who it was."""

CURTAIN = ["owner", "x", "y", "bearing_deg", "ahead_m"]


class _Vertices(NamedTuple):
    """Every vertex of some walks: where it is, and in which part, stretch (parts from end to end) and walk."""

    spots: Floats
    part: Positions
    stretch: Positions
    walk: Positions


class _Crossing(NamedTuple):
    """Where walks meet curtains: after which vertex, and at which share of the way to the next."""

    vertex: Positions
    share: Floats

    @property
    def place(self) -> Floats:
        return np.asarray(self.vertex + self.share, np.float64)

    def only(self, which: Flags) -> "_Crossing":
        return _Crossing(self.vertex[which], self.share[which])

    def spot(self, spots: Floats) -> Floats:
        one, two = spots[self.vertex], spots[np.minimum(self.vertex + 1, len(spots) - 1)]
        return np.asarray(one + self.share[:, None] * (two - one), np.float64)


def no_curtains() -> pd.DataFrame:
    """A table of curtains without rows: `owner`, `x`, `y`, `bearing_deg`, `ahead_m`."""
    return pd.DataFrame({name: np.empty(0, np.int64 if name == "owner" else float) for name in CURTAIN})


def hang_curtains(
    walks: gpd.GeoSeries, owners: Any, curtains: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """Draw the curtains that some walks lack, so that each of their ends has one; those that hang stay as they are.

    The first walk of a door decides to which side it is open: towards the middle of that walk, turned by `TURN_DEG` to
    the left or right, so that something is left of the walks. A door next to one that has a curtain is open to the same
    side.

    Parameters
    ----------
    walks : GeoSeries
        Lines in metres, in the order in which they were walked; None where there is no line.
    owners : array of int
        Whose walk it is; `NO_OWNER` where nobody knows.
    curtains : DataFrame
        Those that hang: `owner`, `x`, `y` (a point near the door, metres), `bearing_deg` (counter-clockwise from east,
        to the open side), `ahead_m` (of the curtain from the point, that way).
    random : numpy.random.Generator
        Nobody else may know its seed: who knows it, knows the doors.

    Returns
    -------
    DataFrame
        The new curtains alone, with the columns of `curtains`.

    Raises
    ------
    WrongCrs
        If the walks are not in metres.
    """
    require_metres(walks, "walks")
    there = np.flatnonzero(walks.notna().to_numpy() & ~walks.is_empty.to_numpy())
    if not len(there):
        return no_curtains()
    lines, whose = walks.to_numpy()[there], np.asarray(owners, np.int64)[there]
    ends, whose = _outer_ends(lines), np.repeat(whose, 2)
    before = len(curtains)
    hung = curtains[CURTAIN].reset_index(drop=True)
    while len(bare := np.flatnonzero(_curtain_of(ends, whose, hung, CLEAR_M) < 0)):
        # Of each owner the first bare end; the curtain drawn for it may serve the others.
        first = bare[np.unique(whose[bare], return_index=True)[1]]
        for end in first:
            side = _side_of_neighbours(ends[end], int(whose[end]), hung)
            drawn = _draw(ends[end], lines[end // 2], side, random)
            hung.loc[len(hung)] = [whose[end], *drawn]
    return hung.iloc[before:].astype({"owner": np.int64}).reset_index(drop=True)


def hide_ends(walks: gpd.GeoSeries, owners: Any, curtains: pd.DataFrame) -> gpd.GeoSeries:
    """What others may see of some walks: from where each first comes out in front of the curtain at its beginning to
    where it last goes behind the one at its end.

    The same walks and curtains always give the same lines. Where a walk is broken behind a curtain of its owner, it
    ends and begins there like anywhere else: whoever comes home on the way and loses the signal indoors has stopped at
    the door.

    Parameters
    ----------
    walks, owners, curtains
        As in `hang_curtains`.

    Returns
    -------
    GeoSeries
        MultiLineString; None where nothing is left, and where an end has no curtain yet: what nobody has hidden is not
        shown. Index and CRS of `walks`.

    Raises
    ------
    WrongCrs
        If the walks are not in metres.

    Examples
    --------
    A door at 0, whose curtain hangs 150 m east of it, and a walk from there to the east and back, 400 m each way:

    >>> curtain = pd.DataFrame({"owner": [7], "x": [0.0], "y": [0.0], "bearing_deg": [0.0], "ahead_m": [150.0]})
    >>> walk = gpd.GeoSeries([shapely.LineString([(0, 0), (400, 0), (400, 9), (0, 9)])], crs=4548)
    >>> print(hide_ends(walk, [7], curtain)[0])
    MULTILINESTRING ((150 0, 400 0, 400 9, 150 9))
    """
    require_metres(walks, "walks")
    shown = np.full(len(walks), None, object)
    there = np.flatnonzero(walks.notna().to_numpy() & ~walks.is_empty.to_numpy())
    if len(there):
        shown[there] = _shown(walks.to_numpy()[there], np.asarray(owners, np.int64)[there], curtains)
    return gpd.GeoSeries(shown, index=walks.index, crs=walks.crs)


def hidden_now(spots: Floats, starts: Floats, owners: Any, curtains: pd.DataFrame) -> Flags:
    """Whether people who are out stand where nobody may see them: near a door of theirs.

    Hidden is who stands within `NEAR_HOME_M` of the point kept with a curtain of their own; and, on a walk that began
    where none of their curtains hangs yet, within that distance of a point beside its beginning.

    Parameters
    ----------
    spots : array, shape (n, 2)
        Where each stands; metres, as the curtains are.
    starts : array, shape (n, 2)
        A point `ASIDE_M` beside where the walk began, drawn once for each walk.
    owners, curtains
        As in `hang_curtains`.

    Examples
    --------
    >>> curtain = pd.DataFrame({"owner": [7], "x": [0.0], "y": [0.0], "bearing_deg": [0.0], "ahead_m": [150.0]})
    >>> hidden_now(np.array([[190.0, 0], [210, 0], [-210, 0]]), np.zeros((3, 2)), [7, 7, 7], curtain).tolist()
    [True, False, False]
    >>> hidden_now(np.array([[2000.0, 0], [1800, 0]]), np.array([[2100.0, 0]] * 2), [7, 7], curtain).tolist()
    [True, False]
    """
    owned = np.asarray(owners, np.int64)
    new = ~_near_own(starts, owned, curtains, NEAR_M)
    from_start: Flags = np.hypot(*(spots - starts).T) <= NEAR_HOME_M
    return _near_own(spots, owned, curtains, NEAR_HOME_M) | (new & from_start)


def _near_own(spots: Floats, owners: Positions, curtains: pd.DataFrame, reach_m: float) -> Flags:
    near = np.zeros(len(spots), bool)
    if curtains.empty or not len(spots):
        return near
    tree = shapely.STRtree(_points(curtains[["x", "y"]].to_numpy(float)))
    spot, curtain = tree.query(_points(spots), predicate="dwithin", distance=reach_m)
    near[spot[curtains["owner"].to_numpy()[curtain] == owners[spot]]] = True
    return near


def _shown(lines: NDArray[np.object_], owners: Positions, curtains: pd.DataFrame) -> NDArray[np.object_]:
    parts, walk = shapely.get_parts(lines, return_index=True)
    spots, part = shapely.get_coordinates(parts, return_index=True)
    first = np.flatnonzero(np.diff(part, prepend=-1))
    last = np.append(first[1:], len(part)) - 1
    opens, closes = np.diff(walk, prepend=-1) > 0, np.diff(walk, append=len(lines)) > 0
    begins = _curtains_of_parts(spots[first], owners[walk], curtains, opens)
    ends = _curtains_of_parts(spots[last], owners[walk], curtains, closes)
    # A part begins a stretch where its walk begins, and at a break behind a curtain.
    new = opens | (begins >= 0) | np.append(False, ends[:-1] >= 0)
    stretch = np.cumsum(new) - 1
    stops = np.append(np.flatnonzero(new)[1:], len(parts)) - 1
    vertices = _Vertices(spots, part, stretch[part], walk[part])
    inside = _in_front(spots, begins[new][vertices.stretch], curtains)
    outside = _in_front(spots, ends[stops][vertices.stretch], curtains)
    kept = _cut(vertices, inside, outside, int(new.sum()))
    bare = np.zeros(len(lines), bool)
    bare[walk[(opens & (begins < 0)) | (closes & (ends < 0))]] = True
    return _joined(kept, len(lines), ~bare)


def _curtains_of_parts(spots: Floats, owners: Positions, curtains: pd.DataFrame, outer: Flags) -> Positions:
    """The curtain of each part's end: a walk's own ends need the full distance, a break only has to lie behind it."""
    found = _curtain_of(spots, owners, curtains, 0.0)
    found[outer] = _curtain_of(spots[outer], owners[outer], curtains, CLEAR_M)
    return found


def _curtain_of(spots: Floats, owners: Positions, curtains: pd.DataFrame, clear_m: float) -> Positions:
    """The first of its owner's curtains that is near enough to a spot and `clear_m` in front of it; -1 without one."""
    found = np.full(len(spots), -1, np.int64)
    if curtains.empty or not len(spots):
        return found
    tree = shapely.STRtree(_points(curtains[["x", "y"]].to_numpy(float)))
    spot, curtain = tree.query(_points(spots), predicate="dwithin", distance=NEAR_M)
    ahead = -_in_front(spots[spot], curtain, curtains)
    fits = (curtains["owner"].to_numpy()[curtain] == owners[spot]) & (ahead >= clear_m)
    spot, curtain = spot[fits], curtain[fits]
    order = np.lexsort((curtain, spot))
    spot, place = np.unique(spot[order], return_index=True)
    found[spot] = curtain[order][place]
    return found


def _in_front(spots: Floats, curtain: Positions, curtains: pd.DataFrame) -> Floats:
    """How far each spot lies in front of its curtain (negative: behind it); `_FAR` without a curtain."""
    if curtains.empty:
        return np.full(len(spots), _FAR)
    bearing = np.radians(curtains["bearing_deg"].to_numpy(float))[curtain]
    from_x = spots[:, 0] - curtains["x"].to_numpy(float)[curtain]
    from_y = spots[:, 1] - curtains["y"].to_numpy(float)[curtain]
    ahead = from_x * np.cos(bearing) + from_y * np.sin(bearing) - curtains["ahead_m"].to_numpy(float)[curtain]
    return np.where(curtain < 0, _FAR, ahead)


def _cut(vertices: _Vertices, inside: Floats, outside: Floats, stretches: int) -> pd.DataFrame:
    """The vertices of what is shown, in order, with the points at which it comes out and goes in."""
    spots, part, stretch, walk = vertices
    number = np.arange(len(spots))
    first, last = np.full(stretches, len(spots)), np.full(stretches, -1)
    np.minimum.at(first, stretch[inside >= 0], number[inside >= 0])
    np.maximum.at(last, stretch[outside >= 0], number[outside >= 0])
    some = (first < len(spots)) & (last >= 0)
    first, last = first[some], last[some]
    # Where between two vertices it comes out and goes in; a part that begins or ends in front is not cut.
    cut = np.append(part, -1)[first - 1] == part[first], np.append(part, -1)[last + 1] == part[last]
    out = _Crossing(first - cut[0], np.where(cut[0], _share(inside, first - 1, first), 0.0))
    back = _Crossing(last, np.where(cut[1], _share(outside, last, last + 1), 0.0))
    shown = out.place < back.place
    first, last, out, back = first[shown], last[shown], out.only(shown), back.only(shown)
    begin, end = np.full(stretches, np.inf), np.full(stretches, -np.inf)
    begin[stretch[first]], end[stretch[last]] = out.place, back.place
    seen = (number > begin[stretch]) & (number < end[stretch])
    place = np.concatenate([number[seen], out.place, back.place])
    where = np.concatenate([spots[seen], out.spot(spots), back.spot(spots)])
    of = np.concatenate([number[seen], first, last])
    table = pd.DataFrame({"place": place, "x": where[:, 0], "y": where[:, 1], "part": part[of], "walk": walk[of]})
    return table.sort_values("place", kind="stable")


def _share(ahead: Floats, one: Positions, two: Positions) -> Floats:
    """At which share of the way from one vertex to the next the curtain is met; 0 where there is no way or curtain."""
    from_m, to_m = ahead[one], ahead[np.minimum(two, len(ahead) - 1)]
    met: Floats = np.divide(from_m, from_m - to_m, out=np.zeros(len(from_m)), where=from_m != to_m)
    return met


def _joined(kept: pd.DataFrame, walks: int, allowed: Flags) -> NDArray[np.object_]:
    shown = np.full(walks, None, object)
    alone = kept.groupby("part")["part"].transform("size") < 2
    kept = kept[~alone & allowed[kept["walk"].to_numpy()]]
    if kept.empty:
        return shown
    first = ~kept["part"].duplicated().to_numpy()
    lines = np.asarray(shapely.linestrings(kept[["x", "y"]].to_numpy(), indices=np.cumsum(first) - 1), dtype=object)
    owner, moved = kept["walk"].to_numpy()[first], shapely.length(lines) > 0
    lines, owner = lines[moved], owner[moved]
    number = np.unique(owner, return_inverse=True)[1]
    if len(lines):
        shown[np.unique(owner)] = shapely.multilinestrings(lines, indices=number)
    return shown


def _outer_ends(lines: NDArray[np.object_]) -> Floats:
    """The first and the last vertex of every line, one after the other."""
    spots, line = shapely.get_coordinates(lines, return_index=True)
    first = np.flatnonzero(np.diff(line, prepend=-1))
    last = np.append(first[1:], len(line)) - 1
    ends: Floats = spots[np.column_stack([first, last]).ravel()]
    return ends


def _points(spots: Floats) -> NDArray[np.object_]:
    return np.asarray(shapely.points(spots), dtype=object)


def _side_of_neighbours(end: Floats, owner: int, hung: pd.DataFrame) -> float | None:
    """To which side the nearest curtain around is open: one of the same owner, or of the same house; None without."""
    away = np.hypot(hung["x"].to_numpy(float) - end[0], hung["y"].to_numpy(float) - end[1])
    reach = np.where(hung["owner"].to_numpy() == owner, NEAR_M, SAME_HOUSE_M)
    if not (away <= reach).any():
        return None
    return float(hung["bearing_deg"].iloc[int(np.where(away <= reach, away, np.inf).argmin())])


def _draw(end: Floats, walk: Any, side: float | None, random: np.random.Generator) -> tuple[float, float, float, float]:
    """A curtain for one end: the point kept with it, the bearing of the open side, and how far ahead it hangs."""
    way = shapely.get_coordinates(shapely.centroid(walk))[0] - end
    turn, anywhere = random.uniform(*TURN_DEG) * random.choice([-1.0, 1.0]), random.uniform(0.0, 360.0)
    if side is None:
        side = anywhere if np.hypot(*way) < CLEAR_M else float(np.degrees(np.arctan2(way[1], way[0]))) + turn
    open_side = np.array([np.cos(np.radians(side)), np.sin(np.radians(side))])
    reach = float(((shapely.get_coordinates(walk) - end) @ open_side).max())
    ahead = random.uniform(AHEAD_M[0], np.clip(LEFT_SHARE * reach, *AHEAD_M[1:]))
    around = random.uniform(0.0, 2 * np.pi)
    shift = random.uniform(*ASIDE_M) * np.array([np.cos(around), np.sin(around)])
    beside = end + shift
    return float(beside[0]), float(beside[1]), side % 360.0, float(ahead - shift @ open_side)
