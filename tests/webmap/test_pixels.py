"""A printed page as a picture."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from webmap.printing.paper import Paper
from webmap.printing.pixels import page_picture, png


def a_page(colour: str = "#ff0000") -> bytes:
    target = BytesIO()
    paper = Paper(target, size=(144, 72), title="t")
    paper.box(0, 0, 72, 72, fill=colour)
    paper.turn()
    paper.close()
    return target.getvalue()


def test_a_page_becomes_a_picture_of_its_size_with_its_colours() -> None:
    picture = page_picture(a_page(), dots_per_inch=150)

    assert picture.size == (300, 150)
    assert picture.getpixel((50, 50)) == (255, 0, 0)
    assert picture.getpixel((250, 50)) == (255, 255, 255)


def test_a_png_says_how_large_it_is_on_paper() -> None:
    with Image.open(BytesIO(png(page_picture(a_page(), dots_per_inch=150), dots_per_inch=150))) as read:
        assert read.mode == "P"
        assert [round(one) for one in read.info["dpi"]] == [150, 150]
        assert read.convert("RGB").getpixel((50, 50)) == (255, 0, 0)


def test_a_picture_that_no_machine_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        page_picture(a_page(), dots_per_inch=20_000)


def test_many_who_ask_at_once_each_get_their_own() -> None:
    pages = [a_page(f"#{one:02x}0000") for one in range(0, 250, 10)]

    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda page: page_picture(page, dots_per_inch=72), pages))

    assert [picture.getpixel((9, 9)) for picture in pictures] == [(one, 0, 0) for one in range(0, 250, 10)]
