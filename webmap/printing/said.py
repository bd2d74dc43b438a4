"""Sentences that several printed pages share."""

from collections.abc import Mapping

from webmap import language
from webmap.language import gettext


def sides_said(sides: Mapping[str, str]) -> str:
    """The four sides of a place in a sentence: 东至双清路，南至清华路 ..."""
    templates = {
        "east": gettext("east to %(street)s", street="%(street)s"),
        "south": gettext("south to %(street)s", street="%(street)s"),
        "west": gettext("west to %(street)s", street="%(street)s"),
        "north": gettext("north to %(street)s", street="%(street)s"),
    }
    return comma().join(templates[side] % {"street": street} for side, street in sides.items())


def comma() -> str:
    """What stands between the things of a list in the reader's language."""
    return "，" if language.current() == "zh" else ", "


def colon() -> str:
    """What stands before a list in the reader's language."""
    return "：" if language.current() == "zh" else ": "
