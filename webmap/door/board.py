"""The page behind a notice board's code: who answers here today, and the button to tell of something."""

from flask import Blueprint, render_template

from data import frames
from patrols import boards
from patrols.boards import Shown
from webmap import access, storage
from webmap.pages import sketch


def add_to(door: Blueprint) -> None:
    """Add this address."""
    door.add_url_rule("/r/<token>", "board", scanned)


@access.opened_to_all
def scanned(token: str) -> str:
    """Who answers here today, for whoever scans a board: no sign-in, no more than the board itself shows."""
    shown = here(token)
    return render_template("board.html", shown=shown, sketch=drawn(shown))


def here(token: str) -> Shown:
    """What the board of an address shows now."""
    opened = storage.session()
    (shown,) = boards.show(opened, [boards.find(opened, token)], at=storage.now())
    return shown


def drawn(shown: Shown) -> sketch.Sketch | None:
    """The board's grid and building in their streets."""
    shapes = [] if shown.grid is None else list(frames.decode([shown.grid.geom]))
    spot = None if shown.building is None else frames.decode([shown.building.geom])[0].representative_point()
    if not shapes and spot is None:
        return None
    return sketch.draw(shapes, frames.streets(storage.session(), shown.community.id, degrees=True), spot)
