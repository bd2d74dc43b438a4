"""Pages for people: each module a subject, each view parses, calls one function, renders."""

from flask import Flask

from webmap.pages import (
    account,
    boards,
    categories,
    check_lists,
    check_points,
    cold,
    devices,
    downloads,
    draw,
    editions,
    exchange,
    figures,
    grids,
    handling,
    help,
    home,
    imports,
    incident_sheets,
    incidents,
    live,
    map,
    my_points,
    notices,
    operations,
    patrols,
    people,
    photos,
    plan,
    points,
    points_rules,
    privacy,
    replay,
    sign_in,
    teams,
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
    incident_sheets,
    photos,
    handling,
    categories,
    notices,
    patrols,
    live,
    replay,
    cold,
    plan,
    check_lists,
    check_points,
    devices,
    people,
    teams,
    points,
    points_rules,
    my_points,
    figures,
    imports,
    exchange,
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
