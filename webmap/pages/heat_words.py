"""What the page of heat says: the ways to show incidents, lengths of time, and the words of its script."""

from geo.errors import N_
from patrols.incident_view import Which
from webmap.language import gettext

SHOWS = (
    ("density", N_("Density"), N_("incidents a hectare, wherever the grids' borders run")),
    ("count", N_("By grid"), N_("incidents in each grid")),
    ("per_households", N_("Per 100 households"), N_("many people, many incidents: evened out")),
    ("per_km", N_("Per km of street"), N_("long streets, many incidents: evened out")),
    ("per_hour", N_("Per hour of patrol"), N_("where one walks, one finds: evened out")),
    ("chance", N_("More than chance?"), N_("which grids stand out when luck is taken away")),
    ("forecast", N_("What comes next"), N_("only where it has been better than counting")),
)
"""The ways to show incidents: key, name, and what it is good for."""

SPANS = ((28, N_("4 weeks")), (91, N_("13 weeks")), (182, N_("26 weeks")), (364, N_("52 weeks")))
"""Lengths of time that one press chooses: whole weeks, so that each day of the week is in it as often as any other."""

STAGES = {Which.ALL: N_("all"), Which.OPEN: N_("still open"), Which.CLOSED: N_("closed")}

DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))

WORDS = {
    "since": N_("from"),
    "until": N_("until"),
    "time_window": N_("The time shown, moved as a whole"),
    "from_until": N_("%(since)s to %(until)s"),
    "against": N_("%(now)s, against %(then)s"),
    "cell": N_("%(day)s %(from)s–%(until)s h: %(count)s"),
    "all_of_them": N_("All %(n)s"),
    "fewer": N_("Fewer"),
    "comma": N_(", "),
    "all_categories": N_("all categories"),
    "hours": N_("%(n)s hours of the day"),
    "sum": N_("%(count)s incidents, %(since)s to %(until)s"),
    "nobody_looked": N_("Nobody looked"),
    "who_looked": N_("Who looked"),
    "hatch_is": N_("Hatched: nobody walked there in this time, so nothing found means nothing."),
    "grid": N_("Grid"),
    "no_grids": N_("No grids at that time"),
    "show_on_map": N_("Show on the map"),
    "open_card": N_("Open the grid's page"),
    "close": N_("Hide this"),
    "choose": N_("Choose what is shown"),
    "fold": N_("Fold"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
    "per_hectare": N_("Incidents a hectare"),
    "change_per_hectare": N_("More or fewer a hectare in four weeks"),
    "reach": N_("Each one is spread over about %(m)s m around it."),
    "luck": N_("Small patches may be luck; shown by grid, luck is taken out."),
    "elsewhere": N_("%(n)s have no place on the map."),
    "sensitive": N_("Sensitive categories are left out."),
    "floor": N_("Told are weeks that are over, and nothing of which there are fewer than %(n)s."),
    "failed": N_("The server did not answer. Change something to try again."),
    "signed_out": N_("Your sign-in has ended. Sign in again to go on."),
}
"""What the page's script says."""


def script_words() -> dict[str, str]:
    """What the scripts of the page and of its file say, in the reader's language."""
    return {name: gettext(template) for name, template in WORDS.items()}
