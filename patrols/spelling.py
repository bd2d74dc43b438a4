"""How Chinese words are spelt with Latin letters, so that they can be found by typing a few of them."""

from functools import cache
from typing import NamedTuple


class Spelling(NamedTuple):
    """A word in pinyin without tones, and the first letters alone; small letters, nothing between."""

    pinyin: str
    initials: str


@cache
def spell(word: str) -> Spelling:
    """Spell a word; what is not Chinese stays, as far as it is letters and digits.

    Letters that are read differently in different words are read as in this one.

    Examples
    --------
    >>> spell("路灯不亮").initials, spell("重大隐患").pinyin, spell("Wi-Fi 信号").initials
    ('ldbl', 'zhongdayinhuan', 'wifixh')
    """
    # Brought in here: its dictionary takes a quarter of a second, which every start of the program would pay for.
    from pypinyin import Style, lazy_pinyin

    whole, first = lazy_pinyin(word), lazy_pinyin(word, style=Style.FIRST_LETTER)
    return Spelling(_plain(whole), _plain(first))


def _plain(parts: list[str]) -> str:
    return "".join(letter for part in parts for letter in part.lower() if letter.isalnum() and letter.isascii())
