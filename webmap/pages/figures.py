"""Figures: the week of a community, grid by grid, with totals."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from flask import Blueprint, render_template, request

from patrols import figures
from patrols.rules import Rules
from webmap import access, inputs, storage
from webmap.access import May

pages = Blueprint("figures", __name__)

SUMMED = (
    "households",
    "open_incidents",
    "overdue_incidents",
    "metres_7d",
    "minutes_7d",
    "street_metres",
    "street_metres_seen_7d",
    "yard_m2",
    "yard_m2_seen_7d",
    "check_points",
    "check_points_visited_7d",
)
"""Columns that may be added up over grids. Patrols may not: one that crosses two grids would count twice."""


@pages.get("/figures")
@access.needs(May.SEE_FIGURES)
def show() -> str:
    """The table of the week; ``?day=`` tells it as it was at the end of an earlier day, by the grids of that day."""
    community, at = access.community(), _moment()
    cards = figures.grid_cards(storage.session(), access.scope(), community, at)
    return render_template(
        "figures.html",
        community=community,
        communities=access.communities(),
        since=figures.week_begins(community, at),
        at=at,
        past=at < storage.now(),
        today=storage.today(),
        cards=cards.reset_index().to_dict("records"),
        total=_total(cards),
        rules=Rules.for_community(community.rules),
    )


def _moment() -> datetime:
    """The last second of the day that is asked for, or now."""
    end = inputs.end_of(inputs.day(request.args, "day"))
    return storage.now() if end is None or end > storage.now() else end - timedelta(seconds=1)


def _total(cards: pd.DataFrame) -> dict[str, Any]:
    total = {name: float(cards[name].fillna(0).sum()) for name in SUMMED}
    street, yards = total["street_metres"], total["yard_m2"]
    return {
        **total,
        "coverage_7d": total["street_metres_seen_7d"] / street if street else None,
        "yard_share_7d": total["yard_m2_seen_7d"] / yards if yards else None,
    }
