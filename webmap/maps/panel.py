"""The panel beside a town's map: search, figures with their legend, layers. Written by a template that escapes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import gettext, ngettext
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from webmap import words
from webmap.maps import content
from webmap.maps.heat import Heat
from webmap.maps.town import Town

TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["_"] = gettext
    return made


def panel(town: Town, data: dict[str, Any], density: Heat, *, shown: Sequence[str], first: str) -> Markup:
    """Return the panel, the place for the card and the line of sources, ready for the page.

    `shown` are the layers switched on, `first` the figure by which grids are coloured; an unknown one is the first.
    """
    known = [figure["key"] for figure in data["figures"]]
    here = town.at.astimezone(town.timezone)
    marks = layer_marks(town, density)
    text = _templates().get_template("map/panel.html")
    return Markup(  # noqa: S704  the template escapes
        text.render(
            town=town,
            figures=data["figures"],
            first=first if first in known else known[0],
            layers=[
                {"key": key, "name": name, "on": key in shown, "note": note}
                for key, (name, note, there) in marks.items()
                if there
            ],
            summary=summary(town),
            when=words.say_moment(here, here),
            heat=heat_legend(town, density),
            sources=content.sources(town),
        )
    )


def summary(town: Town) -> str:
    """Return the town in one line: grids, open incidents, how many of them are overdue."""
    late = int(town.grids["late_incidents"].sum())
    grids, still = len(town.grids), int(town.grids["open_incidents"].sum())
    said = [
        ngettext("%(num)s grid", "%(num)s grids", grids),
        ngettext("%(num)s open incident", "%(num)s open incidents", still),
    ]
    if late:
        said.append(ngettext("%(num)s overdue", "%(num)s overdue", late))
    return " · ".join(said)


def layer_marks(town: Town, density: Heat) -> dict[str, tuple[str, str, bool]]:
    """Return for each layer its name, what it says, and whether there is anything to show."""
    still = town.incidents["is_open"]
    drawn, hidden = words.number(int(still.sum())), town.incidents.attrs.get("hidden", 0)
    if hidden:
        drawn = gettext("%(drawn)s drawn, %(hidden)s sensitive or without a place not", drawn=drawn, hidden=hidden)
    done = ngettext("closed in the last %(num)s day", "closed in the last %(num)s days", town.done_days)
    walked = ngettext("last %(num)s day, no names", "last %(num)s days, no names", town.days)
    seen = ngettext("patrols of the last %(num)s day", "patrols of the last %(num)s days", town.days)
    return {
        "open": (gettext("Open incidents"), drawn, True),
        "done": (gettext("Settled incidents"), done, bool((~still).any())),
        "heat": (
            gettext("Density of incidents"),
            gettext("since %(day)s", day=str(town.dense_since)),
            density.counted > 0,
        ),
        "tracks": (gettext("Patrol tracks"), walked, not town.tracks.empty),
        "walked": (gettext("Streets walked and not walked"), seen, not town.walked.empty),
        "words": (gettext("Names"), "", True),
        "base": (gettext("Streets and buildings"), "", True),
    }


def heat_legend(town: Town, density: Heat) -> dict[str, Any]:
    """Return what the heat shows: of what, per what, since when, and what is left out."""
    note = gettext(
        "%(count)s incidents since %(day)s, sensitive categories left out. Fewer than 3 close together are not shown.",
        count=words.number(density.counted),
        day=town.dense_since.isoformat(),
    )
    most = gettext("%(peak)s a hectare", peak=f"{density.peak:.0f}" if density.peak >= 10 else f"{density.peak:.1f}")
    return {"note": note, "most": most}
