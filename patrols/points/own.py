"""Points as personal data: given out to whom they are about."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from data.models import Person, PointsAccount, PointsClaim, PointsEntry, PointsRedemption


def told(session: Session, person: Person) -> dict[str, Any]:
    """Everything that is kept about a person's points, as JSON values: the account's lines, and what was claimed."""
    mine = PointsAccount.person_id == person.id
    lines = (
        select(PointsEntry)
        .join(PointsEntry.account)
        .where(mine)
        .options(
            joinedload(PointsEntry.area),
            joinedload(PointsEntry.rule),
            joinedload(PointsEntry.redemption).joinedload(PointsRedemption.good),
        )
        .order_by(PointsEntry.id)
    )
    claimed = select(PointsClaim).join(PointsClaim.account).where(mine).options(joinedload(PointsClaim.rule))
    return {
        "lines": [
            {
                "at": row.at.isoformat(),
                "on": row.fact_on.isoformat(),
                "kind": row.kind.value,
                "points": row.points,
                "area": row.area.zh,
                "rule": row.rule.zh if row.rule else None,
                "good": row.redemption.good.name if row.redemption else None,
                "note": row.note,
            }
            for row in session.scalars(lines)
        ],
        "claims": [
            {
                "on": row.fact_on.isoformat(),
                "rule": row.rule.zh,
                "note": row.note,
                "stage": row.stage.value,
                "reason": row.reason,
            }
            for row in session.scalars(claimed.order_by(PointsClaim.id))
        ],
    }
