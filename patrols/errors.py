"""What the rules of patrolling refuse."""

from typing import Any

from geo.errors import Fault


class PatrolError(Fault):
    """Something the rules of the trade do not allow."""


class BadRule(PatrolError):
    """A community's own number for a rule that does not exist, or that cannot be used."""


class BadCategory(PatrolError):
    """A category that cannot be kept like this: its names, its mapping, or what else it asks."""


class BadFields(PatrolError):
    """An answer about an incident that does not fit what its category asks."""


class BadWish(PatrolError):
    """A wish about how often streets are walked that cannot be kept or watched."""


class BadCheckPoint(PatrolError):
    """A check-point that cannot be hung up, moved or closed like this."""


class BadCheckIn(PatrolError):
    """A check-in that says nowhere, or somewhere that is no check-point."""


class BadWindow(PatrolError):
    """A window of the plan that nobody can keep, or that names nothing that is there."""


class BadView(PatrolError):
    """A choice of incidents that means nothing: an hour that no day has, a time that ends before it begins."""


class BadExchange(PatrolError):
    """Something told by or to another platform that cannot be taken or given like this."""


class NotSigned(PatrolError):
    """A message that no platform known here has signed, or not lately."""


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


class DraftClosed(PatrolError):
    """The edition is no draft any more, or not one that can be edited yet."""


class DraftChanged(PatrolError):
    """Somebody changed the same grids of a draft since the person last saw it; nothing was done.

    Parameters
    ----------
    told : list of dict
        What happened since, the earliest first: who, when, what, and which grids; see `patrols.draft_log.told`.
    revision : int
        The draft's present revision.
    """

    def __init__(self, template: str, *, told: list[dict[str, Any]], revision: int, **facts: object) -> None:
        super().__init__(template, revision=revision, **facts)
        self.told = told
        self.revision = revision


class ConsentRefused(PatrolError):
    """A consent that cannot be given: to an older text, or to none."""


class NoReason(PatrolError):
    """Somebody wants to look at a named track without saying why."""
