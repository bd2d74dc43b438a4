"""What a list of incidents is narrowed to, as its address says it."""

from collections.abc import Mapping

from data.models import IncidentSource, Stage
from geo.errors import N_
from patrols import incident_lists
from webmap import access, inputs, storage
from webmap.errors import BadInput

SHOW = ("open", "overdue", "unsure", "mine", "all")
"""What the list shows, besides the single stages."""

FILTERS = ("show", "category", "grid", "source", "q", "since", "until", "community", "office")
"""What a list may be narrowed by, as its address says it."""


def read_filters(asked: Mapping[str, str]) -> incident_lists.Filters:
    """The filters of a query: ``show grid category source q since until community office``.

    ``show`` is a word of `SHOW`, or stages with commas between them.
    """
    show = asked.get("show", "open")
    return incident_lists.Filters(
        community_id=access.community(asked["community"]).id if asked.get("community") else None,
        grid_code=inputs.text(asked, "grid", most=20) or None,
        stages=(Stage.DISPATCHED,) if show == "mine" else () if show in SHOW else _stages(show),
        open_only=show == "open",
        category_id=inputs.whole(asked, "category"),
        organisation_id=inputs.whole(asked, "office"),
        source=inputs.word(asked, "source", IncidentSource),
        since=inputs.start_of(inputs.day(asked, "since")),
        until=inputs.end_of(inputs.day(asked, "until")),
        text=inputs.text(asked, "q", most=100),
        overdue_at=storage.now() if show == "overdue" else None,
        # Nobody has the key 0: whoever is no person of the roster has no incidents of their own.
        handler_id=access.me().person_id or 0 if show == "mine" else None,
        unsure_only=show == "unsure",
    )


def _stages(show: str) -> tuple[Stage, ...]:
    wanted = show.split(",")
    if not set(wanted) <= {stage.value for stage in Stage}:
        allowed = ", ".join((*SHOW, *(stage.value for stage in Stage)))
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="show", allowed=allowed)
    return tuple(Stage(one) for one in wanted)
