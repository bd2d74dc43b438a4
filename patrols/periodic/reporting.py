"""Who sent incidents up: five groups, told apart by the duties that people held on the day."""

from enum import StrEnum

import numpy as np
import pandas as pd
from sqlalchemy import select

from data.models import Duty, IncidentSource, IncidentStep, Posting, StepKind, Team, TeamMember, User
from geo.errors import N_
from patrols.days import local_day
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Column, Kind, Row, Said, Section, Table
from patrols.rates import PUBLIC, Rate


class Group(StrEnum):
    """By whom incidents are sent up. Who belongs to several is counted in the first of them."""

    GRID = "grid"
    BUILDING = "building"
    VOLUNTEERS = "volunteers"
    RESIDENTS = "residents"
    OFFICES = "offices"
    UNKNOWN = "unknown"


NAMES = {
    Group.GRID: N_("Grid managers and grid workers"),
    Group.BUILDING: N_("Heads of groups, buildings and entrances"),
    Group.VOLUNTEERS: N_("Volunteer teams"),
    Group.RESIDENTS: N_("Residents and the hotline"),
    Group.OFFICES: N_("Offices, cameras and leaders"),
    Group.UNKNOWN: N_("Found on patrol, by whom is not kept"),
}

GRID_DUTIES = frozenset(
    {Duty.FIRST_SECRETARY, Duty.COMMITTEE_MEMBER, Duty.GRID_MANAGER, Duty.GRID_WORKER, Duty.PART_TIME_WORKER}
)
BUILDING_DUTIES = frozenset({Duty.GROUP_HEAD, Duty.BUILDING_HEAD, Duty.ENTRANCE_HEAD, Duty.HOUSEHOLD_CONTACT})

COUNTED = ("filed", "valid", "done")
_ORDER = tuple(Group)


def section(asked: Asked) -> Section:
    """What each of the five groups sent up, and how much of it was valid."""
    filed = asked.counted.table[asked.counted.marks["filed"]]
    groups = groups_of(asked, filed)
    counts = counting.sums(asked.counted.marks.loc[filed.index], groups, COUNTED)
    columns = (
        Column("group", Said(N_("Sent up by")), Kind.TEXT),
        Column("filed", counting.FILED, Kind.COUNT, summed=True),
        Column("share", Said(N_("Share")), Kind.RATE),
        Column("valid", counting.VALID, Kind.COUNT, summed=True),
        Column("valid_rate", Said(N_("Valid-report rate")), Kind.RATE),
        Column("done", Said(N_("Of these closed")), Kind.COUNT, summed=True),
    )
    told = [group for group in Group if group is not Group.UNKNOWN or group in counts]
    rows: list[Row] = []
    for group in told:
        sent, valid, done = counts.get(group, [0, 0, 0])
        rows.append((Said(NAMES[group]), sent, Rate(sent, len(filed)), valid, Rate(valid, sent), done))
    meant = Said(
        N_(
            "Residents: from a resident or the hotline. Others by the duty that whoever sent it up held on that day,"
            " the first in this order that holds; then by the team. Nobody is ranked by numbers."
        )
    )
    table = Table(
        *("groups", Said(N_("By five groups of reporters")), columns, tuple(rows), counting.of(asked), (meant,)),
        total=counting.added(columns, rows),
    )
    return Section("reporters", Said(N_("Who sent it up")), tables=(table,))


def groups_of(asked: Asked, filed: pd.DataFrame) -> "pd.Series[str]":
    """The group of each incident, by its id; three queries."""
    senders = _senders(asked, filed)
    rank = pd.Series(len(_ORDER) - 1, index=filed.index)
    rank[filed["source"].isin((IncidentSource.OFFICE, IncidentSource.CAMERA, IncidentSource.LEADER))] = 4
    known = senders.assign(day=[local_day(asked.community, at) for at in filed.loc[senders.index, "reported_at"]])
    held = known.reset_index().merge(_held(asked, set(known["person_id"])), on="person_id")
    held = held[(held["valid_from"] <= held["day"]) & (held["day"] < held["valid_until"])]
    best = held.groupby("incident_id")["rank"].min().reindex(filed.index).astype(float)
    rank = pd.Series(np.fmin(rank, best), index=filed.index).astype(int)
    rank[filed["source"].isin(PUBLIC)] = _ORDER.index(Group.RESIDENTS)
    return rank.map(dict(enumerate(_ORDER)))


def _senders(asked: Asked, filed: pd.DataFrame) -> pd.DataFrame:
    """Who of the roster sent each incident up, where that is kept."""
    wanted = (
        select(IncidentStep.incident_id, User.person_id)
        .join(User, User.id == IncidentStep.by_user_id)
        .where(
            IncidentStep.number == 1,
            IncidentStep.kind == StepKind.REPORT,
            IncidentStep.at >= asked.span.since,
            IncidentStep.at < asked.span.until,
            User.person_id.is_not(None),
        )
    )
    found = pd.DataFrame(asked.session.execute(wanted).all(), columns=["incident_id", "person_id"])
    found = found[found["incident_id"].isin(filed.index)]
    return found.set_index("incident_id")


def _held(asked: Asked, persons: set[int]) -> pd.DataFrame:
    """What these people were posted to, and that they belonged to a team, from when until when."""
    postings = select(Posting.person_id, Posting.duty, Posting.valid_from, Posting.valid_until)
    postings = postings.where(Posting.community_id == asked.community.id)
    teams = select(TeamMember.person_id, TeamMember.valid_from, TeamMember.valid_until)
    teams = teams.join(Team, Team.id == TeamMember.team_id).where(Team.community_id == asked.community.id)
    rows = [
        (person, _ORDER.index(Group.GRID if duty in GRID_DUTIES else Group.BUILDING), begins, ends)
        for person, duty, begins, ends in asked.session.execute(postings)
        if duty in GRID_DUTIES or duty in BUILDING_DUTIES
    ]
    rows += [
        (person, _ORDER.index(Group.VOLUNTEERS), begins, ends) for person, begins, ends in asked.session.execute(teams)
    ]
    found = pd.DataFrame(rows, columns=["person_id", "rank", "valid_from", "valid_until"])
    found["valid_until"] = [ends or pd.Timestamp.max.date() for ends in found["valid_until"]]
    return found[found["person_id"].isin(persons)]
