"""Who sent incidents up: by groups of reporters, told apart by the duties that people held on the day."""

import numpy as np
import pandas as pd
from sqlalchemy import select

from data.models import IncidentStep, Posting, ReporterGroup, StepKind, Team, TeamMember, User
from geo.errors import N_
from patrols import reporter_groups
from patrols.days import local_day
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Column, Kind, Named, Row, Said, Section, Table
from patrols.rates import PUBLIC, Rate

UNKNOWN = Said(N_("Everybody else, or by whom is not kept"))
NOBODY = np.inf
"""The place of whoever belongs to no group."""

COUNTED = ("filed", "valid", "done")


def section(asked: Asked) -> Section:
    """What each group of reporters sent up, and how much of it was valid."""
    filed = asked.counted.table[asked.counted.marks["filed"]]
    groups = reporter_groups.of(asked.session, asked.community)
    counts = counting.sums(asked.counted.marks.loc[filed.index], _places(asked, filed, groups), COUNTED)
    columns = (
        Column("group", Said(N_("Sent up by")), Kind.TEXT),
        Column("filed", counting.FILED, Kind.COUNT, summed=True),
        Column("share", Said(N_("Share of all")), Kind.RATE),
        Column("valid", counting.VALID, Kind.COUNT, summed=True),
        Column("valid_rate", Said(N_("Valid-report rate")), Kind.RATE),
        Column("done", Said(N_("Of these closed")), Kind.COUNT, summed=True),
    )
    names: dict[float, Said | Named] = {place: Named(group.zh, group.en) for place, group in enumerate(groups)}
    if NOBODY in counts:
        names[NOBODY] = UNKNOWN
    rows: list[Row] = []
    for place, name in names.items():
        sent, valid, done = counts.get(place, [0, 0, 0])
        rows.append((name, sent, Rate(sent, len(filed)), valid, Rate(valid, sent), done))
    table = Table(
        *("groups", Said(N_("By groups of reporters")), columns, tuple(rows), counting.of(asked), (MEANT,)),
        total=counting.added(columns, rows),
    )
    return Section("reporters", Said(N_("Who sent it up")), tables=(table,))


MEANT = Said(
    N_(
        "What came from residents or the hotline counts for the group that names them, whoever wrote it down. The rest"
        " counts by the duty or the team that whoever sent it up held on that day, for the first group in this order"
        " that names it; else by where it came from. Nobody is ranked by numbers."
    )
)


def _places(asked: Asked, filed: pd.DataFrame, groups: list[ReporterGroup]) -> "pd.Series[float]":
    """The place of each incident's group among the groups, by its id; three queries."""
    by_source = {source: place for place, group in reversed(list(enumerate(groups))) for source in group.sources}
    place = filed["source"].map(by_source).astype(float).fillna(NOBODY)
    senders = _senders(asked, filed)
    known = senders.assign(day=[local_day(asked.community, at) for at in filed.loc[senders.index, "reported_at"]])
    held = known.reset_index().merge(_held(asked, set(known["person_id"]), groups), on="person_id")
    held = held[(held["valid_from"] <= held["day"]) & (held["day"] < held["valid_until"])]
    best = held.groupby("incident_id")["place"].min().reindex(filed.index).astype(float)
    told = filed["source"].isin(PUBLIC) & (place < NOBODY)
    return place.where(told | best.isna(), best)


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


def _held(asked: Asked, persons: set[int], groups: list[ReporterGroup]) -> pd.DataFrame:
    """The groups that these people belonged to by a posting or a team, from when until when."""
    postings = select(Posting.person_id, Posting.duty, Posting.valid_from, Posting.valid_until)
    postings = postings.where(Posting.community_id == asked.community.id)
    members = select(TeamMember.person_id, Team.kind, TeamMember.valid_from, TeamMember.valid_until)
    members = members.join(Team, Team.id == TeamMember.team_id).where(Team.community_id == asked.community.id)
    rows = [
        (person, place, begins, ends)
        for wanted, name in ((postings, "duties"), (members, "teams"))
        for person, word, begins, ends in asked.session.execute(wanted)
        for place, group in enumerate(groups)
        if person in persons and not {word, reporter_groups.ANY_TEAM}.isdisjoint(getattr(group, name))
    ]
    found = pd.DataFrame(rows, columns=["person_id", "place", "valid_from", "valid_until"])
    found["valid_until"] = [ends or pd.Timestamp.max.date() for ends in found["valid_until"]]
    return found
