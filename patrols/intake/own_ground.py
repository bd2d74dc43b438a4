"""Which shapes on their way in lie on the community's own ground."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from geo.errors import N_
from patrols.intake.datum import datum_on_ground
from patrols.intake.sheet import Sheet


def on_own_ground(session: Session, sheet: Sheet, community: Community, shapes: gpd.GeoSeries) -> "pd.Series[bool]":
    """Which rows touch the community's outline; all of them while it has none.

    A file of a whole city is fine: what lies elsewhere is left out and counted. Only when nothing at all lies here is
    the file refused, for then its datum or the community is wrong.
    """
    here = pd.Series(shapes.notna(), index=shapes.index)
    outline = frames.outline(session, community.id, degrees=True)
    if outline.empty or not here.any():
        return here
    ground = outline.union_all()
    shapely.prepare(ground)
    touches = here & shapely.intersects(ground, shapes.array.to_numpy())
    if not touches.any():
        _refuse_all(sheet, community, shapes[here], ground)
        return here
    if beyond := int((here & ~touches).sum()):
        sheet.note(
            N_("%(count)s rows lie outside of %(community)s and were left out."), count=beyond, community=community.name
        )
    return pd.Series(touches, index=shapes.index)


def _refuse_all(sheet: Sheet, community: Community, shapes: gpd.GeoSeries, ground: BaseGeometry) -> None:
    """Refuse the file in one sentence, with the datum under which it would lie here if there is one."""
    first = pd.Series(np.arange(len(sheet.frame)) == 0, index=sheet.frame.index)
    facts: dict[str, Any] = {"count": len(shapes), "community": community.name}
    if (fits := datum_on_ground(shapes, sheet.datum, ground)) is None:
        why = N_("None of the %(count)s shapes lies in %(community)s. Check the community and the file's datum.")
    else:
        facts |= {"said": sheet.datum, "fits": fits}
        why = N_(
            "None of the %(count)s shapes lies in %(community)s when read as %(said)s; read as %(fits)s they would. "
            "Check the file's datum."
        )
    sheet.refuse(first, why, **facts)
