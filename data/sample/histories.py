"""Simulated histories: the steps by which incidents went from report to close, and those still on their way."""

from datetime import datetime

import numpy as np
import pandas as pd

NOTES = {
    "void": ["核实不属实", "与前一件重复", "不在本社区范围，已告知反映人"],
    "send_back": ["不属于本单位职责，退回重新派遣", "地址不清，请补充"],
    "redo": ["现场核查仍有遗留，返工", "照片与现场不符，返工"],
    "park": ["需立项改造，挂账", "等待配件到货，挂账", "涉及产权争议，挂账"],
    "close": ["现场核查属实，办结", "电话回访，办结", ""],
}
RESOLVED = {
    "property": ["物业已上门处理，住户认可", "已清理修复，现场恢复"],
    "sanitation": ["已清运干净", "已清扫，加了一遍保洁"],
    "enforcement": ["已劝离并清理，列入重点巡查", "已整改，现场恢复"],
    "maintenance": ["已修复，试用正常", "已更换，现场恢复"],
    "police": ["民警到场处置完毕", "已联系当事人，处理完毕"],
    "fire": ["隐患已消除，复查合格", "已补齐器材，贴了检查卡"],
    "justice": ["双方达成一致，签了调解协议", "上门调解两次，双方和好"],
    "civil": ["已上门办理，帮扶到位", "已对接政策，材料收齐"],
}
SETTLED = {
    "property": ["帮着搬走了，顺手扫干净", "跟住户说通了，当场清走"],
    "sanitation": ["当场清走了", "叫上队友一块儿扫干净了"],
    "enforcement": ["当场劝离，已整改", "当场清掉了"],
    "maintenance": ["先围挡起来，已当场复位"],
    "police": ["打电话联系上，当场开走", "当场劝导，拴上绳了"],
    "fire": ["当场拔了插头，收了线，讲了道理", "当场挪开，通道畅通"],
    "justice": ["跟两家说通了，当场和好"],
    "civil": ["当场解答，留了便民卡", "帮着办好了，老人很高兴"],
}
"""What is written down when it is resolved or settled, by the office that such things belong to."""

ENDED = {"settled": 0.83, "not_settled": 0.08, "to_court": 0.09}
"""How mediations end: of 135 in one place 112 were settled and 12 went to court."""

UNSETTLED = {
    "not_settled": ["调解两次未谈拢，约定下月再谈", "一方不接受调解，已告知其他途径"],
    "to_court": ["调解不成，已引导走诉讼", "双方同意由法院判"],
}
"""What is written down when a dispute was not settled."""

MEDIATES = "justice"
"""The office whose matters are disputes."""

URGENT_HOURS = 12
"""Up to this limit offices work through the night; everything else waits for the next morning."""

OPENS, WORKS_HOURS = 8.0, 11.0
"""Offices are at work from 8:00 to 19:00, every day."""

SLOW_SHARE = 0.08
"""Share of incidents whose handler drags on far beyond the limit; on time, about seven in ten are done."""


def make_steps(incidents: pd.DataFrame, until: datetime, *, rng: np.random.Generator) -> pd.DataFrame:
    """Every step after the report, in order: `number, kind, at, note, organisation, rating`; nothing after `until`.

    About one in six is settled on the spot. The others are accepted, triaged, dispatched, resolved, checked and closed;
    some are sent back, redone, parked or void, and some handlers are late. What lies after `until` has not happened, so
    recent incidents stand at every stage.

    Parameters
    ----------
    incidents : DataFrame
        As made by `make_incidents`: `number, source, found_at, limit_hours, organisation, may_settle`.
    """
    count = len(incidents)
    fate = rng.random(count)
    limit = incidents["limit_hours"].to_numpy()
    may_settle = incidents["source"].isin(["patrol", "office"]).to_numpy()
    settled = may_settle & (rng.random(count) < incidents["may_settle"].to_numpy())
    void = ~settled & (fate < 0.03)
    back = ~settled & (fate >= 0.03) & (fate < 0.06)
    redone = ~settled & (fate >= 0.06) & (fate < 0.10)
    parked = ~settled & (fate > 0.98)
    freed = parked & (fate > 0.99)
    rated = ~settled & (rng.random(count) < 0.4)
    worked = ~settled & ~void
    slow = np.where(rng.random(count) < SLOW_SHARE, rng.uniform(4, 30, count), 1.0)
    handling = limit * np.clip(rng.lognormal(np.log(0.35), 0.7, count), 0.02, 3) * slow
    clock = _Clock(incidents["found_at"], limit)
    plan = [
        ("settle_on_the_spot", settled, rng.uniform(0.05, 0.7, count)),
        ("accept", worked, rng.lognormal(np.log(2), 1.0, count)),
        ("void", void, rng.lognormal(np.log(3), 0.6, count)),
        ("triage", worked, rng.lognormal(np.log(0.8), 1.0, count)),
        ("dispatch", worked, rng.lognormal(np.log(0.8), 1.0, count)),
        ("send_back", worked & back, rng.uniform(1, 12, count)),
        ("triage", worked & back, rng.uniform(0.5, 4, count)),
        ("dispatch", worked & back, rng.uniform(0.5, 6, count)),
        ("park", worked & parked, rng.uniform(4, 72, count)),
        ("resolve", worked & (~parked | freed), np.where(freed, rng.uniform(500, 2200, count), handling)),
        ("redo", worked & redone, rng.uniform(2, 30, count)),
        ("dispatch", worked & redone, rng.uniform(0.3, 3, count)),
        ("resolve", worked & redone, handling * 0.5),
        ("close", settled | (worked & (~parked | freed)), rng.lognormal(np.log(36), 0.8, count)),
        ("rate", worked & rated & (~parked | freed), rng.uniform(1, 60, count)),
    ]
    steps = [_steps(incidents, kind, who, clock.after(who, hours), rng) for kind, who, hours in plan]
    history = pd.concat(steps, ignore_index=True)
    # The order of the plan, not the clock, decides between steps of one moment.
    history = history[history["at"] <= pd.Timestamp(until)].sort_values("position", kind="stable")
    return history.drop(columns="position").reset_index(drop=True)


def tell_outcomes(steps: pd.DataFrame, incidents: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Say of every dispute that was resolved how it ended: adds `outcome`, empty elsewhere, and mends the note.

    What was settled on the spot was settled.
    """
    disputes = steps["number"].isin(incidents.loc[incidents["organisation"] == MEDIATES, "number"])
    mediated = (disputes & (steps["kind"] == "resolve")).to_numpy()
    outcome = np.where(disputes & (steps["kind"] == "settle_on_the_spot"), "settled", "").astype(object)
    outcome[mediated] = rng.choice(list(ENDED), mediated.sum(), p=list(ENDED.values()))
    note, pick = steps["note"].to_numpy(dtype=object, copy=True), rng.random(len(steps))
    for word, options in UNSETTLED.items():
        for place in np.flatnonzero(outcome == word):
            note[place] = options[int(pick[place] * len(options))]
    return steps.assign(outcome=outcome, note=note)


class _Clock:
    """Moments of a history: hours go by around the clock for what is urgent, in working time for what is not."""

    def __init__(self, found: "pd.Series[pd.Timestamp]", limit_hours: np.ndarray) -> None:
        self._found = found.reset_index(drop=True)
        self._gone = np.zeros(len(found))
        self._urgent = limit_hours <= URGENT_HOURS
        self._midnight = self._found.dt.normalize()
        hour = (self._found - self._midnight).dt.total_seconds().to_numpy() / 3600
        self._worked = np.clip(hour - OPENS, 0, WORKS_HOURS)
        self._last = self._found

    def after(self, who: np.ndarray, hours: np.ndarray) -> "pd.Series[pd.Timestamp]":
        """Let `hours` of the calendar go by for some of the incidents, and say when that is for all."""
        self._gone = self._gone + np.where(who, hours, 0.0)
        straight = self._found + pd.to_timedelta((self._gone * 3600).round(), unit="s")
        days, rest = np.divmod(self._worked + self._gone * WORKS_HOURS / 24, WORKS_HOURS)
        at_work = self._midnight + pd.to_timedelta(((days * 24 + OPENS + rest) * 3600).round(), unit="s")
        quick = self._urgent | (self._gone < 1.0)
        moment = straight.where(quick, at_work)
        self._last = moment.where(moment > self._last, self._last).where(who, self._last)
        return self._last


def _steps(
    incidents: pd.DataFrame, kind: str, who: np.ndarray, at: "pd.Series[pd.Timestamp]", rng: np.random.Generator
) -> pd.DataFrame:
    """One kind of step for the incidents that take it."""
    chosen = np.flatnonzero(who)
    office = incidents["organisation"].to_numpy()[chosen]
    rating = rng.choice([5, 4, 3, 2, 1], len(chosen), p=[0.52, 0.27, 0.12, 0.06, 0.03])
    words = {"resolve": RESOLVED, "settle_on_the_spot": SETTLED}.get(kind)
    options = [NOTES.get(kind, [""]) if words is None else words[key] for key in office]
    return pd.DataFrame(
        {
            "position": chosen,
            "number": incidents["number"].to_numpy()[chosen],
            "kind": kind,
            "at": at.iloc[chosen].reset_index(drop=True),
            "note": [
                said[int(share * len(said))] for said, share in zip(options, rng.random(len(chosen)), strict=True)
            ],
            "organisation": office if kind in ("triage", "dispatch") else "",
            "rating": rating if kind == "rate" else 0,
        }
    )
