"""Pictures drawn anew: upright, small enough, and nothing left in the file but the picture."""

import io

import pictures
import pytest
from PIL import Image

from data.errors import BadPicture
from data.pictures import LONGEST_PX, MOST_PIXELS, SMALL_PX, redraw


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_is_left_in_the_file_but_the_picture(kind: str) -> None:
    made = redraw(pictures.photo(kind))

    for content in (made.content, made.small):
        image = pictures.opened(content)
        assert image.format == "JPEG"
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert pictures.WHERE not in content
    assert (made.width, made.height) == (1200, 900)


def test_what_was_held_sideways_is_put_upright_before_its_note_is_dropped() -> None:
    made = pictures.opened(redraw(pictures.photo(turned=6)).content)

    assert made.size == (900, 1200)
    assert made.getpixel((450, 100))[0] > made.getpixel((450, 100))[1] + 100
    assert min(made.getpixel((450, 1100))) > 200


def test_a_large_picture_becomes_as_large_as_is_kept_and_a_small_one_stays() -> None:
    large, little = redraw(pictures.photo(size=(6000, 4000))), redraw(pictures.photo(size=(40, 30)))

    assert (large.width, large.height) == (LONGEST_PX, round(LONGEST_PX * 4000 / 6000))
    assert max(pictures.opened(large.small).size) == SMALL_PX
    assert (little.width, little.height) == (40, 30)


def test_what_is_transparent_becomes_white() -> None:
    into = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(into, "PNG")

    assert min(pictures.opened(redraw(into.getvalue()).content).getpixel((10, 10))) > 250


@pytest.mark.parametrize("side", [8000, 12_000, 60_000])
def test_a_few_bytes_that_would_fill_the_memory_are_refused(side: int) -> None:
    assert side * side > MOST_PIXELS
    with pytest.raises(BadPicture, match="million pixels"):
        redraw(pictures.bomb(side, side))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
            "no picture",
        ),
        (pictures.photo("JPEG")[:3000], "damaged"),
        (pictures.photo("PNG")[:300], "damaged"),
        (pictures.bomb(100, 100), "damaged"),
    ],
)
def test_what_is_no_picture_or_broken_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(BadPicture, match=why):
        redraw(content)
