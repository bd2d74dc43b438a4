"""The columns of incidents on a disk, so that after a start a million need not be read from the database again.

A file says of which incidents it was made: by the last steps of any, each with its key, its incident and its moment.
Where the database has them still, all that came after them is read as `patrols.incident_columns` reads it; where not,
a backup was put back, and the file is not believed.

No person is in a file: to whom an incident was handed is read anew each time.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Double, cast, extract, func, select
from sqlalchemy.orm import Session

from data.kept_arrays import KeptArrays, keep_arrays, kept_arrays
from data.models import Community, Incident, IncidentStep
from geo.map_plane import MapPlane
from patrols.incident_columns import (
    OUT_OF_TURN,
    ROWS,
    SOURCES,
    STAGES,
    IncidentColumns,
    category_facts,
    refreshed,
    stamped,
)

FORMAT = 1
"""To be raised with each change of what the columns mean."""

_NOT_KEPT = "handler"


def write_columns(session: Session, columns: IncidentColumns, folder: Path) -> None:
    """Write the columns of a community to their file in a folder.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    about = {
        "format": FORMAT,
        "words": _words(),
        "community": columns.community_id,
        "timezone": columns.timezone,
        "plane": [columns.plane.lon, columns.plane.lat],
        "grids": columns.grids,
        "categories": columns.facts.ids,
        "last_step": columns.last_step,
        "late_steps": columns.late_steps,
        "steps": _steps(session, columns.last_step),
    }
    arrays = {name: getattr(columns, name) for name in ROWS if name != _NOT_KEPT}
    keep_arrays(_path(folder, columns.community_id), about, arrays)


def columns_from_file(session: Session, community: Community, folder: Path) -> IncidentColumns | None:
    """The columns of a community as they stand now, from their file and from what changed since.

    None where there is no file, or it was made of something else than what stands in the database.
    """
    kept = kept_arrays(_path(folder, community.id))
    if kept is None or not _fits(kept, session, community):
        return None
    known = refreshed(session, community, _unpacked(kept, session, community))
    there = session.scalar(select(func.count()).where(Incident.community_id == community.id))
    return known if there == len(known) else None


def _path(folder: Path, community_id: int) -> Path:
    return folder / f"incidents-{community_id}.npz"


def _words() -> list[list[str]]:
    """The words that stand in the columns as numbers."""
    return [[str(one) for one in STAGES], [str(one) for one in SOURCES]]


def _steps(session: Session, last: int) -> list[list[Any]]:
    """The last steps of any incidents up to one, in the order of their keys."""
    moment = cast(extract("epoch", IncidentStep.at), Double)
    wanted = select(IncidentStep.id, IncidentStep.incident_id, moment).where(
        IncidentStep.id > last - OUT_OF_TURN, IncidentStep.id <= last
    )
    return [[key, of, float(at)] for key, of, at in session.execute(wanted.order_by(IncidentStep.id))]


def _fits(kept: KeptArrays, session: Session, community: Community) -> bool:
    about = kept.about
    meant = {"format": FORMAT, "words": _words(), "community": community.id, "timezone": community.timezone}
    if {name: about.get(name) for name in meant} != meant or set(kept.arrays) != set(ROWS) - {_NOT_KEPT}:
        return False
    categories = list(category_facts(session).ids)[: len(about["categories"])]
    there = {tuple(step) for step in _steps(session, about["last_step"])}
    # More there are where some were committed late; all that the file was made of must be there unchanged.
    return categories == about["categories"] and all(tuple(step) in there for step in about["steps"])


def _unpacked(kept: KeptArrays, session: Session, community: Community) -> IncidentColumns:
    about = kept.about
    arrays = {**kept.arrays, _NOT_KEPT: _handlers(session, community, kept.arrays["keys"])}
    for values in arrays.values():
        values.flags.writeable = False
    return stamped(
        IncidentColumns(
            community_id=community.id,
            timezone=about["timezone"],
            stamp="",
            last_step=about["last_step"],
            late_steps=about["late_steps"],
            plane=MapPlane(*about["plane"]),
            **arrays,
            grids=tuple(about["grids"]),
            facts=category_facts(session),
        )
    )


def _handlers(session: Session, community: Community, keys: Any) -> Any:
    """To whom each incident is handed now; 0 is nobody."""
    wanted = select(Incident.id, Incident.handler_id).where(
        Incident.community_id == community.id, Incident.handler_id.is_not(None)
    )
    found = np.zeros(len(keys), ROWS[_NOT_KEPT])
    pairs = np.array([tuple(row) for row in session.execute(wanted)], np.int64).reshape(-1, 2)
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys, pairs[:, 0], sorter=order)
    there = place < len(keys)
    row = order[place[there]]
    same = keys[row] == pairs[there, 0]
    found[row[same]] = pairs[there, 1][same]
    return found
