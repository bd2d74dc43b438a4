"""Categories over the API: which there are, found by a few letters, and what each asks."""

from typing import Any

from apiflask import APIBlueprint

from data.models import Category
from patrols import categories
from patrols.spelling import spell
from webmap import access, storage
from webmap.access import May
from webmap.api.shapes import CategoryOut, CategoryQuery

api = APIBlueprint("api_categories", __name__, url_prefix="/api/categories", tag="Incidents")


@api.get("")
@api.input(CategoryQuery, location="query", arg_name="asked")
@api.output(CategoryOut(many=True))
@access.needs(May.SEE_INCIDENTS)
def listing(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Categories that are offered, or that a few letters may mean: parts of names, pinyin, first letters."""
    found = categories.search(categories.in_use(storage.session()), asked.get("text", ""))
    family = asked.get("family")
    return [_told(one) for one in found if not family or one.family == family]


def _told(category: Category) -> dict[str, Any]:
    names = ("id", "family", "kind", "code", "zh", "en", "group_zh", "group_en", "icon", "sensitive")
    spelt = spell(category.zh)
    told = {name: getattr(category, name) for name in names}
    return {**told, "asks": category.fields or {}, "pinyin": spelt.pinyin, "initials": spelt.initials}
