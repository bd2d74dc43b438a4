"""On which side of a line a point lies, without rounding: compiled, for millions of them.

Doubles decide all but the points a few rounding errors from the line; those are decided by sums whose rounding errors
are kept (Shewchuk's expansions), so the sign is that of arithmetic without rounding.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

import numba
import numpy as np

UNDECIDED = 2
"""Neither side: the coordinates are so large or so small that their products leave the range of a double."""

UNSURE, LEAST = 3.3306690738754716e-16, 1e-290
"""A turn is sure when it is larger than this share of its two products' sum, and than any product that underflowed."""

_SMALLEST, _LARGEST = 1e-120, 1e140
_SPLIT = 134217729.0


class Compiled(Protocol):
    """A function after numba, compiled for one kind of arguments and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(signature: Any, **options: Any) -> Callable[[Any], Compiled]:
    """Compile a function for exactly these arguments (None: when it is first called, for what it is called with).

    A signature named in full accepts arrays that can't be written to and never compiles a second time for them. A
    division by zero gives infinity, as in NumPy: looking out for it would keep loops from being vectorised. Python's
    lock is let go of meanwhile, so that other threads compute at the same time.
    """
    how = {"cache": True, "error_model": "numpy", "nogil": True, **options}
    return lambda function: cast(Compiled, numba.njit(signature, **how)(function))


@compiled(None, inline="always")
def _sum(one: float, other: float) -> tuple[float, float]:
    total = one + other
    part = total - one
    return total, (one - (total - part)) + (other - part)


@compiled(None)
def _product(one: float, other: float) -> tuple[float, float]:
    total = one * other
    wide = _SPLIT * one
    high = wide - (wide - one)
    low = one - high
    wide = _SPLIT * other
    other_high = wide - (wide - other)
    other_low = other - other_high
    return total, low * other_low - (((total - high * other_high) - low * other_high) - high * other_low)


@compiled(None)
def _out_of_range(number: float) -> bool:
    size = abs(number)
    return not (size == 0.0 or _SMALLEST < size < _LARGEST)


@compiled(None)
def _exact_turn(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    if _out_of_range(ax) or _out_of_range(ay) or _out_of_range(bx) or _out_of_range(by):
        return UNDECIDED
    if _out_of_range(px) or _out_of_range(py):
        return UNDECIDED
    terms = np.empty(13)
    count = 0
    for one, other in ((ax, by), (-ay, bx), (bx, py), (-by, px), (px, ay), (-py, ax)):
        high, low = _product(one, other)
        for part in (low, high):
            total = part
            for at in range(count):
                total, terms[at] = _sum(total, terms[at])
            terms[count] = total
            count += 1
    for at in range(count - 1, -1, -1):
        if terms[at] != 0.0:
            return 1 if terms[at] > 0.0 else -1
    return 0


@compiled("i8(f8, f8, f8, f8, f8, f8)")
def turn(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 where the point (px, py) lies to the left of the way from a to b, -1 to the right, 0 in line with it."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    area = left - right
    doubt = UNSURE * (abs(left) + abs(right)) + LEAST
    if area > doubt:
        return 1
    if area < -doubt:
        return -1
    if (ax == px or by == py) and (ay == py or bx == px):
        return 0
    side: int = _exact_turn(ax, ay, bx, by, px, py)
    return side
