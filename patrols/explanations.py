"""Why a place belongs to the grid it was given: a sentence or two, from the facts that were kept."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy.orm import Session

from data.models import Community, GridEdition, Incident
from geo.errors import N_
from patrols.days import local_day


class Sentence(NamedTuple):
    """A sentence in English with ``%(name)s`` places, and what fills them; it is translated where it is shown."""

    template: str
    facts: dict[str, str]

    def __str__(self) -> str:
        return self.template % self.facts


REASONS: Mapping[str, str] = {
    "inside": N_(
        "The place lies inside grid %(grid)s, %(border)s m from its border, by edition %(edition)s of the grids, in"
        " force since %(since)s."
    ),
    "border_tie": N_(
        "The place lies on the border of grid %(grid)s with a neighbour, where the smaller code answers, by edition"
        " %(edition)s of the grids, in force since %(since)s."
    ),
    "within_reach": N_(
        "The place lies outside every grid; the nearest is grid %(grid)s, %(border)s m away, by edition %(edition)s of"
        " the grids, in force since %(since)s."
    ),
    "override": N_(
        "The place stands in %(object)s, which lies in grid %(from)s and is served by grid %(grid)s, as decided for"
        " that day, by edition %(edition)s of the grids, in force since %(since)s."
    ),
    "community_fallback": N_(
        "The place lies in no grid of edition %(edition)s, in force since %(since)s, nor near one: %(community)s itself"
        " answers."
    ),
    "no_edition": N_("%(community)s had no grids in force on %(day)s, so it answers itself."),
    "no_place": N_("No place was given, so %(community)s itself answers."),
    "named": N_("No place was given; whoever filed it named grid %(grid)s."),
    "none": N_("The place lies on the ground of no community that is stored here."),
}
"""Why a grid answers, by the rule that decided."""

PLAIN: Mapping[str, str] = {
    "inside": N_("The place lies inside grid %(grid)s."),
    "border_tie": N_("The place lies on the border of grid %(grid)s with a neighbour, where the smaller code answers."),
    "within_reach": N_("The place lies outside every grid; the nearest within reach is grid %(grid)s."),
    "override": N_("The place stands in a building or compound that grid %(grid)s serves."),
    "community_fallback": N_("The place lies in no grid, nor near one: %(community)s itself answers."),
}
"""The same where not every fact was kept, as with incidents of earlier days."""

SURE = N_(
    "With an accuracy of %(accuracy)s m the true place lies there in %(percent)s of 100 cases: that is called sure."
)
UNSURE = N_("With an accuracy of %(accuracy)s m the true place lies there in only %(percent)s of 100 cases.")
RIVAL = N_(
    "With an accuracy of %(accuracy)s m the true place lies there in only %(percent)s of 100 cases; the likeliest other"
    " is grid %(next)s."
)
DOUBTFUL = N_("How sure that is was not kept: look at the place.")
ASSUMED = N_("The report stated no accuracy, so the usual one was taken.")

_WEIGHED = frozenset({"inside", "border_tie", "within_reach", "override"})


def explain(
    *,
    rule: str,
    grid_code: str | None,
    border_m: float | None,
    sure: bool,
    community: Community | None,
    edition: GridEdition | None,
    day: date,
    facts: Mapping[str, Any],
    placed: bool = True,
) -> list[Sentence]:
    """Why this grid answers, and how sure that is, in sentences to be shown one after the other.

    Parameters
    ----------
    rule : str
        A value of `patrols.locating.Rule`.
    community, edition : Community, GridEdition or None
        Those that were decided by.
    day : date
        The local day that the answer holds for.
    facts : mapping
        As `facts_of` makes them; what is missing is not spoken of.
    placed : bool
        Whether there was a place at all.
    """
    told = {
        "grid": grid_code,
        "border": _metres(border_m),
        "edition": None if edition is None else str(edition.number),
        "since": edition.valid_from.isoformat() if edition is not None and edition.valid_from else None,
        "community": None if community is None else community.name,
        "day": day.isoformat(),
        "object": facts.get("object") or None,
        "from": facts.get("from_code"),
    }
    reason = "no_place" if rule == "community_fallback" and not placed else rule
    reason = "no_edition" if reason == "community_fallback" and edition is None else reason
    said = [sentence for table in (REASONS, PLAIN) if (sentence := _filled(table.get(reason), told)) is not None][:1]
    return said + (_doubt(sure, facts) if rule in _WEIGHED else [])


def explain_incident(session: Session, incident: Incident) -> list[Sentence]:
    """Why an incident belongs to its grid, from what was kept when it was decided, whatever has changed since."""
    community = session.get_one(Community, incident.community_id)
    facts = incident.grid_facts or {}
    return explain(
        rule=incident.grid_rule,
        grid_code=incident.grid_code,
        border_m=incident.border_m,
        sure=incident.sure,
        community=community,
        edition=None if incident.edition_id is None else session.get(GridEdition, incident.edition_id),
        day=local_day(community, incident.found_at),
        facts=facts,
        placed=facts.get("placed", incident.geom is not None),
    )


def facts_of(found: Mapping[Any, Any], *, stated: bool, placed: bool = True) -> dict[str, Any]:
    """What to keep of an answer besides its own columns, plain enough for JSON.

    Parameters
    ----------
    found : mapping
        A row of `patrols.locating.locate_many`.
    stated : bool
        Whether the accuracy was stated by whoever reported; else it was assumed.
    placed : bool
        Whether there was a place at all.
    """
    if not placed:
        return {"placed": False}
    probability, accuracy_m = found["probability"], found["accuracy_m"]
    kept = {
        "placed": True,
        "accuracy_m": _number(accuracy_m),
        "accuracy_stated": stated,
        "probability": _number(probability),
        **{name: found[name] for name in ("next_code", "override_id", "from_code", "object")},
    }
    return {name: value for name, value in kept.items() if value is not None}


def _filled(template: str | None, told: Mapping[str, str | None]) -> Sentence | None:
    """The sentence with the facts it wants; None where one of them is missing."""
    if template is None:
        return None
    wanted = {name: value for name, value in told.items() if f"%({name})s" in template}
    if any(value is None for value in wanted.values()):
        return None
    return Sentence(template, {name: str(value) for name, value in wanted.items()})


def _doubt(sure: bool, facts: Mapping[str, Any]) -> list[Sentence]:
    probability, accuracy_m = facts.get("probability"), facts.get("accuracy_m")
    if probability is None or accuracy_m is None:
        return [] if sure else [Sentence(DOUBTFUL, {})]
    told = {"accuracy": _metres(accuracy_m), "percent": _percent(probability), "next": facts.get("next_code")}
    wanted = (SURE,) if sure else (RIVAL, UNSURE)
    said = next(sentence for template in wanted if (sentence := _filled(template, told)) is not None)
    return [said] if facts.get("accuracy_stated", True) else [said, Sentence(ASSUMED, {})]


def _metres(value: float | None) -> str | None:
    """Metres as one says them: tenths below ten, whole ones above."""
    if value is None:
        return None
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _percent(probability: float) -> str:
    """Of a hundred, in tenths and never rounded up to a certainty that is none."""
    tenths = int(probability * 1000 + 1e-9)
    return "100" if tenths >= 1000 else f"{tenths / 10:.1f}"


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)
