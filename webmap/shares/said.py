"""A view in words: over which days, of which incidents."""

from sqlalchemy.orm import Session

from data.models import Category, CategoryFamily
from geo.errors import N_
from patrols import categories
from patrols.incident_view import IncidentView, Which
from webmap import language, words
from webmap.language import gettext, ngettext

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
STAGES = {Which.OPEN: N_("still open"), Which.CLOSED: N_("closed")}
MOST_NAMED = 6
"""More categories than this are counted instead of named."""


def view_said(session: Session, view: IncidentView) -> str:
    """Say a view in one line: its days, then each filter that narrows it."""
    narrowed = [
        _categories(session, view),
        _listed([words.word(source) for source in view.sources]),
        _weekdays(view.weekdays),
        _hours(view.hours),
        gettext(STAGES[view.stages]) if view.stages in STAGES else "",
    ]
    return " · ".join([days_said(view), *filter(None, narrowed)])


def days_said(view: IncidentView) -> str:
    """Say the days of a view."""
    return gettext("%(since)s to %(until)s", since=view.since.isoformat(), until=view.until.isoformat())


def _categories(session: Session, view: IncidentView) -> str:
    wanted = len(view.categories) + len(view.families)
    if not wanted:
        return ""
    chosen: list[CategoryFamily | Category] = [
        *(one for one in categories.families(session) if one.family in view.families),
        *(one for one in categories.every(session) if one.id in view.categories),
    ]
    if wanted > MOST_NAMED or len(chosen) < wanted:
        return ngettext("%(num)s category", "%(num)s categories", wanted)
    return _listed([one.zh if language.current() == "zh" else one.en for one in chosen])


def _weekdays(days: tuple[int, ...]) -> str:
    return _listed([gettext(WEEKDAYS[day - 1]) for day in days])


def _hours(hours: tuple[int, ...]) -> str:
    spans: list[list[int]] = []
    for hour in hours:
        if spans and hour == spans[-1][1]:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return _listed([f"{begin}:00–{end}:00" for begin, end in spans])


def _listed(named: list[str]) -> str:
    return ("、" if language.current() == "zh" else ", ").join(named)
