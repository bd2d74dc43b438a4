"""Drafts written as GeoJSON: text is made once for each shape and kept, because a town's grids are megabytes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from flask import json

from patrols.draft_state import DraftState

DIGITS = 7
"""Digits of a degree that are sent: a centimetre, half of what `geo.give` takes for a border that was meant."""


def grids(state: DraftState, codes: Iterable[str], *, revision: int, gone: Sequence[str] = ()) -> str:
    """A feature collection of some grids."""
    wanted = [code for code in codes if code in state.rows]
    _write_missing(state, wanted)
    features = ",".join(_feature(code, state.texts[code], _about(state, code)) for code in wanted)
    return _collection(features, revision, f'"gone":{json.dumps(list(gone))},')


def blocks(state: DraftState, *, revision: int) -> str:
    """A feature collection of all blocks."""
    if not state.blocks.texts:
        state.blocks.texts.extend(_beginnings(state))
    words = {code: f"{json.dumps(code)}}}}}" for code in (None, *state.codes)}
    rows = zip(state.blocks.texts, state.codes_of_blocks(), strict=True)
    return _collection(",".join([begun + words[code] for begun, code in rows]), revision)


def _beginnings(state: DraftState) -> list[str]:
    """Of every block all but the grid that it lies in: that changes with each edit, the rest never does."""
    rows = zip(
        state.blocks.numbers.tolist(),
        state.blocks.households.tolist(),
        _shapes(state.blocks.degrees),
        strict=True,
    )
    return [
        f'{{"type":"Feature","id":{number},"geometry":{shape},'
        f'"properties":{{"number":{number},"households":{many},"code":'
        for number, many, shape in rows
    ]


def _write_missing(state: DraftState, codes: Sequence[str]) -> None:
    missing = [code for code in codes if code not in state.texts]
    degrees = shapely.from_wkb([bytes.fromhex(state.rows[code]["geom"]) for code in missing])
    state.texts.update(zip(missing, _shapes(degrees), strict=True))


def _shapes(degrees: Any) -> list[str]:
    if not len(degrees):
        return []
    rounded = shapely.transform(np.asarray(degrees, dtype=object), lambda places: np.round(places, DIGITS))
    return [str(text).replace(" ", "") for text in shapely.to_geojson(rounded)]


def _about(state: DraftState, code: str) -> dict[str, Any]:
    row = state.rows[code]
    people = int(state.figures["households"][state.slots[code]])
    return {"code": code, "name": row["name"], "kind": row["kind"], "colour": row["colour"], "households": people}


def _feature(number: str | int, geometry: str, about: dict[str, Any]) -> str:
    return f'{{"type":"Feature","id":{json.dumps(number)},"geometry":{geometry},"properties":{json.dumps(about)}}}'


def _collection(features: str, revision: int, more: str = "") -> str:
    return f'{{"type":"FeatureCollection","revision":{revision},{more}"features":[{features}]}}'
