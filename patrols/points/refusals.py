"""What the rules about points refuse."""

from patrols.errors import PatrolError


class PointsRefused(PatrolError):
    """Points that cannot come, go or be taken back that way."""


class Overdrawn(PointsRefused):
    """More points would go than there are."""


class OutOfStock(PointsRefused):
    """More goods would go than there are."""


class BadPointsRule(PatrolError):
    """A rule, an area or an account that makes no sense."""
