"""Everything in the sample town that is not streets and buildings, made from a seed. Nothing of it is real."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd

from data.sample import cameras, histories, incidents, people, walks

SEED = 20261122


@dataclass(frozen=True)
class Tables:
    """The small tables that the simulation is written in: what incidents are about and how people say it."""

    categories: pd.DataFrame
    phrases: pd.DataFrame
    organisations: pd.DataFrame
    given_names: pd.DataFrame


@dataclass(frozen=True)
class Life:
    """A simulated year: frames in the shapes that the files of a real community are read into.

    `people` says who is who, `roster` is the sheet of postings, `fixes` the tracks, `incidents` the reports,
    `steps` what was done about them, and `cameras` the list of cameras.
    """

    people: pd.DataFrame
    roster: pd.DataFrame
    fixes: pd.DataFrame
    incidents: pd.DataFrame
    steps: pd.DataFrame
    cameras: gpd.GeoDataFrame


def read_places() -> dict[str, gpd.GeoDataFrame]:
    """The sample town's real ground: `outline`, `streets`, `buildings`, `compounds`, in longitude and latitude."""
    folder = resources.files(__package__)
    names = ("outline", "streets", "buildings", "compounds")
    return {name: gpd.read_file((folder / f"{name}.geojson").read_bytes()) for name in names}


def read_tables() -> Tables:
    """The tables of the simulation, every cell as text."""
    folder = resources.files(__package__)

    def table(name: str) -> pd.DataFrame:
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            return pd.read_csv(file, dtype=str, keep_default_na=False)

    return Tables(table("categories"), table("phrases"), table("organisations"), table("given_names"))


def simulate(
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    until: datetime,
    *,
    tables: Tables,
    walk_count: int = 200,
    walk_weeks: int = 8,
    incident_count: int = 3000,
    days: int = 365,
    seed: int = SEED,
) -> Life:
    """Fill a town with people, patrols and a year's incidents; the same seed and town give the same life.

    Parameters
    ----------
    streets, buildings, compounds, grids : GeoDataFrame
        In metres, one CRS. Columns `name, street_class`; `source_key, name, kind, households, entrances`; `source_key`;
        `grid_code`.
    until : datetime
        Aware, in the town's own time zone: the simulated year ends here.
    """
    # A stream of chance for each part, so that more walks do not change the incidents.
    who, where, what, then, ended, seen = np.random.default_rng(seed).spawn(6)
    town = people.make_people(tables.given_names, tables.organisations, rng=who)
    first_day = (until - timedelta(days=days + 1)).date()
    reports = incidents.make_incidents(
        streets,
        buildings,
        grids.union_all(),
        tables.categories,
        tables.phrases,
        until,
        count=incident_count,
        days=days,
        rng=what,
    )
    reports = incidents.lose_places(reports, grids, rng=what)
    return Life(
        people=town,
        roster=people.make_roster(town, grids, buildings, compounds, valid_from=first_day),
        fixes=walks.make_patrols(streets, grids, town, until, walks=walk_count, weeks=walk_weeks, rng=where),
        incidents=reports,
        steps=histories.tell_outcomes(histories.make_steps(reports, until, rng=then), reports, rng=ended),
        cameras=cameras.make_cameras(streets, buildings, grids, rng=seen),
    )
