"""How a community handles incidents: which office gets what and until when, office hours, days off, emergencies."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import names
from data.models import Category, Community, IncidentSource, LimitUnit, Organisation
from geo.errors import N_
from patrols import clocks, handling, incident_lists, offices, reporter_groups, teams, work_calendar
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.pages.incidents import read_limit

pages = Blueprint("handling", __name__)


@pages.get("/handling")
@access.needs(May.SET_HANDLING)
def show() -> str:
    """The rules of a community, and whether it is in an emergency."""
    opened, community = storage.session(), access.community()
    return render_template(
        "handling.html",
        community=community,
        communities=access.communities(),
        rules=handling.rules(opened, community),
        categories=incident_lists.categories(opened),
        offices=names.offices_of(opened, community.id),
        groups=reporter_groups.of(opened, community),
        duties=reporter_groups.duties_of(opened, community),
        team_kinds=teams.kinds(opened, community),
        any_team=reporter_groups.ANY_TEAM,
        sources=list(IncidentSource),
        units=list(LimitUnit),
        hours=handling.hours(opened, community),
        days=handling.days(opened, community),
        unpublished=work_calendar.first_unpublished(),
        emergency=clocks.emergency_at(opened, community.id, storage.now()),
        emergencies=handling.emergencies(opened, community),
    )


@pages.post("/handling/rules")
@access.needs(May.SET_HANDLING)
def set_rule() -> ResponseReturnValue:
    """Say where a category goes and how long it has; no number takes the rule away."""
    opened, form, community = storage.session(), request.form, _community()
    category_id, office_id = inputs.whole(form, "category"), inputs.whole(form, "organisation")
    category = opened.get(Category, category_id) if category_id else None
    office = opened.get(Organisation, office_id) if office_id else None
    if (category_id and category is None) or (office_id and office is None):
        raise BadInput(N_("Choose a category and an office from the lists."))
    limit = read_limit(form)
    handling.set_rule(opened, community, category, office, limit)
    told = {"category": category_id, "office": office_id, "limit": clocks.saying(limit).get(clocks.LIMIT)}
    return _done(community, "handling.rule_set", gettext("The rule is kept."), **told)


@pages.post("/handling/offices")
@access.needs(May.SET_HANDLING)
def set_office() -> ResponseReturnValue:
    """Enter an office, or correct one: its name, its code, and whether it is one of the community."""
    opened, form, community = storage.session(), request.form, _community()
    key = inputs.whole(form, "organisation")
    office = opened.get(Organisation, key) if key else None
    if key and office is None:
        raise BadInput(N_("Choose a category and an office from the lists."))
    kept = offices.keep(
        opened,
        community,
        inputs.text(form, "name", most=128),
        code=inputs.text(form, "code", most=64),
        in_community=form.get("level") != "above",
        office=office,
    )
    facts = {"office": kept.name, "code": kept.code, "in_community": kept.in_community}
    return _done(community, "handling.office_set", gettext("The office is kept."), **facts)


@pages.post("/handling/groups")
@access.needs(May.SET_HANDLING)
def set_group() -> ResponseReturnValue:
    """Change a group of reporters, add one, take one away, or go back to the usual ones."""
    opened, form, community = storage.session(), request.form, _community()
    position, what = inputs.whole(form, "position"), inputs.text(form, "what")
    if what == "usual":
        reporter_groups.reset(opened, community)
    elif what == "drop" and position is not None:
        reporter_groups.drop(opened, community, position)
    else:
        words = {name: form.getlist(name) for name in ("duties", "kinds", "sources")}
        zh, en = inputs.text(form, "zh", most=64), inputs.text(form, "en", most=64)
        reporter_groups.keep(opened, community, position, zh=zh, en=en, **words)
    told = {"position": position, "what": what or "keep"}
    return _done(community, "handling.groups_set", gettext("The groups of reporters are kept."), **told)


@pages.post("/handling/hours")
@access.needs(May.SET_HANDLING)
def set_hours() -> ResponseReturnValue:
    """Say when the office works."""
    community, text = _community(), inputs.text(request.form, "hours", most=64)
    handling.set_hours(storage.session(), community, text)
    return _done(community, "handling.hours_set", gettext("The office hours are kept."), hours=text)


@pages.post("/handling/days")
@access.needs(May.SET_HANDLING)
def set_day() -> ResponseReturnValue:
    """Say of a day that it is worked, or not."""
    form, community = request.form, _community()
    day = inputs.day(form, "day")
    if day is None:
        raise BadInput(N_("Choose a day."))
    working, name = form.get("working") == "1", inputs.text(form, "name", most=64)
    work_calendar.keep(storage.session(), community, [(day, working, name)])
    return _done(community, "handling.day_set", gettext("The day is kept."), day=day.isoformat(), working=working)


@pages.post("/handling/emergency")
@access.needs(May.SET_HANDLING)
def turn_emergency() -> ResponseReturnValue:
    """Begin an emergency, or end it."""
    opened, form, community = storage.session(), request.form, _community()
    if form.get("end"):
        handling.end_emergency(opened, community, at=storage.now(), by=access.me())
        return _done(community, "emergency.ended", gettext("Back to usual."))
    shares = {
        "limit_share": (inputs.number(form, "limit_share", least=1, most=100) or 50.0) / 100,
        "frequency_share": (inputs.number(form, "frequency_share", least=1, most=100) or 50.0) / 100,
    }
    why = inputs.text(form, "reason")
    handling.begin_emergency(opened, community, at=storage.now(), by=access.me(), reason=why, **shares)
    return _done(community, "emergency.begun", gettext("The emergency has begun."), why=why, **shares)


def _community() -> Community:
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    return community


def _done(community: Community, action: str, said: str, **facts: object) -> ResponseReturnValue:
    trail.record(action, object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    flash(said, "good")
    return redirect(url_for(".show", community=community.code))
