"""What patrols saw of the streets, day by day, and how often each kind of street is wished to be walked."""

from datetime import date

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase


class SeenDay(Base):
    """Which pieces of street were seen on one day: a bit for each, in the order in which the ground was cut.

    ``ground`` marks the streets, grids and rules of that cut, ``walks`` the patrols of that day: where either is
    another one now, the row is out of date and is made anew from the patrols (`patrols.seen`).
    """

    __tablename__ = "seen_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    day: Mapped[date]
    ground: Mapped[str] = mapped_column(Phrase(32))
    walks: Mapped[str] = mapped_column(Phrase(32))
    bits: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("community_id", "day"),)


class FrequencyWish(Base):
    """Every how many days streets of a class, in a grid, are wished to be walked; 0: they need not be.

    An empty ``street_class`` is every class, an empty ``grid_code`` every grid. A grid is named by its code, because
    codes outlive editions.
    """

    __tablename__ = "frequency_wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    street_class: Mapped[str] = mapped_column(Phrase(32), default="")
    grid_code: Mapped[str] = mapped_column(Phrase(20), default="")
    every_days: Mapped[int]

    __table_args__ = (UniqueConstraint("community_id", "street_class", "grid_code"),)
