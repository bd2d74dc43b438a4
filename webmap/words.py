"""The words and numbers people see: names of stages, steps, roles and rules; lengths, areas and shares."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

from flask import Flask
from flask_babel import format_decimal, format_percent

from data.models import (
    AccountKind,
    ClaimStage,
    ConfirmedBy,
    Duty,
    EditionStage,
    EntryKind,
    GridKind,
    IncidentSource,
    LimitUnit,
    LineageKind,
    MemberRole,
    Outcome,
    PatrolSource,
    PointsFact,
    Role,
    Stage,
    StepKind,
    StreetClass,
    TriageRule,
    WayKind,
)
from geo.errors import N_
from geo.walk_turns import compass_point
from patrols.deadlines import Limit
from patrols.editions import EditionMove
from patrols.explanations import Sentence
from patrols.plan import Kept
from webmap import language
from webmap.language import gettext, ngettext

WORDS: dict[StrEnum, str] = {
    Role.ADMINISTRATOR: N_("administrator"),
    Role.GRID_MANAGER: N_("grid manager"),
    Role.GRID_WORKER: N_("grid worker"),
    Role.HANDLER: N_("handler"),
    Role.OFFICIAL: N_("official"),
    Stage.REPORTED: N_("reported"),
    Stage.ACCEPTED: N_("accepted"),
    Stage.TRIAGED: N_("triaged"),
    Stage.DISPATCHED: N_("dispatched"),
    Stage.PARKED: N_("parked"),
    Stage.RESOLVED: N_("resolved"),
    Stage.CLOSED: N_("closed"),
    Stage.VOIDED: N_("voided"),
    Stage.DECLINED: N_("declined"),
    StepKind.REPORT: N_("Report"),
    StepKind.ACCEPT: N_("Accept"),
    StepKind.DECLINE: N_("Decline"),
    StepKind.VOID: N_("Void"),
    StepKind.MERGE: N_("Merge into another one"),
    StepKind.TRIAGE: N_("Triage"),
    StepKind.DISPATCH: N_("Dispatch"),
    StepKind.HANDLE: N_("Begin to handle"),
    StepKind.SEND_BACK: N_("Send back"),
    StepKind.EXTEND: N_("Give more time"),
    StepKind.ASK_LONGER: N_("Ask for more time"),
    StepKind.REFUSE_LONGER: N_("Refuse more time"),
    StepKind.PARK: N_("Park"),
    StepKind.SUPERVISE: N_("Supervise"),
    StepKind.ESCALATE: N_("Told further up"),
    StepKind.REPLY: N_("Answer the reporter"),
    StepKind.RESOLVE: N_("Say it is resolved"),
    StepKind.CHECK: N_("Checked on the spot"),
    StepKind.REDO: N_("Have it redone"),
    StepKind.CLOSE: N_("Close"),
    StepKind.RATE: N_("Rate"),
    StepKind.REOPEN: N_("Open again"),
    StepKind.SETTLE_ON_THE_SPOT: N_("Settle on the spot"),
    StepKind.HAND_OVER: N_("Hand over with the ground"),
    WayKind.MAIL: N_("mail"),
    WayKind.WEBHOOK: N_("webhook"),
    WayKind.WECOM: N_("group of WeCom"),
    WayKind.DINGTALK: N_("group of DingTalk"),
    Outcome.SETTLED: N_("settled by mediation"),
    Outcome.NOT_SETTLED: N_("not settled"),
    Outcome.TO_COURT: N_("went to court"),
    LimitUnit.URGENT_HOURS: N_("hours, day and night"),
    LimitUnit.WORKING_HOURS: N_("working hours"),
    LimitUnit.WORKING_DAYS: N_("working days"),
    LimitUnit.CALENDAR_DAYS: N_("calendar days"),
    IncidentSource.PATROL: N_("found on patrol"),
    IncidentSource.RESIDENT: N_("from a resident"),
    IncidentSource.HOTLINE: N_("from the hotline"),
    IncidentSource.OFFICE: N_("from an office"),
    IncidentSource.CAMERA: N_("from a camera"),
    IncidentSource.LEADER: N_("from a leader"),
    PatrolSource.FILE: N_("uploaded file"),
    PatrolSource.PHONE: N_("phone"),
    PatrolSource.PAPER: N_("paper"),
    PatrolSource.DRAWN: N_("drawn by hand"),
    GridKind.GENERAL: N_("general grid"),
    GridKind.SPECIAL: N_("special grid"),
    Duty.FIRST_SECRETARY: N_("first secretary"),
    Duty.COMMITTEE_MEMBER: N_("committee member"),
    Duty.GRID_MANAGER: N_("grid manager"),
    Duty.GRID_WORKER: N_("grid worker"),
    Duty.PART_TIME_WORKER: N_("part-time grid worker"),
    Duty.GROUP_HEAD: N_("group head"),
    Duty.BUILDING_HEAD: N_("building head"),
    Duty.ENTRANCE_HEAD: N_("entrance head"),
    Duty.HOUSEHOLD_CONTACT: N_("household contact"),
    EditionStage.DRAFT: N_("draft"),
    EditionStage.SUBMITTED: N_("submitted"),
    EditionStage.REVIEWED: N_("reviewed"),
    EditionStage.ADOPTED: N_("adopted"),
    EditionStage.RETIRED: N_("retired"),
    EditionStage.DISCARDED: N_("discarded"),
    StreetClass.EXPRESSWAY: N_("expressway"),
    StreetClass.ARTERIAL: N_("arterial street"),
    StreetClass.SECONDARY: N_("secondary street"),
    StreetClass.BRANCH: N_("branch street"),
    StreetClass.BACK_STREET: N_("back street"),
    StreetClass.PATH: N_("path"),
}
"""What each word of the database is called on a page."""

OWN_WORDS: dict[type[StrEnum], dict[StrEnum, str]] = {
    EditionMove: {
        EditionMove.SUBMIT: N_("Submit"),
        EditionMove.REVIEW: N_("Approve after review"),
        EditionMove.SEND_BACK: N_("Send back to be changed"),
        EditionMove.ADOPT: N_("Adopt"),
        EditionMove.RECALL: N_("Recall the adoption"),
        EditionMove.RETIRE: N_("Retire"),
        EditionMove.DISCARD: N_("Discard the draft"),
        EditionMove.BRING_BACK: N_("Bring the draft back"),
    },
    Kept: {
        Kept.KEPT: N_("kept"),
        Kept.PARTLY: N_("partly kept"),
        Kept.MISSED: N_("missed"),
        Kept.RUNNING: N_("running now"),
        Kept.TO_COME: N_("to come"),
    },
    LineageKind: {
        LineageKind.KEPT: N_("unchanged"),
        LineageKind.ADJUSTED: N_("border moved"),
        LineageKind.SPLIT: N_("split off"),
        LineageKind.MERGED: N_("merged"),
        LineageKind.NEW: N_("new"),
        LineageKind.VOIDED: N_("grid voided"),
    },
    MemberRole: {MemberRole.LEADER: N_("team leader"), MemberRole.MEMBER: N_("member")},
    AccountKind: {
        AccountKind.PERSON: N_("individual"),
        AccountKind.HOUSEHOLD: N_("household"),
        AccountKind.SHOP: N_("shop"),
    },
    PointsFact: {
        PointsFact.PATROL_KEPT: N_("a patrol, by itself"),
        PointsFact.VALID_REPORT: N_("a report found valid, by itself"),
        PointsFact.BY_HAND: N_("entered by hand"),
    },
    ConfirmedBy: {
        ConfirmedBy.NOBODY: N_("nobody has to confirm"),
        ConfirmedBy.LEADER: N_("team leader or office confirms"),
        ConfirmedBy.MANAGER: N_("office confirms"),
    },
    EntryKind: {
        EntryKind.OPENING: N_("carried over"),
        EntryKind.EARNED: N_("earned"),
        EntryKind.REDEEMED: N_("redeemed"),
        EntryKind.REVERSED: N_("taken back"),
    },
    ClaimStage: {
        ClaimStage.WAITING: N_("waits to be confirmed"),
        ClaimStage.CONFIRMED: N_("confirmed"),
        ClaimStage.DECLINED: N_("declined"),
    },
}
"""Words that others spell the same but mean otherwise: an incident is voided too, and sent back."""

RULES: Mapping[str, str] = {
    "inside": N_("lies inside the grid"),
    "border_tie": N_("lies on the shared border: the smaller code answers"),
    "within_reach": N_("lies outside every grid: the nearest within reach answers"),
    "override": N_("stands in a building or compound that another grid serves"),
    "community_fallback": N_("no grid is in reach: the community answers"),
    "named": N_("was said to lie in this grid by whoever filed it"),
    "none": N_("nobody answers for this place"),
}
"""What each rule that decides whose ground it is says."""

FLAWS: Mapping[str, str] = {
    "duplicate_code": N_("a code borne twice"),
    "invalid": N_("a line that crosses itself"),
    "overlap": N_("ground that two grids claim"),
    "gap": N_("ground that no grid has"),
    "outside": N_("ground beyond the outline"),
    "not_connected": N_("a grid in several pieces"),
    "cut_building": N_("a building that is cut"),
    "cut_compound": N_("a compound that is cut"),
}
"""What each kind of flaw in grids is called."""

POINTS = {
    "n": N_("north"),
    "ne": N_("north-east"),
    "e": N_("east"),
    "se": N_("south-east"),
    "s": N_("south"),
    "sw": N_("south-west"),
    "w": N_("west"),
    "nw": N_("north-west"),
}
"""What each point of the compass is called."""

FIVE_STEPS = (N_("found"), N_("sent up"), N_("passed on"), N_("settled"), N_("rated"))
"""The five steps people see: 发现 · 上传 · 分流 · 办结 · 评价."""

_REACHED: dict[Stage, int] = {
    Stage.REPORTED: 2,
    Stage.ACCEPTED: 2,
    Stage.TRIAGED: 3,
    Stage.DISPATCHED: 3,
    Stage.PARKED: 3,
    Stage.RESOLVED: 3,
    Stage.CLOSED: 4,
    Stage.VOIDED: 0,
    Stage.DECLINED: 0,
}


def init_words(app: Flask) -> None:
    """Give the templates their words."""
    app.add_template_filter(word)
    app.add_template_filter(rule)
    app.add_template_filter(flaw)
    app.add_template_filter(sentences)
    app.add_template_filter(duty)
    app.add_template_filter(number)
    app.add_template_filter(metres)
    app.add_template_filter(area)
    app.add_template_filter(minutes)
    app.add_template_filter(limit)
    app.add_template_filter(percent)
    app.add_template_filter(named)
    app.add_template_filter(covered_name)
    app.add_template_filter(short_code)
    app.add_template_filter(covered_phone)
    app.add_template_global(five_steps)


def word(value: StrEnum | str) -> str:
    """What a word of the database is called on a page; a word the program does not know stays itself."""
    if isinstance(value, StrEnum):
        known = OWN_WORDS.get(type(value), WORDS)
        return gettext(known[value]) if value in known else str(value)
    return str(value)


def duty(name: str) -> str:
    """What a duty is called; a community may have duties of its own, which keep their word."""
    return word(Duty(name)) if name in {one.value for one in Duty} else name


def rule(name: str) -> str:
    """Why this grid: the rule in a sentence."""
    return gettext(RULES[name]) if name in RULES else name


def flaw(kind: str) -> str:
    """What a kind of flaw is called."""
    return gettext(FLAWS[kind]) if kind in FLAWS else kind


def sentences(said: Iterable[Sentence]) -> str:
    """Sentences in the reader's language, one after the other."""
    told = (gettext(one.template) % one.facts for one in said)
    return ("" if language.current() == "zh" else " ").join(told)


def named(thing: object) -> str:
    """The name, in the reader's language, of something that has two (``zh`` and ``en``)."""
    zh, en = getattr(thing, "zh", ""), getattr(thing, "en", "")
    return str((zh or en) if language.current() == "zh" else (en or zh))


def five_steps(stage: Stage, rating: int | None = None) -> list[tuple[str, bool]]:
    """The five steps, each with whether the incident has come that far."""
    reached = 5 if rating is not None else _REACHED[stage]
    return [(gettext(step), position < reached) for position, step in enumerate(FIVE_STEPS)]


def short_code(code: str) -> str:
    """The grid's own number, the digits after the community's code."""
    return code[12:] or code


def number(value: float | None) -> str:
    """A number with its thousands apart; a dash for None."""
    return "–" if value is None or value != value else str(format_decimal(round(value)))


def metres(value: float | None) -> str:
    """A length: metres up to a kilometre, then kilometres with one digit."""
    if value is None or value != value:
        return "–"
    if abs(value) < 1000:
        return gettext("%(length)s m", length=format_decimal(round(value)))
    return gettext("%(length)s km", length=format_decimal(round(value / 1000, 1)))


def area(value: float | None) -> str:
    """Ground: square metres up to a hectare, then hectares with one digit."""
    if value is None or value != value:
        return "–"
    if abs(value) < 10_000:
        return gettext("%(area)s m²", area=format_decimal(round(value)))
    return gettext("%(area)s ha", area=format_decimal(round(value / 10_000, 1)))


def minutes(value: float | None) -> str:
    """A duration: minutes up to two hours, then hours with one digit."""
    if value is None or value != value:
        return "–"
    if abs(value) < 120:
        return gettext("%(time)s min", time=format_decimal(round(value)))
    return gettext("%(time)s h", time=format_decimal(round(value / 60, 1)))


def limit(given: Limit | TriageRule) -> str:
    """How long something may take, with its unit; parts of hours keep their fraction."""
    # Chinese counts days with a word between number and unit, so that each unit is a message of its own.
    count, facts = math.ceil(given.amount), {"amount": format_decimal(given.amount)}
    match given.unit:
        case LimitUnit.URGENT_HOURS:
            return ngettext("%(amount)s hour, day and night", "%(amount)s hours, day and night", count, **facts)
        case LimitUnit.WORKING_HOURS:
            return ngettext("%(amount)s working hour", "%(amount)s working hours", count, **facts)
        case LimitUnit.WORKING_DAYS:
            return ngettext("%(amount)s working day", "%(amount)s working days", count, **facts)
        case LimitUnit.CALENDAR_DAYS:
            return ngettext("%(amount)s calendar day", "%(amount)s calendar days", count, **facts)


def heading(degrees: float) -> str:
    """Where something looks, 0 being north and 90 east."""
    direction = gettext(POINTS[compass_point(degrees)])
    return gettext("%(direction)s, %(degrees)s°", direction=direction, degrees=format_decimal(round(degrees)))


def percent(share: float | None) -> str:
    """A share from 0 to 1, as percent; a dash for None."""
    return "–" if share is None or share != share else str(format_percent(share))


def covered_name(name: str) -> str:
    """A name of which only the family name shows (王**)."""
    return name[:1] + "*" * (len(name) - 1) if name else ""


def covered_phone(phone: str) -> str:
    """A phone number of which only the ends show (138****5678)."""
    return phone[:3] + "*" * max(0, len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
