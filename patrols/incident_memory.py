"""The columns of incidents that this process read last, refreshed by what changed; see `patrols.incident_columns`."""

import logging
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Pool
from sqlalchemy.orm import Session

from data.models import Community
from patrols.incident_columns import IncidentColumns, read_columns, refreshed
from patrols.incident_file import columns_from_file, write_columns
from patrols.told_counts import Groups, first_grids, first_open_week, part

log = logging.getLogger(__name__)

WORTH_A_FILE = 50_000
"""Fewer incidents are read from the database as quickly as from a file."""

STEPS_TO_A_FILE = 20_000
"""After so many more steps of any incidents a file is written anew: what changed since is read in a second or two."""

MOST_ROWS = 5_000_000
"""Incidents that are kept in memory, 40 bytes each; then the community that nobody looked at for longest goes."""


@dataclass
class _Kept:
    """The columns of one database by community, who reads which, and what of them lies in files in which folder."""

    columns: "OrderedDict[int, IncidentColumns]" = field(default_factory=OrderedDict)
    groups: dict[int, tuple[str, Groups]] = field(default_factory=dict)
    turns: "defaultdict[int, threading.Lock]" = field(default_factory=lambda: defaultdict(threading.Lock))
    folder: Path | None = None
    least: int = WORTH_A_FILE
    last_steps: dict[int, int] = field(default_factory=dict)


_lock = threading.Lock()
_databases: "WeakKeyDictionary[Pool, _Kept]" = WeakKeyDictionary()


def columns_of(session: Session, community: Community) -> IncidentColumns:
    """The incidents of a community as columns, as they stand now.

    The first time they are read, which takes half a second for every hundred thousand where no file has them
    (`keep_files`); of several who ask meanwhile one reads and the others wait. Later on two short questions find out
    whether anything changed.

    A session on a connection of its own, in which more may have been changed than is committed, reads anew.
    """
    bind = session.get_bind()
    if not isinstance(bind, Engine):
        return read_columns(session, community)
    kept = _kept(bind)
    with kept.turns[community.id]:
        known = kept.columns.get(community.id)
        found = _first(session, community, kept) if known is None else refreshed(session, community, known)
        remember(bind, found)
        _write(session, found, kept)
    return found


def keep_files(engine: Engine, folder: Path, *, least: int = WORTH_A_FILE) -> None:
    """Keep the columns of large communities in files too, so that they are there at once after the next start.

    Parameters
    ----------
    folder : Path
        Of this installation alone; it is made when there is something to write.
    least : int
        How many incidents make a community a large one.
    """
    kept = _kept(engine)
    kept.folder, kept.least = folder, least


def _first(session: Session, community: Community, kept: _Kept) -> IncidentColumns:
    found = None if kept.folder is None else columns_from_file(session, community, kept.folder)
    if found is None:
        return read_columns(session, community)
    kept.last_steps[community.id] = found.last_step
    return found


def _write(session: Session, columns: IncidentColumns, kept: _Kept) -> None:
    """Write the file of columns if there is none, or one of long ago; a full disk costs the next start some seconds."""
    if kept.folder is None or len(columns) < kept.least:
        return
    written = kept.last_steps.get(columns.community_id)
    if written is not None and 0 <= columns.last_step - written < STEPS_TO_A_FILE:
        return
    kept.last_steps[columns.community_id] = columns.last_step
    try:
        write_columns(session, columns, kept.folder)
    except OSError:
        log.warning("columns of incidents are not written to %s", kept.folder, exc_info=True)


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
        return _databases.setdefault(engine.pool, _Kept())


def _forget(kept: _Kept) -> None:
    """Let the oldest go until the rest fits; the one just asked for always stays."""
    while len(kept.columns) > 1 and sum(map(len, kept.columns.values())) > MOST_ROWS:
        kept.columns.popitem(last=False)
