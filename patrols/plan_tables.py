"""The plan and what was kept of it as tables, for files that people take away."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from data.models import PatrolWindow
from geo.errors import N_
from patrols.kept import Outcome, Week

HEADINGS = {
    "weekday": N_("Weekday"),
    "begins": N_("Begins at"),
    "ends": N_("Ends at"),
    "team": N_("Team"),
    "person": N_("Person number"),
    "person_name": N_("Person"),
    "grid_code": N_("Grid code"),
    "streets": N_("Streets"),
    "valid_from": N_("First day"),
    "valid_until": N_("Last day"),
    "day": N_("Day"),
    "kept": N_("Kept?"),
    "patrols": N_("Number of patrols"),
    "walkers": N_("Walkers"),
    "metres": N_("Metres walked"),
    "minutes": N_("Minutes walked"),
    "street_metres": N_("Street metres of the ground"),
    "due_metres": N_("Street metres due"),
    "street_metres_seen": N_("Street metres seen"),
    "points": N_("Check-points"),
    "visited": N_("Check-points visited"),
}
"""What each column is called; `patrols.intake.plan` reads a plan back by either name."""

COARSE_M, COARSE_MIN = 500, 15
"""Exact numbers of a single walk beside its line without ends would tell how much was cut off."""


def windows(planned: Sequence[PatrolWindow]) -> pd.DataFrame:
    """The windows of a plan, a row for each: columns that `patrols.intake.plan` reads back."""
    rows = [
        {
            "weekday": str(row.weekday),
            "begins": f"{row.begins:%H:%M}",
            "ends": f"{row.ends:%H:%M}",
            "team": row.team.name if row.team else "",
            "person": row.person.number if row.person else "",
            "person_name": row.person.name if row.person else "",
            "grid_code": row.grid_code,
            "streets": "、".join(row.streets),
            "valid_from": row.valid_from.isoformat(),
            "valid_until": (row.valid_until - timedelta(days=1)).isoformat() if row.valid_until else "",
        }
        for row in planned
    ]
    return pd.DataFrame(rows, columns=list(HEADINGS)[:10])


def kept(week: Week, *, exact: bool) -> pd.DataFrame:
    """What came of each occasion of a week, a row for each.

    Parameters
    ----------
    exact : bool
        Metres and minutes to the unit; else to `COARSE_M` and `COARSE_MIN`.
    """
    columns = ["day", "begins", "ends", "team", "person_name", "grid_code", "streets", *list(HEADINGS)[11:]]
    return pd.DataFrame([_outcome(one, exact=exact) for one in week.outcomes], columns=columns)


def coarse(value: float, step: float) -> float:
    """A number to the nearest step.

    Examples
    --------
    >>> coarse(1234, 500), coarse(1260, 500)
    (1000, 1500)
    """
    return round(value / step) * step


def _outcome(one: Outcome, *, exact: bool) -> dict[str, object]:
    window, effort = one.occasion.window, one.effort
    return {
        "day": one.occasion.begins.date().isoformat(),
        "begins": f"{window.begins:%H:%M}",
        "ends": f"{window.ends:%H:%M}",
        "team": window.team.name if window.team else "",
        "person_name": window.person.name if window.person else "",
        "grid_code": window.grid_code,
        "streets": "、".join(window.streets),
        "kept": one.kept.value,
        "patrols": effort.patrols,
        "walkers": effort.walkers,
        "metres": round(effort.metres) if exact else coarse(effort.metres, COARSE_M),
        "minutes": round(effort.minutes) if exact else coarse(effort.minutes, COARSE_MIN),
        "street_metres": round(one.street_metres),
        "due_metres": round(one.due_metres),
        "street_metres_seen": round(one.street_metres_seen),
        "points": len(one.points),
        "visited": len(one.visited),
    }
