"""The picture of a category, for pages that show them without a script: the same table as the volunteers' page has."""

import re
from functools import lru_cache
from pathlib import Path

from data.models import Category
from patrols.categories import ICONS

TABLE = Path(__file__).parents[1] / "static" / "js" / "walk" / "pictures.js"
ROW = re.compile(r'^\s*\[/(?P<words>.+)/i, "(?P<path>[^"]+)"\],$', re.MULTILINE)


@lru_cache(maxsize=1)
def table() -> list[tuple[re.Pattern[str], str]]:
    """Words in a category's name, and the path of an SVG of 24 by 24; read from the one place where they are kept."""
    return [(re.compile(row["words"], re.IGNORECASE), row["path"]) for row in ROW.finditer(TABLE.read_text("utf-8"))]


def picture_of(category: Category) -> str:
    """The path of the picture that was chosen for it, else of the one that its name asks for, else ""."""
    if category.icon in ICONS:
        # The words for pictures stand in the order of the table.
        return table()[ICONS.index(category.icon)][1]
    return next((path for words, path in table() if words.search(f"{category.zh} {category.en}")), "")
