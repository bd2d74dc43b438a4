"""Simulated incidents: what people find over a year, where, in their own words, and what became of it."""

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from data import frames

SEASONS = {
    "all": [1] * 12,
    "winter": [4, 3, 1, 0.2, 0.05, 0.05, 0.05, 0.05, 0.05, 0.3, 1.6, 3.5],
    "summer": [0.05, 0.05, 0.2, 0.6, 1.2, 2.5, 4.5, 4, 1.5, 0.4, 0.1, 0.05],
    "autumn": [0.2, 0.1, 0.3, 0.3, 0.3, 0.5, 0.8, 0.8, 1, 3, 5, 1],
    "warm": [0.3, 0.3, 0.6, 1, 1.5, 1.8, 1.8, 1.8, 1.6, 1.2, 0.6, 0.3],
    "dry": [0.6, 0.6, 1.4, 1.6, 1.6, 1, 0.5, 0.6, 1.2, 1.4, 1.2, 0.7],
}
"""How much of a category falls in each month, January first."""

HOURS = {"morning": (8.0, 1.2), "day": (13.0, 3.0), "evening": (18.8, 1.5), "night": (23.2, 1.1)}
"""When in the day it is found: mean and spread, in hours."""

SOURCES = {"patrol": 0.46, "resident": 0.24, "hotline": 0.12, "office": 0.08, "camera": 0.08, "leader": 0.02}
OPENINGS = {
    "patrol": ["", "", "巡到这儿，", "路过发现", "跟队友一块儿巡逻，"],
    "patrol early": ["", "早上转一圈，", "一早巡逻，", "送完孩子顺道巡逻，"],
    "patrol late": ["", "晚饭后巡逻，", "天擦黑转一圈，", "夜巡发现"],
    "resident": ["", "", "您好，", "麻烦看看，", "反映一下，"],
    "hotline": ["来电反映：", "12345转来：", "居民来电称"],
    "office": ["入户走访时发现，", "例会上楼长反映，", ""],
    "camera": ["视频巡查发现，", "探头看到"],
    "leader": ["领导调研时指出，", "下片检查发现"],
}
"""How each source begins; a patrol also by the time of day."""

CLOSINGS = {
    "patrol": ["。", "。", "，已拍照上报。", "，麻烦派人看看。", "，住户也说了好几回了。"],
    "patrol outdoors": ["。", "，已拍照上报。", "，先摆了个锥桶提醒大家。", "，老人多，怕绊着。", "，麻烦尽快来人。"],
    "resident": ["。", "，谢谢！", "，啥时候能解决？", "，麻烦尽快处理。", "，已经反映过一次了。"],
    "hotline": ["，要求尽快处理并回复。", "，请核实。", "。"],
    "office": ["，请牵头处理。", "。"],
    "camera": ["，请就近网格员到场核实。", "。"],
    "leader": ["，请限期整改。", "，请举一反三排查。"],
}
"""How each source ends; a patrol also by where it is."""

OUTDOORS = ["street", "back_street", "works"]
INDOORS = ["home", "flat", "dormitory", "bungalow"]
HOTTEST = 8.0
"""A hot spot sees at most this many times more than it would otherwise."""

NO_PLACE_SHARE = 0.12
"""Share of calls and office notes that come without a position."""

BEYOND_M = 40.0
"""A few things are seen just outside the outline, up to this far: people report what they see, not what is theirs."""


def make_incidents(
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    outline: BaseGeometry,
    categories: pd.DataFrame,
    phrases: pd.DataFrame,
    until: datetime,
    *,
    count: int = 3000,
    days: int = 365,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A year's incidents in the shape that incident tables are read into, oldest first.

    Kinds follow their season and time of day and happen where such things do: scooters are charged at homes, bicycles
    pile up at canteens, stalls stand at the gates. A few places are hot spots that see most of it. Nobody is real.

    Parameters
    ----------
    streets, buildings, outline : GeoDataFrame, GeoDataFrame, Polygon
        In metres, one CRS; `name, street_class` and `name, kind, households`.
    categories, phrases : DataFrame
        As read from `categories.csv` and `phrases.csv`, all text.
    until : datetime
        Aware; nothing happens after it.

    Returns
    -------
    DataFrame
        `number, family, kind, category` (the code), `source, description, address, found_at` (aware), `lon, lat,
        accuracy_m, reporter_name, reporter_phone, limit_hours, organisation` (a key), `may_settle, source_row`.
    """
    chosen = _draw_categories(categories, until, count, days, rng)
    row = categories.iloc[chosen["category"]].reset_index(drop=True)
    source = rng.choice(list(SOURCES), count, p=list(SOURCES.values()))
    source = _likely(source, row, rng)
    points, accuracy = _places(row["place"], source, streets, buildings, outline, rng)
    where, address = describe(points, row["place"], streets, buildings)
    name, phone = _reporters(source, rng)
    place = frames.to_degrees(gpd.GeoDataFrame(geometry=points, crs=streets.crs)).geometry
    incidents = pd.DataFrame(
        {
            "family": row["family"],
            "kind": row["kind"],
            "category": row["code"],
            "source": source,
            "description": _sentences(row, source, chosen["found_at"].dt.hour, where, phrases, rng),
            "address": address,
            "found_at": chosen["found_at"],
            "lon": place.x.round(7),
            "lat": place.y.round(7),
            "accuracy_m": accuracy,
            "reporter_name": name,
            "reporter_phone": phone,
            "limit_hours": row["limit_hours"].astype(int),
            "organisation": row["organisation"],
            "may_settle": row["on_the_spot"].astype(float),
        }
    )
    return _in_order(incidents)


def lose_places(incidents: pd.DataFrame, grids: gpd.GeoDataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Take the position from some calls and office notes, as nobody measured it; of half of them the grid was noted.

    Adds `grid_code`, empty where a position or nothing at all says where it was.
    """
    lost = incidents["source"].isin(["hotline", "office"]).to_numpy() & (rng.random(len(incidents)) < NO_PLACE_SHARE)
    noted = lost & (rng.random(len(incidents)) < 0.5)
    spots = gpd.GeoDataFrame(geometry=gpd.points_from_xy(incidents["lon"], incidents["lat"], crs="EPSG:4326"))
    ground = grids[["grid_code", "geometry"]].reset_index(drop=True)
    nearest = frames.to_metres(spots, grids.crs).sjoin_nearest(ground).sort_values("grid_code", kind="stable")
    code = nearest.loc[~nearest.index.duplicated(), "grid_code"].reindex(incidents.index)
    place = incidents[["lon", "lat", "accuracy_m"]].mask(pd.Series(lost, index=incidents.index), axis=0)
    return incidents.assign(**place, grid_code=code.where(noted, ""))


def describe(
    points: np.ndarray, kind: pd.Series, streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> tuple[pd.Series, pd.Series]:
    """How people name each place: in short (`紫荆学生公寓3号楼东侧`), and as an address with the street.

    Outdoors the nearest named building within 60 m, with the side the point lies on, else the nearest named street;
    `kind` is the kind of place, and what happens in homes is always put to a building.
    """
    named = buildings[(buildings["name"] != "") & (buildings["name"].str.len() <= 14)].reset_index(drop=True)
    roads = streets[(streets["name"] != "") & ~streets["street_class"].isin(["path", "back_street"])]
    shapes = named.geometry.to_numpy()
    near = shapely.STRtree(shapes).nearest(points)
    name = pd.Series(named["name"].to_numpy()[near])
    road = pd.Series(roads["name"].to_numpy()[shapely.STRtree(roads.geometry.to_numpy()).nearest(points)])
    far = shapely.distance(points, shapes[near])
    middle = shapely.centroid(shapes[near])
    east, north = shapely.get_x(points) - shapely.get_x(middle), shapely.get_y(points) - shapely.get_y(middle)
    side = np.where(
        np.abs(east) > np.abs(north), np.where(east > 0, "东侧", "西侧"), np.where(north > 0, "北侧", "南侧")
    )
    indoors = kind.isin(INDOORS).to_numpy()
    where = np.select(
        [indoors & (far <= 12), indoors, kind.eq("canteen").to_numpy() & (far <= 15), far <= 60],
        [name, name + "旁边平房", name + "门口", name + side],
        road + "路边",
    )
    return pd.Series(where), road + "，" + name + np.where(far < 12, "", side)


def _likely(source: np.ndarray, row: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Sources put right: nobody patrols at night, no camera looks into a stairway, leaders find no family quarrels."""
    indoors = row["place"].isin(INDOORS).to_numpy()
    private = row["sensitive"].eq("yes").to_numpy()
    unlikely = (
        (row["hours_of_day"].eq("night").to_numpy() & (source == "patrol"))
        | (indoors & (source == "camera"))
        | (private & np.isin(source, ["camera", "leader"]))
    )
    return np.where(unlikely, rng.choice(["resident", "hotline"], len(source), p=[0.7, 0.3]), source)


def _draw_categories(
    categories: pd.DataFrame, until: datetime, count: int, days: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Category and moment of each incident: by weight and season, rather more lately than a year ago."""
    all_days = pd.date_range(end=pd.Timestamp(until).normalize(), periods=days + 1)
    month = all_days.month.to_numpy() - 1
    season = np.array([SEASONS[name] for name in categories["season"]])[:, month]
    season = season / season.mean(axis=1, keepdims=True)
    trend = np.linspace(0.8, 1.2, days + 1) * rng.gamma(8, 1 / 8, days + 1)
    odds = (season * categories["weight"].astype(float).to_numpy()[:, None] * trend).ravel()
    # Drawn with room to spare: those that would lie after the end are left out.
    drawn = rng.choice(odds.size, count + count // 4, p=odds / odds.sum())
    category, day = np.divmod(drawn, days + 1)
    mean, spread = np.array([HOURS[name] for name in categories["hours_of_day"]]).T
    hour = np.clip(rng.normal(mean[category], spread[category]), 5.2, 24.6)
    found = all_days[day] + pd.to_timedelta((hour * 3600).round(), unit="s")
    before = np.flatnonzero(found < pd.Timestamp(until))[:count]
    return pd.DataFrame({"category": category[before], "found_at": found[before]})


def _places(
    wanted: pd.Series,
    source: np.ndarray,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    outline: BaseGeometry,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Where each incident is put down, and how many metres its position may be out by (NaN: typed in, not measured)."""
    spots = _hot_spots(streets, buildings, outline, rng)
    points = np.empty(len(wanted), dtype=object)
    for kind, places in wanted.groupby(wanted).groups.items():
        sites, weight = spots[str(kind)]
        site = sites[rng.choice(len(sites), len(places), p=weight / weight.sum())]
        way = np.where(shapely.get_dimensions(site) == 1, site, shapely.boundary(site))
        points[places.to_numpy()] = shapely.line_interpolate_point(way, rng.random(len(site)), normalized=True)
    phone = np.isin(source, ["patrol", "resident"])
    accuracy = np.where(phone, np.clip(rng.lognormal(np.log(9), 0.6, len(points)), 3, 80).round(1), np.nan)
    blur = np.where(phone, accuracy * 0.5, 2.0)
    step = rng.normal(0, 1, (2, len(points))) * np.minimum(blur, 25)
    points = shapely.points(shapely.get_x(points) + step[0], shapely.get_y(points) + step[1])
    return _pull_in(points, outline), accuracy


def _hot_spots(
    streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, outline: BaseGeometry, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Sites of each kind of place with their odds: a few are hot spots (a Pareto tail), homes weigh by households."""
    inside = streets[streets.intersects(outline.buffer(-15))]
    lines = shapely.intersection(inside.geometry.to_numpy(), outline)
    rank, kind = inside["street_class"].to_numpy(), buildings["kind"].to_numpy()
    walls, homes = buildings.geometry.to_numpy(), buildings["households"].to_numpy()
    flat = np.isin(kind, ["residential", "bungalow"])
    home = flat | (kind == "dormitory")
    rim = inside.geometry[np.isin(rank, ["branch", "secondary"])].intersection(outline.boundary.buffer(25))
    gates = shapely.get_parts(rim[~rim.is_empty].to_numpy())
    gates = gates[shapely.get_dimensions(gates) == 1]
    gates = gates[shapely.length(gates) < 80]
    spots = {
        "street": (lines[rank != "path"], shapely.length(lines[rank != "path"])),
        "back_street": (lines[rank == "back_street"], shapely.length(lines[rank == "back_street"])),
        "gate": (gates, np.ones(len(gates))),
        "works": (walls[kind == "other"], shapely.area(walls[kind == "other"]) ** 0.5),
        "canteen": (walls[kind == "canteen"], np.ones((kind == "canteen").sum())),
        "bungalow": (walls[kind == "bungalow"], np.ones((kind == "bungalow").sum())),
        "dormitory": (walls[kind == "dormitory"], homes[kind == "dormitory"]),
        "flat": (walls[flat], homes[flat]),
        "home": (walls[home], homes[home] ** 0.8),
    }
    return {
        name: (sites, weight * (1 + np.minimum(rng.pareto(1.6, len(sites)), HOTTEST)))
        for name, (sites, weight) in spots.items()
    }


def _pull_in(points: np.ndarray, outline: BaseGeometry) -> np.ndarray:
    """Points far outside are moved to the border's inner side; those seen just beyond it stay."""
    out = shapely.distance(points, outline) > BEYOND_M
    inner = shapely.boundary(outline.buffer(-2))
    moved = shapely.line_interpolate_point(inner, shapely.line_locate_point(inner, points))
    return np.where(out, moved, points)


def _sentences(
    row: pd.DataFrame,
    source: np.ndarray,
    hour: pd.Series,
    where: pd.Series,
    phrases: pd.DataFrame,
    rng: np.random.Generator,
) -> list[str]:
    """One sentence each: how such a reporter begins, what is wrong and where, how such a reporter ends."""
    said = phrases.groupby(["family", "kind", "code"])["phrase"].apply(list).to_dict()
    options = [said[key] for key in zip(row["family"], row["kind"], row["code"], strict=True)]
    patrol = source == "patrol"
    opening = np.select([patrol & (hour < 10), patrol & (hour >= 18)], ["patrol early", "patrol late"], source)
    closing = np.where(patrol & row["place"].isin(OUTDOORS), "patrol outdoors", source)
    ask = row["organisation"].eq("civil").to_numpy()
    pick = rng.random((3, len(options)))
    return [
        _one(OPENINGS[begin], pick[0, n])
        + _one(option, pick[1, n]).format(where=place)
        + ("。" if plain else _one(CLOSINGS[end], pick[2, n]))
        for n, (begin, end, plain, option, place) in enumerate(zip(opening, closing, ask, options, where, strict=True))
    ]


def _one(options: list[str], share: float) -> str:
    return options[int(share * len(options))]


def _reporters(source: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Residents and callers leave a surname and a number that cannot be rung; one in three leaves nothing."""
    left = np.isin(source, ["resident", "hotline"]) & (rng.random(len(source)) < 0.67)
    title = rng.choice(["先生", "女士", "大爷", "阿姨", "同学", "老师"], len(source))
    name = np.char.add(rng.choice(list("王李张刘陈杨赵黄周吴徐孙马朱胡郭何"), len(source)), title)
    phone = np.char.add("100", np.char.zfill(rng.integers(0, 10**8, len(source)).astype(str), 8))
    return np.where(left, name, ""), np.where(left, phone, "")


def _in_order(incidents: pd.DataFrame) -> pd.DataFrame:
    """Oldest first, numbered by the day, with the row of a sheet under one line of headings."""
    incidents = incidents.sort_values("found_at", kind="stable").reset_index(drop=True)
    incidents.insert(0, "number", _numbers(incidents["found_at"]))
    return incidents.assign(source_row=np.arange(2, len(incidents) + 2))


def _numbers(found: pd.Series) -> list[str]:
    day = found.dt.strftime("%Y%m%d")
    return [f"{prefix}-{n:04d}" for prefix, n in zip(day, day.groupby(day).cumcount() + 1, strict=True)]
