"""Why a shape is broken, in sentences of our own: GEOS speaks English only, and to programmers."""

from geo.errors import N_

_SAYS = (
    ("self-intersection", N_("it crosses itself")),
    ("too few points", N_("it has too few corners")),
    ("point array must contain", N_("it has too few corners")),
    ("invalid number of points", N_("it has too few corners")),
    ("closed", N_("its ring is not closed")),
    ("hole lies outside", N_("a hole lies outside of it")),
    ("nested", N_("its parts lie in one another")),
    ("interior is disconnected", N_("its holes cut it into pieces")),
    ("duplicate rings", N_("it has the same ring twice")),
    ("invalid coordinate", N_("one of its coordinates is no number")),
    ("nan", N_("one of its coordinates is no number")),
    ("missing", N_("it is missing")),
    ("empty", N_("it is empty")),
)
"""What is in the words of GEOS, small letters, and what that means; the first that fits counts."""

UNKNOWN = N_("its coordinates make no shape")
"""For everything that GEOS may yet come to say."""


def why_broken(said: str) -> str:
    """The reason that GEOS has given, as a sentence that can be translated.

    Examples
    --------
    >>> why_broken("Self-intersection[116.3 39.9]")
    'it crosses itself'
    >>> why_broken("ParseException: Error parsing JSON")
    'its coordinates make no shape'
    """
    heard = said.lower()
    return next((reason for sign, reason in _SAYS if sign in heard), UNKNOWN)
