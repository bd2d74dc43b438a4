"""Collects what a map of one community shows from the database, as far as the person who looks may see it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from geo.borders import split_borders
from geo.streets import cut_streets
from patrols import chains, figures, on_map, redraw
from patrols.days import local_day, zone
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import IncidentView
from patrols.on_map import StreetsSeen
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.told_counts import told
from patrols.told_ground import heat_over_grids
from webmap import language, words
from webmap.maps.density import Density, density_of, window_around
from webmap.maps.memory import remembered
from webmap.maps.town import Links, Town

DONE_DAYS = 30
SEEN = ("street_metres", "street_metres_seen", "yard_m2", "yard_m2_seen")
NOTHING_SEEN = StreetsSeen(
    pd.DataFrame(columns=["grid_code", *SEEN]).astype(dict.fromkeys(SEEN, float)), gpd.GeoDataFrame(geometry=[])
)
CARD = ("households", "open_incidents", "overdue_incidents", "last_patrol_at", "days_since_patrol", "explanation")


def gather(
    session: Session,
    scope: Scope,
    community: Community,
    at: datetime,
    *,
    links: Links | None = None,
    layers: bool = True,
) -> Town:
    """Return everything that a map of a community shows at a moment.

    Without `layers` only the ground, the grids with what is counted of them, and who answers; incidents, patrols and
    streets walked are left empty, to be asked for one by one. Grids outside the person's scope are drawn without
    figures and people. A community without streets or without an outline gives a map that shows the rest.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If it had no grids in force then.
    """
    scope.require_entry(community.id)
    edition = redraw.require_edition(session, community, at)
    grids = frames.grids(session, edition.id)
    streets = frames.streets(session, community.id)
    seen = walked(session, scope, community, at, grids, streets) if layers else NOTHING_SEEN
    usual = IncidentView.of_query({}, today=local_day(community, at))
    town = Town(
        name=community.name,
        at=at,
        outline=outline(session, community, grids),
        grids=frames.to_degrees(with_figures(session, scope, community, grids, seen.per_grid, at)),
        borders=borders(grids, streets),
        streets=frames.to_degrees(streets),
        buildings=frames.buildings(session, community.id, degrees=True),
        compounds=frames.compounds(session, community.id, degrees=True),
        people=people(session, scope, community, list(grids["grid_code"]), at),
        days=figures.WEEK_DAYS,
        done_days=DONE_DAYS,
        dense_since=usual.since,
        timezone=zone(community.timezone),
        attribution=community.attribution,
        simulated=community.simulated,
        links=links or Links(),
    )
    if not layers:
        return town
    return replace(
        town,
        incidents=incidents(session, scope, community, at),
        dense=dense(session, scope, community, town, usual),
        tracks=on_map.tracks_on_map(session, scope, community, since=figures.week_begins(community, at), until=at),
        walked=frames.to_degrees(seen.pieces),
    )


def walked(
    session: Session,
    scope: Scope,
    community: Community,
    at: datetime,
    grids: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
) -> StreetsSeen:
    """Return which streets patrols of the week before a moment have seen, by grid and by piece; in metres."""
    pieces = cut(streets, grids, Rules.for_community(community.rules).border_street_m)
    return on_map.streets_seen(session, community, grids, pieces, at=at, scope=scope)


def dense(session: Session, scope: Scope, community: Community, town: Town, view: IncidentView) -> Density | None:
    """Return where incidents of a view are dense, as it is told above the floor; None where nothing is."""
    groups = groups_of(session, community, columns_of(session, community), at=town.at)
    window = window_around(town.outline)
    heat = heat_over_grids(told(groups, community.id, scope, view), window, town.grids[["grid_code", "geometry"]])
    return density_of(heat, window) if heat.counted else None


@remembered(most=8)
def cut(streets: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, border_m: float) -> gpd.GeoDataFrame:
    """Return the streets cut at junctions and grid borders; see `geo.streets.cut_streets`."""
    return cut_streets(streets, grids, border_m=border_m)


@remembered(most=8)
def borders(grids: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids' borders in degrees, those along a street apart; a footpath does not count as one."""
    return frames.to_degrees(split_borders(grids, streets[streets["street_class"] != "path"]))


def outline(session: Session, community: Community, grids: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the community's ground in degrees; without one, the ground of its grids."""
    ground = frames.outline(session, community.id, degrees=True)
    if ground.empty:
        ground = frames.to_degrees(grids)
    return shapely.union_all(ground.geometry.to_numpy())


def with_figures(
    session: Session,
    scope: Scope,
    community: Community,
    grids: gpd.GeoDataFrame,
    walked: pd.DataFrame,
    at: datetime,
) -> gpd.GeoDataFrame:
    """Return all grids of an edition, with figures for those that the person answers for, missing for the others.

    Open incidents of sensitive categories count for those alone who are shown reporters, as everywhere on a map.
    """
    cards = figures.grid_cards(session, scope, community, at, with_coverage=False)
    table = grids[["grid_code", "name", "geometry"]].join(cards[list(CARD)], on="grid_code")
    mine = table["grid_code"].isin(cards.index)
    table = table.merge(walked, on="grid_code", how="left")
    table.loc[~mine.to_numpy(), list(SEEN)] = float("nan")
    return table.rename(columns={"overdue_incidents": "late_incidents", "last_patrol_at": "last_patrol"})


def incidents(session: Session, scope: Scope, community: Community, at: datetime) -> gpd.GeoDataFrame:
    """Return the incidents to draw, categories and stages in the reader's language."""
    since = at - timedelta(days=DONE_DAYS)
    return named(on_map.incidents_on_map(session, scope, community, at=at, done_since=since))


def named(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return incidents of `patrols.on_map` with ``category`` and ``stage`` in the reader's language."""
    chosen = "category_zh" if language.current() == "zh" else "category_en"
    return found.assign(category=found[chosen], stage=[words.word(stage) for stage in found["stage"]])


def people(session: Session, scope: Scope, community: Community, codes: Sequence[str], at: datetime) -> pd.DataFrame:
    """Return the chain of every grid that the person answers for: columns ``name, title, grid_code``, nearest first."""
    mine = [code for code in codes if scope.allows(community.id, code)]
    found = chains.chains_for_grids(session, community, mine, at=at)
    rows = [(link.name, words.named(link), code) for code, chain in found.items() for link in chain]
    return pd.DataFrame(rows, columns=["name", "title", "grid_code"])
