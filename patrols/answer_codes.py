"""Codes by which residents follow what they told: not to be guessed, easy to read aloud, kept nowhere.

A code is made from the key of the form that was sent. The same form sent twice gets the same code, and the database
needs to know no more of it than what it looks like through a hash.
"""

import hashlib

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: no I, L, O or U, which people take for other letters and digits."""

LENGTH = 12
"""60 bits: with a million codes given, one guess in a million million hits one."""

_MEANT = str.maketrans("OILU", "011V", " -–—_.·")


def code_of(key: str) -> str:
    """The code of a form's key.

    Examples
    --------
    >>> code_of("a key") == code_of("a key") != code_of("another")
    True
    >>> len(code_of("a key"))
    12
    """
    number = int.from_bytes(hashlib.sha256(f"answer code of {key}".encode()).digest()[:8])
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def read_code(typed: str) -> str | None:
    """The code that somebody means who types it with or without lines between; None for what cannot be one.

    Examples
    --------
    >>> read_code("o123-4567-89ab")
    '0123456789AB'
    >>> read_code("0123-4567") is None
    True
    """
    meant = typed.upper().translate(_MEANT)
    return meant if len(meant) == LENGTH and set(meant) <= set(LETTERS) else None


def say_code(code: str) -> str:
    """The code in threes of four, as it is shown and read aloud.

    Examples
    --------
    >>> say_code("0123456789AB")
    '0123-4567-89AB'
    """
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def seal_of(code: str) -> str:
    """What is stored of a code."""
    return hashlib.sha256(code.encode()).hexdigest()
