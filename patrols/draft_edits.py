"""The kinds of edits of a draft, each carried out on its present state through `geo.reshape`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import shapely

from data import frames
from data.models import GridKind
from geo import reshape
from geo.brokenness import why_broken
from geo.change import Change
from geo.errors import N_, BadGeometry, CannotReshape
from geo.repair import repair
from patrols.draft_state import DraftState

NewCode: TypeAlias = Callable[[], str]
"""Gives a new grid its code; asked only where an edit makes one."""


@dataclass(frozen=True)
class Edit:
    """What somebody wants done to a draft: a kind of `KINDS`, and its arguments as they came, in degrees."""

    kind: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What an edit does to the grids.

    Parameters
    ----------
    shapes : dict
        New shapes in metres, by code.
    gone : tuple of str
        Codes that are no more.
    kinds, names : dict
        Kinds of new grids that are not general; names given.
    meant : frozenset of str
        Codes that the edit speaks of, changed or not, and those that give or get ground. The others in `shapes` only
        get a corner on their border.
    """

    shapes: dict[str, shapely.Geometry] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    meant: frozenset[str] = frozenset()

    @property
    def touched(self) -> set[str]:
        """Every code that it changes or speaks of; those that only get a corner are left out."""
        return {*self.gone, *self.names, *self.kinds, *self.meant}


def carry_out(state: DraftState, edit: Edit, fresh: NewCode) -> Outcome:
    """Find out what an edit does to a draft, without changing anything.

    Parameters
    ----------
    fresh : callable
        Gives a new grid its code; asked only where one is made.

    Raises
    ------
    CannotReshape, BadGeometry
        The edit cannot be done; says why.
    """
    if edit.kind not in KINDS:
        raise CannotReshape(N_("There is no edit of the kind %(kind)s."), kind=edit.kind)
    return KINDS[edit.kind](state, edit.arguments, fresh)


def _paint(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> Outcome:
    """Blocks go to a grid; without one, to a new grid."""
    places = {number: place for place, number in enumerate(state.blocks.numbers.tolist())}
    missing = [number for number in told["blocks"] if number not in places]
    if missing:
        raise CannotReshape(N_("There is no block %(number)s in this draft: load the page again."), number=missing[0])
    to = _target(state, told, fresh)
    blocks = state.blocks.shapes[sorted({places[number] for number in told["blocks"]})]
    return _outcome(reshape.move_blocks(state.frame, blocks, to), meant=[to])


def _plots(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> Outcome:
    """Buildings go to a grid with the plots around them, as far as their blocks reach; without one, to a new grid."""
    houses = state.ground.buildings
    chosen = np.unique(houses.index.get_indexer(told["buildings"]))
    if (chosen < 0).any():
        missing = [key for key in told["buildings"] if key not in houses.index]
        raise CannotReshape(
            N_("There is no building %(number)s in this community: load the page again."), number=missing[0]
        )
    bodies = shapely.geometrycollections(houses.geometry.to_numpy()[chosen])
    grounds = state.blocks.shapes if len(state.blocks.shapes) else state.shapes[state.kinds == GridKind.GENERAL]
    grounds = grounds[shapely.intersects(grounds, bodies)]
    near = np.unique(houses.sindex.query(grounds, predicate="intersects")[1])
    to = _target(state, told, fresh)
    change = reshape.move_plots(state.frame, houses.iloc[near], np.isin(near, chosen), to, blocks=grounds)
    return _outcome(change, meant=[to])


def _give(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> Outcome:
    """Drawn ground goes to a grid; without one, to a new grid."""
    to = _target(state, told, fresh)
    return _outcome(reshape.give(state.frame, _shape(state, told["ground"]), to), meant=[to])


def _split(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> Outcome:
    line = _shape(state, told["line"])
    new = fresh()
    change = reshape.split(state.frame, told["code"], line, new, **_snapped(state, line, told))
    return _outcome(change, meant=[told["code"]])


def _merge(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    codes = list(told["codes"])
    into = told.get("into") or codes[0]
    return _outcome(reshape.merge(state.frame, codes, into), meant=codes)


def _lay_over(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> Outcome:
    code = told.get("code") or fresh()
    change = reshape.lay_over(state.frame, _shape(state, told["ground"]), code)
    names = {code: str(told["name"])} if told.get("name") else {}
    return _outcome(change, kinds={code: GridKind.SPECIAL.value}, names=names)


def _rename(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    require_grid(state, told["code"])
    return Outcome(names={told["code"]: str(told["name"])})


def _void(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    """A grid is given up: its ground goes to one neighbour; a special grid is just taken away."""
    code = told["code"]
    require_grid(state, code)
    if state.rows[code]["kind"] == GridKind.SPECIAL:
        return Outcome(gone=(code,))
    into = told.get("into") or longest_neighbour(state, code)
    return _outcome(reshape.merge(state.frame, [into, code], into), meant=[into, code])


def _reshape(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    """A shared border is drawn anew."""
    between = told.get("between")
    line = _shape(state, told["line"])
    pair = (str(between[0]), str(between[1])) if between else None
    return _outcome(reshape.reshape(state.frame, line, between=pair, **_snapped(state, line, told)))


def _move_vertex(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    """A corner that grids share is moved for all of them at once."""
    reach = {"reach_m": float(told["reach_m"])} if told.get("reach_m") else {}
    return _outcome(reshape.move_vertex(state.frame, _point(state, told["at"]), _point(state, told["to"]), **reach))


def _repair(state: DraftState, told: Mapping[str, Any], _fresh: NewCode) -> Outcome:
    """A flaw is mended in one of the ways offered."""
    flaw = state.flaws.get(told["flaw"])
    if flaw is None:
        raise CannotReshape(N_("This flaw is not there any more: load the list again."))
    row = {
        "kind": flaw.kind,
        "grid_code": flaw.grid_code,
        "other_code": flaw.other_code,
        "choices": flaw.choices,
        "geometry": flaw.shape,
    }
    change = repair(state.frame, state.ground.outline, row, told["choice"])
    return _outcome(change, meant=[flaw.grid_code, flaw.other_code, *change.changed])


KINDS: dict[str, Callable[[DraftState, Mapping[str, Any], NewCode], Outcome]] = {
    "paint": _paint,
    "plots": _plots,
    "give": _give,
    "split": _split,
    "merge": _merge,
    "reshape": _reshape,
    "move_vertex": _move_vertex,
    "repair": _repair,
    "lay_over": _lay_over,
    "rename": _rename,
    "void": _void,
}
"""How each kind of edit is carried out."""


def require_grid(state: DraftState, code: str) -> None:
    """Refuse a code that no grid of the draft has.

    Raises
    ------
    CannotReshape
        There is no such grid; perhaps somebody merged it.
    """
    if code not in state.rows:
        raise CannotReshape(N_("There is no grid %(grid_code)s in this draft: load the page again."), grid_code=code)


def longest_neighbour(state: DraftState, code: str) -> str:
    """The general grid with the longest common border; the smaller code where two are equal.

    Raises
    ------
    CannotReshape
        There is none.
    """
    shape = state.shapes[state.places[code]]
    near = [place for place in state.near([shape]) if state.kinds[place] == GridKind.GENERAL]
    near = [place for place in near if state.codes[place] != code]
    metres = shapely.length(shapely.intersection(shapely.boundary(state.shapes[near]), shapely.boundary(shape)))
    if not len(near) or metres.max() <= 0:
        raise CannotReshape(N_("The grid %(grid_code)s has no neighbour that could take its ground."), grid_code=code)
    return str(state.codes[near[int(np.argmax(np.round(metres, 3)))]])


def _target(state: DraftState, told: Mapping[str, Any], fresh: NewCode) -> str:
    to = told.get("to")
    if to is None:
        return fresh()
    require_grid(state, to)
    return str(to)


def _snapped(state: DraftState, line: shapely.Geometry, told: Mapping[str, Any]) -> dict[str, Any]:
    """The streets that a drawn line is to follow, where that is wished: those near it."""
    snap_m = float(told.get("snap") or 0.0)
    if not snap_m:
        return {}
    near = state.ground.street_tree.query(line, predicate="dwithin", distance=snap_m)
    streets = gpd.GeoDataFrame(geometry=state.ground.streets[np.sort(near)], crs=state.ground.crs)
    return {"streets": streets, "snap_m": snap_m}


def _outcome(
    change: Change,
    *,
    meant: list[str] | tuple[str, ...] = (),
    kinds: dict[str, str] | None = None,
    names: dict[str, str] | None = None,
) -> Outcome:
    wanted = change.grids[change.grids["grid_code"].isin(change.changed)]
    shapes = dict(zip(wanted["grid_code"], wanted.geometry, strict=True))
    gave, got = change.moved["from_code"], change.moved["to_code"]
    return Outcome(shapes, change.gone, kinds or {}, names or {}, frozenset({*meant, *gave, *got} - {""}))


def _shape(state: DraftState, told: Any) -> shapely.Geometry:
    """A drawn GeoJSON geometry in the draft's metres."""
    try:
        drawn = shapely.force_2d(shapely.from_geojson(json.dumps(told)))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise BadGeometry(
            N_("What was drawn is no GeoJSON geometry: %(reason)s"), reason=why_broken(str(error))
        ) from None
    places = shapely.get_coordinates(drawn)
    if not len(places) or not (np.abs(places) <= (180, 90)).all():
        raise BadGeometry(N_("What was drawn is empty, or not in degrees of longitude and latitude."))
    crs = state.ground.crs
    return shapely.transform(drawn, lambda at: np.column_stack(frames.points_in_metres(at[:, 0], at[:, 1], crs)))


def _point(state: DraftState, told: Any) -> shapely.Geometry:
    """A clicked place, longitude and latitude, in the draft's metres."""
    return _shape(state, {"type": "Point", "coordinates": list(told)})
