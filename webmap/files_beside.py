"""Files that take long to make, on any page: made beside the requests, waited for on a page, handed over.

A page gives what decides the file, how it is made, and where one waits for it (`begin`); there it answers with `taken`.
Whom nothing can be shown while they wait, a page answers itself: see `webmap.waiting.is_possible`.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from flask.typing import ResponseReturnValue

from patrols.telling import Tell
from webmap import background, waiting
from webmap.background import State
from webmap.errors import wants_json
from webmap.kept_files import hand_over


@dataclass(frozen=True)
class Made:
    """A file that is kept for its person; `name` is what their computer calls it.

    `shown` opens it in the browser instead of keeping it, for printing.
    """

    path: Path
    name: str
    shown: bool = False


Make = Callable[[Tell], Made]
"""Makes the file, telling how far it has come; as `webmap.background.Do` it knows nothing of the request."""


def begin(key: Hashable, make: Make, place: Callable[[str], str]) -> ResponseReturnValue:
    """Begin to make a file and lead the person to where they wait for it.

    Parameters
    ----------
    key : hashable
        Everything that decides what the file holds, what the person may see included.
    place : callable
        Gets the word of the work; returns the address that answers with `taken`.
    """
    return waiting.begun(place(background.begin(key, make).word))


def taken(word: str, *, here: str, back: str) -> ResponseReturnValue:
    """Answer with the file, once it is made, for the person who asked for it; until then, how far it has come.

    Parameters
    ----------
    here : str
        The address under which a script that has heard of the end takes the file.
    back : str
        The address that leads back to where the file was asked for.

    Raises
    ------
    data.errors.NotFound
        It is no longer kept, or somebody else asked for it.
    """
    work = background.standing(word)
    if work.under_way:
        return waiting.under_way(work, back)
    if wants_json() and work.state is State.DONE:
        return waiting.ended(here)
    made: Made = background.take(word)
    return hand_over(made.path, made.name, shown=made.shown)
