"""A word of warning when a file looks to be in another datum than it was said to be."""

import geopandas as gpd
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from geo import datum as datums
from geo.errors import N_
from patrols.datum_check import looks_like
from patrols.intake.sheet import Sheet


def warn_of_datum(session: Session, sheet: Sheet, community: Community, shapes: gpd.GeoSeries) -> None:
    """Note in the sheet that its shapes, as they were read, lie wrong by the community's streets and buildings.

    Nothing is noted unless another datum surely fits better: a warning that is often wrong is soon ignored. Where no
    streets are stored yet there is nothing to go by.

    Parameters
    ----------
    shapes : GeoSeries
        In degrees, as they were read; missing ones are left out.
    """
    streets = frames.streets(session, community.id)
    if streets.empty:
        return
    check = looks_like(shapes, streets, frames.buildings(session, community.id), said=sheet.datum)
    if check is None:
        return
    sheet.note(
        N_(
            "The file was read as %(said)s, but looks to be in %(found)s: as it was read, it lies %(metres)s m off the "
            "streets and buildings of %(community)s. Take it in again with the right datum."
        ),
        said=sheet.datum,
        found=check.datum,
        metres=round(check.off_m(check.said)),
        community=community.name,
    )


def datum_on_ground(shapes: gpd.GeoSeries, said: str, ground: shapely.Geometry) -> str | None:
    """Name the datum under which shapes that lie beside a ground, as they were read, would lie on it.

    None where none would, or where they were not read from degrees.

    Parameters
    ----------
    shapes : GeoSeries
        In degrees, as they were read.
    ground : shapely geometry
        In the same degrees, which are right.
    """
    if said not in datums.DEGREES:
        return None
    written = datums.convert_frame(shapes, source="wgs84", target=said)
    shares = {}
    for other in ("wgs84", "gcj02", "bd09"):
        read_so = datums.convert_frame(written, source=other, target="wgs84")
        shares[other] = shapely.intersects(ground, read_so.array.to_numpy()).mean() if other != said else 0.0
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > 0 else None
