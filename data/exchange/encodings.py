"""Which encoding a text is in. Chinese offices send GBK and UTF-8 without saying so; a wrong guess shows no error."""

import codecs
from collections.abc import Iterable, Sequence

import numpy as np

from data.errors import UnreadableFile
from geo.errors import N_

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
GB_SHARE = 0.6
"""Share of two-byte characters inside GB 2312 from which unknown bytes count as GBK. Genuine text has nearly all of its
characters there, a list of unusual names two thirds; Latin-1, Big5 and Shift-JIS read as GBK have less than half."""
FEWEST_FOR_KOREAN = 12
SAMPLE_BYTES = 200_000


def decode(data: bytes, *, file: str, encoding: str | None = None) -> str:
    """Decode a whole text file.

    A byte order mark decides, then UTF-8 if the bytes are valid UTF-8, then UTF-16 if every other byte is zero, then
    GBK (as its superset GB 18030) or Latin-1 if the bytes look like it.

    Parameters
    ----------
    data : bytes
    file : str
        Its name, for the refusal.
    encoding : str, optional
        When the user or the file declares it; wrong declarations are refused, never patched over.

    Raises
    ------
    UnreadableFile
        No encoding fits.

    Examples
    --------
    >>> decode("网格".encode("gbk"), file="a.csv")
    '网格'
    """
    encoding = encoding or _encoding_of_text(data)
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            pass
    raise UnreadableFile(
        N_("%(file)s: its text is neither UTF-8 nor GBK. Save it again as UTF-8 (in Excel: CSV UTF-8)."), file=file
    )


def encoding_of(blocks: Iterable[bytes]) -> str | None:
    """The encoding of a long text by its first blocks; the first that is not plain ASCII decides.

    Parameters
    ----------
    blocks : iterable of bytes
        Whole lines each; no more of them are asked for than it takes.
    """
    for number, block in enumerate(blocks):
        if number == 0 and (block.startswith(tuple(BOMS)) or b"\x00" in block):
            return _encoding_of_text(block)
        if not block.isascii():
            return choose([block], declared=None)
    return "utf-8"


def _encoding_of_text(data: bytes) -> str | None:
    for bom, encoding in BOMS.items():
        if data.startswith(bom):
            return encoding
    return _utf16_without_mark(data) or choose([data], declared=None)


def _utf16_without_mark(data: bytes) -> str | None:
    """Text of any language has ASCII line ends and separators: zero bytes at one side only give UTF-16 away."""
    sample = np.frombuffer(data[: SAMPLE_BYTES // 2 * 2][: len(data) // 2 * 2], dtype=np.uint8)
    if len(sample) < 4 or (sample != 0).all():
        return None
    even, odd = (sample[0::2] == 0).mean(), (sample[1::2] == 0).mean()
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


def choose(texts: Sequence[bytes], *, declared: str | None) -> str | None:
    """The encoding that fits all of these byte strings, or None.

    UTF-8 is tried before what is declared: bytes that are valid UTF-8 by accident are practically unknown, declarations
    that are wrong are not. Declared code pages of Western Windows are not trusted over GBK, because much software
    writes them into every .dbf.

    Parameters
    ----------
    texts : sequence of bytes
        Strings that were stored apart; a character never spans two of them.
    declared : str, optional
        A Python codec that the file names.
    """
    high = [text for text in texts if not text.isascii()]
    if not high:
        return declared if declared in {"utf-16", "utf-16-le", "utf-16-be"} else "utf-8"
    if all(fits(text, "utf-8") for text in high):
        return "utf-8"
    western = declared in {"cp1252", "latin-1", "iso8859-1", "cp437", "cp850"}
    if declared and not western and declared != "utf-8":
        return declared if all(fits(text, declared) for text in high) else None
    if looks_chinese(high) and all(fits(text, "gb18030") for text in high):
        return "gb18030"
    if looks_western(high, signs=western) and all(fits(text, "cp1252") for text in high):
        return "cp1252"
    return None


def fits(text: bytes, encoding: str) -> bool:
    """Whether the bytes are valid, but for a last character that a field's width cut through."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(text, final=False)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def decode_cut(text: bytes, encoding: str) -> str:
    """Decode a field of fixed width, leaving out a last character that the width cut through."""
    return codecs.getincrementaldecoder(encoding)("strict").decode(text, final=False)


def _pairs(texts: Sequence[bytes]) -> "tuple[np.ndarray, np.ndarray]":
    """Lead and trail bytes, reading as GBK does: a high byte and whatever follows it."""
    leads, trails = [], []
    for text in texts:
        sample = text[:SAMPLE_BYTES]
        position = 0
        while position < len(sample) - 1:
            if sample[position] < 0x80:
                position += 1
                continue
            leads.append(sample[position])
            trails.append(sample[position + 1])
            position += 2
    return np.array(leads, dtype=np.uint8), np.array(trails, dtype=np.uint8)


def looks_chinese(texts: Sequence[bytes]) -> bool:
    """Whether bytes read as GBK give ordinary Chinese, not the look of another encoding read wrongly."""
    leads, trails = _pairs(texts)
    if not len(leads):
        return False
    hanzi = (leads >= 0xB0) & (leads <= 0xF7) & (trails >= 0xA1)
    signs = (leads >= 0xA1) & (leads <= 0xA3) & (trails >= 0xA1)
    foreign_letters = (leads >= 0xA4) & (leads <= 0xA9) & (trails >= 0xA1)
    korean = len(leads) >= FEWEST_FOR_KOREAN and bool((leads[hanzi] <= 0xC8).all())
    return bool((hanzi | signs).mean() >= GB_SHARE and foreign_letters.mean() < 0.1 and hanzi.any() and not korean)


def looks_western(texts: Sequence[bytes], *, signs: bool = False) -> bool:
    """Whether every high byte stands alone among ASCII and is a letter of Western Europe, or also a sign."""
    for text in texts:
        sample = np.frombuffer(text[:SAMPLE_BYTES], dtype=np.uint8)
        high = sample >= 0x80
        if (high[1:] & high[:-1]).any() or not (signs or (sample[high] >= 0xC0).all()):
            return False
    return True
