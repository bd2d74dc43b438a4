"""What stands around every page: who is signed in, the menu, the notice that data are simulated."""

from dataclasses import dataclass
from functools import cached_property

from flask import Flask, current_app, request, url_for

from data.models import Role, User
from geo.errors import N_
from patrols import notices
from patrols.communities import communities_in_force
from webmap import access, storage
from webmap.access import May
from webmap.language import gettext

MENU: tuple[tuple[str, str, May | None], ...] = (
    ("home.home", N_("Today"), None),
    ("walk.page", N_("Out on patrol"), May.UPLOAD_PATROLS),
    ("map.map_page", N_("Map"), May.SEE_PLACES),
    ("heat.show", N_("Heat"), May.SEE_PLACES),
    ("incidents.listing", N_("Incidents"), May.SEE_INCIDENTS),
    ("grids.listing", N_("Grids"), May.SEE_PLACES),
    ("draw.start", N_("Draw grids"), May.DRAW_GRIDS),
    ("patrols.listing", N_("Patrols"), May.SEE_PATROLS),
    ("people.listing", N_("People"), May.SEE_PEOPLE),
    ("teams.listing", N_("Teams"), May.SEE_TEAMS),
    ("points.overview", N_("Points"), May.SEE_POINTS),
    ("my_points.mine", N_("My points"), None),
    ("figures.show", N_("Figures"), May.SEE_FIGURES),
    ("imports.choose", N_("Import"), May.IMPORT),
)
"""The pages of the menu, in order, with the right each needs."""

SHORT_MENU = frozenset(
    {
        "home.home",
        "walk.page",
        "map.map_page",
        "incidents.listing",
        "patrols.listing",
        "teams.listing",
        "my_points.mine",
    }
)
"""What a volunteer's menu keeps: few entries, large."""

OWN_MENU = frozenset({"walk.page", "my_points.mine"})
"""What only a volunteer's menu holds; others find it on their account's page."""


@dataclass(frozen=True)
class Entry:
    """One entry of the menu."""

    name: str
    address: str
    here: bool


class Frame:
    """The frame of one page; each piece is found out only when the page shows it."""

    @cached_property
    def me(self) -> User | None:
        """The signed-in user."""
        return access.me() if access.is_signed_in() else None

    @cached_property
    def name(self) -> str:
        """What to call the user."""
        if self.me is None:
            return ""
        return self.me.person.name if self.me.person else self.me.login

    @cached_property
    def menu(self) -> list[Entry]:
        """The pages this person may open."""
        few = self.me is not None and self.me.role is Role.GRID_WORKER
        return [
            Entry(gettext(name), url_for(endpoint), request.blueprint == endpoint.partition(".")[0])
            for endpoint, name, right in MENU
            if endpoint in current_app.view_functions
            and (right is None or access.may(right))
            and (endpoint in SHORT_MENU if few else endpoint not in OWN_MENU)
        ]

    @cached_property
    def unread(self) -> int:
        """How many notices this person has not seen."""
        if self.me is None or self.me.person_id is None:
            return 0
        return notices.unread(storage.session(), self.me.person_id)

    @cached_property
    def simulated(self) -> bool:
        """Whether anything shown here is made up."""
        return any(one.simulated for one in communities_in_force(storage.session(), on=storage.today()))

    @cached_property
    def attribution(self) -> str:
        """Whose data the pages rest on."""
        shown = communities_in_force(storage.session(), on=storage.today())
        return " · ".join(sorted({one.attribution for one in shown if one.attribution}))

    @cached_property
    def here(self) -> str:
        """This page's address, to come back to; a page that was sent a form has none."""
        return request.full_path.rstrip("?") if request.method == "GET" else request.args.get("next", "/")


def init_frame(app: Flask) -> None:
    """Give every template its frame."""
    app.context_processor(lambda: {"frame": Frame(), "may": access.may, "May": May, "has_page": has_page})


def has_page(endpoint: str) -> bool:
    """Whether this program has that page."""
    return endpoint in current_app.view_functions
