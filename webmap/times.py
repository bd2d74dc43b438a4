"""Times as people say them: moments, days, spans, and how much time an incident has left."""

from datetime import date, datetime
from typing import TypeGuard

from flask import Flask
from markupsafe import Markup

from data.models import Incident
from patrols.moves import CLOCKED_STAGES
from webmap import storage
from webmap.language import gettext, ngettext
from webmap.storage import LOCAL


def init_times(app: Flask) -> None:
    """Give the templates their times."""
    app.add_template_filter(moment)
    app.add_template_filter(ago)
    app.add_template_filter(day)
    app.add_template_filter(due)


def moment(at: datetime | None) -> Markup:
    """A moment as people say it (今天 14:30), with the exact one on hover; a dash for None."""
    if not _there(at):
        return Markup('<span class="none">–</span>')
    return _time(at, say_moment(at.astimezone(LOCAL), storage.now().astimezone(LOCAL)))


def ago(at: datetime | None) -> Markup:
    """How long ago (3 天前), with the exact moment on hover; "never" for None."""
    if not _there(at):
        return Markup('<span class="none">{}</span>').format(gettext("never"))
    return _time(at, say_ago(at, storage.now()))


def _there(at: datetime | None) -> TypeGuard[datetime]:
    """Whether there is a moment: not None, nor the NaT that a frame has in its place."""
    return at is not None and at == at


def _time(at: datetime, said: str) -> Markup:
    local = at.astimezone(LOCAL)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), local.strftime("%Y-%m-%d %H:%M:%S"), said
    )


def say_moment(at: datetime, now: datetime) -> str:
    """A moment in words, seen from another one in the same time zone."""
    clock, days = at.strftime("%H:%M"), (now.date() - at.date()).days
    if days == 0:
        return gettext("today %(clock)s", clock=clock)
    if days == 1:
        return gettext("yesterday %(clock)s", clock=clock)
    if days == -1:
        return gettext("tomorrow %(clock)s", clock=clock)
    return f"{say_day(at.date(), now.date())} {clock}"


def say_ago(at: datetime, now: datetime) -> str:
    """How long before another moment, in the largest unit that is not yet nought."""
    passed = max(0, int((now - at).total_seconds() // 60))
    if passed < 1:
        return gettext("just now")
    if passed < 60:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", passed)
    if passed < 24 * 60:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", passed // 60)
    return ngettext("%(num)s day ago", "%(num)s days ago", passed // (24 * 60))


def due(incident: Incident) -> Markup:
    """How much time is left, or by how much it is over, with a colour once it is warned of or over; in words, so that
    nobody has to tell red from green.
    """
    if incident.due_at is None:
        return Markup('<span class="none">–</span>')
    if incident.stage not in CLOCKED_STAGES:
        return moment(incident.due_at)
    left = (incident.due_at - storage.now()).total_seconds()
    said = (
        gettext("%(time)s left", time=say_span(left)) if left >= 0 else gettext("%(time)s over", time=say_span(-left))
    )
    timed = _time(incident.due_at, said)
    if left >= 0 and (incident.warn_at is None or incident.warn_at > storage.now()):
        return timed
    return Markup('<span class="chip {}">{}</span>').format("soon" if left >= 0 else "bad", timed)


def say_span(seconds: float) -> str:
    """A span of time in its largest unit that is not yet nought."""
    if seconds < 3600:
        return ngettext("%(num)s minute", "%(num)s minutes", int(seconds // 60))
    if seconds < 86400:
        return ngettext("%(num)s hour", "%(num)s hours", int(seconds // 3600))
    return ngettext("%(num)s day", "%(num)s days", int(seconds // 86400))


def day(when: date | None) -> str:
    """A day: without the year when it is this year's."""
    if when is None:
        return Markup('<span class="none">–</span>')
    return say_day(when, storage.now().astimezone(LOCAL).date())


def say_day(when: date, today: date) -> str:
    """A day, seen from another: the year is said only when it is not the same."""
    if when.year == today.year:
        return gettext("%(month)s-%(day)s", month=f"{when.month:02}", day=f"{when.day:02}")
    return when.isoformat()
