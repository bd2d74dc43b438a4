"""The lists by which a map's incidents are narrowed: categories in their order, and who found them first."""

from data.models import IncidentSource
from patrols import categories
from patrols.incident_view import IncidentView
from webmap import storage, words
from webmap.maps.panel import Choice


def filters(view: IncidentView) -> dict[str, list[Choice]]:
    """Return what a reader can choose, with what the view has chosen already."""
    kinds = [
        Choice(str(one.id), words.named(one), one.id in view.categories)
        for one in categories.in_use(storage.session())
        if not one.sensitive or one.id in view.categories
    ]
    sources = [Choice(one.value, words.word(one), one in view.sources) for one in IncidentSource]
    return {"category": kinds, "source": sources}
