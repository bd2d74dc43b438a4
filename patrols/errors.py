"""What the rules of patrolling refuse."""

from geo.errors import Fault


class PatrolError(Fault):
    """Something the rules of the trade do not allow."""


class BadRule(PatrolError):
    """A community's own number for a rule that does not exist, or that cannot be used."""


class OutOfScope(PatrolError):
    """The person may not see or change this: it lies outside the communities or grids they answer for."""


class NoEditionInForce(PatrolError):
    """The community had no adopted grids at that time."""


class StepNotAllowed(PatrolError):
    """This step may not follow the incident's present stage, or not by this person."""


class AdoptionRefused(PatrolError):
    """The edition cannot be adopted: flaws, dates or its stage stand against it."""


class EditionStepRefused(PatrolError):
    """This step may not follow the edition's present stage."""
