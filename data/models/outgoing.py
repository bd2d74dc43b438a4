"""What waits to be sent to somebody outside: the columns that every table of an outbox has."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from data.models.columns import Phrase, UtcDateTime


class Outgoing:
    """One thing for one receiver, tried until it arrived or was given up; `patrols.outbox` keeps these columns.

    ``leased_until`` keeps other senders away from it while one is at it; ``error`` is what went wrong last.
    """

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, sort_order=1)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime, sort_order=1)
    tries: Mapped[int] = mapped_column(default=0, sort_order=1)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, sort_order=1)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime, sort_order=1)
    error: Mapped[str] = mapped_column(Phrase(255), default="", sort_order=1)
