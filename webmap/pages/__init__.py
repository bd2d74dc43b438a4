"""Pages for people: each module a subject, each view parses, calls one function, renders."""

from flask import Flask

from webmap.pages import (
    account,
    boards,
    check_points,
    cold,
    devices,
    downloads,
    draw,
    editions,
    figures,
    grids,
    help,
    home,
    imports,
    incidents,
    live,
    map,
    operations,
    patrols,
    people,
    plan,
    privacy,
    replay,
    sign_in,
)

MODULES = (
    sign_in,
    home,
    map,
    draw,
    grids,
    editions,
    boards,
    downloads,
    incidents,
    patrols,
    live,
    replay,
    cold,
    plan,
    check_points,
    devices,
    people,
    figures,
    imports,
    account,
    privacy,
    help,
    operations,
)


def init_pages(app: Flask) -> None:
    """Register every page."""
    for module in MODULES:
        app.register_blueprint(module.pages)
    operations.init_counts(app)
