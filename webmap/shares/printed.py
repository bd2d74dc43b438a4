"""The picture of a view: its contents laid out for `webmap.printing.view_picture`."""

from collections.abc import Sequence
from io import BytesIO

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image
from shapely.geometry.base import BaseGeometry

from geo.map_plane import MapPlane
from webmap import words
from webmap.language import gettext, ngettext
from webmap.maps.content import UNSEEN_COLOUR
from webmap.maps.style import COVERAGE_COLOURS
from webmap.printing.plan import Ground
from webmap.printing.view_picture import Legend, Lines, Marks, Raster, ViewPicture
from webmap.shares.contents import ViewContents


def picture_of(contents: ViewContents) -> ViewPicture:
    """Lay a view out for a picture; north is up, and a metre is the same everywhere on it."""
    west, south, east, north = shapely.bounds(contents.outline)
    plane = MapPlane((west + east) / 2, (south + north) / 2)
    grids = _onto(plane, contents.grids)
    return ViewPicture(
        title=contents.title,
        period=contents.period,
        ground=Ground(
            grids=grids,
            streets=_onto(plane, contents.streets),
            buildings=_onto(plane, contents.buildings),
            compounds=_onto(plane, contents.compounds),
        ),
        about=_about(contents, grids, plane),
        colours=_colours(contents),
        texts=_texts(contents),
        raster=_raster(contents, plane),
        lines=_lines(contents, plane),
        marks=[Marks(np.column_stack(plane.metres(*one.places.T)), one.colour) for one in contents.dots],
        legends=_legends(contents),
        notes=contents.notes,
        foot=_foot(contents),
        focus=contents.focus,
    )


def _onto(plane: MapPlane, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A frame in the metres of a plane."""
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: _metres(plane, xy))
    return gpd.GeoDataFrame(frame.drop(columns=frame.geometry.name), geometry=shapes)


def _metres(plane: MapPlane, degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack(plane.metres(degrees[:, 0], degrees[:, 1]))


def _about(contents: ViewContents, grids: gpd.GeoDataFrame, plane: MapPlane) -> BaseGeometry:
    chosen = grids[grids["grid_code"] == contents.focus]
    if len(chosen):
        return shapely.union_all(chosen.geometry.to_numpy())
    return shapely.transform(contents.outline, lambda xy: _metres(plane, xy))


def _colours(contents: ViewContents) -> dict[str, str]:
    """The colour of each grid; none below a density, whose colours would mean something else there."""
    if contents.density is not None:
        return {}
    figure = contents.figure
    colours = [*figure.scale.colours, figure.missing_colour]
    classes = figure.scale.classes(figure.values)
    return dict(zip(contents.grids["grid_code"], (colours[one] for one in classes), strict=True))


def _texts(contents: ViewContents) -> dict[str, str]:
    texts: Sequence[str] = contents.figure.packed()["text"]  # type: ignore[assignment]
    return {code: text for code, text in zip(contents.grids["grid_code"], texts, strict=True) if text}


def _raster(contents: ViewContents, plane: MapPlane) -> Raster | None:
    if contents.density is None:
        return None
    west, south, east, north = contents.density.bounds
    (left, right), (bottom, top) = plane.metres([west, east], [south, north])
    with Image.open(BytesIO(contents.density.png)) as picture:
        pixels = np.asarray(picture.convert("RGBA"))
    return Raster(pixels, (float(left), float(bottom), float(right), float(top)))


def _lines(contents: ViewContents, plane: MapPlane) -> list[Lines]:
    if contents.walked.empty:
        return []
    walked = _onto(plane, contents.walked)
    seen = walked["seen"].to_numpy(bool)
    return [
        Lines(list(walked.geometry[~seen]), UNSEEN_COLOUR, 1.1, (1.4, 2.2)),
        Lines(list(walked.geometry[seen]), COVERAGE_COLOURS[-1], 1.8),
    ]


def _legends(contents: ViewContents) -> list[Legend]:
    figure, density = contents.figure, contents.density
    classes = figure.packed()["classes"]
    rows = [(one["colour"], f"{one['label']}  ({one['said']})") for one in classes]  # type: ignore[attr-defined]
    if density is None:
        found = [Legend(figure.title, rows, figure.note)]
    else:
        written = gettext("Below the number of each grid: %(figure)s.", figure=figure.title)
        found = [Legend(gettext("Grids"), [], f"{written} {figure.note}")]
    if density is not None and density.rows:
        found.append(Legend(density.title, density.rows, density.note, ramp=True))
    if not contents.walked.empty:
        seen = contents.walked["seen"].to_numpy(bool)
        looks = [(seen, COVERAGE_COLOURS[-1], gettext("walked")), (~seen, UNSEEN_COLOUR, gettext("not walked"))]
        found.append(Legend(gettext("Streets"), [(colour, said) for rows, colour, said in looks if rows.any()]))
    if contents.dots:
        dots = [(one.colour, f"{one.said}: {words.number(len(one.places))}") for one in contents.dots]
        found.append(Legend(gettext("Incidents"), dots))
    return found


def _foot(contents: ViewContents) -> str:
    made = contents.at.astimezone(contents.timezone)
    said = gettext("Made on %(day)s at %(time)s.", day=made.date().isoformat(), time=f"{made:%H:%M}")
    many = ngettext("%(num)s grid", "%(num)s grids", len(contents.grids))
    return " · ".join([*contents.sources, many, said])
