"""A sheet made into a file beside the requests, for one person and as far as they may see."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.database import open_session
from data.models import Community
from geo.errors import N_
from patrols import periodic
from patrols.periodic import Period
from patrols.scope import Scope
from patrols.telling import Tell
from webmap.documents import document
from webmap.documents.document import Document
from webmap.documents.files import write
from webmap.files_beside import Made
from webmap.kept_files import keep


@dataclass(frozen=True)
class Wanted:
    """Which sheet as which kind of file: whoever asks for the same again means the same work.

    What the person may see is part of it, so that nobody is handed what they saw before they answered for less.
    """

    community_id: int
    period: Period
    ending: str
    scope: Scope

    def name(self, code: str) -> str:
        """What the person's computer calls the file; `code` is that of the community."""
        return f"figures-{code}-{self.period.kind.value}-{self.period.first.isoformat()}{self.ending}"


def made(session: Session, community: Community, period: Period, scope: Scope, at: datetime, tell: Tell) -> Document:
    """Count a period and say it in the reader's language."""
    tell(N_("Counting"), 0.1)
    sheet = periodic.sheet(session, scope, community, period.kind, period.first, at)
    tell(N_("Drawing maps and charts"), 0.6)
    return document.compose(session, sheet, community)


def make(engine: Engine, wanted: Wanted, at: datetime, tell: Tell) -> Made:
    """Make the file, as of a moment; the database is read first and let go before anything is written."""
    with open_session(engine) as session:
        community = session.get_one(Community, wanted.community_id)
        name = wanted.name(community.code)
        told = made(session, community, wanted.period, wanted.scope, at, tell)
    return Made(keep(wanted.ending, lambda path: write(told, path, tell=tell)), name)
