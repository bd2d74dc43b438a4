"""The application factory: everything the website is made of, put together once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apiflask import APIFlask
from flask import Flask, Response, abort, request
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from data.database import open_engine
from patrols import incident_memory
from webmap import (
    access,
    api,
    beginnings,
    door,
    errors,
    frame,
    headers,
    language,
    pages,
    phones,
    storage,
    times,
    walk,
    words,
)
from webmap.settings import WebSettings

MEGABYTE = 1024 * 1024
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

PACKED = [
    *("text/html", "text/css", "text/javascript", "text/plain", "text/csv", "image/svg+xml"),
    *("application/json", "application/geo+json", "application/problem+json", "application/manifest+json"),
    *("application/xml", "application/vnd.google-earth.kml+xml", "application/gpx+xml"),
]
"""What is sent compressed. Pictures and office files are so already."""

csrf = CSRFProtect()
"""Guards every form; programs that sign in with each request are let through by `_check_form`."""


def create_app(
    settings: WebSettings,
    *,
    engine: Engine | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIFlask:
    """Build the website.

    Parameters
    ----------
    settings : WebSettings
        How it runs.
    engine : sqlalchemy.Engine, optional
        The database, when it is open already; else it is opened from the settings.
    clock : callable
        Tells the aware present; asked once a request.

    Returns
    -------
    APIFlask
        A WSGI application.
    """
    app = APIFlask(
        "webmap",
        title="gridpatrol",
        version="0.1",
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    _configure(app, settings)
    app.extensions["gridpatrol.clock"] = clock
    storage.init_storage(app, engine or open_engine(settings.storage.database_url))
    incident_memory.keep_files(app.extensions["gridpatrol.engine"], settings.storage.instance / "columns")
    headers.init_headers(app)
    language.init_language(app)
    access.init_access(app)
    _guard_forms(app)
    errors.init_errors(app)
    words.init_words(app)
    times.init_times(app)
    frame.init_frame(app)
    beginnings.init_beginnings(app)
    pages.init_pages(app)
    api.init_api(app)
    walk.init_walk(app)
    door.init_door(app)
    Compress(app)
    # Registered after the compressor, so that it runs before it and still sees the file itself.
    app.after_request(_close_source)
    phones.init_phones(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: WebSettings) -> None:
    app.config.update(
        WEB=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="gridpatrol",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=settings.max_upload_mb * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=MEGABYTE,
        MAX_FORM_PARTS=200,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        COMPRESS_MIN_SIZE=500,
        COMPRESS_MIMETYPES=PACKED,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.url_defaults(_version_static(Path(app.root_path) / "static"))


def _version_static(folder: Path) -> Callable[[str, dict[str, object]], None]:
    """Put a file's age into its address, so that a browser may keep it for good and still sees the next version."""

    def add(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and "filename" in values and "v" not in values:
            path = folder / str(values["filename"])
            if path.is_file():
                values["v"] = f"{path.stat().st_mtime_ns // 1_000_000:x}"

    return add


def _close_source(response: Response) -> Response:
    """Close the file behind an answer once it is sent: the compressor that reads from it leaves it open."""
    if close := getattr(response.response, "close", None):
        response.call_on_close(close)
    return response


def _guard_forms(app: Flask) -> None:
    csrf.init_app(app)
    app.before_request(_check_form)


def _check_form() -> None:
    """Refuse a form that another site made somebody's browser send."""
    if request.method not in UNSAFE or request.endpoint is None:
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)
    # A phone's token comes in a header, which no other site can make a browser send; cookies mean nothing there.
    if not access.signed_in_by_header() and not access.takes_token():
        csrf.protect()
