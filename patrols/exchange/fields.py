"""What is told about an incident when it is handed over: six fields that must be there, and what goes along."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from data.errors import Refusal
from data.models import Community, Incident, Outcome
from geo.errors import N_
from patrols.errors import BadExchange
from patrols.intake.sheet import Headings

FORMAT, VERSION = "gridpatrol exchange", 1
CRS = "CGCS2000"
"""In which degrees places are told; as everywhere here, WGS 84 is taken as equal."""

CRS_WORDS = frozenset({"cgcs2000", "epsg:4490", "2000国家大地坐标系", "国家2000", "4490"})

MANDATORY: Headings = {
    "code": ("编码", "案件编号", "事件编号", "事件编码", "标识码"),
    "name": ("名称", "事件名称", "案件名称", "标题"),
    "department_code": ("主管部门代码", "部门代码", "统一社会信用代码", "department code"),
    "department": ("主管部门名称", "部门名称", "主管部门", "department name"),
    "place": ("位置", "地点", "所在位置", "地址"),
    "grid_code": ("网格编码", "所在网格", "单元网格编码", "网格代码"),
}
"""The six fields without which nothing is handed over; the department's code has 18 places, the grid's 15."""

OTHERS: Headings = {
    "your_code": ("对方编码", "贵方编码"),
    "lon": ("经度", "longitude"),
    "lat": ("纬度", "latitude"),
    "crs": ("坐标系", "坐标系统"),
    "family": ("类别体系",),
    "kind": ("类别种类",),
    "category": ("类别代码", "类别", "小类代码"),
    "source": ("来源", "事件来源"),
    "description": ("描述", "问题描述", "事件描述", "内容"),
    "found_at": ("发现时间", "上报时间"),
    "due_at": ("截止时间", "办理期限"),
    "stage": ("状态", "办理状态"),
    "resolved_at": ("处置时间",),
    "closed_at": ("办结时间", "结案时间"),
    "rating": ("满意度",),
    "reporter_name": ("上报人", "反映人"),
    "reporter_phone": ("联系电话", "反映人电话"),
}
"""What may go along with an incident."""

STEPS: Headings = {
    "code": MANDATORY["code"],
    "step_key": ("步骤编号",),
    "step": ("步骤", "环节"),
    "step_at": ("步骤时间", "操作时间"),
    "step_note": ("步骤说明", "办理意见"),
    "step_department_code": ("步骤部门代码",),
    "step_limit": ("步骤时限",),
    "step_due": ("步骤截止时间",),
    "step_outcome": ("步骤结果",),
    "step_rating": ("步骤评价",),
}
"""What is told about one step."""

COLUMNS: Headings = {**MANDATORY, **OTHERS, **{name: words for name, words in STEPS.items() if name != "code"}}

OUTCOMES: Mapping[str, Outcome] = {
    "调解成功": Outcome.SETTLED,
    "未调成": Outcome.NOT_SETTLED,
    "引导诉讼": Outcome.TO_COURT,
}

_PLATFORM = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][\w.-]{0,31}")


def in_their_words(refusals: Iterable[Refusal], headings: Mapping[str, str]) -> list[Refusal]:
    """Refusals with the file's own headings for ours."""
    return [replace(one, column=headings.get(one.column or "", one.column)) for one in refusals]


def check_platform(name: str) -> str:
    """The short name of a platform, once it is one.

    Raises
    ------
    BadExchange
        If it is empty, longer than 32 characters, or holds spaces or signs.

    Examples
    --------
    >>> check_platform("kundulun")
    'kundulun'
    """
    if not _PLATFORM.fullmatch(name):
        raise BadExchange(
            N_("%(name)s is no name of a platform: up to 32 letters and digits, without spaces."), name=name or "–"
        )
    return name


def own_code(community: Community, number: str) -> str:
    """The code under which others know an incident of ours, for ever: the community's code and the number.

    Examples
    --------
    >>> own_code(Community(code="110108001001"), "20261122-0007")
    '110108001001-20261122-0007'
    """
    return f"{community.code}-{number}"


def own_number(community: Community, code: str) -> str | None:
    """The number of an incident of ours that a code of ours means; None for codes of others.

    Examples
    --------
    >>> own_number(Community(code="110108001001"), "110108001001-20261122-0007")
    '20261122-0007'
    """
    prefix = f"{community.code}-"
    return code[len(prefix) :] if code.startswith(prefix) else None


def step_key(community: Community, incident: Incident, number: int) -> str:
    """The key of a step that was done here: the incident's code and the step's number."""
    return f"{own_code(community, incident.number)}#{number}"
