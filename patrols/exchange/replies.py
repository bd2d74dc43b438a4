"""What is answered to the hotline 12345: how each order stands, and the last answer given."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from data.models import Community, ExternalKey, Incident, IncidentStep, LimitUnit, Outcome, Stage, StepKind
from patrols import clocks
from patrols.days import zone
from patrols.exchange.orders import PLATFORM
from patrols.scope import Scope

_SETTLED = (Stage.RESOLVED, Stage.CLOSED)
_REFUSED = (Stage.VOIDED, Stage.DECLINED)
_SAID = {
    Stage.REPORTED: "待受理",
    Stage.ACCEPTED: "已受理",
    Stage.TRIAGED: "办理中",
    Stage.DISPATCHED: "办理中",
    Stage.PARKED: "挂账",
    Stage.RESOLVED: "已处置",
    Stage.CLOSED: "已办结",
    Stage.VOIDED: "作废",
    Stage.DECLINED: "不予受理",
}
_OUTCOMES = {Outcome.SETTLED: "调解成功", Outcome.NOT_SETTLED: "未调成", Outcome.TO_COURT: "引导诉讼"}

REPLY_COLUMNS = (
    "工单编号",
    "办理状态",
    "承办单位",
    "答复内容",
    "答复时间",
    "处置时间",
    "办结时间",
    "办理结果",
    "是否超期",
    "申请延期",
    "延期理由",
)
_UNITS = {
    LimitUnit.URGENT_HOURS: "小时",
    LimitUnit.WORKING_HOURS: "个工作小时",
    LimitUnit.WORKING_DAYS: "个工作日",
    LimitUnit.CALENDAR_DAYS: "天",
}


def replies(
    session: Session, scope: Scope, community: Community, *, at: datetime, since: datetime | None = None
) -> pd.DataFrame:
    """What is answered to the hotline: every order that may be seen, how it stands, and the last answer given.

    The answer is the last reply to the reporter, or else what was said when it was resolved. More time that was asked
    for here, and not answered yet, is asked of the hotline. Nobody is named.

    Parameters
    ----------
    at : datetime
        Now: whether it is overdue.
    since : datetime, optional
        Only orders that had a step since then.

    Returns
    -------
    DataFrame
        The columns `REPLY_COLUMNS`, all text, by order number.
    """
    scope.require_entry(community.id)
    orders: Any = (
        select(ExternalKey.key, Incident)
        .join(Incident, Incident.id == ExternalKey.incident_id)
        .where(ExternalKey.platform == PLATFORM, Incident.community_id == community.id)
        .options(joinedload(Incident.organisation), selectinload(Incident.steps))
        .order_by(ExternalKey.key)
    )
    rows = [
        _reply(community, key, incident, at)
        for key, incident in session.execute(scope.narrow(orders, Incident))
        if since is None or (incident.steps and incident.steps[-1].at >= since)
    ]
    return pd.DataFrame(rows, columns=list(REPLY_COLUMNS), dtype=object)


def _reply(community: Community, key: str, incident: Incident, at: datetime) -> tuple[str, ...]:
    answer = _answer(incident)
    ended = incident.resolved_at or incident.closed_at
    late = incident.stage not in _REFUSED and incident.due_at is not None and (ended or at) > incident.due_at
    return (
        key,
        _SAID[incident.stage],
        incident.organisation.name if incident.organisation else "",
        answer.note if answer else "",
        _local(community, answer.at if answer else None),
        _local(community, incident.resolved_at),
        _local(community, incident.closed_at),
        _OUTCOMES[incident.outcome] if incident.outcome else ("已解决" if incident.stage in _SETTLED else ""),
        "是" if late else "否",
        *_asked(incident),
    )


def _asked(incident: Incident) -> tuple[str, str]:
    """How much more time is asked for, and why."""
    step = clocks.waiting(incident.steps)
    limit = None if step is None else clocks.said_asked(step)
    return ("", "") if step is None or limit is None else (f"{limit.amount:g}{_UNITS[limit.unit]}", step.note)


def _answer(incident: Incident) -> IncidentStep | None:
    """The last reply to the reporter, or else what was said when it was settled or declined."""
    settled = (StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT, StepKind.DECLINE)
    for kinds in ((StepKind.REPLY,), settled):
        found = [step for step in incident.steps if step.kind in kinds and step.note]
        if found:
            return found[-1]
    return None


def _local(community: Community, at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(zone(community.timezone)):%Y-%m-%d %H:%M}"
