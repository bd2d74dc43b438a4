"""Cutting one shape in two along a drawn line."""

from typing import cast

import numpy as np
import shapely
from shapely.ops import substring

from geo.errors import N_, CannotReshape
from geo.faces import Geometries, Numbers, Positions, Sides, connected_parts, find_sides, lines_of, polygons_of
from geo.give import cut_into_faces, is_sliver, one_of, owners

Line = shapely.LineString | shapely.MultiLineString

END_M = 2.0
"""A line that ends inside this close to the border was meant to reach it: the width of a drawn line on a town's map."""


def cut_in_two(shape: shapely.Geometry, line: object, code: str) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Cut a shape along a line: the larger half first, of equal ones the one on the line's left.

    A line that crosses the shape several times, or itself, still has two sides: whoever walks across it changes sides
    with each crossing. Ends that hang inside count for nothing; a closed line cuts out what it surrounds. Bits that
    nobody could stand on stay with the ground around them.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        On the lattice of `geo.give`, in metres.
    line : LineString or MultiLineString
        Drawn; in the same metres. An end inside within `END_M` of the border is led on to it.
    code : str
        What errors call the shape.

    Raises
    ------
    CannotReshape
        When the line does not cut the shape, has no two plain sides, or cuts off no more than a sliver.
    """
    drawn = as_line(line)
    rim = shapely.boundary(shape)
    led = [lead_on(part, rim) for part in shapely.get_parts(drawn)]
    faces = cut_into_faces(np.array([rim, *led], dtype=object))
    faces = faces[owners(faces, np.array([shape], dtype=object))[:, 0]]
    side = _two_sides(faces, drawn, code)
    area = shapely.area(faces)
    cut = side >= 0
    if not cut.any():
        _refuse(shape, drawn, code)
    left, right = area[side == 0].sum(), area[side == 1].sum()
    smaller = 1 if left >= right else 0
    sliver = is_sliver(faces) & cut
    side[sliver] = 1 - side[sliver]
    half = side == smaller
    if not half.any() or half.all():
        raise CannotReshape(
            N_("The line cuts no more than a sliver off grid %(grid_code)s: draw it farther from the border."),
            grid_code=code,
        )
    return one_of(faces[~half]), one_of(faces[half])


def as_line(line: object) -> Line:
    """A drawn line without height or doubled corners.

    Raises
    ------
    CannotReshape
        When it has no length.
    """
    shapes = np.array([each for each in np.atleast_1d(np.asarray(line, dtype=object)) if each is not None])
    parts = lines_of(shapely.remove_repeated_points(shapely.force_2d(shapes))) if len(shapes) else shapes
    if not len(parts) or not shapely.length(parts).sum() > 0 or not np.isfinite(shapely.get_coordinates(parts)).all():
        raise CannotReshape(N_("The drawn line has no length: draw at least two points apart."))
    return cast("Line", parts[0] if len(parts) == 1 else shapely.multilinestrings(parts))


def lead_on(line: shapely.LineString, rim: shapely.Geometry) -> shapely.LineString:
    """The line with each end that stops just short of the border led on to it; what hangs over stays as it is."""
    xy = shapely.get_coordinates(line)
    if (xy[0] == xy[-1]).all():
        return line
    begin, end = _missing(line, rim), _missing(shapely.reverse(line), rim)
    return shapely.LineString(np.concatenate([*begin, xy, *end]))


def _missing(line: shapely.LineString, rim: shapely.Geometry) -> list[Numbers]:
    """The place on the border that the line's beginning was meant to reach, if any."""
    # A line that crosses the border soon after it begins hangs over on purpose.
    if shapely.intersects(substring(line, 0.0, 2 * END_M), rim):
        return []
    way = shapely.shortest_line(shapely.get_point(line, 0), rim)
    return [shapely.get_coordinates(way)[1:]] if shapely.length(way) <= END_M else []


def _two_sides(faces: Geometries, line: Line, code: str) -> Positions:
    """Side of the line that each face lies on, 0 left, 1 right; -1 where nothing is cut."""
    count = len(faces)
    sides = find_sides(faces)
    sides = sides.pick((sides.right >= 0) & (sides.left != sides.right))
    one, two = sides.left, sides.right
    double = connected_parts(2 * count, np.concatenate([one, one + count]), np.concatenate([two + count, two]))
    here, there = double[:count], double[count:]
    if (here == there).any():
        raise CannotReshape(
            N_("The line cuts grid %(grid_code)s in more than two ways at one place: draw one line after another."),
            grid_code=code,
        )
    side = np.full(count, -1, dtype=np.int64)
    part = np.minimum(here, there)
    for number in np.unique(part[one]) if len(one) else []:
        its = part == number
        chosen = sides.pick(part[one] == number)
        lead = _first_left(chosen, faces, line)
        side[its] = np.where(here[its] == here[lead], 0, 1)
    return side


def _first_left(sides: Sides, faces: Geometries, line: Line) -> int:
    """The face on the left of where the line first cuts."""
    begin, end = (
        np.array([shapely.line_locate_point(line, shapely.Point(place)) for place in xy])
        for xy in (sides.start, sides.end)
    )
    first = int(np.argmin(np.minimum(begin, end)))
    start, stop = sides.start[first], sides.end[first]
    if end[first] < begin[first]:
        start, stop = stop, start
    face = int(sides.left[first])
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.orient_polygons(faces[face])), return_index=True)
    follows = (ring[1:] == ring[:-1]) & (xy[:-1] == start).all(axis=1) & (xy[1:] == stop).all(axis=1)
    return face if follows.any() else int(sides.right[first])


def _refuse(shape: shapely.Geometry, line: Line, code: str) -> None:
    """Say why a line cuts nothing."""
    if any(shapely.intersects(part, line) for part in polygons_of(shape)):
        raise CannotReshape(
            N_("The line ends inside grid %(grid_code)s: begin and end it on the border or beyond."), grid_code=code
        )
    raise CannotReshape(N_("The line does not cross grid %(grid_code)s: draw it across."), grid_code=code)
