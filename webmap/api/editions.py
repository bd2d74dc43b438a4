"""Editions over the API: the list, one with its history, what it changes, and its next step."""

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from apiflask import APIBlueprint

from data.models import GridEdition, GridKind
from patrols import editions, redraw
from patrols.edition_moves import Asked
from patrols.preview import Preview, preview
from patrols.tally import FIGURES
from webmap import access, edition_steps, storage
from webmap.access import May
from webmap.api.edition_shapes import AgainstQuery, EditionOut, NextEditionStep, OneEditionOut, PreviewOut
from webmap.api.shapes import CommunityQuery

api = APIBlueprint("api_editions", __name__, url_prefix="/api/editions", tag="Editions")

Row = Mapping[Hashable, Any]


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
def changes(community: str, edition: int, asked: dict[str, Any]) -> dict[str, Any]:
    """What an edition changes: every grid before and after, and what moves where."""
    place, found = edition_steps.find(community, edition)
    opened = storage.session()
    against = redraw.edition(opened, place, asked["against"]) if "against" in asked else None
    return _preview(preview(opened, found, at=storage.now(), against=against))


@api.post("/<community>/<int:edition>/steps")
@api.input(NextEditionStep, arg_name="told")
@api.output(OneEditionOut, status_code=201)
@access.needs(May.DRAW_GRIDS)
def step(community: str, edition: int, told: dict[str, Any]) -> dict[str, Any]:
    """Take the next step of an edition: submit, review, send back, adopt, recall, discard or bring back."""
    place, found = edition_steps.find(community, edition)
    edition_steps.take(place, found, told["move"], _asked(told))
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


def _preview(told: Preview) -> dict[str, Any]:
    return {
        "edition": told.edition.number,
        "against": None if told.against is None else told.against.number,
        "grids": [_grid(row) for row in told.grids.reset_index().to_dict("records")],
        "moves": [
            {**row, "from_code": row["from_code"] or None, "to_code": row["to_code"] or None}
            for row in told.moves.to_dict("records")
        ],
        "before": told.totals["before"].to_dict(),
        "after": told.totals["after"].to_dict(),
    }


def _grid(row: Row) -> dict[str, Any]:
    named = {name: None if pd.isna(row[name]) else row[name] for name in ("name", "kind", "change")}
    if named["kind"] is not None:
        named["kind"] = GridKind(named["kind"])
    return {
        "grid_code": row["grid_code"] or None,
        **named,
        "before": _side(row, "before"),
        "after": _side(row, "after"),
    }


def _side(row: Row, side: str) -> dict[str, Any] | None:
    values = {name: row[f"{name}_{side}"] for name in ("area_m2", *FIGURES)}
    there = {name: value for name, value in values.items() if not pd.isna(value)}
    return there or None
