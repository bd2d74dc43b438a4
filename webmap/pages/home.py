"""The start page: three to five things to do today, each a number and a verb."""

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, url_for

from data.models import Community
from patrols import figures
from patrols.figures import HomeNumber
from patrols.plan_warnings import Warnings, warnings
from webmap import access, storage
from webmap.access import May
from webmap.language import gettext
from webmap.pages import cold

pages = Blueprint("home", __name__)

ENDPOINTS = {"incidents": "incidents.listing", "map": "map.map_page"}


@dataclass(frozen=True)
class Task:
    """One number with what it counts, what to do about it, and where."""

    count: int
    what: str
    verb: str
    address: str
    urgent: bool


@pages.get("/")
@access.opened_to_signed_in
def home() -> str:
    """The page, by role."""
    opened = storage.session()
    numbers = figures.home(opened, access.scope(), access.me().role, storage.now())
    communities = access.communities()
    return render_template(
        "home.html",
        tasks=[_task(number) for number in numbers] if communities else [],
        communities=communities,
        warned=_warned(access.community()) if communities and access.may(May.SEE_PATROLS) else None,
        warned_of=access.community() if communities else None,
    )


def _warned(community: Community) -> Warnings:
    """What warns about patrols in the community chosen."""
    own = not access.may(May.SEE_PEOPLE)
    return warnings(storage.session(), access.scope(), community, at=storage.now(), own=own, keep=cold.keep)


def _task(number: HomeNumber) -> Task:
    return Task(number.count, gettext(number.what), gettext(number.verb), _address(number), number.alarm)


def _address(number: HomeNumber) -> str:
    """The list that shows exactly what was counted."""
    endpoint = ENDPOINTS[number.page]
    if endpoint not in current_app.view_functions:
        return url_for(".home")
    if number.page != "incidents":
        return url_for(endpoint, **number.filters)
    wanted = number.filters
    return url_for(endpoint, show=wanted["stage"] if "stage" in wanted else next(iter(wanted), "all"))
