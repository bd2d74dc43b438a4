"""Long work tells how far it has come, to whoever wants to hear it."""

from collections.abc import Callable
from typing import TypeAlias

Tell: TypeAlias = Callable[[str, float], None]
"""Is called with what is being done now (an English template), and how much of the whole is done, 0 to 1."""


def silent(_doing: str, _share: float) -> None:
    """Nobody listens."""


def between(tell: Tell, begin: float, end: float) -> Tell:
    """For a part of the work that takes it from one share to another.

    Examples
    --------
    >>> between(lambda doing, share: print(doing, share), 0.5, 0.9)("Cutting", 0.5)
    Cutting 0.7
    """
    return lambda doing, share: tell(doing, begin + share * (end - begin))
