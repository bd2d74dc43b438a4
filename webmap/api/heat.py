"""Where and when incidents are dense, over the API: a picture for a window of a map, and the numbers beside it."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from threading import Lock
from typing import Any, cast

import numpy as np
from apiflask import APIBlueprint, FileSchema
from flask import Response, current_app, json, request

from data.models import Community
from patrols import areas, incident_counts, incident_density
from patrols.days import local_day
from patrols.incident_columns import IncidentColumns
from patrols.incident_density import Heat, Window
from patrols.incident_memory import columns_of, groups_of
from patrols.incident_view import FIELDS, IncidentView
from patrols.scope import Scope
from patrols.told_counts import Groups, told
from webmap import access, storage
from webmap.access import May
from webmap.api.heat_shapes import HeatOut, HeatQuery, PictureQuery
from webmap.maps import shades
from webmap.maps.shades import Shades

LAST = 16
"""So many densities are kept: a picture and the numbers beside it are asked for one after the other."""

api = APIBlueprint("api_heat", __name__, url_prefix="/api/v1", tag="Heat")


@dataclass(frozen=True)
class Asked:
    """Whose incidents of which communities are asked for, over which times, in which window."""

    fields: dict[str, Any]
    communities: Sequence[Community]
    scope: Scope
    at: datetime

    @cached_property
    def view(self) -> IncidentView:
        """Which incidents."""
        query = {name: str(self.fields[name]) for name in FIELDS if self.fields.get(name)}
        return IncidentView.of_query(query, today=local_day(self.communities[0], self.at))

    @cached_property
    def views(self) -> list[IncidentView]:
        """The view, and the earlier one that it is held against, if any."""
        since, until = self.fields.get("against_since"), self.fields.get("against_until")
        if not since or not until:
            return [self.view]
        return [self.view, self.view.over(date.fromisoformat(since), date.fromisoformat(until))]

    @cached_property
    def floored(self) -> bool:
        """Whether counts are told above a floor only."""
        return bool(self.fields["floor"]) or not access.may(May.SEE_INCIDENTS)

    @cached_property
    def window(self) -> Window | None:
        """The window of the picture, where one is asked for."""
        if "bbox" not in self.fields:
            return None
        west, south, east, north = (float(part) for part in self.fields["bbox"].split(","))
        return Window(west, south, east, north, self.fields["reach"]).checked()

    @cached_property
    def columns(self) -> list[IncidentColumns]:
        """The incidents of the communities."""
        return [columns_of(storage.session(), one) for one in self.communities]

    @cached_property
    def groups(self) -> list[Groups]:
        """The groups in which they are told above the floor, whatever is asked."""
        pairs = zip(self.communities, self.columns, strict=True)
        return [groups_of(storage.session(), one, columns, at=self.at) for one, columns in pairs]

    def told(self, view: IncidentView) -> list[Groups]:
        """Those of the groups that a view tells."""
        pairs = zip(self.communities, self.groups, strict=True)
        return [told(groups, one.id, self.scope, view) for one, groups in pairs]

    def heats(self, window: Window) -> list[Heat]:
        """The density of each view; the numbers beside a picture find what the picture was drawn from."""
        last: _Last = current_app.extensions.setdefault("gridpatrol.heats", _Last(LAST))
        kept = last.get(self.meant)
        if kept is None:
            kept = [self._heat(view, window) for view in self.views]
            last.put(self.meant, kept)
        return kept

    def _heat(self, view: IncidentView, window: Window) -> Heat:
        if self.floored:
            return incident_density.told_heat(self.told(view), window)
        return incident_density.heat(self.columns, self.scope, view, window)

    @cached_property
    def meant(self) -> str:
        """Changes with what is counted. Above the floor not with every incident: that would tell when one comes in."""
        marks = [one.mark for one in self.groups] if self.floored else [one.stamp for one in self.columns]
        # Sets have no order that another process would write them in.
        scope = [sorted(one) if isinstance(one, frozenset) else one for one in vars(self.scope).values()]
        return _digest(marks, self.views, self.window, scope, self.floored)

    @cached_property
    def tag(self) -> str:
        """Changes with the answer."""
        return _digest(self.meant, self.fields.get("top"), self.pixels, request.path)

    @property
    def pixels(self) -> int:
        """How many the longer side of a picture is worth."""
        return min(shades.PIXELS, max(int(self.fields["width"]), int(self.fields["height"])))


def _digest(*said: object) -> str:
    return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()


class _Last:
    """The densities that were computed last."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[str, list[Heat]] = OrderedDict()

    def get(self, key: str) -> list[Heat] | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, heats: list[Heat]) -> None:
        with self._lock:
            self._kept[key] = heats
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


@api.get("/heat.png")
@api.input(PictureQuery, location="query", arg_name="fields")
@api.output(FileSchema(type="string", format="binary"), content_type="image/png")
@access.needs(May.SEE_PLACES)
def picture(fields: dict[str, Any]) -> Response:
    """How dense incidents lie, as a picture that fills a window of a web map exactly."""
    asked = _asked(fields)
    if _has(asked):
        return _kept(Response(status=304), asked)
    heats = asked.heats(cast(Window, asked.window))
    values, chosen = _drawn(asked, heats)
    answer = Response(shades.png(values, chosen, pixels=asked.pixels), mimetype="image/png")
    for name, value in _said(asked, heats, values, chosen).items():
        if not isinstance(value, list):
            answer.headers[f"X-Heat-{name.replace('_', '-').title()}"] = str(value)
    return _kept(answer, asked)


@api.get("/heat.json")
@api.input(HeatQuery, location="query", arg_name="fields")
@api.output(HeatOut)
@access.needs(May.SEE_PLACES)
def numbers(fields: dict[str, Any]) -> Response:
    """How many incidents by time, hour and weekday, kind, source and grid, and the legend of the window's picture."""
    asked = _asked(fields)
    if _has(asked):
        return _kept(Response(status=304), asked)
    if asked.floored:
        found = incident_counts.told_numbers(asked.told(asked.view))
    else:
        found = incident_counts.numbers(asked.columns, asked.scope, asked.view)
    legend = None
    if asked.window is not None:
        heats = asked.heats(asked.window)
        legend = _said(asked, heats, *_drawn(asked, heats))
    body = {"view": asked.view.to_query(), **_packed(found), "picture": legend}
    return _kept(Response(json.dumps(body), mimetype="application/json"), asked)


def _asked(fields: dict[str, Any]) -> Asked:
    opened, scope, at = storage.session(), access.scope(), storage.now()
    if fields.get("area"):
        found = areas.within(opened, scope, fields["area"], on=storage.today())
    else:
        found = [access.community(fields.get("community"))]
    return Asked(fields, found, scope, at)


def _has(asked: Asked) -> bool:
    return request.if_none_match.contains_weak(asked.tag)


def _kept(answer: Response, asked: Asked) -> Response:
    """The browser may keep an answer, but asks each time whether it still holds; nobody else may."""
    answer.set_etag(asked.tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Cookie, Authorization"
    return answer


def _drawn(asked: Asked, heats: list[Heat]) -> tuple[Any, Shades]:
    """What is drawn, and in which classes."""
    top = asked.fields.get("top")
    if len(heats) == 1:
        return heats[0].per_hectare, shades.shades(heats[0].peak, top)
    now, before = heats
    change = incident_density.change(now, before, days=[view.days for view in asked.views])
    return change, shades.shades_of_change(float(np.abs(change).max(initial=0.0)), top)


def _said(asked: Asked, heats: list[Heat], values: Any, chosen: Shades) -> dict[str, Any]:
    classes = [
        {"begins": begin, "colour": "#{:02x}{:02x}{:02x}".format(*colour[:3]), "opacity": round(colour[3] / 255, 2)}
        for begin, colour in zip(chosen.bounds, chosen.colours, strict=True)
    ]
    return {
        "top": chosen.top,
        "peak": round(float(np.abs(values).max(initial=0.0)), 6),
        "per": "hectare_in_four_weeks" if chosen.signed else "hectare",
        "reach_m": round(heats[0].raster.reach_m, 1),
        "counted": heats[0].counted,
        "elsewhere": heats[0].elsewhere,
        "classes": classes,
    }


def _packed(found: incident_counts.Numbers) -> dict[str, Any]:
    spans = [{"first": one.first.isoformat(), "days": one.days, "count": one.count} for one in found.spans]
    first = found.spans[0].first.isoformat() if found.spans else None
    return {
        "total": found.total,
        "floor": found.floor,
        "until": found.until and found.until.isoformat(),
        "days": None if found.floor else {"first": first, "counts": [one.count for one in found.spans]},
        "spans": spans if found.floor else None,
        "when": None if found.when is None else found.when.tolist(),
        "categories": {str(key): count for key, count in found.categories.items()},
        "families": found.families,
        "sources": found.sources,
        "stages": found.stages,
        "grids": found.grids,
    }
