"""Which datum is this file in? Told from a town's streets and buildings, with how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from data import frames
from geo import datum as datums
from geo.errors import N_
from geo.fitting import LEAST_SAMPLES, Fit, best_reading, fit_readings, take_samples
from geo.townmap import draw_map
from patrols.rules import Rules

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

_MAY_LIE_OFF_M = 5_000.0
"""A reading that puts the file farther from the streets than this puts it into another town."""

_LARGEST_MAP_M = 6_000.0
"""Of a file of a whole city the part around its middle is looked at: what fits there fits."""

_MOST_SHAPES = 20_000
"""Of more than that every second, third ... is looked at."""

_DEGREES = ("wgs84", "gcj02", "bd09")
_METRES = ("bd09mc", *datums.ZONES)
WEB_MERCATOR = 3857
_LARGEST_DEGREE = 360.0


@dataclass(frozen=True)
class Candidate:
    """One datum that the file may be written in.

    Parameters
    ----------
    datum : str
        ``wgs84`` stands for ``cgcs2000`` too.
    probability : float
        That it is this one; what is missing to 1 over all candidates is that it is none of them, or cannot be told.
    shift_m : float
        How far the file moves when it is read so, from where it lies when it is read as it says.
    off_m : float
        How far beside its place the file would lie when it is read so; NaN while nothing is sure.
    fit : Fit or None
        How its tracks and buildings then lie to streets and houses; None where that was not weighed.
    """

    datum: str
    probability: float
    shift_m: float
    off_m: float
    fit: Fit | None


@dataclass(frozen=True)
class DatumCheck:
    """Which datum fits a file, or why that cannot be told.

    Parameters
    ----------
    datum : str or None
        The one that fits, None where it cannot be told.
    probability : float
        Of the likeliest one.
    said : str
        What the file was said to be in.
    places : int
        How many places of the file were held against the map.
    why : str
        A sentence of its own (for the catalogues): what speaks for it, or what is missing.
    facts : mapping
        What fills the sentence's places.
    candidates : list of Candidate
        The likeliest first.
    """

    datum: str | None
    probability: float
    said: str
    places: int
    why: str
    facts: Mapping[str, object]
    candidates: list[Candidate]

    @property
    def contradicts(self) -> bool:
        """Whether the file surely fits another datum than the one it is said to be in."""
        return self.datum is not None and self.datum != self.said

    def off_m(self, datum: str) -> float:
        """How far beside its place the file would lie if it were read as this candidate."""
        return next(one.off_m for one in self.candidates if one.datum == datum)


NOT_THERE = N_("It lies %(kilometres)s km from these streets, whatever it is read as.")
TOO_LITTLE = N_("Only %(places)s places of it lie near these streets; at least %(least)s are needed.")
NOT_CLEAR = N_("No reading fits these streets and buildings clearly better than chance would.")
NOT_IN_CHINA = N_("Outside of China all datums in degrees are the same.")
FOLLOWS = N_("Read so, %(along)s %% of it lies within 10 m of a street.")
KEEPS_OFF = N_("Read so, %(in_street)s %% of the insides of its buildings lie in the middle of a street.")


def check_shapes(
    shapes: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None = None,
    *,
    said: str = "wgs84",
    sure_probability: float | None = None,
) -> DatumCheck:
    """Say which datum shapes are in, from streets and buildings whose datum is known.

    A datum is named when its reading is likelier than `sure_probability` by what a chance placement of the same shapes
    on the same town would achieve, and the others are not; otherwise it cannot be told.

    Parameters
    ----------
    shapes : GeoDataFrame
        With coordinates as they stand in their file: degrees, or metres without a CRS (or labelled Mercator).
    streets, buildings : GeoDataFrame
        With a CRS.
    said : str
        What the shapes are said to be in.
    """
    said = "wgs84" if said == "cgcs2000" else said
    sure = Rules().sure_probability if sure_probability is None else sure_probability
    town = frames.to_metres(streets)
    houses = None if buildings is None or buildings.empty else buildings.to_crs(town.crs)
    sets = _near(_candidates(_some(shapes), said), town)
    if not sets.near and np.isinf(sets.metres):
        return _cannot_tell(said, 0, TOO_LITTLE, places=0, least=LEAST_SAMPLES)
    if not sets.near:
        return _cannot_tell(said, 0, NOT_THERE, kilometres=round(sets.metres / 1000))
    weighed = _weigh(sets.near, town, houses)
    if weighed.alike:
        return _cannot_tell(said, weighed.places, NOT_IN_CHINA)
    if weighed.fits is None:
        return _cannot_tell(said, weighed.places, TOO_LITTLE, places=weighed.places, least=LEAST_SAMPLES)
    return _verdict(said, sure, weighed)


def looks_like(
    degrees: gpd.GeoSeries, streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None, *, said: str
) -> DatumCheck | None:
    """Look whether shapes that were read as one datum are surely in another; None where they are not.

    Parameters
    ----------
    degrees : GeoSeries
        The shapes as they were read, in WGS 84.
    streets, buildings : GeoDataFrame
        Of the community, in its metres.
    said : str
        What they were read as. Metres stand for the degrees behind them.
    """
    behind = {"bd09mc": "bd09"}.get(said, said if said in _DEGREES else "wgs84")
    shapes = _some(gpd.GeoDataFrame(geometry=degrees[degrees.notna()].reset_index(drop=True)))
    if streets.empty or shapes.empty:
        return None
    written = datums.convert_frame(shapes, source="wgs84", target=behind)
    sets = _near(_candidates(written, behind), streets)
    if behind not in sets.near:
        return None
    houses = None if buildings is None or buildings.empty else buildings
    weighed = _weigh(sets.near, streets, houses, expected=behind)
    if weighed.fits is None:
        return None
    check = _verdict(behind, Rules().sure_probability, weighed)
    return check if check.contradicts else None


def _some(shapes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return shapes.iloc[:: len(shapes) // _MOST_SHAPES + 1]


def _candidates(shapes: gpd.GeoDataFrame, said: str) -> dict[str, gpd.GeoDataFrame]:
    """For each datum that the numbers may be written in, the numbers that are."""
    crs = shapes.crs
    plain = _without_crs(shapes)
    bounds = np.abs(plain.total_bounds)
    if crs is None and np.isfinite(bounds).all() and bounds.max() > _LARGEST_DEGREE:
        return dict.fromkeys(_METRES, plain)
    if crs is not None and not crs.is_geographic:
        in_degrees = _without_crs(shapes.to_crs(4326))
        return {**dict.fromkeys(_DEGREES, in_degrees), "bd09mc": plain}
    names = dict.fromkeys((said, *_DEGREES)) if said in _DEGREES else dict.fromkeys(_DEGREES)
    return dict.fromkeys(names, plain)


def _without_crs(shapes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapes.geometry.array.to_numpy())


@dataclass(frozen=True)
class _Near:
    near: dict[str, gpd.GeoDataFrame]
    metres: float


def _near(candidates: dict[str, gpd.GeoDataFrame], town: gpd.GeoDataFrame) -> _Near:
    """The candidates that put the middle of the file near the streets, and how far off the nearest is (none: inf)."""
    west, south, east, north = town.total_bounds
    near, least = {}, np.inf
    for name, shapes in candidates.items():
        spots = shapely.get_coordinates(shapes.geometry.array.to_numpy())
        middle = np.nanmedian(spots, axis=0) if len(spots) else np.full(2, np.nan)
        x, y = _in_town(middle[:1], middle[1:], name, town.crs)
        off = float(np.hypot(max(west - x[0], 0.0, x[0] - east), max(south - y[0], 0.0, y[0] - north)))
        if off <= _MAY_LIE_OFF_M:
            near[name] = shapes
        least = min(least, off if np.isfinite(off) else np.inf)
    return _Near(near, least)


def _in_town(x: Floats, y: Floats, datum: str, crs: pyproj.CRS) -> Pair:
    with np.errstate(all="ignore"):
        return frames.points_in_metres(*datums.convert(x, y, source=datum, target="wgs84"), crs)


@dataclass(frozen=True)
class _Weighed:
    places: int
    alike: bool
    fits: dict[str, Fit] | None
    mostly_houses: bool
    readings: dict[str, Pair]


def _weigh(
    near: dict[str, gpd.GeoDataFrame],
    town: gpd.GeoDataFrame,
    houses: gpd.GeoDataFrame | None,
    *,
    expected: str | None = None,
) -> _Weighed:
    """Place the same samples under each reading and hold them against the map; not at all where the best is expected.

    Samples are chosen under the first reading, so that they are the same places under all.
    """
    first = next(iter(near))
    in_degrees = datums.convert_frame(near[first], source=first, target="wgs84")
    metres = gpd.GeoDataFrame(geometry=in_degrees.geometry.set_crs(4326, allow_override=True)).to_crs(town.crs)
    samples = take_samples(_around_the_middle(metres, town))
    mostly_houses = 2 * int(samples.inner.sum()) > len(samples.inner)
    there = gpd.GeoSeries(gpd.points_from_xy(samples.x, samples.y), crs=town.crs).to_crs(4326)
    lon, lat = datums.convert(there.x, there.y, source="wgs84", target=first)
    readings = {}
    for name in near:
        # A file labelled Mercator: its degrees for some datums, its metres for Baidu's.
        x, y = (lon, lat) if near[name] is near[first] else _mercator(lon, lat)
        readings[name] = _in_town(x, y, name, town.crs)
    shifts = [_metres_apart(one, (samples.x, samples.y)) for one in readings.values()] if len(samples.x) else [0.0]
    if len(near) > 1 and max(shifts) < 1.0:
        return _Weighed(len(samples.x), len(samples.x) > 0, None, mostly_houses, readings)
    bounds = _common_ground(readings, town)
    if bounds is None:
        return _Weighed(0, False, None, mostly_houses, readings)
    drawn = draw_map(town, houses, bounds)
    if expected is not None and best_reading(readings, samples.inner, drawn) in (None, expected):
        return _Weighed(len(samples.x), False, None, mostly_houses, readings)
    return _Weighed(len(samples.x), False, fit_readings(readings, samples.inner, drawn), mostly_houses, readings)


def _mercator(lon: Floats, lat: Floats) -> Pair:
    x, y = pyproj.Transformer.from_crs(4326, WEB_MERCATOR, always_xy=True).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def _common_ground(readings: dict[str, Pair], town: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """The box that holds streets and places under any reading; None where they share none."""
    x, y = (np.concatenate([one[axis] for one in readings.values()]) for axis in (0, 1))
    if not np.isfinite(x).any():
        return None
    west, south, east, north = town.total_bounds
    box = max(west, np.nanmin(x)), max(south, np.nanmin(y)), min(east, np.nanmax(x)), min(north, np.nanmax(y))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _around_the_middle(shapes: gpd.GeoDataFrame, town: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Of much ground the part around the file's middle, or the streets' where that lies beyond them."""
    boxes = shapely.bounds(shapes.geometry.array.to_numpy())
    spots = (boxes[:, :2] + boxes[:, 2:]) / 2
    if not len(spots) or (np.nanmax(spots, axis=0) - np.nanmin(spots, axis=0)).max() <= _LARGEST_MAP_M:
        return shapes
    west, south, east, north = town.total_bounds
    there = spots[(spots[:, 0] >= west) & (spots[:, 0] <= east) & (spots[:, 1] >= south) & (spots[:, 1] <= north)]
    x, y = np.median(there if len(there) else spots, axis=0)
    half = _LARGEST_MAP_M / 2
    return shapes.clip((x - half, y - half, x + half, y + half))


def _verdict(said: str, sure: float, weighed: _Weighed) -> DatumCheck:
    fits = weighed.fits or {}
    order = sorted(fits, key=lambda name: -fits[name].probability)
    best = order[0]
    named = best if fits[best].probability >= sure else None
    start = said if said in weighed.readings else best
    candidates = []
    for name in order:
        east, north = fits[best].shift
        off = _metres_apart(weighed.readings[name], weighed.readings[best], east, north)
        shift = _metres_apart(weighed.readings[name], weighed.readings[start])
        candidates.append(Candidate(name, fits[name].probability, shift, off if named else float("nan"), fits[name]))
    why, facts = _reason(fits[best], weighed.mostly_houses) if named else (NOT_CLEAR, {})
    return DatumCheck(named, fits[best].probability, said, weighed.places, why, facts, candidates)


def _reason(fit: Fit, houses: bool) -> tuple[str, dict[str, object]]:
    if houses:
        return KEEPS_OFF, {"in_street": round(100 * fit.in_street)}
    return FOLLOWS, {"along": round(100 * fit.along)}


def _metres_apart(one: Pair, other: Pair, east: float = 0.0, north: float = 0.0) -> float:
    return float(np.nanmedian(np.hypot(one[0] - other[0] - east, one[1] - other[1] - north)))


def _cannot_tell(said: str, places_seen: int, why: str, **facts: object) -> DatumCheck:
    return DatumCheck(None, 0.0, said, places_seen, why, facts, [])
