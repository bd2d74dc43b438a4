"""The page itself, its manifest and its worker: the same for everybody, so that a phone may keep them."""

from flask import Blueprint, Response, make_response, render_template

from webmap import access
from webmap.walk import shell


def add_to(walk: Blueprint) -> None:
    """Add these addresses."""
    walk.add_url_rule("", "page", page)
    walk.add_url_rule("/manifest.webmanifest", "manifest", manifest)
    walk.add_url_rule("/worker.js", "worker", worker)


@access.opened_to_all
def page() -> Response:
    """The page. It names nobody, so the browser may keep it, and asks each time whether it is still the same."""
    return _kept(render_template("walk.html", **shell.of_page()), "text/html")


@access.opened_to_all
def manifest() -> Response:
    """What makes it installable."""
    return _kept(render_template("walk.webmanifest"), "application/manifest+json")


@access.opened_to_all
def worker() -> Response:
    """The service worker. It may act for the page alone, which lies one level above its own address."""
    answer = _kept(render_template("walk_worker.js", **shell.of_worker()), "text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/walk"
    return answer


def _kept(text: str, kind: str) -> Response:
    answer = make_response(text)
    answer.mimetype = kind
    answer.headers["Cache-Control"] = "no-cache"
    return answer
