"""Steps that another platform took: each taken over once, in order, by the rules of our own."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict, Refusal
from data.models import (
    Community,
    ExternalStep,
    Incident,
    IncidentStep,
    LimitUnit,
    Organisation,
    Outcome,
    Stage,
    StepKind,
)
from geo.errors import N_
from patrols import incidents
from patrols.deadlines import Limit
from patrols.errors import BadExchange, BadRule, StepNotAllowed
from patrols.exchange.fields import OUTCOMES, STEPS, own_number
from patrols.exchange.sent import Sent
from patrols.intake.incidents import CLOCK_TOLERANCE
from patrols.intake.sheet import Sheet
from patrols.intake.steps import STEP_KINDS
from patrols.moves import RATINGS

THEIRS_ALONE = frozenset({StepKind.REPORT, StepKind.ESCALATE, StepKind.MERGE, StepKind.HAND_OVER})
"""Steps that mean nothing here: the report is ours, and whom they told or what they merged is in their own books."""

ALREADY: Mapping[StepKind, frozenset[Stage]] = {
    StepKind.ACCEPT: frozenset(Stage) - {Stage.REPORTED},
    StepKind.RESOLVE: frozenset({Stage.RESOLVED, Stage.CLOSED}),
    StepKind.CLOSE: frozenset({Stage.CLOSED}),
    StepKind.VOID: frozenset({Stage.VOIDED}),
    StepKind.DECLINE: frozenset({Stage.DECLINED}),
    StepKind.PARK: frozenset({Stage.PARKED}),
}
"""Where an incident stands when both sides did the same: then there is nothing to do, and it is noted."""


class Steps:
    """Takes over the steps of one file. `refusals` and `notes` tell of those that were not."""

    def __init__(self, session: Session, community: Community, platform: str, at: datetime) -> None:
        self.session, self.community, self.platform, self.at = session, community, platform, at
        self.refusals: list[Refusal] = []
        self.notes: list[Refusal] = []
        self._offices = dict(
            session.execute(
                select(Organisation.code, Organisation).where(Organisation.community_id == community.id)
            ).all()
        )
        self._known = set(session.scalars(select(ExternalStep.key).where(ExternalStep.platform == platform)))

    def take(self, sent: Sent, departments: Mapping[str, str], found: Mapping[str, Incident]) -> set[int]:
        """Take over what is new of the steps, in order of time; which incidents moved on, by their ids.

        An incident of which one step is refused takes none of its later ones.

        Parameters
        ----------
        departments, found : mapping
            By the platform's code of an incident: the code of the department that it named, and the incident.
        """
        sheet = Sheet(sent.steps, STEPS)
        rows = self._read(sheet)
        self.refusals += sheet.refusals
        moved, stopped = set(), set(rows.loc[sheet.bad, "code"])
        for row in rows.sort_values("at", kind="stable").to_dict("records"):
            incident = found.get(row["code"])
            if incident is None or row["code"] in stopped:
                continue
            office = row["office"] or departments.get(row["code"], "")
            try:
                if self._take_one(incident, {**row, "office": office}, sheet.file):
                    moved.add(incident.id)
            except (StepNotAllowed, BadRule, BadExchange, Conflict) as fault:
                stopped.add(row["code"])
                self.refusals.append(Refusal(sheet.file, row["row"], "step", fault.template, fault.facts))
        return moved

    def _read(self, sheet: Sheet) -> pd.DataFrame:
        moments = sheet.moment("step_at", self.community.timezone, required=True)
        sheet.refuse(
            moments > self.at + CLOCK_TOLERANCE,
            N_("%(value)s lies in the future."),
            column="step_at",
            value=lambda i: moments.iloc[i].isoformat(),
        )
        rows = pd.DataFrame(
            {
                "code": sheet.text("code", longest=64, required=True),
                "key": sheet.text("step_key", longest=96),
                "kind": sheet.word("step", StepKind, STEP_KINDS),
                "at": moments,
                "note": sheet.text("step_note", longest=3900),
                "office": sheet.text("step_department_code", longest=18),
                "limit": sheet.text("step_limit", longest=32),
                "due": sheet.moment("step_due", self.community.timezone),
                "outcome": sheet.word("step_outcome", Outcome, OUTCOMES),
                "rating": sheet.number("step_rating", least=RATINGS[0], most=RATINGS[-1]),
                "row": sheet.frame["source_row"],
            }
        )
        sheet.refuse(
            rows["kind"].isna() & (sheet.text("step", longest=64) == ""), N_("This must not be empty."), column="step"
        )
        return rows

    def _take_one(self, incident: Incident, row: Mapping[Any, Any], file: str) -> bool:
        """Take over one step; False if it was before, or says nothing here."""
        kind, key = row["kind"], row["key"] or _key_of(row)
        if kind in THEIRS_ALONE or key in self._known or self._is_ours(incident, key):
            return False
        if incident.stage in ALREADY.get(kind, ()):
            facts = {"kind": kind.value, "number": incident.number}
            template = N_("Incident %(number)s: %(kind)s was done on both sides; ours stays.")
            self.notes.append(Refusal(file, row["row"], "step", template, facts))
            return False
        kind = _as_here(kind, incident.stage)
        step = incidents.step(
            self.session,
            incident,
            kind,
            by=None,
            at=self._moment(incident, row["at"].to_pydatetime()),
            note=f"{self.platform}: {row['note']}" if row["note"] else "",
            to_organisation=self._office(row["office"]) if kind is StepKind.TRIAGE else None,
            limit=_limit(row["limit"]),
            due_at=None if kind is not StepKind.EXTEND or pd.isna(row["due"]) else row["due"].to_pydatetime(),
            outcome=row["outcome"],
            rating=None if pd.isna(row["rating"]) else int(row["rating"]),
            heard_from=self.platform,
        )
        self._known.add(key)
        self.session.add(
            ExternalStep(platform=self.platform, key=key, step_id=step.id, stated_at=row["at"].to_pydatetime())
        )
        return True

    def _moment(self, incident: Incident, stated: datetime) -> datetime:
        """When it counts from: steps follow one another, also where both sides worked at the same time."""
        last = incident.steps[-1].at if incident.steps else stated
        return max(min(stated, self.at), last)

    def _office(self, code: str) -> Organisation:
        office = self._offices.get(code) if code else None
        if office is None:
            raise BadExchange(
                N_("The community has no office with the code %(code)s. Enter it there first."), code=code or "–"
            )
        return office

    def _is_ours(self, incident: Incident, key: str) -> bool:
        """Whether a key is that of a step which was done here and went out."""
        code, mark, number = key.rpartition("#")
        if not mark or own_number(self.community, code) is None:
            return False
        if own_number(self.community, code) != incident.number or not _has(incident.steps, number):
            raise BadExchange(N_("%(key)s is the key of no step of this incident."), key=key)
        return True


def _has(steps: list[IncidentStep], number: str) -> bool:
    return number.isascii() and number.isdigit() and any(step.number == int(number) for step in steps)


def _as_here(kind: StepKind, stage: Stage) -> StepKind:
    """Their persons are none of ours: a dispatch hands it to the department here, or says that it is at work."""
    if kind is not StepKind.DISPATCH:
        return kind
    return StepKind.HANDLE if stage in (Stage.TRIAGED, Stage.DISPATCHED) else StepKind.TRIAGE


def _limit(text: str) -> Limit | None:
    """A limit as it is handed over: ``2 working_days``."""
    if not text:
        return None
    amount, _, unit = text.partition(" ")
    try:
        return Limit(float(amount), LimitUnit(unit))
    except ValueError as wrong:
        raise BadExchange(N_("%(value)s is no limit; write it like 2 working_days."), value=text) from wrong


def _key_of(row: Mapping[Any, Any]) -> str:
    """A key of a step that came without one: the same words at the same time are the same step."""
    words = "\x1f".join((row["code"], row["kind"].value, row["at"].isoformat(), row["note"]))
    return "F" + hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()
