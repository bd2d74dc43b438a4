"""The numbers of the trade, each with its unit and its reason; a community may set its own."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

from geo.errors import N_
from patrols.errors import BadRule

TIE_M = 0.01
"""A point nearer to a shared line than a centimetre, as coordinates are written, lies on it."""


@dataclass(frozen=True)
class Rules:
    """How far a walker sees, how long a signal gap may be, and the other numbers that decide.

    Parameters
    ----------
    sight_m : float
        How far to each side a walker sees a street: a lane's width with both its house fronts.
    run_m : float
        The shortest stretch of a street that counts as walked along; what is shorter is a corner cut or a crossing.
    side_by_side_m : float
        Lanes side by side, nearer to each other than this, are taken as one street: no phone can tell on which of them
        somebody walks, and who walks one of them sees the other.
    yard_path_m : float
        From so many metres of mapped paths inside it a compound counts by them, else by its open ground: less is a gate
        and a turn.
    yard_edge_m : float
        What of a compound lies nearer to its edge is also passed by those who walk in the street outside, as far as a
        phone can tell: half a back street.
    border_street_m : float
        How near to a grids' border a street counts for the grids on both sides: survey lines and street lines differ by
        that much.
    border_band_m : float
        How near to a border a walk cannot be told to be on one side of it: a phone's accuracy between houses. Within it
        a walk keeps its grid, so that jitter deals no border street out to both sides (see `geo.lines.credit_lines`);
        0 credits every metre to where it exactly lies.
    max_gap_s : float
        The longest time between two fixes that a line is drawn across. Phones send every 5-15 s; in two minutes a
        walker is round the next corner, and nobody knows which.
    outing_gap_s : float
        How long a phone must be silent for its next fix to begin another patrol: longer than a rest on a bench or a
        visit on the fourth floor, shorter than lunch.
    longest_walk_s : float
        After how long a walk that somebody began by pressing start ends by itself: longer than anybody's round of a
        community, shorter than the way home and the evening of who forgot to press stop.
    leave_m : float
        How far outside of its community such a walk has left it: past the other side of the outermost street and the
        scatter between houses.
    leave_s : float
        After how long outside it ends by itself, at the moment it left: longer than crossing a neighbour's yard.
    clock_off_s : float
        How far a phone's clock may be off before its times are corrected by ours, or refused: mobile networks set
        clocks to the second, and a message on its way takes less.
    max_speed_m_s : float
        Faster than an electric bicycle's legal 25 km/h is not a patrol: nobody sees a street from a car.
    ride_s : float
        Over how long that speed must hold to be a ride; single steps scatter too much to tell.
    jump_m : float
        How far a fix may be off the walker's possible way before it is called a jump: the scatter of two fixes.
    jump_s : float
        The longest time that a phone's wrong idea of its place lasts. What lasts longer is kept, and the line is broken
        instead.
    stand_s : float
        Who stays for so long in a square of `stand_m` stands there: longer than a red light, and slower than anybody
        walks.
    stand_m : float
        The side of that square, within which a standing phone's error wanders about and adds metres that nobody
        walked; with 0 nobody stands.
    far_off_m : float
        Farther than this from the middle of the patrol's fixes, a fix is an error of the phone: the size of a county.
    max_accuracy_m : float
        A fix that calls itself worse than this cannot tell one lane from the next but one.
    assumed_accuracy_m : float
        What a position's accuracy is taken to be where none is stated: a phone under open sky between houses.
    reach_m : float
        How far outside all grids a position may lie and still belong to the nearest: across an outer border street.
    far_outside_m : float
        How far outside of its community an incident in a file may lie before it is refused: farther off, the community,
        the datum or the order of the coordinates is wrong.
    least_visit_s : float
        A grid in which a patrol spent less time was crossed, not patrolled: in a minute one walks 80 m.
    kept_share : float
        Which share of the street metres that were due a planned window must have seen to be kept: people stop to talk
        and to report, and look at the other half next time.
    pace_m_s : float
        How fast a walker of seventy goes who looks around: more than that pace allows for is not due in a window.
    fixes_kept_days : float
        How long single positions and the ends of tracks are kept, before only totals and the lines that everybody may
        see are left: long enough to answer a complaint about the last quarter.
    told_persons : float
        How many different people must have gone along a street before those who are not shown whole walks are told
        that it was seen, where no shown line says so: alone, the end of a walk leads to a door. 1 tells all, where
        everybody knows everybody's door anyway.
    reopening_rating : float
        How bad a resident's rating (of 5) must be to open a closed incident again, so that it is back on the manager's
        desk; 0 never.
    link_days : float
        For how many days a link to a shared view may open at most: a quarter and its report. Who wants it longer makes
        a new one, and thinks once more.
    sure_probability : float
        From which probability on an answer is called sure: one wrong in twenty at the very worst.

    Examples
    --------
    >>> Rules().sight_m
    15.0
    >>> Rules.for_community({"sight_m": 20}).sight_m
    20.0
    """

    sight_m: float = 15.0
    run_m: float = 12.0
    side_by_side_m: float = 12.0
    yard_path_m: float = 30.0
    yard_edge_m: float = 5.0
    border_street_m: float = 1.0
    border_band_m: float = 10.0
    max_gap_s: float = 120.0
    outing_gap_s: float = 1800.0
    longest_walk_s: float = 14_400.0
    leave_m: float = 200.0
    leave_s: float = 600.0
    clock_off_s: float = 300.0
    max_speed_m_s: float = 7.0
    ride_s: float = 30.0
    jump_m: float = 25.0
    jump_s: float = 60.0
    stand_s: float = 90.0
    stand_m: float = 25.0
    far_off_m: float = 50_000.0
    max_accuracy_m: float = 50.0
    assumed_accuracy_m: float = 10.0
    reach_m: float = 30.0
    far_outside_m: float = 1000.0
    least_visit_s: float = 60.0
    kept_share: float = 0.5
    pace_m_s: float = 0.8
    fixes_kept_days: float = 90.0
    told_persons: float = 3.0
    reopening_rating: float = 2.0
    link_days: float = 100.0
    sure_probability: float = 0.95

    @classmethod
    def for_community(cls, overrides: Mapping[str, object]) -> Self:
        """The default rules with a community's own numbers in place.

        Parameters
        ----------
        overrides : mapping
            Rule names to numbers, as stored with the community. Empty: the defaults.

        Raises
        ------
        BadRule
            When a name is not a rule, or a value is not a number that makes sense for it.
        """
        known = [field.name for field in fields(cls)]
        live = {name: value for name, value in overrides.items() if name not in _RETIRED}
        for name, value in live.items():
            if name not in known:
                raise BadRule(
                    N_("There is no rule %(name)s. The rules are: %(known)s."), name=repr(name), known=", ".join(known)
                )
            _check(name, value)
        return replace(cls(), **{name: float(value) for name, value in live.items()})  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, float]:
        """All rules by name, for showing and for filing with what they decided."""
        return asdict(self)


# The largest value that makes sense; every other rule only has to be a number above zero.
_MOST = {"sure_probability": 1.0, "kept_share": 1.0, "reopening_rating": 5.0}
# Rules of former days that a community may have numbers for: walks are matched to streets without them now.
_RETIRED = {"along_deg", "heading_m"}
# Zero is a way to switch these off.
_MAY_BE_ZERO = {
    *("stand_m", "yard_edge_m"),
    *("reach_m", "least_visit_s", "run_m", "side_by_side_m", "jump_m", "border_street_m", "border_band_m"),
    "reopening_rating",
}


def _check(name: str, value: object) -> None:
    most = _MOST.get(name, math.inf)
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not (0 <= value <= most) or (value == 0 and name not in _MAY_BE_ZERO):  # type: ignore[operator]
        wanted = "0" if name in _MAY_BE_ZERO else ">0"
        raise BadRule(
            N_("The rule %(name)s cannot be %(value)s: give a number from %(least)s to %(most)s."),
            name=name,
            value=repr(value),
            least=wanted,
            most="∞" if math.isinf(most) else most,
        )
