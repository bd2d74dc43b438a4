"""Key figures in words: what an official reads first, each with its change against as many days before."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext, ngettext

from patrols.key_figures import KeyFigure
from webmap import words

MANY_TIMES = 3
"""From so many times as much on, no per cent are said: of next to nothing everything is a thousand per cent."""


def rows(found: Sequence[KeyFigure], days: int) -> list[dict[str, Any]]:
    """Return the key figures as the scripts read them: value, and by how much it is more or less.

    Parameters
    ----------
    days : int
        How long the time is that they are about.
    """
    compared = ngettext("than in the %(num)s day before", "than in the %(num)s days before", days)
    return [
        {
            "key": one.key,
            "name": gettext(one.name),
            "value": _say(one.value, one.unit),
            "formula": gettext(one.formula),
            **_trend(one, compared),
        }
        for one in found
    ]


def _say(value: float | None, unit: str) -> str:
    says: dict[str, Callable[[float | None], str]] = {"metres": words.metres, "share": words.percent}
    return str(says.get(unit, words.number)(value))


def _trend(one: KeyFigure, compared: str) -> dict[str, str]:
    """Direction and words of a change; nothing where there is nothing to compare with."""
    if one.value is None or one.before is None or (one.unit != "share" and not one.before):
        return {}
    change = one.value - one.before
    way = "same" if not change else "up" if change > 0 else "down"
    if one.unit == "share":
        said = gettext("%(points)s points", points=f"{100 * change:+.0f}")
    elif one.value > MANY_TIMES * one.before:
        said = gettext("%(count)s before", count=_say(one.before, one.unit))
    else:
        said = f"{100 * change / one.before:+.0f} %"
    mood = "" if not change or not one.good else "good" if change * one.good > 0 else "bad"
    return {"way": way, "change": said, "mood": mood, "than": compared}
