"""Views of a community that were handed on: a link that opens one map for whoever holds it, until a day."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from data.models.base import Base
from data.models.columns import Phrase, UtcDateTime, words
from data.models.people import User
from data.models.places import Community


class ViewKind(StrEnum):
    """Which page's view is handed on."""

    MAP = "map"
    HEAT = "heat"


class SharedView(Base):
    """A view that was handed on. Its link is signed: `key` alone, as it stands here and in backups, opens nothing.

    ``query`` holds the fields of the page's own address, which restore the view. ``grids`` are the codes of the grids
    that its maker could see when making it; None: the whole community. ``framed``: other sites may show it inside their
    pages. ``beside`` are further communities that it shows; the one of ``community_id`` comes first.
    """

    __tablename__ = "shared_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Phrase(32), unique=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[ViewKind] = mapped_column(words(ViewKind))
    query: Mapped[dict[str, str]] = mapped_column(JSON)
    grids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    title: Mapped[str] = mapped_column(Phrase(120), default="")
    language: Mapped[str] = mapped_column(Phrase(8), default="zh")
    framed: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looks: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    community: Mapped[Community] = relationship()
    by: Mapped[User] = relationship()
    beside: Mapped[list["SharedBeside"]] = relationship(
        back_populates="share", cascade="all, delete-orphan", order_by="SharedBeside.community_id"
    )


class SharedBeside(Base):
    """A further community of a shared view; ``grids`` as there: what its maker could see of it when making it."""

    __tablename__ = "shared_view_community"

    share_id: Mapped[int] = mapped_column(ForeignKey("shared_view.id"), primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), primary_key=True, index=True)
    grids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    share: Mapped[SharedView] = relationship(back_populates="beside")
    community: Mapped[Community] = relationship()
