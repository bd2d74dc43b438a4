"""A mark of the program text that makes something, for telling what was made by a former one."""

import ast
import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_OURS = ("geo", "patrols")


@lru_cache
def made_by(module: str) -> str:
    """The mark of a module and of all modules of `geo` and `patrols` that it rests on.

    It changes with every change of their text, also of a comment: what is kept under the mark is then made again, once,
    which is the safe side. So nobody has to remember to raise a number when a method changes.

    Parameters
    ----------
    module : str
        Its full name, ``patrols.coverage``.
    """
    return mark_of(texts_behind(module))


def mark_of(texts: dict[str, str]) -> str:
    """The mark of some texts by their modules, whatever their order."""
    digest = hashlib.blake2b(digest_size=16)
    for _, text in sorted(texts.items()):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def texts_behind(module: str) -> dict[str, str]:
    """The text of a module and of all modules of `geo` and `patrols` that it imports, directly or through others.

    None of them is run for it.

    Examples
    --------
    >>> sorted(texts_behind("geo.crs"))
    ['geo.crs', 'geo.errors']
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin).read_text(encoding="utf-8")
        waiting += _imported(found[name])
    return found


def _imported(text: str) -> list[str]:
    """The names of our modules that a text imports, and names in packages that may be modules."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names += [node.module, *(f"{node.module}.{one.name}" for one in node.names if node.module in _OURS)]
    return [name for name in names if name.split(".")[0] in _OURS]
