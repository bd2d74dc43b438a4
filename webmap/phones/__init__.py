"""Phones: one address for the fixes of any app, each answered in its own dialect once the fixes are on the disk."""

from flask import Flask

from webmap.phones.deriver import Deriver
from webmap.phones.door import Door
from webmap.phones.writer import Writer


def init_phones(app: Flask) -> None:
    """Open the address for phones in front of the website."""
    writer = Writer(app.extensions["gridpatrol.engine"])
    app.wsgi_app = Door(app, app.wsgi_app, writer)  # type: ignore[method-assign]


def derive_patrols(app: Flask) -> Deriver:
    """Make patrols of what phones send from now on, as long as this process runs."""
    deriver = Deriver(app.extensions["gridpatrol.engine"], app.extensions["gridpatrol.clock"])
    deriver.start()
    return deriver


__all__ = ["derive_patrols", "init_phones"]
