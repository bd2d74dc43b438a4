"""Taking in the history of incidents: steps that were made elsewhere, by the one table of what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Community, Incident, IncidentStep, Organisation, Outcome, Person, Stage, StepKind
from geo.errors import N_
from patrols.errors import StepNotAllowed
from patrols.intake.incidents import INCIDENTS
from patrols.intake.keys import ids_of
from patrols.intake.rows import write_rows
from patrols.intake.sheet import Headings, Intake, Sheet
from patrols.moves import RATINGS, check_step, consequences, note_of

STEPS: Headings = {
    "number": INCIDENTS["number"],
    "step": ("步骤", "环节"),
    "at": ("时间", "操作时间"),
    "note": ("说明", "备注", "意见"),
    "person": ("处置人", "处置人编号", "to_person"),
    "organisation": ("处置单位", "承办单位", "to_organisation"),
    "rating": ("评价", "满意度"),
    "outcome": ("调解结果", "化解结果", "mediation"),
}
STEP_KINDS: Mapping[str, StepKind] = {
    "受理": StepKind.ACCEPT,
    "不予受理": StepKind.DECLINE,
    "作废": StepKind.VOID,
    "分流": StepKind.TRIAGE,
    "派遣": StepKind.DISPATCH,
    "办理": StepKind.HANDLE,
    "退回": StepKind.SEND_BACK,
    "申请延期": StepKind.ASK_LONGER,
    "延期": StepKind.EXTEND,
    "不予延期": StepKind.REFUSE_LONGER,
    "挂账": StepKind.PARK,
    "督办": StepKind.SUPERVISE,
    "答复": StepKind.REPLY,
    "处置": StepKind.RESOLVE,
    "核查": StepKind.CHECK,
    "返工": StepKind.REDO,
    "办结": StepKind.CLOSE,
    "评价": StepKind.RATE,
    "重开": StepKind.REOPEN,
    "就地办结": StepKind.SETTLE_ON_THE_SPOT,
}

OUTCOMES: Mapping[str, Outcome] = {
    "调解成功": Outcome.SETTLED,
    "已化解": Outcome.SETTLED,
    "调解未成": Outcome.NOT_SETTLED,
    "未化解": Outcome.NOT_SETTLED,
    "进入诉讼": Outcome.TO_COURT,
    "转诉讼": Outcome.TO_COURT,
}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Standing:
    """Where an incident stands while its steps are taken one after another."""

    id: int
    stage: Stage
    number: int
    at: datetime
    refused: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


def import_steps(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take the history of incidents that are stored: `number`, `step`, `at`, and what the step needs.

    The steps of an incident are taken in order of time (of rows, where equal) after those it has, by the one table of
    what may follow what. An incident of which one step is refused takes none of its later ones. `outcome` says how a
    mediation ended, on the step that resolves or settles a dispute.
    """
    sheet = Sheet(reading, STEPS)
    rows = pd.DataFrame(
        {
            "number": sheet.text("number", longest=64, required=True),
            "kind": sheet.word("step", StepKind, STEP_KINDS),
            "at": sheet.moment("at", community.timezone, required=True),
            "note": sheet.text("note", longest=4000),
            "rating": sheet.number("rating", least=RATINGS[0], most=RATINGS[-1]),
            "outcome": sheet.word("outcome", Outcome, OUTCOMES),
        }
    )
    sheet.refuse(
        rows["kind"].isna() & (sheet.text("step", longest=64) == ""), N_("This must not be empty."), column="step"
    )
    rows["person_id"] = ids_of(session, sheet, "person", Person.number, community)
    rows["organisation_id"] = ids_of(session, sheet, "organisation", Organisation.name, community)
    standing = _standing(session, community)
    sheet.refuse(
        ~rows["number"].isin(standing) & (rows["number"] != ""),
        N_("There is no incident %(number)s."),
        column="number",
        number=lambda i: rows["number"].iloc[i],
    )
    steps = _play(sheet, rows, standing)
    sheet.accept(skip_bad=skip_bad)
    if steps:
        write_rows(session, IncidentStep, steps)
        changed = [{"id": one.id, **one.changes} for one in standing.values() if one.changes]
        for names in {tuple(sorted(row)) for row in changed}:
            # One statement for each set of columns, so that a column that did not change is not written over.
            session.execute(update(Incident), [row for row in changed if tuple(sorted(row)) == names])
        session.expire_all()
    return Intake(stored=len(steps), refusals=sheet.refusals, notes=sheet.notes)


def _standing(session: Session, community: Community) -> dict[str, _Standing]:
    """Every incident of the community by number: its stage, and the number and time of its last step."""
    statement = (
        select(Incident.number, Incident.id, Incident.stage, func.max(IncidentStep.number), func.max(IncidentStep.at))
        .outerjoin(IncidentStep)
        .where(Incident.community_id == community.id)
        .group_by(Incident.number, Incident.id, Incident.stage)
    )
    return {
        number: _Standing(key, stage, last or 0, at or EPOCH)
        for number, key, stage, last, at in session.execute(statement)
    }


def _play(sheet: Sheet, rows: pd.DataFrame, standing: Mapping[str, _Standing]) -> list[dict[str, Any]]:
    """Take the steps in order of time; what may not follow is refused, and so is what comes after it."""
    taken = []
    rows = rows.assign(position=range(len(rows)))[~sheet.bad]
    for row in rows.sort_values(["number", "at"], kind="stable").to_dict("records"):
        incident = standing[row["number"]]
        try:
            taken.append(_advance(incident, row))
        except StepNotAllowed as refusal:
            incident.refused = True
            sheet.refuse_row(row["position"], refusal, column="step")
    return taken


def _advance(incident: _Standing, row: Mapping[Any, Any]) -> dict[str, Any]:
    """One step of one incident as a row of the table; the incident moves on."""
    if incident.refused:
        raise StepNotAllowed(N_("A step before this one was refused."))
    at = row["at"].to_pydatetime()
    if at < incident.at:
        raise StepNotAllowed(N_("The step is dated before the one it follows: %(at)s."), at=at.isoformat())
    given = {"person_id": row["person_id"], "organisation_id": row["organisation_id"]}
    rating = None if pd.isna(row["rating"]) else int(row["rating"])
    kind, outcome = row["kind"], row["outcome"]
    move = check_step(incident.stage, kind, note=row["note"], outcome=outcome, rating=rating, **given)
    changes = consequences(kind, move.after, at, row["person_id"], row["organisation_id"], outcome, rating)
    incident.changes.update(changes)
    incident.stage, incident.at, incident.number = move.after, at, incident.number + 1
    return {
        "incident_id": incident.id,
        "number": incident.number,
        "kind": kind,
        "stage": move.after,
        "at": at,
        "note": note_of(kind, row["note"], rating),
        "to_person_id": row["person_id"],
        "to_organisation_id": row["organisation_id"],
        "said": {} if outcome is None else {"outcome": outcome.value},
    }
