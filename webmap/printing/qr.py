"""QR codes as vectors: sharp in any size, on paper and on screen."""

import segno
from markupsafe import Markup

from webmap.printing.paper import INK, Paper

QUIET_ZONE = 4
"""Modules of white around the code, as its standard asks for."""


def modules(address: str) -> list[list[bool]]:
    """The code of an address without its white edge; a quarter of it may be dirty or torn and it still reads.

    Examples
    --------
    >>> code = modules("https://example.org/r/abc")
    >>> len(code) == len(code[0]), code[0][:7]
    (True, [True, True, True, True, True, True, True])
    """
    code = segno.make(address, error="q", micro=False, boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix]


def draw(paper: Paper, address: str, x: float, y: float, size: float) -> None:
    """Draw the code, its white edge included, into a square by its lower left corner."""
    rows = modules(address)
    step = size / (len(rows) + 2 * QUIET_ZONE)
    paper.box(x, y, size, size, fill="#ffffff")
    path = paper.canvas.beginPath()
    for down, row in enumerate(rows):
        base = y + size - (QUIET_ZONE + down + 1) * step
        for begin, length in runs(row):
            # A hair of overlap: else viewers show white lines between the rows.
            path.rect(x + (QUIET_ZONE + begin) * step, base - 0.02 * step, length * step, 1.04 * step)
    paper.canvas.setFillColor(INK)
    paper.canvas.drawPath(path, stroke=0, fill=1, fillMode=1)


def runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules lie side by side: (first, how many).

    Examples
    --------
    >>> runs([True, True, False, True])
    [(0, 2), (3, 1)]
    """
    found: list[tuple[int, int]] = []
    for i, dark in enumerate(row):
        if dark and i and row[i - 1]:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((i, 1))
    return found


def svg(address: str, label: str) -> Markup:
    """The code as an element of a page."""
    rows = modules(address)
    side = len(rows) + 2 * QUIET_ZONE
    path = "".join(
        f"M{QUIET_ZONE + begin} {QUIET_ZONE + down}h{length}v1h-{length}z"
        for down, row in enumerate(rows)
        for begin, length in runs(row)
    )
    return Markup('<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}"><path d="{}"/></svg>').format(
        label, side, side, path
    )
