"""What can go wrong with shapes, and the one way every layer says what went wrong."""


class Fault(Exception):
    """A refusal that a person can act on: what was wrong, where, and what to do.

    Parameters
    ----------
    template : str
        The sentence, in English, with ``%(name)s`` places. Mark it with `N_` where it is written, so that the
        catalogues carry it; the page or the command line translates it.
    **facts
        What fills the places.
    """

    def __init__(self, template: str, **facts: object) -> None:
        super().__init__(template, facts)
        self.template = template
        self.facts = facts

    def __str__(self) -> str:
        return self.template % self.facts if self.facts else self.template


class GeoError(Fault):
    """A shape that cannot be worked on."""


class WrongCrs(GeoError):
    """A frame without a coordinate reference system, or in one that this function does not take."""


class BadGeometry(GeoError):
    """A geometry that is missing, empty, broken or of the wrong kind."""


class CannotDraw(GeoError):
    """The inputs leave nothing to draw grids from."""


class CannotReshape(GeoError):
    """An edit of grids that would leave no tiling, or whose meaning is not plain; nothing was changed."""


class CannotPlan(GeoError):
    """There are no streets to walk along, or none near the start."""


class UnknownDatum(GeoError):
    """A datum name that is none of `geo.datum.NAMES`."""


def N_(template: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return template
