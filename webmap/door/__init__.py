"""What residents use without a sign-in: the board behind its code, telling of something there, and following it.

Every page works without a script; those that are there make a photo smaller and find a place. Nothing asks another
host. Who knocks too often waits (`patrols.knocking`): counted in the database under a sealed word instead of the
address, so that several processes count together and nobody can look up who it was.
"""

from flask import Blueprint, Flask

from webmap.door import board, follow, report

door = Blueprint("door", __name__)
for _part in (board, report, follow):
    _part.add_to(door)


def init_door(app: Flask) -> None:
    """Open the door."""
    app.register_blueprint(door)


__all__ = ["init_door"]
