"""Pictures as phones take them, and files that only say they are pictures."""

import io
import struct
import zlib

from PIL import Image

WHERE = b"GPS-OF-SOMEBODYS-HOME"


def photo(kind: str = "JPEG", size: tuple[int, int] = (1200, 900), *, turned: int = 1) -> bytes:
    """A picture whose left half is red, with where it was taken written into it, and how the camera was held."""
    image = Image.new("RGB", size, "white")
    image.paste((200, 0, 0), (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010E] = WHERE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    into = io.BytesIO()
    image.save(into, kind, exif=exif, comment=WHERE) if kind == "JPEG" else image.save(into, kind, exif=exif)
    return into.getvalue() + WHERE


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
