"""Drafts over the API: what the editor draws with. An edit says which revision it was made on (ETag and If-Match)."""

import re
from collections.abc import Callable
from typing import Any
from zlib import crc32

from apiflask import APIBlueprint
from flask import Response, abort, json, request
from marshmallow import ValidationError

from data.models import GridEdition
from geo.errors import N_
from patrols import draft_flaws, draft_log, drafts
from patrols.draft_edits import Edit
from patrols.draft_state import DraftState, band_of
from patrols.drafts import Applied
from patrols.edition_moves import Asked
from patrols.editions import EditionMove
from patrols.errors import DraftChanged
from webmap import access, draft_begun, edition_steps, storage, waiting
from webmap.access import May
from webmap.api import draft_text
from webmap.api.draft_shapes import (
    ARGUMENTS,
    AcceptIn,
    AppliedOut,
    BlocksOut,
    ChangeOut,
    DraftGridsOut,
    DraftOut,
    EditIn,
    ListedFlawOut,
    NewDraft,
    RevisionHeader,
    SinceQuery,
    WholeDraftOut,
)
from webmap.api.shapes import CommunityQuery

api = APIBlueprint("api_drafts", __name__, url_prefix="/api/drafts", tag="Drafts")

GEOJSON = "application/geo+json"


@api.get("")
@api.input(CommunityQuery, location="query", arg_name="asked")
@api.output(DraftOut(many=True))
@access.needs(May.DRAW_GRIDS)
def listing(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The drafts of a community, the newest first."""
    community = _whole(asked.get("community"))
    return [_about(edition) for edition in drafts.drafts(storage.session(), community)]


@api.post("")
@api.input(NewDraft, arg_name="told")
@api.output(DraftOut, status_code=201)
@access.needs(May.DRAW_GRIDS)
def begin(told: dict[str, Any]) -> dict[str, Any]:
    """Begin a draft, from the grids in force or drawn anew."""
    band = told.get("households")
    households = (min(band), max(band)) if band else None
    edition = draft_begun.begin(_whole(told.get("community")), told["source"], households, seed=told["seed"])
    return _about(edition)


@api.get("/<code>/<int:number>")
@api.output(WholeDraftOut)
@access.needs(May.DRAW_GRIDS)
def show(code: str, number: int) -> Response:
    """A draft with its table of grids and its flaws.

    The first answer of a server takes long for a large town. Who sends `Prefer: respond-async` is not kept waiting:
    until the draft is read, the answer is 202 and says how far that has come.
    """
    if "respond-async" in request.headers.get("Prefer", "").lower():
        standing = draft_begun.awaited(_whole(code), number)
        if standing is not None:
            return waiting.told(standing)
    edition = _edition(code, number)
    state = drafts.state_of(storage.session(), edition)
    body = {
        **_about(edition),
        "created_at": edition.created_at.isoformat(timespec="seconds"),
        "band": list(band_of(edition)),
        **_steps(edition),
        "table": state.table(),
        "flaws": _flaws(edition, state),
    }
    text = json.dumps(body)
    # Stage, accepted flaws and open incidents change without a new revision: the tag must tell of them too.
    tag = f"{edition.revision}-{crc32(text.encode()):x}"
    known = Response(status=304) if _knows(tag) else Response(text, mimetype="application/json")
    return _tagged(known, tag)


@api.delete("/<code>/<int:number>")
@api.input(RevisionHeader, location="headers", arg_name="headers")
@api.output(DraftOut)
@access.needs(May.DRAW_GRIDS)
def discard(code: str, number: int, headers: dict[str, Any]) -> dict[str, Any]:
    """Throw a draft away. Nothing of it is deleted: the step `bring_back` of the edition makes it a draft again."""
    seen, (_, edition) = _revision(headers), edition_steps.find(code, number)
    if seen != edition.revision:
        raise DraftChanged(
            N_("Somebody else changed the draft first: look at it again."),
            told=draft_log.told(storage.session(), draft_log.changes_since(storage.session(), edition, seen)),
            revision=edition.revision,
        )
    edition_steps.take(edition, EditionMove.DISCARD, Asked(seen=seen))
    return _about(edition)


@api.get("/<code>/<int:number>/grids")
@api.input(SinceQuery, location="query", arg_name="asked")
@api.output(DraftGridsOut, content_type=GEOJSON)
@access.needs(May.DRAW_GRIDS)
def grids(code: str, number: int, asked: dict[str, Any]) -> Response:
    """The draft's grids as GeoJSON; with `since`, those that changed after that revision."""
    edition, state = _draft(code, number)
    if _knows(edition.revision) and "since" not in asked:
        return _tagged(Response(status=304), edition.revision)
    codes, gone = state.codes, []
    if "since" in asked:
        changes = draft_log.changes_since(storage.session(), edition, asked["since"])
        touched = draft_log.codes_in(changes)
        codes, gone = tuple(sorted(touched & state.rows.keys())), sorted(touched - state.rows.keys())
    text = draft_text.grids(state, codes, revision=edition.revision, gone=gone)
    return _tagged(Response(text, mimetype=GEOJSON), edition.revision)


@api.get("/<code>/<int:number>/blocks")
@api.output(BlocksOut, content_type=GEOJSON)
@access.needs(May.DRAW_GRIDS)
def blocks(code: str, number: int) -> Response:
    """The draft's blocks as GeoJSON, each with the grid that it lies in."""
    edition, state = _draft(code, number)
    if _knows(edition.revision):
        return _tagged(Response(status=304), edition.revision)
    return _tagged(Response(draft_text.blocks(state, revision=edition.revision), mimetype=GEOJSON), edition.revision)


@api.get("/<code>/<int:number>/edits")
@api.input(SinceQuery, location="query", arg_name="asked")
@api.output(ChangeOut(many=True))
@access.needs(May.DRAW_GRIDS)
def edits(code: str, number: int, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened to a draft after a revision: who, when, what, and which grids."""
    edition, _ = _draft(code, number)
    opened = storage.session()
    return draft_log.told(opened, draft_log.changes_since(opened, edition, asked.get("since", -1)))


@api.post("/<code>/<int:number>/edits")
@api.input(RevisionHeader, location="headers", arg_name="headers")
@api.input(EditIn, arg_name="told")
@api.output(AppliedOut)
@access.needs(May.DRAW_GRIDS)
def edit(code: str, number: int, headers: dict[str, Any], told: dict[str, Any]) -> Response:
    """Do an edit. Where others changed the draft meanwhile, but none of the same grids, it is done all the same."""
    revision, edition = _revision(headers), _edition(code, number)
    kind = told.pop("kind")
    wanted = Edit(kind, _arguments(kind, told))
    done = drafts.apply(storage.session(), edition, wanted, revision=revision, at=storage.now(), by=access.me())
    return _done(edition, done, revision)


@api.post("/<code>/<int:number>/undo")
@api.input(RevisionHeader, location="headers", arg_name="headers")
@api.output(AppliedOut)
@access.needs(May.DRAW_GRIDS)
def undo(code: str, number: int, headers: dict[str, Any]) -> Response:
    """Take back the last edit."""
    return _stepped(drafts.undo, code, number, headers)


@api.post("/<code>/<int:number>/redo")
@api.input(RevisionHeader, location="headers", arg_name="headers")
@api.output(AppliedOut)
@access.needs(May.DRAW_GRIDS)
def redo(code: str, number: int, headers: dict[str, Any]) -> Response:
    """Do the edit again that was undone last."""
    return _stepped(drafts.redo, code, number, headers)


def _stepped(step: Callable[..., Applied], code: str, number: int, headers: dict[str, Any]) -> Response:
    """The answer to a step back or forth."""
    revision, edition = _revision(headers), _edition(code, number)
    done = step(storage.session(), edition, revision=revision, at=storage.now(), by=access.me())
    return _done(edition, done, revision)


@api.post("/<code>/<int:number>/flaws/<key>/accept")
@api.input(AcceptIn, arg_name="told")
@api.output(ListedFlawOut(many=True))
@access.needs(May.DRAW_GRIDS)
def accept(code: str, number: int, key: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Accept a flaw as it is, with the reason; without a reason, take that back. Answers with all flaws."""
    opened = storage.session()
    edition, state = _draft(code, number)
    draft_flaws.accept(opened, edition, state, key, told["reason"], at=storage.now(), by=access.me())
    flaws = _flaws(edition, state)
    opened.commit()
    return flaws


def _whole(code: str | None) -> Any:
    """The community, for somebody who answers for the whole of it: single grids are not enough to redraw."""
    community = access.community(code)
    access.scope().require(community.id)
    return community


def _draft(code: str, number: int) -> tuple[GridEdition, DraftState]:
    edition = _edition(code, number)
    return edition, drafts.state_of(storage.session(), edition)


def _edition(code: str, number: int) -> GridEdition:
    """The edition, made ready for editing where it came as a draft from a file or a command."""
    return draft_begun.ready(_whole(code), number)


def _revision(headers: dict[str, Any]) -> int:
    """Which revision the edit was made on; without it two people would overwrite each other unseen."""
    found = re.search(r"[0-9]+", headers.get("if_match") or "")
    if found is None:
        abort(428)
    return int(found[0])


def _knows(tag: int | str) -> bool:
    """Whether the browser has what this tag marks. The compressor writes its own name behind the tag."""
    return any(one.partition(":")[0] == str(tag) for one in request.if_none_match)


def _tagged(response: Response, tag: int | str) -> Response:
    response.set_etag(str(tag))
    response.cache_control.no_cache = True
    response.cache_control.private = True
    return response


def _arguments(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(ARGUMENTS[kind]().load(told))
    except ValidationError as error:
        abort(422, error.messages)


def _about(edition: GridEdition) -> dict[str, Any]:
    return {
        "number": edition.number,
        "name": edition.name,
        "community": edition.community.code,
        "stage": edition.stage.value,
        "revision": edition.revision,
        "created_at": edition.created_at,
    }


def _steps(edition: GridEdition) -> dict[str, bool]:
    return {"can_undo": edition.edits > 0, "can_redo": draft_log.can_redo(storage.session(), edition)}


def _flaws(edition: GridEdition, state: DraftState) -> list[dict[str, Any]]:
    return draft_flaws.told(storage.session(), edition, state)


def _done(edition: GridEdition, done: Applied, seen: int) -> Response:
    """The answer to an edit: all that changed since the revision that the browser had seen, others' edits included."""
    opened, state = storage.session(), done.state
    touched = {*done.changed, *done.gone}
    if done.rebased:
        touched |= draft_log.codes_in(draft_log.changes_since(opened, edition, seen))
    there, gone = sorted(touched & state.rows.keys()), sorted(touched - state.rows.keys())
    lines = sorted({*there, *done.counted})
    owned = {state.slots[code]: code for code in there}
    places = [place for place, slot in enumerate(state.owners["blocks"].tolist()) if slot in owned]
    numbers, owners = state.blocks.numbers.tolist(), state.owners["blocks"].tolist()
    body = {
        "revision": done.revision,
        "rebased": done.rebased,
        "gone": gone,
        "blocks": [{"number": numbers[place], "code": owned[owners[place]]} for place in places],
        "table": [state.told(code) for code in lines],
        "flaws": _flaws(edition, state),
        **_steps(edition),
    }
    changed = draft_text.grids(state, there, revision=done.revision, gone=gone)
    opened.commit()
    text = f'{json.dumps(body)[:-1]},"changed":{changed}}}'
    return _tagged(Response(text, mimetype="application/json"), done.revision)
