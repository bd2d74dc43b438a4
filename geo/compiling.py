"""Bringing in numba, which everything compiled here needs, without what it does not need."""

import sys

_BLAS = "scipy.linalg.cython_blas"


def bring_in_numba() -> None:
    """Bring numba in for a command, a tenth of a second sooner than it would come by itself.

    At its start numba looks whether SciPy can multiply matrices, which brings in all of `scipy.linalg` and half of
    NumPy's tools for developers; told that there is none, it adds up the products of `np.correlate` in a loop, and
    nothing else changes: to multiply matrices it looks again. For the beginning of a process that has one thread: in
    another one SciPy could not be brought in meanwhile.
    """
    if "numba.np.arraymath" in sys.modules or "scipy.linalg" in sys.modules:
        return
    sys.modules[_BLAS] = None  # type: ignore[assignment]
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[_BLAS]
