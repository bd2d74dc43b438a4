"""The columns of incidents that this process read last, refreshed by what changed; see `patrols.incident_columns`."""

import threading
from collections import OrderedDict, defaultdict
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Pool
from sqlalchemy.orm import Session

from data.models import Community
from patrols.incident_columns import IncidentColumns, read_columns, refreshed
from patrols.told_counts import Groups, first_grids, first_open_week, part

MOST_ROWS = 5_000_000
"""Incidents that are kept in memory, 40 bytes each; then the community that nobody looked at for longest goes."""


class _Kept(NamedTuple):
    """The columns of one database by community, and who reads which."""

    columns: "OrderedDict[int, IncidentColumns]"
    groups: "dict[int, tuple[str, Groups]]"
    turns: "defaultdict[int, threading.Lock]"


_lock = threading.Lock()
_databases: "WeakKeyDictionary[Pool, _Kept]" = WeakKeyDictionary()


def columns_of(session: Session, community: Community) -> IncidentColumns:
    """The incidents of a community as columns, as they stand now.

    The first time they are read, which takes a second for every hundred thousand; of several who ask meanwhile one
    reads and the others wait. Later on two short questions find out whether anything changed.

    A session on a connection of its own, in which more may have been changed than is committed, reads anew.
    """
    bind = session.get_bind()
    if not isinstance(bind, Engine):
        return read_columns(session, community)
    kept = _kept(bind)
    with kept.turns[community.id]:
        known = kept.columns.get(community.id)
        found = read_columns(session, community) if known is None else refreshed(session, community, known)
        remember(bind, found)
    return found


def kept(engine: Engine, community_id: int) -> IncidentColumns | None:
    """The columns of a community as they were read last, if they are still kept."""
    with _lock:
        known = _databases.get(engine.pool)
        return None if known is None else known.columns.get(community_id)


def remember(engine: Engine, columns: IncidentColumns) -> None:
    """Keep the columns of a community as those of a database."""
    kept = _kept(engine)
    with _lock:
        kept.columns[columns.community_id] = columns
        kept.columns.move_to_end(columns.community_id)
        _forget(kept)


def groups_of(session: Session, community: Community, columns: IncidentColumns, *, at: datetime) -> Groups:
    """The groups in which incidents are told to those who may not see them singly; parted once a week.

    Weeks that are over never change, so what is known of them stays until another week is over, or the office says
    that a category is sensitive, or of another family.
    """
    mark = f"{first_open_week(columns, at)} {columns.facts.mark} {len(columns) == 0}"
    bind = session.get_bind()
    kept = _kept(bind) if isinstance(bind, Engine) else None
    known = None if kept is None else kept.groups.get(community.id)
    if known is not None and known[0] == mark:
        return known[1]
    groups, _member = part(columns, first_grids(session, columns), at)
    if kept is not None:
        kept.groups[community.id] = mark, groups
    return groups


def _kept(engine: Engine) -> _Kept:
    with _lock:
        return _databases.setdefault(engine.pool, _Kept(OrderedDict(), {}, defaultdict(threading.Lock)))


def _forget(kept: _Kept) -> None:
    """Let the oldest go until the rest fits; the one just asked for always stays."""
    while len(kept.columns) > 1 and sum(map(len, kept.columns.values())) > MOST_ROWS:
        kept.columns.popitem(last=False)
