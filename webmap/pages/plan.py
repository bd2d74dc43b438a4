"""The plan of patrols: a week as a calendar with what was kept of it, and the forms to change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

import pandas as pd
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import DataError, Refusal, RowsRefused
from data.exchange.tables import read_table
from data.exchange.write import write_table
from data.models import Community, PatrolWindow, Person, Role, Team
from geo.errors import N_
from patrols import kept, plan, plan_tables, redraw, roster
from patrols.days import local_day
from patrols.intake.plan import clock, import_plan, street_names
from patrols.kept import Outcome, Week
from patrols.plan import WEEK_DAYS, Kept, When, Where
from patrols.rules import Rules
from webmap import access, errors, inputs, storage, trail, uploads, words
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.sending import sent

pages = Blueprint("plan", __name__)

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
"""What the days of the week are called where there is little room, Monday first."""

TABLES = (".xlsx", ".csv")


@dataclass(frozen=True)
class Day:
    """A day of the calendar, with what comes round on it."""

    day: date
    outcomes: list[Outcome]


@pages.get("/patrols/plan")
@access.needs(May.SEE_PATROLS)
def show() -> str:
    """Seven days of the plan; volunteers see their own windows and those of their teams."""
    community, first_day = access.community(), _first_day()
    week = _week(community, first_day)
    return render_template(
        "plan.html",
        community=community,
        communities=access.communities(),
        week=week,
        days=_days(week),
        teams=kept.by_team(week),
        today=local_day(community, storage.now()),
        this_week=plan.monday_of(community, storage.now()),
        last_day=first_day + timedelta(days=WEEK_DAYS - 1),
        back=first_day - timedelta(days=WEEK_DAYS),
        on=first_day + timedelta(days=WEEK_DAYS),
        own=_own(),
        rules=Rules.for_community(community.rules),
        **_shown(),
    )


@pages.get("/patrols/plan/windows/<int:number>")
@access.needs(May.PLAN_PATROLS)
def window(number: int) -> str:
    """One window, to be changed or taken back."""
    found = plan.get(storage.session(), access.scope(), number)
    return _form(storage.session().get_one(Community, found.community_id), found)


@pages.get("/patrols/plan/new")
@access.needs(May.PLAN_PATROLS)
def new() -> str:
    """The forms to plan windows, one by one or from a table."""
    return _form(access.community())


@pages.post("/patrols/plan/windows")
@access.needs(May.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """Plan windows: one for each weekday that was ticked."""
    opened, form = storage.session(), request.form
    community = access.community(form.get("community"))
    where = _where(community)
    rows = plan.plan(opened, community, _walker(community), _when(community), where)
    facts = {"windows": [row.id for row in rows], "grid": where.grid_code}
    trail.record("plan.windows_added", object_kind="community", object_key=community.code, **facts)
    opened.commit()
    flash(gettext("The plan is kept."), "good")
    return redirect(url_for(".show", community=community.code))


@pages.post("/patrols/plan/windows/<int:number>")
@access.needs(May.PLAN_PATROLS)
def change(number: int) -> ResponseReturnValue:
    """Change a window from today on, or take it back."""
    opened = storage.session()
    found = plan.get(opened, access.scope(), number)
    community = opened.get_one(Community, found.community_id)
    _require(community, Where(found.grid_code, tuple(found.streets)))
    today = local_day(community, storage.now())
    if request.form.get("take_back"):
        plan.take_back(opened, found, on=today)
        action = "plan.window_taken_back"
    else:
        plan.change(opened, found, _when(community), _where(community), on=today)
        action = "plan.window_changed"
    trail.record(action, object_kind="patrol_window", object_key=str(number))
    opened.commit()
    flash(gettext("The plan is kept."), "good")
    return redirect(url_for(".show", community=community.code))


@pages.post("/patrols/plan/import")
@access.needs(May.PLAN_PATROLS)
def take() -> ResponseReturnValue:
    """Take in a plan as a table, all or nothing."""
    opened, community = storage.session(), access.community(request.form.get("community"))
    access.scope().require(community.id)
    try:
        with uploads.saved("file") as files:
            done = import_plan(opened, read_table(files[0]), community, at=storage.now())
    except RowsRefused as refusal:
        return _form(community, refusals=refusal.refusals), 422
    except DataError as refusal:
        return _form(community, refused=errors.tell(refusal)), errors.answer_for(refusal).status
    trail.record("plan.imported", object_kind="community", object_key=community.code, stored=done.stored)
    opened.commit()
    told = {"stored": done.stored, "unchanged": done.unchanged}
    flash(gettext("%(stored)s windows are new, %(unchanged)s were there already.", **told), "good")
    return redirect(url_for(".show", community=community.code))


@pages.get("/patrols/plan/windows.<ending>")
@access.needs(May.SEE_PEOPLE)
def windows_file(ending: str) -> Response:
    """The windows that hold in these days, as a table that can be brought in again."""
    community, first_day = access.community(), _first_day()
    until = first_day + timedelta(days=WEEK_DAYS)
    found = plan.windows(storage.session(), access.scope(), community, since=first_day, until=until)
    table = plan_tables.windows(found)
    table["weekday"] = [gettext(WEEKDAYS[int(number) - 1]) for number in table["weekday"]]
    return _sent(f"plan-{community.code}-{first_day.isoformat()}", table, ending)


@pages.get("/patrols/plan/kept.<ending>")
@access.needs(May.SEE_PEOPLE)
def kept_file(ending: str) -> Response:
    """What was kept of these days, as a table."""
    community, first_day = access.community(), _first_day()
    table = plan_tables.kept(_week(community, first_day), exact=access.may(May.SEE_WALKERS))
    table["kept"] = [words.word(Kept(word)) for word in table["kept"]]
    return _sent(f"plan-kept-{community.code}-{first_day.isoformat()}", table, ending)


def _sent(name: str, table: pd.DataFrame, ending: str) -> Response:
    if f".{ending}" not in TABLES:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="ending", allowed=", ".join(TABLES))
    said = table.rename(columns={column: gettext(plan_tables.HEADINGS[column]) for column in table.columns})

    def write(path: Path) -> int:
        write_table(said, path)
        return len(said)

    return sent(f"{name}.{ending}", write)


def _week(community: Community, first_day: date) -> Week:
    return kept.week(storage.session(), access.scope(), community, first_day=first_day, at=storage.now(), own=_own())


def _own() -> bool:
    """Who may not see the people sees the windows of their own and their teams'."""
    return not access.may(May.SEE_PEOPLE)


def _first_day() -> date:
    asked = inputs.day(request.args, "from")
    return asked or plan.monday_of(access.community(), storage.now())


def _days(week: Week) -> list[Day]:
    all_days = [week.first_day + timedelta(days=number) for number in range(WEEK_DAYS)]
    return [Day(day, [one for one in week.outcomes if one.occasion.begins.date() == day]) for day in all_days]


def _form(
    community: Community, found: PatrolWindow | None = None, *, refused: str = "", refusals: list[Refusal] | None = None
) -> str:
    opened, at = storage.session(), storage.now()
    edition = redraw.edition_in_force(opened, community.id, at)
    today = local_day(community, at)
    return render_template(
        "plan_window.html",
        community=community,
        communities=access.communities(),
        window=found,
        grids=[one for one in (edition.grids if edition else []) if access.scope().allows(community.id, one.code)],
        teams=plan.teams_in(opened, community, today),
        people=roster.people(opened, community, at=at),
        streets=sorted(plan.Known.of(opened, community).streets),
        weekdays=WEEKDAYS,
        today=today,
        refused=refused,
        refusals=refusals or [],
        tell=errors.tell_refusal,
        last_day=found.valid_until - timedelta(days=1) if found and found.valid_until else None,
        has_begun=found is not None and found.valid_from < today,
    )


def _shown() -> Mapping[str, object]:
    """What the calendar is written with."""
    return {
        "weekdays": WEEKDAYS,
        "Kept": Kept,
        "coarse": plan_tables.coarse,
        "me": access.me().person_id,
        "volunteer": access.me().role is Role.GRID_WORKER,
    }


def _walker(community: Community) -> Team | Person:
    """The team or person that the form names, as ``team-3`` or ``person-14``."""
    kind, _, number = inputs.text(request.form, "walker", most=32).partition("-")
    if kind not in ("team", "person") or not number.isdecimal():
        raise BadInput(N_("Choose a team or a person."))
    found = plan.walker(storage.session(), community, int(number), team=kind == "team")
    if found is None:
        raise BadInput(N_("Choose a team or a person."))
    return found


def _when(community: Community) -> When:
    form = request.form
    days = tuple(int(one) for one in form.getlist("weekday") if one.isdecimal() and 1 <= int(one) <= WEEK_DAYS)
    last = inputs.day(form, "valid_until")
    first = inputs.day(form, "valid_from") or local_day(community, storage.now())
    return When(days, _clock("begins"), _clock("ends"), first, last + timedelta(days=1) if last else None)


def _clock(name: str) -> time:
    found = clock(inputs.text(request.form, name, most=8))
    if found is None:
        raise BadInput(N_("%(field)s must be a time of day, written like 08:30."), field=name)
    return found


def _where(community: Community) -> Where:
    form = request.form
    where = Where(inputs.text(form, "grid", most=20), street_names(inputs.text(form, "streets", most=2000)))
    _require(community, where)
    return where


def _require(community: Community, where: Where) -> None:
    """Who holds single grids plans in these; streets alone may lie anywhere, and need the whole community."""
    access.scope().require(community.id, where.grid_code or None)
