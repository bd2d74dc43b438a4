"""What the grids of a time had in an earlier one."""

from datetime import datetime

import pandas as pd
from sqlalchemy.orm import Session

from data.models import Community
from patrols.exposures import grids_of, span_of
from patrols.gridded import gridded, told_by_grid
from patrols.incident_view import IncidentView
from patrols.scope import Scope


def counts_then(
    session: Session,
    scope: Scope,
    community: Community,
    view: IncidentView,
    earlier: IncidentView,
    at: datetime,
    *,
    floored: bool = False,
) -> "pd.Series[int]":
    """Count the incidents of an earlier view by the grids of a later one, so that the two can be compared.

    What lay in a grid that a redraw gave up since counts for the grid where it lies now.

    Parameters
    ----------
    view, earlier : IncidentView
        The time that is shown, whose grids count, and the one it is compared with.
    at : datetime
        Now, aware.
    floored : bool
        For who may not see single incidents: counts are those of `patrols.told_counts`.

    Returns
    -------
    Series of int
        Index: codes of the grids that may be seen.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If there were no grids at the end of the view's time.
    """
    grids = grids_of(session, scope, community, span_of(community, view, at))
    if floored:
        counts = told_by_grid(session, scope, community, earlier, grids, at=at)
    else:
        counts = gridded(session, scope, community, earlier, grids).counts(len(grids))
    return pd.Series(counts, index=grids.index, dtype=int)
