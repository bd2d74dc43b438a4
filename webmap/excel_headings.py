"""Headings of tables that people take away into Excel: in Chinese those that an import takes back."""

from collections.abc import Mapping

import geopandas as gpd

CHINESE: Mapping[str, str] = {
    "grid_code": "网格编码",
    "name": "名称",
    "kind": "类型",
    "households": "户数",
    "residents": "人口",
    "buildings": "楼栋数",
    "compounds": "小区数",
    "explanation": "说明",
    "area_m2": "面积（平方米）",
    "community_code": "社区编码",
    "edition": "网格划分版次",
    "valid_from": "启用日期",
    "number": "编号",
    "category_family": "类别体系",
    "category_code": "类别代码",
    "category": "类别",
    "answers": "补充信息",
    "stage": "状态",
    "source": "来源",
    "description": "描述",
    "address": "地址",
    "grid_rule": "网格判定规则",
    "border_m": "距网格边界（米）",
    "sure": "判定是否确定",
    "organisation_code": "处置单位代码",
    "organisation": "处置单位",
    "found_at": "发现时间",
    "due_at": "截止时间",
    "resolved_at": "处置时间",
    "closed_at": "办结时间",
    "rating": "评价",
    "reporter_name": "上报人",
    "reporter_phone": "联系电话",
    "patrol": "巡逻编号",
    "started_at": "开始时间",
    "ended_at": "结束时间",
    "metres": "里程（米）",
    "minutes": "时长（分钟）",
    "fixes_kept": "有效定位点数",
    "fixes_dropped": "剔除定位点数",
    "grids": "经过网格",
    "team": "队伍",
    "walker": "巡逻人",
}
"""What each column of `patrols.extracts` is called. Where an import has such a column, it knows it by this name."""


def headed(frame: gpd.GeoDataFrame, language: str) -> gpd.GeoDataFrame:
    """The same rows under headings in the reader's language; in English the names of the columns are such already."""
    return frame.rename(columns=dict(CHINESE)) if language == "zh" else frame
