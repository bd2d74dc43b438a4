"""What walked lines earn the grids in force on each of their days."""

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from geo.lines import credit_lines
from patrols import responsibility
from patrols.days import zone
from patrols.midnights import by_day
from patrols.rules import Rules

COLUMNS = ["line", "edition_id", "grid_code", "metres", "minutes"]


def earned(session: Session, community: Community, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Metres and minutes of each line in each grid, by the edition in force on the day each stretch was walked.

    What lies outside every grid, or was walked when none were in force, is in rows without a grid, so that the rows of
    a line add up to it.

    Parameters
    ----------
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` makes it, without missing geometries; in the community's metres.

    Returns
    -------
    DataFrame
        `line` (index of `lines`), `edition_id`, `grid_code` (None where there is none), `metres`, `minutes`; one row
        for each line, edition and grid.
    """
    if lines.empty:
        return pd.DataFrame(columns=COLUMNS)
    rules = Rules.for_community(community.rules)
    days = by_day(lines, zone(community.timezone))
    editions = responsibility.editions_at(session, community, days["started_at"])
    tables = []
    for edition_id in editions.drop_duplicates():
        mine = days[(editions.isna() if edition_id is None else editions == edition_id).to_numpy()]
        if edition_id is None:
            table = pd.DataFrame(
                {"line": mine.index, "grid_code": None, "metres": mine["metres"], "minutes": mine["minutes"]}
            )
        else:
            table = credit_lines(mine, frames.grids(session, edition_id), band_m=rules.border_band_m)
        tables.append(table.assign(edition_id=edition_id).astype({"edition_id": object, "grid_code": object}))
    # A line has several stretches of one edition where two nights passed, and rows of no edition and no grid.
    sums = pd.concat(tables).groupby(COLUMNS[:3], dropna=False, sort=False).sum().reset_index()
    for name in ("edition_id", "grid_code"):
        sums[name] = sums[name].astype(object).where(sums[name].notna(), None)
    return sums[COLUMNS]
