"""Lists of incidents that people keep under a name."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase


class KeptList(Base):
    """Filters of the list of incidents that one person keeps under a name, as the query of the list's address."""

    __tablename__ = "kept_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(Phrase(32))
    query: Mapped[str] = mapped_column(Phrase(512))

    __table_args__ = (UniqueConstraint("user_id", "name"),)
