"""Editions over the API: the list, one with its history, what it changes, and its next step."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from apiflask import APIBlueprint
from flask import Response, json

from data.models import GridEdition
from patrols import editions, lineage, redraw
from patrols.edition_moves import Asked
from patrols.left_postings import LeftPosting, left_postings
from patrols.preview import Preview
from patrols.tally import COUNTED, FIGURES
from webmap import access, edition_steps, previews, storage
from webmap.access import May
from webmap.api.edition_shapes import AgainstQuery, EditionOut, NextEditionStep, OneEditionOut, PreviewOut
from webmap.api.shapes import CommunityQuery

api = APIBlueprint("api_editions", __name__, url_prefix="/api/editions", tag="Editions")


@api.get("")
@api.input(CommunityQuery, location="query", arg_name="asked")
@api.output(EditionOut(many=True))
@access.needs(May.SEE_FIGURES)
def listing(asked: dict[str, Any]) -> list[GridEdition]:
    """All editions of a community, the newest first."""
    community = access.community(asked.get("community"))
    access.scope().require(community.id)
    return redraw.editions(storage.session(), community)


@api.get("/<community>/<int:edition>")
@api.output(OneEditionOut)
@access.needs(May.SEE_FIGURES)
def show(community: str, edition: int) -> dict[str, Any]:
    """One edition with its history."""
    _place, found = edition_steps.find(community, edition)
    return _told(found)


@api.get("/<community>/<int:edition>/preview")
@api.input(AgainstQuery, location="query", arg_name="asked")
@api.output(PreviewOut)
@access.needs(May.SEE_FIGURES)
def changes(community: str, edition: int, asked: dict[str, Any]) -> Response:
    """What an edition changes: every grid before and after, and what moves where."""
    place, found = edition_steps.find(community, edition)
    opened = storage.session()
    against = redraw.edition(opened, place, asked["against"]) if "against" in asked else None
    told = _preview(previews.look_now(found, against).told)
    # Written at once: thousands of grids, field by field, would take longer than comparing the editions.
    return Response(json.dumps(told), mimetype="application/json")


@api.post("/<community>/<int:edition>/steps")
@api.input(NextEditionStep, arg_name="told")
@api.output(OneEditionOut, status_code=201)
@access.needs(May.DRAW_GRIDS)
def step(community: str, edition: int, told: dict[str, Any]) -> dict[str, Any]:
    """Take the next step of an edition: submit, review, send back, adopt, recall, discard or bring back."""
    _place, found = edition_steps.find(community, edition)
    edition_steps.take(found, told["move"], _asked(told))
    return _told(found)


def _asked(told: Mapping[str, Any]) -> Asked:
    day = told.get("valid_from")
    return Asked(
        note=told.get("note", ""),
        seen=told.get("seen"),
        filing_number=told.get("filing_number", ""),
        valid_from=None if day is None else date.fromisoformat(day),
        allow_flaws=told["allow_flaws"],
        reasons={one["grid_code"]: one["reason"] for one in told.get("reasons", [])},
    )


_COLUMNS = ("number", "name", "stage", "filing_number", "valid_from", "valid_until", "created_at", "revision")


def _told(edition: GridEdition) -> dict[str, Any]:
    history = editions.history(storage.session(), edition)
    return {
        **{name: getattr(edition, name) for name in _COLUMNS},
        "steps": [{"move": move, "stage": row.stage, "at": row.at, "note": row.note} for move, row in history],
        "next_steps": edition_steps.possible(edition),
    }


WHOLE = (*COUNTED, "open_incidents", "postings")
"""Figures that are whole numbers."""


def _preview(told: Preview) -> dict[str, Any]:
    return {
        "edition": told.edition.number,
        "against": None if told.against is None else told.against.number,
        "grids": _grids(told),
        "moves": [
            {**row, "from_code": row["from_code"] or None, "to_code": row["to_code"] or None}
            for row in told.moves.to_dict("records")
        ],
        "left_postings": [
            {"grid_code": one.grid_code, "heir": one.heir or None, "duty": one.duty} for one in _left(told)
        ],
        "before": _whole(told.totals["before"].to_dict()),
        "after": _whole(told.totals["after"].to_dict()),
    }


def _left(told: Preview) -> list[LeftPosting]:
    opened, codes = storage.session(), told.after["grid_code"]
    return left_postings(opened, told.edition, codes, lineage.heirs(told.lineage), at=storage.now())


def _grids(told: Preview) -> list[dict[str, Any]]:
    """Every grid before and after, as JSON takes it."""
    grids = told.grids
    about = {name: _plain(grids[name]) for name in ("name", "kind", "change")}
    sides = [_sides(grids, side) for side in ("before", "after")]
    return [
        {"grid_code": code or None, "name": name, "kind": kind, "change": change, "before": before, "after": after}
        for code, name, kind, change, before, after in zip(grids.index.tolist(), *about.values(), *sides, strict=True)
    ]


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Words, and None where there is none."""
    return [None if pd.isna(one) else str(one) for one in column.tolist()]


def _sides(grids: pd.DataFrame, side: str) -> list[dict[str, Any] | None]:
    """What each grid has on one side; None where it does not exist."""
    names = ("area_m2", *FIGURES)
    rows = zip(*(grids[f"{name}_{side}"].tolist() for name in names), strict=True)
    there = ({name: one for name, one in zip(names, row, strict=True) if one == one} for row in rows)
    return [_whole(row) or None for row in there]


def _whole(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: int(one) if name in WHOLE else one for name, one in row.items()}
