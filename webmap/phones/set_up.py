"""What sets an app up for a patrol on foot: addresses for each app, and the link that does it by itself."""

from dataclasses import dataclass
from urllib.parse import urlencode

TRACCAR = {
    "accuracy": "highest",
    "distance": "10",
    "interval": "10",
    "fastest_interval": "5",
    "angle": "30",
    "buffer": "true",
    "wakelock": "true",
    "stop_detection": "false",
}
"""Traccar Client's settings for a street patrol; left alone it sends every 75 m or 300 s, and whole lanes are missed.

Stopping by itself is switched off, because it takes a slow walker or a chat at a door for the end; start and stop are
the walker's own. The app is never started from here.
"""

SCHEME = "org.traccar.client://config"


@dataclass(frozen=True)
class SetUp:
    """Addresses for one phone.

    Parameters
    ----------
    address : str
        For apps that ask for the address of a server: OwnTracks (mode HTTP), Overland, µlogger and the like.
    traccar : str
        What Traccar Client's own scanner reads: the address, with the settings behind it.
    link : str
        The same as a link that opens Traccar Client on the phone itself.
    gpslogger : str
        For GPSLogger's "custom URL".
    """

    address: str
    traccar: str
    link: str
    gpslogger: str


def set_up(root: str, token: str, number: int) -> SetUp:
    """The addresses of a phone.

    Parameters
    ----------
    root : str
        How phones reach this website, as ``https://patrol.example.org``.
    token : str
        The phone's own, new; it can't be shown again later.
    number : int
        The phone's number, which Traccar Client shows as its id.

    Examples
    --------
    >>> made = set_up("https://patrol.example.org/", "gp-x", 7)
    >>> made.address
    'https://patrol.example.org/track/gp-x'
    >>> made.link[:60]
    'org.traccar.client://config?url=https%3A%2F%2Fpatrol.example'
    """
    address = f"{root.rstrip('/')}/track/{token}"
    settings = {"id": str(number), **TRACCAR}
    return SetUp(
        address=address,
        traccar=f"{address}?{urlencode(settings)}",
        link=f"{SCHEME}?{urlencode({'url': address, **settings})}",
        gpslogger=f"{address}?%ALL",
    )
