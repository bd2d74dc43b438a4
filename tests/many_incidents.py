"""A town's incidents many times over, as columns: no database holds a hundred thousand of them quickly enough."""

from dataclasses import replace

import numpy as np

from patrols.incident_columns import IncidentColumns

DAY_MIN = 1440


def many(columns: IncidentColumns, count: int, *, seed: int = 11) -> IncidentColumns:
    """So many incidents like those of a town, at most some steps from one of them and at another time of its span.

    Hour and weekday stay with the time; grid, category, source and stage with the place.
    """
    random = np.random.default_rng(seed)
    like = random.integers(0, len(columns), count)
    days = max(1, int(columns.found[-1] - columns.found[0]) // DAY_MIN)
    found = columns.found[like] - DAY_MIN * random.integers(0, days, count)
    found = np.where(found < columns.found[0], found + DAY_MIN * days, found)
    order = np.argsort(found, kind="stable")
    like, found = like[order], found[order]
    minutes = found.astype(np.int64) + 8 * 60
    rows = {name: getattr(columns, name)[like] for name in ("kind", "category", "grid", "organisation", "handler")}
    return replace(
        columns,
        **rows,
        keys=np.arange(1, count + 1),
        x=(columns.x[like] + random.normal(0, 25, count)).astype(np.float32),
        y=(columns.y[like] + random.normal(0, 25, count)).astype(np.float32),
        found=found.astype(np.int32),
        reported=found.astype(np.int32),
        when=(minutes // 60 % 24 * 7 + (minutes // DAY_MIN + 3) % 7).astype(np.uint8),
        stamp=f"{count} like those of the town",
    )
