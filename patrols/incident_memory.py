"""The columns of incidents that this process read last, refreshed by what changed; see `patrols.incident_columns`."""

import threading
from collections import OrderedDict, defaultdict
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Pool
from sqlalchemy.orm import Session

from data.models import Community
from patrols.incident_columns import IncidentColumns, read_columns, refreshed

MOST_ROWS = 5_000_000
"""Incidents that are kept in memory, 40 bytes each; then the community that nobody looked at for longest goes."""


class _Kept(NamedTuple):
    """The columns of one database by community, and who reads which."""

    columns: "OrderedDict[int, IncidentColumns]"
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
    with _lock:
        kept = _databases.setdefault(bind.pool, _Kept(OrderedDict(), defaultdict(threading.Lock)))
        turn = kept.turns[community.id]
    with turn:
        known = kept.columns.get(community.id)
        found = read_columns(session, community) if known is None else refreshed(session, community, known)
        with _lock:
            kept.columns[community.id] = found
            kept.columns.move_to_end(community.id)
            _forget(kept)
    return found


def _forget(kept: _Kept) -> None:
    """Let the oldest go until the rest fits; the one just asked for always stays."""
    while len(kept.columns) > 1 and sum(map(len, kept.columns.values())) > MOST_ROWS:
        kept.columns.popitem(last=False)
