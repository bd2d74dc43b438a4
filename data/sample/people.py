"""Simulated people: names, duties and the roster rows that a community office would keep in a sheet."""

from collections.abc import Iterable
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

SURNAMES = list(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董程曹袁"
    "邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
)

DUTIES = {
    "first_secretary": 1,
    "grid_manager": 6,
    "grid_worker": 12,
    "group_head": 10,
    "building_head": 12,
    "entrance_head": 7,
    "red_cap": 4,
    "handler": 8,
}
"""How many people do each duty; sixty in all. A handler works for one of the handling offices, in their order."""

RED_CAPS = ["group_head", "building_head", "entrance_head", "red_cap"]
"""Who walks with the Red Cap team: everybody of the older sort who heads something, and some who head nothing."""

TEAMS = ["清华园西片小红帽", "清华园东片小红帽", "紫荆小红帽"]
HOMES_A_GROUP_HEAD = 9
ENTRANCES_A_BUILDING_HEAD = 3

ROSTER = [
    "number",
    "name",
    "phone",
    "organisation",
    "team",
    "duty",
    "place_kind",
    "grid_code",
    "compound",
    "building",
    "entrance",
    "household_from",
    "household_until",
    "valid_from",
]
"""Columns of the roster sheet."""


def make_people(given_names: pd.DataFrame, organisations: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Sixty people: `number, name, phone, duty, red_cap, team, organisation`, the highest duty first."""
    duty = np.repeat(list(DUTIES), list(DUTIES.values()))
    red_cap = np.isin(duty, RED_CAPS)
    given = {key: rng.permutation(part["name"]) for key, part in given_names.groupby("generation")}
    older = np.resize(given["older"], len(duty))
    younger = np.resize(given["younger"], len(duty))
    people = pd.DataFrame(
        {
            "number": [f"P{n:03d}" for n in range(1, len(duty) + 1)],
            "name": rng.permutation(SURNAMES)[: len(duty)].astype(object) + np.where(red_cap, older, younger),
            # No mobile number in China begins with 100: these cannot be rung.
            "phone": [f"100{n:08d}" for n in rng.choice(10**8, len(duty), replace=False)],
            "duty": duty,
            "red_cap": red_cap,
            "team": "",
            "organisation": "",
        }
    )
    people.loc[red_cap, "team"] = np.resize(TEAMS, red_cap.sum())
    people.loc[people["duty"] == "handler", "organisation"] = np.resize(organisations["name"], DUTIES["handler"])
    return people


def make_roster(
    people: pd.DataFrame,
    grids: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    *,
    valid_from: date,
) -> pd.DataFrame:
    """The roster as a sheet: one row for each person and place, the 五包 chain from first secretary to entrance head.

    Some places are left without anybody on purpose, as they are anywhere: the last grid has neither manager nor worker,
    and about half of the homes have no group head. There the community answers.

    Parameters
    ----------
    people : DataFrame
        As made by `make_people`.
    grids, buildings, compounds : GeoDataFrame
        In metres, one CRS; `grid_code` on the first, `source_key` on the others; `kind, name, households, residents,
        entrances` on the buildings.
    valid_from : date
        First day of every posting.

    Returns
    -------
    DataFrame
        Columns `ROSTER`, all text; compounds and buildings by their `source_key`. Who does nothing but walk or handle
        has one row without a place.
    """
    who = {str(duty): list(group["number"]) for duty, group in people.groupby("duty")}
    codes = sorted(grids["grid_code"])[:-1]
    yards = _with_grid(compounds, grids)
    homes = buildings[(buildings["residents"] > 0) & (buildings["households"] >= 20)]
    homes = _with_grid(homes, grids).sort_values(["grid_code", "name"], kind="stable")
    beats = np.array_split(codes, len(who["grid_worker"]))
    rows = [_row(number, "first_secretary", "community") for number in who["first_secretary"]]
    rows += _share_out(
        who["grid_manager"], "grid_manager", "grid", "grid_code", np.array_split(codes, DUTIES["grid_manager"])
    )
    rows += _share_out(who["grid_worker"], "grid_worker", "grid", "grid_code", beats)
    in_beat = [yards.loc[yards["grid_code"].isin(beat), "source_key"] for beat in beats]
    rows += _share_out(who["grid_worker"], "grid_worker", "compound", "compound", in_beat)
    cared_for = homes["source_key"].to_numpy()[: HOMES_A_GROUP_HEAD * DUTIES["group_head"]]
    rows += _share_out(
        who["group_head"], "group_head", "building", "building", np.array_split(cared_for, DUTIES["group_head"])
    )
    rows += _entrances(who, homes[homes["kind"] == "residential"])
    rows += [_row(number) for number in who["red_cap"] + who["handler"]]
    roster = pd.DataFrame(rows).merge(people.drop(columns=["duty", "red_cap"]), on="number")
    return roster.assign(valid_from=valid_from.isoformat()).reindex(columns=ROSTER).fillna("")


def _entrances(who: dict[str, list[str]], flats: pd.DataFrame) -> list[dict[str, str]]:
    """Building heads to the entrances of blocks of flats, entrance heads to the households behind some of them."""
    doors = [
        {"building": key, "entrance": f"{n}单元"}
        for key, count in zip(flats["source_key"], flats["entrances"], strict=True)
        for n in range(1, count + 1)
    ]
    rows = []
    for place, number in zip(doors, np.repeat(who["building_head"], ENTRANCES_A_BUILDING_HEAD), strict=False):
        rows.append(_row(str(number), "building_head", "entrance", **place))
    for key, number in zip(flats["source_key"], who["entrance_head"], strict=False):
        place = {"building": key, "household_from": "101", "household_until": "602"}
        rows.append(_row(number, "entrance_head", "households", **place))
    return rows


def _row(number: str, duty: str = "", place_kind: str = "", **place: str) -> dict[str, str]:
    return {"number": number, "duty": duty, "place_kind": place_kind, **place}


def _share_out(
    numbers: list[str], duty: str, place_kind: str, column: str, shares: Iterable[Iterable[str]]
) -> list[dict[str, str]]:
    pairs = zip(numbers, shares, strict=True)
    return [_row(number, duty, place_kind, **{column: str(place)}) for number, share in pairs for place in share]


def _with_grid(places: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """The places with the `grid_code` that holds their inner point."""
    spots = places.set_geometry(places.representative_point())
    ground = grids[["grid_code", "geometry"]].reset_index(drop=True)
    joined = spots.sjoin(ground, predicate="intersects").sort_values("grid_code", kind="stable")
    return pd.DataFrame(joined.drop(columns=["geometry", "index_right"])).drop_duplicates("source_key")
