"""A printed page as a picture: the same lines and letters as on paper, in pixels, without a browser."""

from io import BytesIO
from threading import Lock

import pypdfium2  # type: ignore[import-untyped]  # it carries no types of its own
from PIL import Image

POINTS_PER_INCH = 72
MOST_PIXELS = 40_000_000
"""About A3 at 600 dots an inch: 120 MB while it is drawn. More would be somebody's slip."""

# PDFium works on one document at a time in a process, whatever thread asks.
_one_at_a_time = Lock()


def page_picture(pdf: bytes, *, dots_per_inch: float, page: int = 0) -> Image.Image:
    """Return one page of a PDF as a picture on white.

    Parameters
    ----------
    pdf : bytes
        The whole document, as `webmap.printing.paper.Paper` writes it.
    dots_per_inch : float
        150 is read well in a text, 300 in print.
    page : int
        Which one, from 0.

    Returns
    -------
    PIL.Image.Image
        Red, green and blue.

    Raises
    ------
    ValueError
        If the picture would be too large to be made (`MOST_PIXELS`).
    """
    # A hair less: rounding must not add a row of pixels.
    scale = (1 - 1e-9) * dots_per_inch / POINTS_PER_INCH
    with _one_at_a_time, pypdfium2.PdfDocument(pdf) as document:
        width, height = document[page].get_size()
        if width * height * scale**2 > MOST_PIXELS:
            raise ValueError(f"a page of {width:.0f} x {height:.0f} points is too large at {dots_per_inch:.0f} dpi")
        # Without a copy the picture's memory would belong to the page that is closed here.
        drawn: Image.Image = document[page].render(scale=scale).to_pil()
        return drawn.convert("RGB").copy()


def png(picture: Image.Image, *, dots_per_inch: float) -> bytes:
    """Return a picture as PNG in at most 256 colours, which maps and charts do with: a third of the size.

    The dots an inch are kept with it, so that a text editor shows it at the size it was drawn for.
    """
    few = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    target = BytesIO()
    few.save(target, "PNG", optimize=True, dpi=(dots_per_inch, dots_per_inch))
    return target.getvalue()
