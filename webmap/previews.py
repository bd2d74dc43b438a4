"""What an edition changes, ready to be shown: worked out beside the requests for a large town, and kept for a while.

Everybody who may see the edition shares what was worked out, as long as what it depends on stays the same.
"""

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import geopandas as gpd
from flask import current_app
from sqlalchemy.orm import Session

from data.models import GridEdition
from geo.errors import N_
from patrols import before_adoption, redraw
from patrols import preview as previewing
from patrols.preview import Preview
from patrols.tally import Ground
from patrols.telling import Tell, between, silent
from webmap import background, storage
from webmap.background import Standing
from webmap.maps import redrawn
from webmap.maps.redrawn import Drawing

LARGE = 300
"""With more grids than this nobody is kept waiting: what an edition changes is worked out beside the requests."""

MOST = 4
"""Editions of large towns that are kept; each takes some tens of megabytes."""


class Seen(NamedTuple):
    """A preview, its drawing, and the flaws that stand against adopting, accepted ones included."""

    told: Preview
    drawing: Drawing | None
    blocking: gpd.GeoDataFrame


def look(edition: GridEdition, against: GridEdition | None) -> Seen | Standing:
    """What an edition changes against another; for a large town perhaps how far the work is that finds it out.

    Parameters
    ----------
    against : GridEdition or None
        As `patrols.preview.preview` has it.
    """
    opened, at = storage.session(), storage.now()
    if not _is_large(opened, edition):
        return _seen(opened, edition, against, at, silent)
    against = against or previewing.before(opened, edition, at)
    mark = previewing.mark_of(opened, edition, against, at)
    if _kept().find(mark) is None:
        keys = edition.id, None if against is None else against.id
        standing = background.begin(("preview", mark), _looking(*keys, mark, at))
        if standing.under_way:
            return standing
        background.take(standing.word)
    return _of_mark(opened, edition, against, mark, at)


def look_now(edition: GridEdition, against: GridEdition | None) -> Seen:
    """The same for a program, which waits for it."""
    opened, at = storage.session(), storage.now()
    if not _is_large(opened, edition):
        return _seen(opened, edition, against, at, silent)
    against = against or previewing.before(opened, edition, at)
    return _of_mark(opened, edition, against, previewing.mark_of(opened, edition, against, at), at)


def _is_large(session: Session, edition: GridEdition) -> bool:
    return redraw.sizes(session, [edition]).get(edition.id, 0) > LARGE


def _of_mark(
    session: Session, edition: GridEdition, against: GridEdition | None, mark: tuple[Any, ...], at: datetime
) -> Seen:
    seen = _kept().find(mark)
    if seen is None:
        seen = _seen(session, edition, against, at, silent)
        _kept().keep(mark, seen)
    return seen._replace(told=replace(seen.told, edition=edition, against=against))


def _looking(number: int, other: int | None, mark: tuple[Any, ...], at: datetime) -> background.Do:
    def work(tell: Tell) -> None:
        with storage.reading() as reader:
            against = None if other is None else reader.get_one(GridEdition, other)
            _kept().keep(mark, _seen(reader, reader.get_one(GridEdition, number), against, at, tell))

    return work


def _seen(session: Session, edition: GridEdition, against: GridEdition | None, at: datetime, tell: Tell) -> Seen:
    ground = Ground(session, edition.community, at)
    told = previewing.preview(session, edition, at=at, against=against, ground=ground, tell=between(tell, 0.0, 0.7))
    tell(N_("Looking for flaws …"), 0.7)
    blocking = before_adoption.find_blocking(session, edition.community, told.after)
    return Seen(told, redrawn.draw(told, ground.streets), blocking)


class _Kept:
    """What was worked out last, by what it depends on."""

    def __init__(self) -> None:
        self._lock, self._seen = Lock(), OrderedDict[tuple[Any, ...], Seen]()

    def find(self, mark: tuple[Any, ...]) -> Seen | None:
        with self._lock:
            seen = self._seen.get(mark)
            if seen is not None:
                self._seen.move_to_end(mark)
            return seen

    def keep(self, mark: tuple[Any, ...], seen: Seen) -> None:
        with self._lock:
            self._seen[mark] = seen
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)


def _kept() -> _Kept:
    found: _Kept = current_app.extensions.setdefault("gridpatrol.previews", _Kept())
    return found
