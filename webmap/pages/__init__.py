"""Pages for people: each module a subject, each view parses, calls one function, renders."""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from webmap.pages import operations

MODULES = ("sign_in", "home", "map", "grids", "incidents", "patrols", "people", "figures", "imports", "account", "help")


def init_pages(app: Flask) -> None:
    """Register every page."""
    for name in (*MODULES, "operations"):
        if find_spec(f"webmap.pages.{name}"):
            app.register_blueprint(import_module(f"webmap.pages.{name}").pages)
    operations.init_counts(app)
