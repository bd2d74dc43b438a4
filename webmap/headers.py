"""Headers that keep a page to itself: what it may load, who may frame it, who may keep a copy."""

import secrets

from flask import Flask, Response, current_app, g, request

SCRIPTS_WITH_NONCE = "'self' 'nonce-{nonce}'"
STATIC_SECONDS = 3600
FOREVER_SECONDS = 31_536_000


def init_headers(app: Flask) -> None:
    """Give every request a nonce and every answer its headers."""
    app.before_request(_make_nonce)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"csp_nonce": nonce()})


def nonce() -> str:
    """This request's nonce: scripts and style sheets inside the page run only with it."""
    if "csp_nonce" not in g:
        _make_nonce()
    made: str = g.csp_nonce
    return made


def allow_inline_styles() -> None:
    """Let this page use ``style`` attributes, as folium's maps do. Scripts stay as strict as before."""
    g.inline_styles = True


def let_others_show() -> None:
    """Let the sites of the settings show this one answer inside their pages, and this site itself.

    For what is open to all anyway and has no buttons: nobody can be made to press something they do not see.
    """
    g.shown_by = " ".join(("'self'", *frame_sites()))


def frame_sites() -> tuple[str, ...]:
    """The other sites that may show shared views inside their pages."""
    sites: tuple[str, ...] = current_app.config["WEB"].frame_hosts
    return sites


def policy() -> str:
    """The Content-Security-Policy of this answer: nothing comes from another host, nothing runs without the nonce."""
    own = SCRIPTS_WITH_NONCE.format(nonce=nonce())
    rules = {
        "default-src": "'none'",
        "script-src": own,
        "style-src": own,
        "style-src-attr": "'unsafe-inline'" if g.get("inline_styles") else "'none'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": g.get("shown_by", "'none'"),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def ask_again(response: Response, *, after_s: int = 0) -> Response:
    """Let the reader's own browser keep this answer; it asks whether it is still the same, at once or after a while.

    Only for answers without a nonce: a page kept from last time would not run under the new one.
    """
    response.cache_control.private = True
    if after_s:
        response.cache_control.max_age = after_s
    else:
        response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


def _make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(18)


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if "shown_by" not in g:
        response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault(
        "Permissions-Policy", "geolocation=(self), camera=(self), microphone=(self), payment=()"
    )
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if "shown_by" in g else "same-origin")
    if current_app.config["WEB"].secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={FOREVER_SECONDS}")
    _say_who_may_keep(response)
    return response


def _say_who_may_keep(response: Response) -> None:
    """Pages name people, so nobody keeps them; a file whose address carries its version is kept for good."""
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif response.status_code < 400:
        seconds = FOREVER_SECONDS if "v" in request.args else STATIC_SECONDS
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = seconds
