"""Teams: the list, who belongs to each, joining and leaving, kinds of teams, and what each team did in a time."""

import re
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import NotFound
from data.models import Community, MemberRole, Team
from geo.errors import N_
from patrols import plan, roster, team_effort, teams
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.pages.plan import WEEKDAYS

pages = Blueprint("teams", __name__)

PERIOD = re.compile(r"(20\d\d)(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")
"""A time that effort is told of: a year, a quarter of it (2026-Q4) or a month of it (2026-11)."""


@pages.get("/teams")
@access.needs(May.SEE_TEAMS)
def listing() -> str:
    """The teams that this person may see, and (for the office) founding one and the kinds there are."""
    opened, community, at = storage.session(), access.community(), storage.now()
    return render_template(
        "teams.html",
        community=community,
        communities=access.communities(),
        found=teams.listing(opened, access.me(), community, at=at),
        ended=teams.listing(opened, access.me(), community, at=at, ended=True),
        kinds=teams.kinds(opened, community),
    )


@pages.post("/teams")
@access.needs(May.KEEP_TEAMS)
def add() -> ResponseReturnValue:
    """Found a team."""
    opened, community, form = storage.session(), _kept(), request.form
    name, kind = inputs.text(form, "name", most=128), inputs.text(form, "kind", most=32)
    team = teams.add_team(opened, community, name, kind=kind)
    trail.record("team.added", object_kind="team", object_key=str(team.id), kind=kind)
    opened.commit()
    return redirect(url_for(".show", number=team.id))


@pages.get("/teams/<int:number>")
@access.needs(May.SEE_TEAMS)
def show(number: int) -> str:
    """Who belongs to one team."""
    opened, at, me = storage.session(), storage.now(), access.me()
    team = teams.find(opened, me, number, at=at)
    community = opened.get_one(Community, team.community_id)
    return render_template(
        "team.html",
        team=team,
        community=community,
        kinds=teams.kinds(opened, community),
        roll=teams.roll(opened, me, team, at=at),
        leads=teams.leads(opened, me, team, at=at),
        roles=list(MemberRole),
        today=storage.today(),
        occasions=_week_of(community, team),
        weekdays=WEEKDAYS,
        keeps=access.may(May.KEEP_TEAMS) and access.scope().allows(community.id),
    )


def _week_of(community: Community, team: Team) -> list[plan.Occasion]:
    """When the team is to walk in the seven days from today on, as far as this person may see the plan."""
    today, last = storage.today(), storage.today() + timedelta(days=plan.WEEK_DAYS)
    held = plan.windows(storage.session(), access.scope(), community, since=today, until=last)
    return plan.occasions(community, [window for window in held if window.team_id == team.id], today)


@pages.post("/teams/<int:number>")
@access.needs(May.KEEP_TEAMS)
def change(number: int) -> ResponseReturnValue:
    """Give a team another name or kind."""
    opened, form = storage.session(), request.form
    team = _kept_team(number)
    name, kind = inputs.text(form, "name", most=128), inputs.text(form, "kind", most=32)
    teams.change_team(opened, opened.get_one(Community, team.community_id), team, name=name, kind=kind)
    trail.record("team.changed", object_kind="team", object_key=str(number), kind=kind)
    opened.commit()
    return redirect(url_for(".show", number=number))


@pages.post("/teams/<int:number>/end")
@access.needs(May.KEEP_TEAMS)
def end(number: int) -> ResponseReturnValue:
    """Dissolve a team."""
    team = _kept_team(number)
    teams.end_team(storage.session(), team, on=inputs.day(request.form, "on") or storage.today())
    trail.record("team.ended", object_kind="team", object_key=str(number))
    storage.session().commit()
    return redirect(url_for(".listing"))


@pages.post("/teams/<int:number>/members")
@access.needs(May.KEEP_TEAMS)
def join(number: int) -> ResponseReturnValue:
    """Let somebody of the roster join, or be something else in the team from a day on."""
    opened, form = storage.session(), request.form
    team = _kept_team(number)
    person = roster.person(opened, opened.get_one(Community, team.community_id), inputs.text(form, "person", most=32))
    role = inputs.word(form, "role", MemberRole) or MemberRole.MEMBER
    teams.join(opened, team, person, on=inputs.day(form, "on") or storage.today(), role=role)
    facts = {"person": person.id, "role": role.value}
    trail.record("team.joined", object_kind="team", object_key=str(number), **facts)
    opened.commit()
    flash(gettext("%(name)s belongs to the team.", name=person.name), "good")
    return redirect(url_for(".show", number=number))


@pages.post("/teams/<int:number>/members/<int:person>/leave")
@access.needs(May.KEEP_TEAMS)
def leave(number: int, person: int) -> ResponseReturnValue:
    """End somebody's membership."""
    opened = storage.session()
    team = _kept_team(number)
    roll = teams.roll(opened, access.me(), team, at=storage.now())
    member = next((one for one in roll.members if one.person_id == person), None)
    if member is None:
        raise NotFound(N_("This person does not belong to the team."))
    teams.leave(opened, member, until=inputs.day(request.form, "on") or storage.today())
    trail.record("team.left", object_kind="team", object_key=str(number), person=person)
    opened.commit()
    flash(gettext("%(name)s has left the team.", name=member.person.name), "good")
    return redirect(url_for(".show", number=number))


@pages.post("/teams/kinds")
@access.needs(May.KEEP_TEAMS)
def set_kind() -> ResponseReturnValue:
    """Add a kind of team, or give one another name."""
    opened, community, form = storage.session(), _kept(), request.form
    kind = inputs.text(form, "kind", most=32)
    teams.set_kind(opened, community, kind, zh=inputs.text(form, "zh", most=64), en=inputs.text(form, "en", most=64))
    trail.record("team_kind.set", object_kind="community", object_key=community.code, kind=kind)
    opened.commit()
    return redirect(url_for(".listing", community=community.code))


@pages.post("/teams/kinds/drop")
@access.needs(May.KEEP_TEAMS)
def drop_kind() -> ResponseReturnValue:
    """Take a kind of team off the list."""
    opened, community = storage.session(), _kept()
    kind = inputs.text(request.form, "kind", most=32)
    teams.drop_kind(opened, community, kind)
    trail.record("team_kind.dropped", object_kind="community", object_key=community.code, kind=kind)
    opened.commit()
    return redirect(url_for(".listing", community=community.code))


@pages.get("/teams/effort")
@access.needs(May.SEE_TEAMS)
def effort() -> str:
    """What each team did in a month, a quarter or a year; never what one person did."""
    opened, community, at = storage.session(), access.community(), storage.now()
    today = storage.today()
    wanted = inputs.text(request.args, "period", most=7) or f"{today:%Y-%m}"
    shown = [one.team for one in teams.listing(opened, access.me(), community, at=at)]
    return render_template(
        "team_effort.html",
        community=community,
        communities=access.communities(),
        kinds={one.kind: one for one in teams.kinds(opened, community)},
        period=wanted,
        periods=_periods(today),
        found=team_effort.effort(opened, community, shown, _months(wanted), at=at),
        least=team_effort.LEAST_WALKERS,
    )


def _months(period: str) -> list[date]:
    found = PERIOD.fullmatch(period)
    if found is None:
        raise BadInput(N_("Write the time like 2026, 2026-Q4 or 2026-11."))
    year, month, quarter = found.groups()
    if month:
        return team_effort.months_of(int(year), int(month))
    first, count = (int(quarter) * 3 - 2, 3) if quarter else (1, 12)
    return team_effort.months_of(int(year), first, count)


def _periods(today: date) -> list[str]:
    """The times to choose from: a year of months, the quarters they lie in, this year and the last."""
    months = [
        date(today.year + (today.month - 1 - back) // 12, (today.month - 1 - back) % 12 + 1, 1) for back in range(12)
    ]
    quarters = list(dict.fromkeys(f"{month.year}-Q{(month.month + 2) // 3}" for month in months))
    return [*(f"{month:%Y-%m}" for month in months), *quarters, str(today.year), str(today.year - 1)]


def _kept() -> Community:
    """The community of this form, if all of it is this person's to keep."""
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    return community


def _kept_team(number: int) -> Team:
    team = teams.find(storage.session(), access.me(), number, at=storage.now())
    access.scope().require(team.community_id)
    return team
