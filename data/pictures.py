"""Pictures that people send, drawn anew: small enough, upright, and nothing in the file but the picture."""

import io
from dataclasses import dataclass
from threading import Lock

from PIL import Image, ImageOps, UnidentifiedImageError

from data.errors import BadPicture
from geo.errors import N_

KINDS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
"""What a phone's camera takes at most. A file of a few kilobytes can say that it is larger and fill the memory."""

LONGEST_PX, SMALL_PX = 2048, 320
QUALITY, SMALL_QUALITY = 85, 80

_one_at_a_time = Lock()


@dataclass(frozen=True)
class Picture:
    """A picture as JPEG, and the same small; with how many pixels the large one has."""

    content: bytes
    small: bytes
    width: int
    height: int


def redraw(sent: bytes) -> Picture:
    """Draw a picture anew, as JPEG of at most `LONGEST_PX` on its longer side, and small.

    Its content says what it is, whatever it was called. Where it was taken, when and with what (EXIF, XMP, text,
    colour profiles, what hangs behind the end) is left behind; that the camera was held sideways is put right first.
    What is transparent becomes white; of what moves, the first moment is taken.

    Raises
    ------
    BadPicture
        It is no JPEG, PNG or WebP, is damaged, or would be larger than `MOST_PIXELS`.
    """
    # One picture unpacked takes up to 200 MB.
    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(sent), formats=KINDS) as opened:
                return _redrawn(opened)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_many() from None
        except UnidentifiedImageError:
            raise BadPicture(N_("This is no picture: JPEG, PNG or WebP is taken.")) from None
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError):
            raise BadPicture(N_("The picture is damaged. Take it once more.")) from None


def _redrawn(opened: Image.Image) -> Picture:
    if opened.width * opened.height > MOST_PIXELS:
        raise _too_many()
    # A large JPEG is unpacked at a half, a quarter or an eighth of its size at once.
    opened.draft("RGB", (LONGEST_PX, LONGEST_PX))
    upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    plain = _plain(upright)
    small = plain.copy()
    small.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    return Picture(_jpeg(plain, QUALITY), _jpeg(small, SMALL_QUALITY), plain.width, plain.height)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, on white."""
    seen = image.convert("RGBA")
    plain = Image.new("RGB", seen.size, "white")
    plain.paste(seen, mask=seen.getchannel("A"))
    return plain


def _jpeg(image: Image.Image, quality: int) -> bytes:
    into = io.BytesIO()
    image.save(into, "JPEG", quality=quality, optimize=True)
    return into.getvalue()


def _too_many() -> BadPicture:
    return BadPicture(N_("The picture has more than %(most)s million pixels."), most=MOST_PIXELS // 1_000_000)
