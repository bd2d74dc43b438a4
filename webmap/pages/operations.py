"""What whoever runs the machine asks: does it live, can it answer, how much has it done."""

import time
from collections import Counter
from threading import Lock

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue

from data import database
from data.errors import DatabaseUnavailable
from webmap import access, storage
from webmap.access import May

pages = Blueprint("operations", __name__)


@pages.get("/healthz")
@access.opened_to_all
def alive() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@pages.get("/readyz")
@access.opened_to_all
def ready() -> ResponseReturnValue:
    """The database answers, and its tables are those of this program."""
    try:
        at_head = database.is_at_head(storage.engine())
    except DatabaseUnavailable:
        return {"status": "database unavailable"}, 503
    return ({"status": "ok"}, 200) if at_head else ({"status": "database not at this program's migration"}, 503)


@pages.get("/metrics")
@access.needs(May.SEE_METRICS)
def metrics() -> Response:
    """Counts since the start, in the text form that Prometheus reads."""
    return Response(current_app.extensions["gridpatrol.counts"].told(), mimetype="text/plain; version=0.0.4")


class Counts:
    """How many requests were answered, by method and status, and how long they took together."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds = 0.0

    def add(self, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            self._answers[method, status] += 1
            self._seconds += seconds

    def told(self) -> str:
        """The counts as text."""
        with self._lock:
            lines = ["# TYPE gridpatrol_requests_total counter"]
            lines += [
                f'gridpatrol_requests_total{{method="{method}",status="{status}"}} {count}'
                for (method, status), count in sorted(self._answers.items())
            ]
            lines += [
                "# TYPE gridpatrol_request_seconds_total counter",
                f"gridpatrol_request_seconds_total {self._seconds:.3f}",
            ]
        return "\n".join(lines) + "\n"


def init_counts(app: Flask) -> None:
    """Count every answer of the application."""
    counts = app.extensions["gridpatrol.counts"] = Counts()

    @app.before_request
    def begin() -> None:
        request.environ["gridpatrol.begun"] = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        begun = request.environ.get("gridpatrol.begun", time.perf_counter())
        counts.add(_known(request.method), response.status_code, time.perf_counter() - begun)
        return response


def _known(method: str) -> str:
    """The method, or "other": a label must not grow by whatever strangers send."""
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
