"""Remembers what was made of shapes that have not changed, so that a map opens quickly the second time."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import geopandas as gpd
import pandas as pd
import shapely

Given = ParamSpec("Given")
Made = TypeVar("Made")


def remembered(most: int) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """Keep the last `most` results of a pure function of frames, geometries and plain values.

    A result is found again by the contents of what was given, never by names or dates, so it cannot be out of date.
    Callers must not change what they get.
    """

    def decorate(make: Callable[Given, Made]) -> Callable[Given, Made]:
        kept: OrderedDict[str, Made] = OrderedDict()
        lock = Lock()

        @wraps(make)
        def remember(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            key = fingerprint(*args, *kwargs.items())
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            made = make(*args, **kwargs)
            with lock:
                kept[key] = made
                while len(kept) > most:
                    kept.popitem(last=False)
            return made

        return remember

    return decorate


def fingerprint(*things: object) -> str:
    """Return a digest of the contents of frames, geometries and plain values.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame({"name": ["Mill Lane"]}, geometry=[shapely.Point(0, 0)], crs=4548)
    >>> fingerprint(frame) == fingerprint(frame.copy()), fingerprint(frame) == fingerprint(frame.assign(name="Lane"))
    (True, False)
    """
    digest = hashlib.blake2b(digest_size=16)
    for thing in things:
        if isinstance(thing, gpd.GeoDataFrame):
            digest.update(repr((thing.crs, *thing.columns)).encode())
            for wkb in shapely.to_wkb(thing.geometry.to_numpy()):
                digest.update(wkb or b"-")
            rest = pd.DataFrame(thing.drop(columns=thing.geometry.name)).astype(str)
            digest.update(pd.util.hash_pandas_object(rest, index=True).to_numpy().tobytes())
        elif isinstance(thing, shapely.Geometry):
            digest.update(shapely.to_wkb(thing))
        else:
            digest.update(repr(thing).encode())
        digest.update(b"|")
    return digest.hexdigest()
