"""Simulated patrols: walks along the real streets, as a cheap phone in a jacket pocket records them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.signal import lfilter
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.geometry.base import BaseGeometry

from data import frames

FIX_EVERY_S = 8.0
PACE_M_S = (0.75, 1.25)
"""Walking pace of an old volunteer and of a brisk grid worker; dictionaries of gait give 0.8 to 1.4 m/s outdoors."""

NOISE_M = (2.5, 6.0)
NOISE_LASTS_S = 40.0
"""GPS noise drifts: its parts correlate over about this long, so the track swings to one side and back."""

EARLY_SHARE = 0.55
"""Share of walks in the morning; the others are in the evening."""


@dataclass(frozen=True)
class Network:
    """Streets cut at their junctions: nodes, and per edge its two ends, length and line, in metres."""

    nodes: np.ndarray
    ends: np.ndarray
    metres: np.ndarray
    lines: np.ndarray
    first: np.ndarray
    """For each node the place in `leaving` where its edges begin (one more at the end)."""
    leaving: np.ndarray
    """Edges by the node they leave; an edge appears at both of its ends."""


def make_network(streets: gpd.GeoDataFrame, ground: BaseGeometry) -> Network:
    """The largest connected net of the streets' parts on a ground, cut wherever two of them meet."""
    lines = shapely.intersection(streets.geometry.to_numpy(), ground)
    noded = shapely.get_parts(shapely.node(shapely.union_all(shapely.set_precision(lines, 0.1))))
    noded = noded[shapely.get_type_id(noded) == shapely.GeometryType.LINESTRING]
    first, last = shapely.get_point(noded, 0), shapely.get_point(noded, -1)
    both = np.round(np.vstack([shapely.get_coordinates(first), shapely.get_coordinates(last)]), 1)
    nodes, where = np.unique(both, axis=0, return_inverse=True)
    ends = where.reshape(2, -1).T
    links = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
    part = connected_components(links, directed=False)[1]
    kept = (part[ends[:, 0]] == np.bincount(part).argmax()) & (ends[:, 0] != ends[:, 1])
    noded, ends = noded[kept], ends[kept]
    at = np.concatenate([ends[:, 0], ends[:, 1]])
    order = np.argsort(at, kind="stable")
    starts = np.searchsorted(at[order], np.arange(len(nodes) + 1))
    return Network(nodes, ends, shapely.length(noded), noded, starts, order % len(ends))


def plan_walks(
    people: pd.DataFrame, grids: gpd.GeoDataFrame, until: datetime, *, walks: int, weeks: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Who sets out when, on which grids: `patrol, person, team, start, pace, metres, beat` (a tuple of grid codes).

    Tuesdays and Thursdays are duty days and see twice as many walks. Each walker keeps to two neighbouring grids; every
    ninth grid is on nobody's beat, as it happens, so that the question "where have we not been" has an answer.
    """
    walkers = people[people["red_cap"] | people["duty"].eq("grid_worker")].reset_index(drop=True)
    codes = np.array(sorted(grids["grid_code"]))
    walked = np.delete(codes, np.arange(8, len(codes), 9)) if len(codes) > 8 else codes
    home = np.linspace(0, len(walked) - 1, len(walkers)).round().astype(int)
    days = np.array([until.date() - timedelta(days=n) for n in range(7 * weeks)])
    weight = np.array([2.0 if day.weekday() in (1, 3) else 1.0 for day in days])
    chosen = rng.choice(len(walkers), walks, p=_keen(len(walkers), rng))
    early = rng.random(walks) < EARLY_SHARE
    hour = np.where(early, rng.normal(7.8, 0.7, walks), rng.normal(17.9, 0.8, walks))
    day = np.sort(rng.choice(len(days), walks, p=weight / weight.sum()))[::-1]
    midnight = pd.DatetimeIndex(days[day]).tz_localize(until.tzinfo)
    start = midnight + pd.to_timedelta((hour * 3600).round(), unit="s")
    # Who would still be on the way at the end of the story went out the day before.
    start = start.where(start < pd.Timestamp(until) - pd.Timedelta(hours=3), start - pd.Timedelta(days=1))
    older = walkers["red_cap"].to_numpy()[chosen]
    plan = pd.DataFrame(
        {
            "person": walkers["number"].to_numpy()[chosen],
            "team": walkers["team"].to_numpy()[chosen],
            "start": start,
            "pace": rng.uniform(*PACE_M_S, walks) * np.where(older, 0.9, 1.05),
            "metres": np.clip(rng.lognormal(np.log(2100), 0.35, walks), 700, 5000),
            "beat": [tuple(walked[max(0, at - 1) : at + 1]) for at in home[chosen]],
        }
    )
    plan = plan.sort_values("start", kind="stable").reset_index(drop=True)
    plan.insert(0, "patrol", plan["start"].dt.strftime("%Y%m%d-%H%M-") + plan["person"])
    return plan


def make_routes(
    network: Network, grids: gpd.GeoDataFrame, plan: pd.DataFrame, rng: np.random.Generator
) -> list[np.ndarray]:
    """The line of each planned walk as coordinates: out on the beat's streets, those not walked yet first."""
    middles = gpd.GeoSeries(shapely.line_interpolate_point(network.lines, 0.5, normalized=True), crs=grids.crs)
    joined = gpd.GeoDataFrame(geometry=middles).sjoin(grids[["grid_code", "geometry"]], predicate="intersects")
    edges_of = {code: part.index.unique().to_numpy() for code, part in joined.groupby("grid_code")}
    walked = np.zeros(len(network.metres))
    graph = coo_matrix((network.metres, network.ends.T), shape=(len(network.nodes),) * 2).tocsr()
    return [
        _walk(network, graph, _beat_edges(edges_of, beat), metres, walked, rng)
        for beat, metres in plan[["beat", "metres"]].values
    ]


def record(route: np.ndarray, pace: float, rng: np.random.Generator) -> pd.DataFrame:
    """What a phone writes down on one walk: `seconds, x, y, accuracy_m`, with drifting noise, stops, gaps and jumps.

    The walker stops now and then for a chat. In about one walk of three the signal is lost for some minutes. Single
    fixes jump by hundreds of metres (the phone fell back on a mast), and two of three own up to it in their accuracy.
    """
    along = np.concatenate([[0.0], np.hypot(*np.diff(route, axis=0).T).cumsum()])
    stops = np.sort(rng.uniform(0, along[-1], rng.poisson(along[-1] / 450)))
    breaks = np.concatenate([along, stops, stops])
    waits = np.concatenate([np.zeros(len(along) + len(stops)), rng.uniform(20, 180, len(stops))])
    order = np.lexsort((waits, breaks))
    at = breaks[order]
    clock = np.diff(at, prepend=0.0).cumsum() / pace + waits[order].cumsum()
    seconds = np.arange(0, clock[-1], FIX_EVERY_S) + rng.normal(0, 0.4, len(np.arange(0, clock[-1], FIX_EVERY_S)))
    x, y = (np.interp(np.interp(seconds, clock, at), along, route[:, axis]) for axis in (0, 1))
    noise = rng.uniform(*NOISE_M)
    keep = np.exp(-FIX_EVERY_S / NOISE_LASTS_S)
    drift = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.normal(0, noise, (2, len(seconds))), axis=1)
    accuracy = np.clip(noise * rng.lognormal(0.35, 0.3, len(seconds)), 3, 60)
    jump = (rng.random(len(seconds)) < 0.004) * rng.uniform(120, 600, len(seconds))
    angle = rng.uniform(0, 2 * np.pi, len(seconds))
    accuracy = np.where((jump > 0) & (rng.random(len(seconds)) < 0.66), jump, accuracy)
    fixes = pd.DataFrame(
        {
            "seconds": seconds,
            "x": x + drift[0] + jump * np.cos(angle),
            "y": y + drift[1] + jump * np.sin(angle),
            "accuracy_m": accuracy.round(1),
        }
    )
    return fixes[_has_signal(fixes["seconds"].to_numpy(), rng)]


def make_patrols(
    streets: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    people: pd.DataFrame,
    until: datetime,
    *,
    walks: int = 200,
    weeks: int = 8,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All fixes of the simulated patrols, in the shape that track files are read into.

    Columns `patrol, person, team, at` (UTC), `lon, lat, ele, accuracy_m, source_row`; WGS 84.
    """
    network = make_network(streets, grids.union_all())
    plan = plan_walks(people, grids, until, walks=walks, weeks=weeks, rng=rng)
    routes = make_routes(network, grids, plan, rng)
    tracks = [record(route, pace, rng) for route, pace in zip(routes, plan["pace"], strict=True)]
    fixes = pd.concat(tracks, keys=range(len(tracks)), names=["walk", None]).reset_index("walk").reset_index(drop=True)
    row = plan.iloc[fixes["walk"]].reset_index(drop=True)
    spots = gpd.points_from_xy(fixes["x"], fixes["y"], crs=grids.crs)
    place = frames.to_degrees(gpd.GeoDataFrame(geometry=spots)).geometry
    return pd.DataFrame(
        {
            "patrol": row["patrol"],
            "person": row["person"],
            "team": row["team"],
            "at": (row["start"] + pd.to_timedelta(fixes["seconds"].round(1), unit="s")).dt.tz_convert("UTC"),
            "lon": place.x.round(7),
            "lat": place.y.round(7),
            "ele": np.nan,
            "accuracy_m": fixes["accuracy_m"],
            "source_row": np.arange(1, len(fixes) + 1),
        }
    )


def _keen(count: int, rng: np.random.Generator) -> np.ndarray:
    """How often each walker goes out: a few go daily, most once a week."""
    keen: np.ndarray = rng.gamma(1.5, 1.0, count) + 0.4
    return np.asarray(keen / keen.sum())


def _beat_edges(edges_of: dict[str, np.ndarray], beat: tuple[str, ...]) -> np.ndarray:
    found = [edges_of[code] for code in beat if code in edges_of]
    return np.concatenate(found) if found else np.concatenate(list(edges_of.values()))


def _walk(
    network: Network, graph: csr_matrix, beat: np.ndarray, metres: float, walked: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """One walk from a corner of the beat until it is long enough; `walked` counts how often each edge was taken."""
    mine = np.zeros(len(network.metres), dtype=bool)
    mine[beat] = True
    at = int(network.ends[rng.choice(beat)][0])
    away = dijkstra(graph, directed=False, indices=np.unique(network.ends[beat]), min_only=True)
    path, done, last, today = [], 0.0, -1, np.zeros(len(walked))
    while done < metres:
        edges = network.leaving[network.first[at] : network.first[at + 1]]
        far = network.ends[edges].sum(axis=1) - at
        wish = np.where(mine[edges], 4.0, 0.4) * np.exp((away[at] - away[far]) / 40)
        wish = wish / (1 + 6 * today[edges] + 0.6 * walked[edges]) * np.where(edges == last, 0.02, 1.0)
        chosen = rng.choice(len(edges), p=wish / wish.sum())
        last = int(edges[chosen])
        line = shapely.get_coordinates(network.lines[last])
        path.append(line if network.ends[last][0] == at else line[::-1])
        at, done = int(far[chosen]), done + network.metres[last]
        today[last] += 1
        walked[last] += 1
    return np.vstack(path)


def _has_signal(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which fixes were received: now and then none comes for two to eight minutes, and single ones are missed."""
    heard = rng.random(len(seconds)) > 0.02
    for _ in range(rng.poisson(0.4)):
        lost = rng.uniform(0, seconds[-1])
        heard &= (seconds < lost) | (seconds > lost + rng.uniform(120, 480))
    heard[[0, -1]] = True
    return heard
