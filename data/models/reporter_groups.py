"""The groups of reporters that a community counts incidents by."""

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase


class ReporterGroup(Base):
    """A community's own group: who sends incidents up by duty, by kind of team, or by where they came from.

    Who belongs to several is counted in the one of the smallest ``position``. ``duties``, ``teams`` (kinds of teams, or
    ``*`` for all) and ``sources`` are words; a community without a row has the groups that every one begins with.
    """

    __tablename__ = "reporter_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    position: Mapped[int]
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    duties: Mapped[list[str]] = mapped_column(JSON, default=list)
    teams: Mapped[list[str]] = mapped_column(JSON, default=list)
    sources: Mapped[list[str]] = mapped_column(JSON, default=list)

    __table_args__ = (UniqueConstraint("community_id", "position"),)
